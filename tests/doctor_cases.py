"""Broken captures, each made from a good one: what the doctor is shown, and the code that it should find.

docs/doctor.md shows the output for the cases whose name is a code.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from encode import hdlc, plain, uart
from encode.wrapper import pdu
from fastcrc import crc16
from scripts import AARQ, ACK, DOWN, ETHERNET, GET, GOT, MS, OPENING, RST, SYN, T0, UP, Link, Script, Tcp, udp
from traffic import framed

from analyzer import doctor, keys
from captures.source import open_source
from dissectors import profile
from dissectors.keys import KeyRing
from dissectors.record import Channel, Direction, Flag, Record

UNKNOWN = int(Direction.UNKNOWN)
DEMO = Path(__file__).resolve().parent.parent / "captures" / "demo"
PROFILES = (profile.find("hdlc"), profile.find("tcp-udp-ip"))
SERIAL = 147


class Given:
    """Records as an open source."""

    kind = "given"
    path = "tap.pcapng"
    cut = None
    octets_read = 0
    size = None

    def __init__(self, records: Sequence[Record], channels: Sequence[Channel]) -> None:
        self.records = records
        self.channels = list(channels)
        self.remarks: list[str] = []

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def close(self) -> None:
        pass


def report(given: Given, ring: KeyRing | None = None, **more: Any) -> doctor.Report:
    return doctor.examine(given, PROFILES, ring, **more)


# -- heard by a UART ----------------------------------------------------------------------------------------


def session() -> list[bytes]:
    """Frames of a good session of a reader and a meter."""
    return [sent.octets for sent in framed(4)]


def records_of(heard: Iterable[uart.Heard], own: bool = True) -> list[Record]:
    """own: a record an octet, with its flags; else a record a burst, without."""
    out: list[Record] = []
    for h in heard:
        ns = T0 + int(h.ns)
        flags = (Flag.FRAMING_ERROR if h.framing_error else Flag(0)) | (Flag.BREAK if h.is_break else Flag(0))
        flags |= Flag.PARITY_ERROR if h.parity_error else Flag(0)
        last = out[-1].last_ns if out else None
        if not own and last is not None and ns - last < 20 * MS:
            r = out[-1]
            out[-1] = Record(r.no, 0, UNKNOWN, r.first_ns, ns, 1000, r.octets + bytes([h.octet]))
        else:
            octets = bytes([h.octet])
            out.append(Record(len(out) + 1, 0, UNKNOWN, ns, ns, 1000, octets, int(flags) if own else 0))
    return out


def tapped(
    baud: float, tap: int, form: str = "8N1", tap_form: str = "8N1", *, inverted: bool = False, eager: bool = False,
    own: bool = True, known: bool = True, gap_bits: float = 0, octets: Sequence[bytes] = (),
) -> Given:  # fmt: skip
    """The session, or other octets, on a line of this rate, as a tap of another rate hears it."""
    line = uart.Line(baud, form, inverted).rest(20)
    for each in octets or session():
        line.send(each, gap_bits).rest(40)
    channel = Channel(0, "tap", SERIAL, baud=tap if known else 0, stamp="start")
    return Given(records_of(line.receive(tap, tap_form, eager), own), [channel])


# -- records as they are ------------------------------------------------------------------------------------


def line(
    octets: Iterable[bytes | tuple[int, bytes]], clock: bool = True, gap: int = 50 * MS, link: int = SERIAL
) -> Given:
    """A record each on a serial line; (direction, octets) where the tap tells."""
    script = Script(link, [Channel(0, "tap", link, stamp="start")], clock)
    for each in octets:
        direction, record = each if isinstance(each, tuple) else (UNKNOWN, each)
        script.add(record, direction, after=gap)
    return Given(script.records, script.channels)


def packets(octets: Iterable[bytes], link: int = ETHERNET) -> Given:
    script = Script(link, [Channel(0, "eth0", link)])
    for each in octets:
        script.add(each)
    return Given(script.records, script.channels)


def stream(*sides: tuple[bool, bytes], handshake: bool = True) -> Given:
    """A TCP connection with these payloads."""
    tcp = Tcp()
    begin = tcp.handshake() if handshake else []
    return packets([*begin, *(tcp.segment(octets, up) for up, octets in sides)])


def dialogue() -> list[tuple[int, bytes]]:
    link = Link()
    return [*link.up(), *link.talk(*OPENING, (UP, GET), (DOWN, GOT), (UP, GET), (DOWN, GOT))]


def side(direction: int) -> Given:
    return line([octets for way, octets in dialogue() if way == direction])


def echoed() -> Given:
    """Each request again, with an octet lost or doubled."""
    out: list[bytes] = []
    for n, (way, octets) in enumerate(dialogue()):
        out.append(octets)
        if way == UP:
            out.append(octets[:6] + octets[7:] if n % 4 else octets[:6] + octets[5:])
    return line(out, gap=20 * MS)


def damaged(lossy: bool = False, seed: int = 1) -> Given:
    """Three bits turned in most frames, or every tenth octet lost."""
    random = Random(seed)
    out = []
    for octets in session() * 3:
        mended = bytearray(octets)
        for _ in range(3 if random.random() < 0.9 else 0):
            at = random.randrange(2, len(mended) - 1)
            mended[at] ^= 1 << random.randrange(8)
        kept = bytes(o for n, o in enumerate(octets) if n < 2 or random.random() > 0.1)
        out.append(kept if lossy else bytes(mended))
    return line(out, gap=200 * MS)


def addressed() -> Given:
    """SNRM to lower address 18, where 17 answers."""
    wrong = Link(server=(1, 18, 4))
    return line([*[wrong.frame("SNRM")] * 3, *(octets for _, octets in dialogue())], gap=1500 * MS)


def ciphered(ring: KeyRing | None = None) -> Given:
    source = open_source(str(DEMO / "wrapper-tcp-ciphered.pcapng"))
    try:
        return Given(list(source), source.channels)
    finally:
        source.close()


def truncated() -> Given:
    whole = [udp(pdu(AARQ, 16, 1), True), udp(pdu(GET, 16, 1), True)] * 2
    channel = Channel(0, "eth0", ETHERNET)
    return Given([Record(n, 0, UNKNOWN, T0 + n * MS, T0 + n * MS, 1000, octets[:56], int(Flag.TRUNCATED))
                  for n, octets in enumerate(whole, 1)], [channel])  # fmt: skip


def refused() -> Given:
    tcp = Tcp()
    return packets([tcp.segment(b"", True, SYN), tcp.segment(b"", False, RST | ACK)] * 2)


def reverse(octets: bytes) -> bytes:
    return bytes(int(f"{octet:08b}"[::-1], 2) for octet in octets)


def inverse(octets: bytes) -> bytes:
    return bytes(octet ^ 0xFF for octet in octets)


def noise(n: int) -> bytes:
    return bytes(n * 7919 * k >> 3 & 0xFF for k in range(1, 40))


def modbus(body: bytes) -> bytes:
    return body + crc16.modbus(body).to_bytes(2, "little")


def mbus(body: bytes) -> bytes:
    return bytes((0x68, len(body), len(body), 0x68)) + body + bytes((sum(body) & 0xFF, 0x16))


def wireless(body: bytes) -> bytes:
    head = bytes((len(body) + 9, 0x44)) + bytes.fromhex("2D2C3456781B1604")
    return head + crc16.en_13757(head).to_bytes(2, "big") + body + crc16.en_13757(body).to_bytes(2, "big")


def slip(octets: bytes) -> bytes:
    return b"\xc0" + octets.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


def ppp(octets: bytes) -> bytes:
    octets = b"\xff\x03" + octets
    octets += hdlc.check(octets)
    return b"\x7e" + b"".join(bytes((0x7D, o ^ 0x20)) if o in (0x7D, 0x7E) else bytes([o]) for o in octets) + b"\x7e"


TELEGRAM = b"/KFM5KAIFA-METER\r\n\r\n" + b"".join(
    b"1-0:%d.8.0(0012%02d.456*kWh)\r\n" % (n, n) for n in range(1, 9)
) + b"!6796\r\n"  # fmt: skip
HELLO = bytes.fromhex("1603010020") + bytes(32)
APPLICATION = bytes.fromhex("1703030040") + bytes(range(64))
IP = plain.packet(17, plain.udp(pdu(GET, 16, 1), (50000, 4059), ("10.0.0.1", "10.0.0.2")), ("10.0.0.1", "10.0.0.2"))[
    14:
]
SEVEN = b"".join(b"1.8.%d(001234.5*kWh)\r\n" % n for n in range(6))


def parity(octets: bytes) -> bytes:
    """Seven-bit text with even parity in bit 7."""
    return bytes(o | (o.bit_count() & 1) << 7 for o in octets)


class Case(NamedTuple):
    code: str
    make: Callable[[], Given]
    ring: Callable[[], KeyRing | None] = lambda: None


def wrong_keys() -> KeyRing:
    ring, _ = keys.ring((), ("4845530000000001:" + "11" * 16 + ":" + "22" * 16,))
    return ring


def padded(k: int) -> list[bytes]:
    return [bytes((0xAA, n, 0x55, 3))[:k] + octets for n, (_, octets) in enumerate(dialogue())]


def pairs(*bodies: bytes) -> list[tuple[bool, bytes]]:
    return [(n % 2 == 0, body) for n, body in enumerate(bodies)]


WRAPPED = [pdu(apdu, 16, 1) for apdu in (AARQ, GET, GET)]
CASES: dict[str, Case] = {
    "line.rate": Case("line.rate", lambda: tapped(4800, 9600, eager=True)),
    "line.rate a quarter": Case("line.rate", lambda: tapped(2400, 9600)),
    "line.rate an eighth": Case("line.rate", lambda: tapped(1200, 9600)),
    "line.rate two thirds": Case("line.rate", lambda: tapped(9620, 14400, own=False)),
    "line.rate half, other receiver": Case("line.rate", lambda: tapped(4800, 9600, own=False)),
    "line.rate half, tap unknown": Case("line.rate", lambda: tapped(4800, 9600, known=False)),
    "line.rate half, pauses between octets": Case("line.rate", lambda: tapped(4800, 9600, gap_bits=2, own=False)),
    "line.rate 6 % fast": Case("line.rate", lambda: tapped(9600 * 1.06, 9600, eager=True, own=False)),
    "line.rate 6 % slow": Case("line.rate", lambda: tapped(9600 * 0.94, 9600, own=False)),
    "line.rate twice": Case("line.rate", lambda: tapped(19200, 9600)),
    "line.rate three halves": Case("line.rate", lambda: tapped(14400, 9600, own=False)),
    "line.rate of a sign-on": Case("line.rate", lambda: tapped(2400, 4800, "7E1", octets=[b"/?!\r\n"] * 4, own=False)),
    "line.rate 32 times too fast": Case("line.rate", lambda: tapped(300, 9600)),
    "line.disturbed": Case("line.disturbed", damaged),
    "line.disturbed, octets lost": Case("line.disturbed", lambda: damaged(lossy=True)),
    "line.inverted": Case("line.inverted", lambda: tapped(9600, 9600, inverted=True)),
    "line.inverted, a record a burst": Case("line.inverted", lambda: tapped(9600, 9600, inverted=True, own=False)),
    "line.format": Case("line.format", lambda: tapped(2400, 2400, "8E1", eager=True, own=False)),
    "line.format odd": Case("line.format", lambda: tapped(2400, 2400, "8O1", eager=True)),
    "line.format by framing errors": Case("line.format", lambda: tapped(2400, 2400, "8E1")),
    "line.format tap 7E1": Case("line.format", lambda: tapped(9600, 9600, tap_form="7E1", own=False)),
    "line.format tap 8E1": Case("line.format", lambda: tapped(9600, 9600, tap_form="8E1", own=False)),
    "line.format seven bits": Case("line.format", lambda: line([parity(SEVEN)])),
    "line.half": Case("line.half", lambda: side(UP)),
    "line.half of the server": Case("line.half", lambda: side(DOWN)),
    "line.swapped": Case("line.swapped", lambda: line([(1 - way, octets) for way, octets in dialogue()])),
    "line.echo": Case("line.echo", echoed),
    "line.silent": Case("line.silent", lambda: Given([], [Channel(0, "tap", SERIAL)])),
    "line.breaks": Case("line.breaks", lambda: line([b"\0"] * 12)),
    "line.noise": Case("line.noise", lambda: line([bytes([n * 37 & 0xFF]) for n in range(40)])),
    "hdlc.address": Case("hdlc.address", addressed),
    "hdlc.address, nobody": Case("hdlc.address", lambda: line([hdlc.frame("SNRM")] * 3, gap=1500 * MS)),
    "meter.silent": Case("meter.silent", lambda: packets([udp(octets, True) for octets in WRAPPED])),
    "content.tls": Case("content.tls", lambda: stream(*pairs(HELLO, HELLO, APPLICATION, APPLICATION))),
    "content.modbus": Case(
        "content.modbus",
        lambda: line([modbus(bytes.fromhex("010300000002")), modbus(bytes.fromhex("01030400060005"))] * 3),
    ),
    "content.modbus over TCP": Case(
        "content.modbus", lambda: stream(*[(True, bytes((0, n, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2))) for n in range(4)])
    ),
    "content.mbus": Case("content.mbus", lambda: line([mbus(bytes.fromhex("5301106701") + GOT)] * 3)),
    "content.wmbus": Case("content.wmbus", lambda: line([wireless(bytes(range(n, n + 14))) for n in range(4)])),
    "content.p1": Case("content.p1", lambda: line([TELEGRAM] * 2)),
    "content.iec62056-21": Case(
        "content.iec62056-21", lambda: line([b"/?!\r\n", b"/ISk5\\2MT174-0001\r\n", b"\x06052\r\n"])
    ),
    "content.hex": Case("content.hex", lambda: line([octets.hex().encode() + b"\r\n" for _, octets in dialogue()])),
    "content.base64": Case("content.base64", lambda: line([base64.b64encode(octets) for _, octets in dialogue()])),
    "content.slip": Case("content.slip", lambda: line([slip(IP)] * 3)),
    "content.ppp": Case("content.ppp", lambda: line([ppp(b"\x00\x21" + IP)] * 3)),
    "content.bit-reversed": Case("content.bit-reversed", lambda: line([reverse(octets) for octets in session()])),
    "content.inverted": Case("content.inverted", lambda: line([inverse(octets) for octets in session()])),
    "content.offset": Case("content.offset", lambda: packets([udp(b"\xaa\x07\x00" + octets) for octets in WRAPPED])),
    "content.offset on a line": Case("content.offset", lambda: packets([b"\x01\x02" + w for w in WRAPPED], SERIAL)),
    "content.telnet": Case(
        "content.telnet", lambda: stream(*pairs(b"\xff\xfd\x18\xff\xfd\x20", b"\xff\xfb\x18", b"login: ", b"admin\r\n"))
    ),
    "content.modem": Case("content.modem", lambda: line([b"ATZ\r\n", b"OK\r\n", b"ATD123\r\n", b"NO CARRIER\r\n"])),
    "capture.fcs-stripped": Case("capture.fcs-stripped", lambda: line([octets[1:-3] for octets in session()])),
    "wrapper.version": Case(
        "wrapper.version", lambda: packets([udp(b"\x00\x02" + octets[2:]) for octets in WRAPPED])
    ),
    "capture.link-type": Case("capture.link-type", lambda: packets([bytes(64)] * 3, 195)),
    "capture.truncated": Case("capture.truncated", truncated),
    "tcp.mid-stream": Case(
        "tcp.mid-stream", lambda: stream(*[(True, bytes(range(9, 60 + n))) for n in range(4)], handshake=False)
    ),
    "tcp.refused": Case("tcp.refused", refused),
    "ip.tunnel": Case("ip.tunnel", lambda: packets([bytes(12) + b"\x81\x00\x00\x07" * 12 + b"\x08\x00" + IP])),
    "keys.missing": Case("keys.missing", ciphered),
    "keys.wrong": Case("keys.wrong", ciphered, wrong_keys),
    "clock.none": Case("clock.none", lambda: line([octets for _, octets in dialogue()], clock=False)),
    "clock.batch": Case("clock.batch", lambda: line(session() * 2, gap=48 * MS)),
    "unexplained": Case("unexplained", lambda: line([noise(n) for n in range(1, 9)])),
}  # fmt: skip


@cache
def shown(name: str) -> doctor.Report:
    """The doctor's report of a case."""
    case = CASES[name]
    return report(case.make(), case.ring())
