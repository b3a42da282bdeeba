"""Records in, rows out: frames, messages and exchanges of a scripted line for the timing tests.

Times are given in ms after the start; a Script places them on the line and runs the whole stage.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from analyzer.model import Exchange, Finding, Message, Target
from analyzer.timing import Timing
from dissectors.apdu import Apdu
from dissectors.link.hdlc import CONTROLS, Address, Hdlc
from dissectors.profile import Profile, parse
from dissectors.record import Channel, Direction, Frame, Path, Pdu

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
UP, DOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
SERIAL = (Path(0, "serial"), Path(0, "serial"))
TCP = (Path(0, "tcp", "10.0.0.1:5000", "10.0.1.7:4059"), Path(0, "tcp", "10.0.1.7:4059", "10.0.0.1:5000"))
UDP = (Path(0, "udp", "10.0.0.1:5000", "10.0.1.7:4059"), Path(0, "udp", "10.0.1.7:4059", "10.0.0.1:5000"))
LINE = Channel(0, "tap", 250, 1000, 9600, 10, "start")
PACKETS = Channel(0, "eth0", 1)

HEAD = """
[profile]
name = "{name}"
title = "Test communication profile for test networks"
standard = "test"

[[stack]]
name = "{name}"
layers = {layers}
[stack.recognition]
transports = {transports}
"""
STACKS = {
    "hdlc": (["hdlc", "llc", "xdlms"], ["serial"]),
    "ip-tcp": (["ip", "tcp", "wrapper", "xdlms"], ["tcp"]),
    "ip-udp": (["ip", "udp", "wrapper", "xdlms"], ["udp"]),
}


def profile(name: str, *rules: str, more: str = "") -> Profile:
    """A profile with these timing rules, each as TOML lines; what a rule does not say has a default."""
    layers, transports = STACKS[name]
    text = HEAD.format(name=name, layers=layers, transports=transports) + more
    for rule in rules:
        text += "\n[[application.timing]]\n" + rule + "\n"
        said = {line.partition("=")[0].strip() for line in rule.splitlines()}
        for key, value in (("kind", "delay"), ("subject", "server"), ("clause", "test 1"), ("confidence", "A")):
            if key not in said:
                text += f'{key} = "{value}"\n'
        if (parameter := re.search(r'parameter = "(\d+)\.(\d+)"', rule)) is not None:
            text += f"\n[[management.object]]\nclass_id = {parameter[1]}\nattribute = {parameter[2]}\n"
    return parse(text.encode(), f"{name}.toml")


def frame(no: int, kind: str, direction: int, first_ms: float, last_ms: float | None = None, **other: Any) -> Frame:
    """An HDLC frame (control by kind, P/F set unless poll=False), or one of another layer (layer=...)."""
    poll = other.pop("poll", True)
    ns, nr = other.pop("ns", 0), other.pop("nr", 0)
    segmented = other.pop("segmented", False)
    good = other.pop("good", True)
    path = other.pop("path", SERIAL[direction % 2])
    uncertainty = other.pop("uncertainty_ns", MS)
    client, server = other.pop("client", 16), other.pop("server", 1)
    source, destination = (client, server) if direction == UP else (server, client)
    layer = other.pop("layer", "hdlc")
    value = None
    if layer == "hdlc" and kind != "noise":
        control = next(
            c for c in CONTROLS if c.kind == kind and c.poll == poll and c.ns in (ns, -1) and c.nr in (nr, -1)
        )
        a, b = Address(bytes((destination << 1 | 1,)), destination), Address(bytes((source << 1 | 1,)), source)
        value = Hdlc(
            10, segmented, a, b, a.octets + b.octets, CONTROLS.index(control), kind, control.ns, control.nr, poll,
            (0, 0), False, client, server, -1, direction, True, True, good,
        )  # fmt: skip
    last = first_ms if last_ms is None else last_ms
    given = {"octets": b"\x7e" + bytes((no & 0x7D, direction)) + b"\x7e", **other}
    return Frame(
        no, (no,), given.pop("channel", 0), path, given.pop("profile", "hdlc"), direction, T0 + round(first_ms * MS),
        T0 + round(last * MS), uncertainty, layer, kind, source, destination, value=value, **given,
    )  # fmt: skip


def message(no: int, direction: int, first_ms: float, last_ms: float, apdu: Apdu, **other: Any) -> Message:
    path = other.pop("path", UDP[direction])
    pdu = Pdu(
        (no,), other.pop("channel", 0), path, other.pop("profile", "ip-udp"), direction, T0 + round(first_ms * MS),
        T0 + round(last_ms * MS), other.pop("uncertainty_ns", MS), 16, 1, other.pop("octets", b"\xc0\x01"),
    )  # fmt: skip
    return Message(no, pdu, apdu, 1, 0, other.pop("target", None), (), other.pop("request", 0))


def get_request(attribute: int = 2) -> Apdu:
    return Apdu(0xC0, "get-request-normal", "get", "request", 1, True, 3, b"\1\0\1\x08\0\xff", attribute)


GET_RESPONSE = Apdu(0xC4, "get-response-normal", "get", "response", 1, result="success")
ENERGY = Target(3, bytes((1, 0, 1, 8, 0, 255)), 2, None)


def exchange(no: int, asked_ms: float, answered_ms: float | None, width_ms: float | None = 2, **other: Any) -> Exchange:
    """A get from client 16 to server 1, unanswered (waited_ms) when answered_ms is None."""
    waited = other.pop("waited_ms", None)
    asked = T0 + round(asked_ms * MS)
    answered = None if answered_ms is None else T0 + round(answered_ms * MS)
    took = None if answered is None else answered - asked
    wide = None if width_ms is None or took is None else round(width_ms * MS)
    given: dict[str, Any] = {
        "service": "get", "association": 1, "channel": 0, "profile": "ip-udp", "client": 16, "server": 1,
        "physical": -1, "client_address": "10.0.0.1:5000", "server_address": "10.0.1.7:4059", "target": ENERGY,
        **other,
    }  # fmt: skip
    return Exchange(
        no, 2 * no - 1, () if answered is None else (2 * no,), result=None if answered is None else "success",
        frames=(2 * no - 1, 0 if answered is None else 2 * no), first_asked_ns=asked, asked_ns=asked,
        answered_ns=answered, app_response_ns=took, lo_ns=None if wide is None or took is None else took - wide,
        hi_ns=None if wide is None or took is None else took + wide,
        waited_ns=None if waited is None else round(waited * MS), **given,
    )  # fmt: skip


class Ran(msgspec.Struct):
    timing: Timing
    rows: list[dict[str, Any]]
    each: list[dict[str, Any]]
    findings: list[Finding]

    def verdicts(self, rule: str) -> list[str]:
        """Verdicts of a rule's measurements, in order."""
        return [row["verdict"] for row in self.each if row["rule"] == rule]

    def measured(self, rule: str) -> list[float | None]:
        """What was measured, in ms."""
        found = [row["measured_ns"] for row in self.each if row["rule"] == rule]
        return [None if ns is None else ns / MS for ns in found]

    def row(self, rule: str, **where: Any) -> dict[str, Any]:
        """The only row of a rule."""
        found = [r for r in self.rows if r["rule"] == rule and all(r[k] == v for k, v in where.items())]
        assert len(found) == 1, [r["rule"] for r in self.rows]
        return found[0]


def run(
    profiles: Profile | Sequence[Profile],
    frames: Sequence[Frame] = (),
    messages: Sequence[Message] = (),
    exchanges: Sequence[Exchange] = (),
    channels: Sequence[Channel] = (LINE,),
    decision: str = "guarded",
) -> Ran:
    """The whole stage over these; each stage passes everything on as it came."""
    known = [profiles] if isinstance(profiles, Profile) else profiles
    timing = Timing({p.name: p for p in known}, list(channels), decision)
    assert list(timing.frames(frames)) == list(frames)
    assert list(timing.messages(messages)) == list(messages)
    assert list(timing.exchanges(exchanges)) == list(exchanges)
    timing.end()
    return Ran(timing, timing.rows("a.pcap"), list(timing.each_rows("a.pcap")), timing.take())
