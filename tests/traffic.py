"""Whole sessions as octets, for tests of the pipeline: who sends what, in which packet or stretch of a line."""

from typing import NamedTuple

from encode import acse, hdlc, plain, wrapper, xdlms
from encode.iec62056_21 import block, even, telegram
from hypothesis import strategies as st

from captures.linktype import USER0
from dissectors.record import Channel, Direction, Record

START_NS = 1_700_000_000_000_000_000
STEP_NS = 50_000_000
CLIENT, SERVER = ("10.0.0.1", "10.0.0.2")
PORTS = (50000, 4059)
UNKNOWN = int(Direction.UNKNOWN)
REGISTER = bytes.fromhex("C001C100030100010800FF0200")
NOTIFICATION = bytes.fromhex("0F0000000100020209060100010800FF0600012345")


TELEGRAM = telegram(b"XYZ5\\2EXAMPLE", b"1-0:1.8.0(000123.456*kWh)", b"0-1:24.2.1(240101115500W)(00012.345*m3)")


class Sent(NamedTuple):
    up: bool
    octets: bytes


def apdus(n: int = 6) -> list[Sent]:
    """An association with n reads, then its release."""
    out = [Sent(True, acse.aarq()), Sent(False, acse.aare())]
    for i in range(n):
        invoke = 0xC0 | i % 16
        out += [
            Sent(True, xdlms.head(0xC0, 1, invoke) + REGISTER[3:]),
            Sent(False, xdlms.head(0xC4, 1, invoke) + b"\x00\x06" + (1000 + i).to_bytes(4, "big")),
        ]
    return [*out, Sent(True, acse.rlrq()), Sent(False, acse.rlre())]


def wrapped(n: int = 6) -> list[Sent]:
    return [Sent(s.up, wrapper.pdu(s.octets, *((16, 1) if s.up else (1, 16)))) for s in apdus(n)]


def framed(n: int = 6) -> list[Sent]:
    """The same over HDLC, with SNRM, UA and DISC."""
    up = down = 0
    out = [Sent(True, hdlc.frame("SNRM")), Sent(False, hdlc.frame("UA", up=False, info=hdlc.parameters()))]
    for s in apdus(n):
        if s.up:
            out.append(Sent(True, hdlc.frame("I", True, hdlc.COMMAND + s.octets, up % 8, down % 8)))
            up += 1
        else:
            out.append(Sent(False, hdlc.frame("I", False, hdlc.RESPONSE + s.octets, down % 8, up % 8)))
            down += 1
    return [*out, Sent(True, hdlc.frame("DISC")), Sent(False, hdlc.frame("UA", up=False))]


def signed_on(n: int = 6) -> list[Sent]:
    """The same after a sign-on in mode E, and a readout in mode C behind it; the text in seven bits, even parity."""
    request, identification = Sent(True, even(b"/?!\r\n")), Sent(False, even(b"/XYZ5\\2METER\r\n"))
    select = even(b"\x06252\r\n")
    data = block(b"\x021.8.0(000123.456*kWh)\r\n!\r\n\x03")
    return [
        Sent(True, bytes(84)), request, identification, Sent(True, select), Sent(False, select), *framed(n),
        request, identification, Sent(True, even(b"\x06050\r\n")), Sent(False, even(data)), Sent(True, even(b"\x06")),
        request,
    ]  # fmt: skip


def hosts(up: bool) -> tuple[str, str]:
    return (CLIENT, SERVER) if up else (SERVER, CLIENT)


def ports(up: bool) -> tuple[int, int]:
    return PORTS if up else (PORTS[1], PORTS[0])


def udp_packets(units: list[Sent], vlan: int | None = None) -> list[bytes]:
    return [plain.packet(17, plain.udp(s.octets, ports(s.up), hosts(s.up)), hosts(s.up), vlan) for s in units]


class Dialogue:
    """The packets of one TCP connection, as they are said."""

    def __init__(self) -> None:
        self.sequence = {True: 1000, False: 900_000}
        self.packets: list[bytes] = []
        self.say(True, b"", plain.SYN, 1)
        self.say(False, b"", plain.SYN | plain.ACK, 1)
        self.say(True, b"", plain.ACK)

    def segment(self, up: bool, octets: bytes, sequence: int, flags: int = plain.PSH | plain.ACK) -> bytes:
        ack = self.sequence[not up] if flags & plain.ACK else 0
        return plain.packet(6, plain.tcp(octets, ports(up), hosts(up), sequence, ack, flags), hosts(up))

    def say(self, up: bool, octets: bytes, flags: int = plain.PSH | plain.ACK, more: int = 0) -> None:
        self.packets.append(self.segment(up, octets, self.sequence[up], flags))
        self.sequence[up] += len(octets) + more


def tcp_packets(units: list[Sent]) -> list[bytes]:
    """One segment a unit, each acknowledged by the answer."""
    d = Dialogue()
    for s in units:
        d.say(s.up, s.octets)
    d.say(True, b"", plain.FIN | plain.ACK, 1)
    d.say(False, b"", plain.FIN | plain.ACK, 1)
    return d.packets


def records(packets: list[bytes], channel: int = 0) -> list[Record]:
    return [
        Record(i + 1, channel, UNKNOWN, START_NS + i * STEP_NS, START_NS + i * STEP_NS, 1000, octets)
        for i, octets in enumerate(packets)
    ]


def line_records(units: list[Sent]) -> list[Record]:
    """A serial tap that knows the direction: a record for each unit, at 9600 baud."""
    out, now = [], START_NS
    for i, s in enumerate(units):
        end = now + len(s.octets) * 1_041_667
        way = Direction.TO_SERVER if s.up else Direction.TO_CLIENT
        out.append(Record(i + 1, 0, int(way), now, end, 1000, s.octets))
        now = end + 30_000_000
    return out


def channel(link_type: int = 1) -> Channel:
    return Channel(0, "0", link_type, baud=9600 if link_type == USER0 else 0)


@st.composite
def mutated(draw: st.DrawFn, packets: list[bytes]) -> list[bytes]:
    """Up to four packets with octets changed, cut, inserted, or in another place."""
    out = [bytearray(p) for p in packets]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(out) - 1))
        kind = draw(st.sampled_from(("change", "change", "cut", "insert", "double", "swap", "drop")))
        p = out[at]
        place = draw(st.integers(0, max(len(p) - 1, 0)))
        if kind == "change" and p:
            p[place] = draw(st.integers(0, 255))
        elif kind == "cut":
            del p[place:]
        elif kind == "insert":
            p[place:place] = draw(st.binary(max_size=6))
        elif kind == "double":
            out.insert(at, bytearray(p))
        elif kind == "swap":
            other = draw(st.integers(0, len(out) - 1))
            out[at], out[other] = out[other], out[at]
        elif kind == "drop" and len(out) > 1:
            del out[at]
    return [bytes(p) for p in out]
