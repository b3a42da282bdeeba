"""Captures as scripts: APDUs in order become records of a UDP, TCP, serial or text capture, and those become rows.

A step is (direction, octets); times advance by GAP between steps. `table` shows rows as lines, so that a failed
comparison is a diff.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from encode import acse, axdr, hdlc, xdlms
from encode.wrapper import pdu

from analyzer import dump, rows
from analyzer.run import Run, Tap
from captures.pcap import PcapWriter
from dissectors import profile
from dissectors.data_types import Data
from dissectors.profile import Profile
from dissectors.record import Channel, Direction, Record

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
GAP = 10 * MS
UP, DOWN, UNKNOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)
ETHERNET, SERIAL, TEXT = 1, 147, -1
SYN, ACK, FIN, RST = 2, 16, 1, 4

ENERGY = xdlms.OBIS
CLOCK_OBIS = bytes.fromhex("0000010000FF")
AARQ, AARE = xdlms.example("aarq"), xdlms.example("aare")
GET, GOT = xdlms.get_request_normal(0xC1, xdlms.attribute()), bytes.fromhex("C401C1000600000001")
RLRQ, RLRE = acse.rlrq(), acse.rlre()
OPENING = ((UP, AARQ), (DOWN, AARE))
# All that a client can propose, so that no service lacks its bit.
EVERYTHING = 0xFFFFFF
CLIENT, SERVER = "10.0.0.1:5000", "10.0.1.7:4059"

Step = tuple[int, bytes]


def get(invoke: int = 1, obis: bytes = ENERGY, class_id: int = 3, attribute: int = 2) -> bytes:
    return xdlms.get_request_normal(0xC0 | invoke, xdlms.attribute(class_id, obis, attribute))


def got(value: Data | int = Data("double-long-unsigned", 1), invoke: int = 1) -> bytes:  # noqa: B008
    return xdlms.get_response_normal(0xC0 | invoke, value)


def opened(conformance: int = EVERYTHING, client_max: int = 0, server_max: int = 0, **aare: Any) -> tuple[Step, Step]:
    """AARQ and AARE that agree on a conformance block and on the sizes that each side can receive."""
    asked = acse.aarq(user=acse.initiate_request(conformance=conformance, max_pdu=client_max))
    said = acse.aare(user=acse.initiate_response(conformance=conformance, max_pdu=server_max), **aare)
    return (UP, asked), (DOWN, said)


# -- packets -------------------------------------------------------------------------------------------------


def checksum(head: bytes) -> bytes:
    total = sum(int.from_bytes(head[i : i + 2], "big") for i in range(0, len(head), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (total ^ 0xFFFF).to_bytes(2, "big")


def ends(up: bool, client: str, server: str) -> tuple[bytes, int, bytes, int]:
    (a, _, p), (b, _, q) = (x.rpartition(":") for x in ((client, server) if up else (server, client)))
    return bytes(map(int, a.split("."))), int(p), bytes(map(int, b.split("."))), int(q)


def ip(protocol: int, source: bytes, destination: bytes, body: bytes) -> bytes:
    """An Ethernet frame with an IPv4 packet."""
    head = bytes((0x45, 0)) + (20 + len(body)).to_bytes(2, "big") + bytes((0, 0, 0, 0, 64, protocol))
    head += checksum(head + b"\0\0" + source + destination) + source + destination
    return bytes(6) + b"\x02" * 6 + b"\x08\x00" + head + body


def udp(octets: bytes, up: bool = True, client: str = CLIENT, server: str = SERVER) -> bytes:
    a, p, b, q = ends(up, client, server)
    head = p.to_bytes(2, "big") + q.to_bytes(2, "big") + (8 + len(octets)).to_bytes(2, "big") + b"\0\0"
    return ip(17, a, b, head + octets)


class Tcp:
    """One connection; sequence numbers are kept for both sides."""

    def __init__(self, client: str = CLIENT, server: str = SERVER) -> None:
        self.ends = client, server
        self.next = [1000, 5000]

    def segment(self, octets: bytes, up: bool = True, flags: int = ACK | 8, at: int | None = None) -> bytes:
        """The next octets of one side; at: another place in its stream (a repetition, a hole)."""
        a, p, b, q = ends(up, *self.ends)
        mine, peer = (0, 1) if up else (1, 0)
        sequence = self.next[mine] if at is None else at
        if at is None:
            self.next[mine] += len(octets) + bool(flags & (SYN | FIN))
        head = p.to_bytes(2, "big") + q.to_bytes(2, "big") + sequence.to_bytes(4, "big")
        head += self.next[peer].to_bytes(4, "big") + bytes((0x50, flags)) + b"\x10\x00" + bytes(4)
        return ip(6, a, b, head + octets)

    def handshake(self) -> list[bytes]:
        return [
            self.segment(b"", True, SYN), self.segment(b"", False, SYN | ACK), self.segment(b"", True, ACK),
        ]  # fmt: skip


# -- records -------------------------------------------------------------------------------------------------


class Script:
    """A capture that is being made. channels: Ethernet unless said; gap in ns between two steps."""

    def __init__(self, link_type: int = ETHERNET, channels: Sequence[Channel] = (), clock: bool = True) -> None:
        self.channels = list(channels) or [Channel(0, "eth0" if link_type == ETHERNET else "line", link_type)]
        self.records: list[Record] = []
        self.ns = T0
        self.clock = clock

    def add(self, octets: bytes, direction: int = UNKNOWN, channel: int = 0, after: int = GAP, **more: Any) -> "Script":
        self.ns += after
        when = self.ns if self.clock else None
        u = 1000 if self.clock else None
        given = {"uncertainty_ns": u, "octets": octets, **more}
        self.records.append(Record(len(self.records) + 1, channel, direction, when, when, **given))
        return self

    def save(self, path: Path) -> Path:
        """As a pcap file (Ethernet), or as lines of hex (everything else)."""
        if self.channels[0].link_type == ETHERNET:
            with path.open("wb") as file:
                writer = PcapWriter(file, ETHERNET)
                for r in self.records:
                    writer.write(r.first_ns or 0, r.octets)
        else:
            path.write_text("".join(r.octets.hex(" ") + "\n" for r in self.records), encoding="ascii")
        return path


def over_udp(*steps: Step, client: int = 16, server: int = 1, hosts: tuple[str, str] = (CLIENT, SERVER)) -> Script:
    """Each step a datagram with its wrapper."""
    script = Script()
    for direction, apdu in steps:
        script.add(udp(wrap(direction, apdu, client, server), direction == UP, *hosts))
    return script


def wrap(direction: int, apdu: bytes, client: int = 16, server: int = 1) -> bytes:
    return pdu(apdu, client, server) if direction == UP else pdu(apdu, server, client)


def over_tcp(*steps: Step, client: int = 16, server: int = 1) -> Script:
    """A handshake, then each step a segment with its wrapper."""
    script, connection = Script(), Tcp()
    for segment in connection.handshake():
        script.add(segment)
    for direction, apdu in steps:
        script.add(connection.segment(wrap(direction, apdu, client, server), direction == UP))
    return script


class Link:
    """One HDLC link as its two stations see it: N(S) and N(R) kept."""

    def __init__(self, client: int = 16, server: tuple[int, int, int] = (1, 17, 4)) -> None:
        self.ends: dict[str, Any] = {"client": client, "server": server}
        self.sent = [0, 0]

    def frame(self, kind: str, up: bool = True, **more: Any) -> bytes:
        return hdlc.frame(kind, up, **{**self.ends, **more})

    def up(self) -> list[tuple[int, bytes]]:
        self.sent = [0, 0]
        sizes = hdlc.parameters(2030, 2030)
        return [(UP, self.frame("SNRM", info=sizes)), (DOWN, self.frame("UA", False, info=sizes))]

    def down(self) -> list[tuple[int, bytes]]:
        return [(UP, self.frame("DISC")), (DOWN, self.frame("UA", False))]

    def apdu(self, direction: int, octets: bytes) -> tuple[int, bytes]:
        """The next I frame of one side."""
        up = direction == UP
        ns, nr = self.sent if up else self.sent[::-1]
        self.sent[not up] = ns + 1 & 7
        info = (hdlc.COMMAND if up else hdlc.RESPONSE) + octets
        return direction, self.frame("I", up, info=info, ns=ns & 7, nr=nr & 7)

    def talk(self, *steps: Step) -> list[tuple[int, bytes]]:
        return [self.apdu(direction, apdu) for direction, apdu in steps]


def on_line(*frames: Step, told: bool = False, link_type: int = SERIAL, clock: bool = True) -> Script:
    """Each step's octets are a record of a serial line. told: the tap knows the direction."""
    script = Script(link_type, clock=clock)
    for direction, octets in frames:
        script.add(octets, direction if told else UNKNOWN)
    return script


def over_hdlc(*steps: Step, told: bool = False) -> Script:
    """SNRM and UA, then each step as an I frame."""
    link = Link()
    return on_line(*link.up(), *link.talk(*steps), told=told)


def as_text(*apdus: bytes) -> Script:
    """Bare APDUs, one a line, without a clock."""
    script = Script(TEXT, clock=False)
    for apdu in apdus:
        script.add(apdu)
    return script


# -- rows ----------------------------------------------------------------------------------------------------

PROFILES = tuple(profile.builtin().values())
SHIPPED = Path(profile.__file__).parent / "profiles"


def edited_text(name: str, *changes: tuple[str, str]) -> str:
    """The descriptor that ships, with each (old, new) replaced once; old must stand in it."""
    text = (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def edited(name: str, *changes: tuple[str, str]) -> Profile:
    """A descriptor as a user would edit it."""
    return profile.parse(edited_text(name, *changes).encode(), f"{name}.toml")


def run_of(script: Script, profiles: Sequence[Profile] = PROFILES, taps: Sequence[Tap] = (), **more: Any) -> Run:
    return Run(script.records, script.channels, profiles, taps, **more)


def rows_of(script: Script, level: str = "message", profiles: Sequence[Profile] = PROFILES) -> list[dict[str, Any]]:
    """Every row of a level, as the JSON contract has it, less what is said of COSEM objects (cosem.*: those have
    tests of their own, and would stand in every table)."""
    taps = dump.taps_for(level, {p.name: p for p in profiles})
    run = run_of(script, profiles, tuple(taps.values()))
    found = [rows.row(level, item, run) for item in dump.stream(run, level, taps)]
    for row in found:
        if "problems" in row:
            row["problems"] = [p for p in row["problems"] if not p["code"].startswith("cosem.")]
    return [row for row in found if not str(row.get("code", "")).startswith("cosem.")]


def shown(value: Any) -> str:
    """A value in a table: codes of problems, "-" for nothing."""
    if isinstance(value, list) and value and isinstance(value[0], dict) and "code" in value[0]:
        return "+".join(p["code"] for p in value)
    if value is None or value == []:
        return "-"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)


def table(found: Iterable[dict[str, Any]], columns: str) -> list[str]:
    """One line a row with these columns."""
    names = columns.split()
    return [" ".join(shown(row[name]) for name in names) for row in found]


def lines(text: str) -> list[str]:
    """An expected table as it stands in a test: blank lines and indents left out, blanks squeezed."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def data(value: Data) -> bytes:
    return axdr.data(value)
