"""Checks of what octets are that do not decode: known protocols, encodings and headers around the right content."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Final

from fastcrc import crc16

from analyzer.doctor_facts import Diagnosis, Facts, Stream
from captures.linktype import SERIAL
from dissectors import problem as P
from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop
from dissectors.link import mbus, modem, recognise, telnet
from dissectors.link.conversation import is_apdu
from dissectors.link.framing import Chunk
from dissectors.link.hdlc import GOOD, MIN_LENGTH, crc
from dissectors.link.hdlc_framer import Framer
from dissectors.tags import TAGS

LOOK: Final = 1 << 16  # octets of a stream that are tried
MAX_HEADER: Final = 40
MAX_TRAILER: Final = 4
REVERSED: Final = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))
INVERTED: Final = bytes(octet ^ 0xFF for octet in range(256))
TLS_TYPES: Final = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data"}
MODBUS: Final = frozenset({1, 2, 3, 4, 5, 6, 15, 16, 22, 23})
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{2}(?:[\s,:;-]*[0-9A-Fa-f]{2})*[\s,:;-]*")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\r\n]{16,}={0,2}[\r\n]*")

Found = tuple[str, str, int, tuple[str, ...], str]  # code, title, confidence, evidence, advice


def encapsulation(facts: Facts) -> list[Diagnosis]:
    """Codes content.*: the best explanation of each stream that does not decode; equal ones are said once."""
    out: dict[str, Diagnosis] = {}
    if facts.serial and not facts.lost:
        return []
    for stream in facts.streams:
        if not stream.octets:
            continue
        for _, look in LOOKS:
            found = look(stream)
            if found is not None:
                code, title, confidence, evidence, advice = found
                words = (f"{stream.name}: {evidence[0]}", *evidence[1:])
                before = out.get(code)
                records = stream.numbers()
                if before is not None:
                    words, records = (*before.evidence, *words)[:4], (*before.records, *records)
                out[code] = Diagnosis(code, title, confidence, words, records, advice)
                break
    return list(out.values())


def _frames(octets: bytes) -> int:
    """Good HDLC frames in a stretch."""
    framer = Framer()
    return sum(unit.trusted and unit.kind != "noise" for unit in (*framer.feed(Chunk(octets, 1)), *framer.end()))


def _certain(octets: bytes) -> str:
    """ "hdlc", "wrapper" or "apdu" when octets are one whole unit of it, else ""."""
    look = recognise.content(octets)
    if look is not None and look.certain and look.kind in ("hdlc", "wrapper"):
        return look.kind
    if len(octets) < 8 or TAGS.get(octets[0], "ciase").startswith("ciase"):
        return ""  # a few octets behind a rare tag are no proof
    return "apdu" if is_apdu(octets) else ""


def inside(octets: bytes) -> str:
    """What decoded octets hold: "IP", "HDLC", "wrapper", "apdu", or "" for nothing known."""
    if octets[:1] == b"\x45" and len(octets) >= 20 and int.from_bytes(octets[2:4], "big") == len(octets):
        return "IP"
    found = _certain(octets) or ("hdlc" if _frames(octets) else "")
    return {"hdlc": "HDLC"}.get(found, found)


def _tls(stream: Stream) -> Found | None:
    octets, at, records, kinds = stream.octets[:LOOK], 0, 0, []
    while at + 5 <= len(octets) and octets[at] in TLS_TYPES and octets[at + 1] == 3 and octets[at + 2] <= 4:
        length = int.from_bytes(octets[at + 3 : at + 5], "big")
        if not 0 < length <= 0x4800:
            break
        records += 1
        kinds.append(TLS_TYPES[octets[at]])
        at += 5 + length
    if not records or at < 0.9 * min(len(octets), at + 1) or (records == 1 and kinds[0] != "handshake"):
        return None
    evidence = (f"{records} TLS records from the first octet on ({', '.join(dict.fromkeys(kinds))})",)
    advice = (
        "capture behind the TLS end point, or decrypt in Wireshark with a key log and export the PDUs (link type 252)"
    )
    return "content.tls", "TLS (RFC 8446): the traffic is encrypted below DLMS", 95, evidence, advice


def _modbus(stream: Stream) -> Found | None:
    pieces = [p for _, p in stream.pieces()]
    bursts = pieces if len(pieces) > 1 and not stream.single else stream.bursts()
    rtu = [b for b in bursts if 4 <= len(b) <= 256 and b[1] & 0x7F in MODBUS and 0 < b[0] < 248 and not crc16.modbus(b)]
    mbap = [
        b for b in bursts
        if 8 <= len(b) <= 260 and b[2:4] == b"\0\0" and int.from_bytes(b[4:6], "big") == len(b) - 6
        and b[7] & 0x7F in MODBUS
    ]  # fmt: skip
    for name, good in (("RTU", rtu), ("TCP", mbap)):
        if len(good) >= 2 and len(good) >= 0.5 * len(bursts):
            evidence = (f"{len(good)} of {len(bursts)} bursts are Modbus {name} frames (check or length right)",)
            return (
                "content.modbus",
                f"Modbus {name}, not DLMS",
                93,
                evidence,
                "wrong device or port: this is another protocol",
            )
    return None


def _mbus(stream: Stream) -> Found | None:
    octets, at, good, dlms = stream.octets[:LOOK], 0, 0, 0
    while (at := octets.find(b"\x68", at)) >= 0:
        size = octets[at + 1] + 6 if at + 4 <= len(octets) else 0
        c = Cursor(octets[at : at + size], short=P.MBUS_TRUNC)
        try:
            value = mbus.dissect(c, EMPTY)
        except Stop:
            at += 1
            continue
        if c.problems:
            at += 1
            continue
        good += 1
        dlms += value.information < 0x20
        at += size
    if not good or (good == 1 and len(octets) > 600):
        return None
    evidence = (f"{good} M-Bus telegrams with good checksum (EN 13757-2), {dlms} of them with DLMS inside",)
    advice = "cosemscope decode --as mbus HEX reads single telegrams; no profile for M-Bus lines is in force"
    return "content.mbus", "M-Bus on a wire", 92, evidence, advice


def _wireless(stream: Stream) -> Found | None:
    pieces = [p for _, p in stream.pieces()]
    good = 0
    for p in pieces:
        sized = len(p) >= 12 and p[1] in (0x44, 0x46, 0x08, 0x53)
        head = crc16.en_13757(p[:10]) == int.from_bytes(p[10:12], "big") if sized else False
        good += sized and (head or p[0] == len(p) - 1)
    if good < 2 or good < 0.5 * len(pieces):
        return None
    evidence = (f"{good} of {len(pieces)} records are telegrams (length and C field, or check sequence of block 1)",)
    advice = "radio telegrams are not DLMS over HDLC: use a wireless M-Bus decoder, or capture the wired port"
    return "content.wmbus", "wireless M-Bus (EN 13757-4)", 85, evidence, advice


def _text_line(stream: Stream) -> Found | None:
    """IEC 62056-21 and P1, also in seven bits with parity."""
    plain = bytes(octet & 0x7F for octet in stream.octets[:LOOK])
    signs = len(re.findall(rb"/\?[ -~]{0,32}!\r\n", plain))
    names = len(re.findall(rb"/[A-Za-z]{3}[0-9A-Ia-z][^\r\n]{0,64}\r\n", plain))
    lines = len(re.findall(rb"\d+[-:.]\d[^\r\n(]{0,16}\([^\r\n]*\)\r\n", plain))
    telegrams = len(re.findall(rb"!(?:[0-9A-F]{4})?\r\n", plain))
    if names and lines >= 3 and telegrams and not signs:
        evidence = (f"{telegrams} telegrams with {lines} lines of OBIS code and value",)
        return "content.p1", "a customer port with text telegrams (P1, IEC 62056-21 mode D)", 93, evidence, (
            "text, not HDLC: read it as IEC 62056-21; a meter's other port may speak DLMS"
        )  # fmt: skip
    if signs or names:
        evidence = (f"{signs} request messages, {names} identifications, {lines} data lines of IEC 62056-21",)
        e = re.search(rb"/[A-Za-z]{3}([0-9A-I])\\2", plain)
        advice = "the meter speaks text (modes A to D): DLMS needs the mode E option select (06 32 5A 32 0D 0A)"
        if e:
            advice = (
                "the meter offers mode E: after the acknowledgement the line changes to HDLC at the rate agreed there"
            )
        return "content.iec62056-21", "IEC 62056-21 text, no HDLC", 90, evidence, advice
    return None


def _hex(stream: Stream) -> Found | None:
    octets = stream.octets[:LOOK]
    if len(octets) < 14 or not _HEX.fullmatch(octets):
        return None
    plain = bytes.fromhex(re.sub(rb"[^0-9A-Fa-f]", b"", octets).decode("ascii"))
    what = inside(plain) or next((w for line in octets.split() if (w := _hex_line(line))), "")
    if not what:
        return None
    evidence = (f"{len(octets)} octets are hexadecimal digits; taken as such they hold {what}",)
    advice = "save the text and open that file: cosemscope reads hex logs (hexlog:FILE)"
    return "content.hex", "hexadecimal text in the stream", 92, evidence, advice


def _hex_line(line: bytes) -> str:
    return inside(bytes.fromhex(line.decode("ascii"))) if len(line) % 2 == 0 and len(line) >= 14 else ""


def _base64(stream: Stream) -> Found | None:
    pieces = [p.strip() for _, p in stream.pieces()][:200]
    good = []
    for piece in (*pieces, stream.octets[:LOOK]):
        if _BASE64.fullmatch(piece):
            try:
                good.append(inside(base64.b64decode(b"".join(piece.split()), validate=True)))
            except (binascii.Error, ValueError):
                continue
    what = [w for w in good if w]
    if not what:
        return None
    evidence = (f"{len(what)} stretches are base64; decoded they hold {what[0]}",)
    advice = "decode the payload before it is captured, or log it as hex and open that (hexlog:FILE)"
    return "content.base64", "base64 text around the frames", 90, evidence, advice


def unslip(octets: bytes) -> Iterator[bytes]:
    """Datagrams of SLIP (RFC 1055)."""
    for part in octets.split(b"\xc0"):
        if part:
            yield part.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")


def _slip(stream: Stream) -> Found | None:
    octets = stream.octets[:LOOK]
    if octets.count(b"\xc0") < 2:
        return None
    parts = list(unslip(octets))
    what = [w for part in parts[:500] if (w := inside(part))]
    if len(what) < 2 or len(what) < 0.6 * len(parts):
        return None
    evidence = (f"{len(what)} of {len(parts)} stretches between C0 hold {what[0]}",)
    return (
        "content.slip",
        "SLIP framing (RFC 1055)",
        90,
        evidence,
        "strip SLIP before capturing, or capture on the IP side",
    )


def unppp(octets: bytes) -> Iterator[bytes]:
    """Frames of PPP in HDLC-like framing (RFC 1662) with good FCS, without flags and FCS."""
    for part in octets.split(b"\x7e"):
        plain = re.sub(rb"\x7d(.)", lambda m: bytes([m[1][0] ^ 0x20]), part, flags=re.DOTALL)
        if len(plain) >= 6 and crc(plain) == GOOD:
            yield plain[:-2]


def _ppp(stream: Stream) -> Found | None:
    frames = [f for f in unppp(stream.octets[:LOOK]) if f[:2] == b"\xff\x03" or f[:2] in (b"\x00\x21", b"\xc0\x21")]
    if len(frames) < 2:
        return None
    evidence = (f"{len(frames)} frames with address FF, control 03 or a PPP protocol, and good check sequence",)
    advice = "this is a dial-up IP link: capture on the IP side (interface ppp0), or write it with link type PPP"
    return "content.ppp", "PPP framing (RFC 1662): IP over the line", 93, evidence, advice


def _flipped(stream: Stream) -> Found | None:
    for name, table in (("bit-reversed", REVERSED), ("inverted", INVERTED)):
        octets = stream.octets[:LOOK].translate(table)
        frames = _frames(octets)
        wrapped = sum(_certain(p.translate(table)) == "wrapper" for _, p in stream.pieces()[:500])
        if frames >= 2 or wrapped >= 2:
            what = f"{frames} HDLC frames with good check sequence" if frames else f"{wrapped} wrapper PDUs"
            if name == "inverted":
                return "content.inverted", "octets with every bit inverted", 95, (f"inverted back, {what}",), (
                    "turn off the inversion of the logic analyzer or adapter"
                )  # fmt: skip
            return "content.bit-reversed", "octets with the most significant bit first", 95, (f"reversed, {what}",), (
                "set the logic analyzer or adapter to least significant bit first"
            )  # fmt: skip
    return None


def _stripped(stream: Stream) -> Found | None:
    """HDLC frames without their FCS: the length counts two octets that are not there."""
    pieces = [p.strip(b"\x7e") for _, p in stream.pieces()]
    good = 0
    for p in pieces:
        if len(p) >= MIN_LENGTH - 2 and p[0] >> 4 == 0xA and (p[0] << 8 | p[1]) & 0x7FF == len(p) + 2:
            good += 1
    if good < 2 or good < 0.6 * len(pieces):
        return None
    evidence = (f"{good} of {len(pieces)} records are frames whose length counts two octets more than are there",)
    advice = "record before the adapter or driver that takes the FCS away: without it nothing can be believed"
    return "capture.fcs-stripped", "HDLC frames without check sequence (FCS stripped)", 90, evidence, advice


def _version(stream: Stream) -> Found | None:
    """Wrapper headers of another version."""
    versions: list[int] = []
    pieces = stream.pieces()
    for _, p in pieces:
        exact = len(p) > 8 and int.from_bytes(p[6:8], "big") == len(p) - 8 and p[8] in TAGS
        if exact and p[:2] != b"\x00\x01":
            versions.append(int.from_bytes(p[:2], "big"))
    if len(versions) < 2 or len(versions) < 0.6 * len(pieces):
        return None
    names = ", ".join(f"0x{v:04X}" for v in sorted(set(versions))[:4])
    evidence = (
        f"{len(versions)} of {len(pieces)} payloads have wPorts, exact length and a known tag behind version {names}",
    )
    advice = "the version must be 0x0001 (IEC 62056-4-7): both ends drop this; look at the gateway that writes it"
    return "wrapper.version", "wrong wrapper version", 92, evidence, advice


def _offset(stream: Stream) -> Found | None:
    """The right content behind a header of constant length."""
    pieces = [p for _, p in stream.pieces()][:400]
    if len(pieces) < 2 or any(_certain(p) for p in pieces[:8]):
        return None
    for k in range(MAX_HEADER + 1):
        for trailer in range(MAX_TRAILER + 1) if k else range(1, MAX_TRAILER + 1):
            if k + trailer == 0:
                continue
            kinds = [_certain(p[k : len(p) - trailer]) for p in pieces[:8]]
            if sum(map(bool, kinds)) < 0.75 * len(kinds):
                continue
            good = [kind for p in pieces if (kind := _certain(p[k : len(p) - trailer]))]
            if len(good) >= max(2, 0.75 * len(pieces)):
                headers = sorted({p[:k].hex(" ").upper() for p in pieces})[:2]
                evidence = [f"{len(good)} of {len(pieces)} records hold {good[0]} after {k} octets"]
                if trailer:
                    evidence[0] += f", with {trailer} octets behind"
                evidence.append(f"such as {' | '.join(headers)}")
                advice = "capture behind the gateway that adds them, or export the payload without them"
                if stream.channel.link_type in SERIAL:
                    chop = f"editcap -C {k}" + (f" -C -{trailer}" if trailer else "")
                    advice = f"take them off: {chop} IN OUT"
                return (
                    "content.offset",
                    f"unknown encapsulation: {k} octets before the content",
                    88,
                    tuple(evidence),
                    advice,
                )
    return None


def _telnet(stream: Stream) -> Found | None:
    if not telnet.negotiates(stream.octets[:LOOK]):
        return None
    line, taken = telnet.Telnet().feed(stream.octets[:LOOK])
    if _frames(line):
        return None
    evidence = (f"{len(taken)} octets of option negotiation, nothing that is ours behind them",)
    return "content.telnet", "telnet dialogue (RFC 854)", 80, evidence, (
        "log in or set the gateway to raw TCP: only a telnet session was opened"
    )  # fmt: skip


def _modem(stream: Stream) -> Found | None:
    found = modem.dialogue(stream.octets[:LOOK])
    if found is None or found.end < 0.5 * min(len(stream.octets), LOOK):
        return None
    evidence = (f"a dialogue of AT commands and answers: {found.text[:80]}",)
    return "content.modem", "modem dialogue: the call was not set up", 85, evidence, (
        "look at the last answer of the modem (BUSY, NO CARRIER): the protocol starts after CONNECT"
    )  # fmt: skip


LOOKS: Final[tuple[tuple[str, Callable[[Stream], Found | None]], ...]] = (
    ("tls", _tls),
    ("telnet", _telnet),
    ("modem", _modem),
    ("text", _text_line),
    ("bits", _flipped),
    ("fcs", _stripped),
    ("version", _version),
    ("hex", _hex),
    ("base64", _base64),
    ("slip", _slip),
    ("ppp", _ppp),
    ("modbus", _modbus),
    ("m-bus", _mbus),
    ("wireless", _wireless),
    ("offset", _offset),
)
