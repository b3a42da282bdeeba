"""What a payload or the start of a stream looks like, before any profile is known (IEC 62056-46, 4-7, -21)."""

import re
from collections.abc import Callable
from typing import Final

from fastcrc import crc16

from dissectors.link import modem, seven_bits, telnet, wrapper
from dissectors.record import Value
from dissectors.tags import TAGS

FLAG: Final = 0x7E
_RESIDUE: Final = 0x0F47  # CRC-16/X-25 over octets and their check sequence: 0xF0B8 before the final xor
_REQUEST: Final = re.compile(rb"/\?[ -~]{0,32}!\r\n")
_IDENTIFICATION: Final = re.compile(rb"/[A-Za-z]{3}[!-~][ -~\x02]{0,64}(?:\r\n|\n)")  # 02: "\2" as some logs write it
_BEGUN: Final = re.compile(rb"/(?:\?[ -~]{0,32}!?\r?|[A-Za-z]{0,3}|[A-Za-z]{3}[ -~]{1,64}\r?)\Z")
_SELECT: Final = re.compile(rb"\x06[0-9:][0-9A-I][0-9:;<=>?A-Z]\r\n")
_COMMAND: Final = re.compile(rb"\x01[PWREB][0-9](?:\x02|\x03)")
_BLOCK: Final = re.compile(rb"\x02(?:[ -~\r\n]*!\r\n\x03|[0-9A-Z][0-9A-Z.:*\-]{0,20}\([^()]{0,80}\))")
_FIRST: Final = b"/\x06\x01\x02\x00\r\n0123456789"
_LINES: Final = re.compile(rb"[\r\n]*[0-9]{1,3}-[0-9]{1,3}:[0-9A-F.]{3,11}(?:[*&][0-9]{1,3})?\([^()]{0,80}\)")
NULS_MIN: Final = 8


class Look(Value, frozen=True, gc=False):
    """kind: "wrapper", "hdlc", "telnet", "modem", "iec62056-21". certain: commit at once; else likely: wait
    for more or for the end. reason: in words, for a person."""

    kind: str
    certain: bool
    reason: str


def content(octets: bytes) -> Look | None:
    """What the octets start with, None for nothing known. Looks at their first unit only."""
    for look in _LOOKS:
        found = look(octets)
        if found is not None:
            return found
    return None


def _hdlc(octets: bytes) -> Look | None:
    """A complete frame type 3 with good check sequence is certain, without its flags too (as logs write
    it); flag and format field are likely."""
    if not octets:
        return None
    if octets[0] >> 4 == 0xA and len(octets) >= 7:
        length = (octets[0] << 8 | octets[1]) & 0x7FF
        if length != len(octets) or crc16.ibm_sdlc(octets) != _RESIDUE:
            return None
        return Look("hdlc", True, f"frame of {length} octets without flags, with good frame check sequence")
    if octets[0] != FLAG:
        return None
    at = 0
    while at + 1 < len(octets) and octets[at + 1] == FLAG:
        at += 1
    if len(octets) < at + 3:
        return Look("hdlc", False, "starts with the flag 7E")
    if octets[at + 1] >> 4 != 0xA:
        return None
    length = (octets[at + 1] << 8 | octets[at + 2]) & 0x7FF
    end = at + 1 + length
    if length < 7:
        return None
    if end > len(octets):
        return Look("hdlc", False, f"flag and format type 3, {length} octets announced")
    if crc16.ibm_sdlc(octets[at + 1 : end]) != _RESIDUE:
        return Look("hdlc", False, "flag and format type 3, but the frame check sequence is wrong")
    return Look("hdlc", True, f"frame of {length} octets with good frame check sequence")


def _wrapper(octets: bytes) -> Look | None:
    """Version 1 with exact length and known tag is certain, and so is a second header behind a first PDU."""
    if octets[:2] != b"\x00\x01" or len(octets) < wrapper.SIZE:
        return None
    length = octets[6] << 8 | octets[7]
    if not length:
        return None
    if len(octets) > wrapper.SIZE and octets[8] not in TAGS:
        wports = octets[2] << 8 | octets[3], octets[4] << 8 | octets[5]
        if len(octets) != wrapper.SIZE + length or not 0 < min(wports) <= wrapper.SERVER_WPORTS:
            return None
        return Look("wrapper", False, f"wrapper version 1 with exact length, but tag 0x{octets[8]:02X} is not known")
    if len(octets) < wrapper.LOOK:
        return Look("wrapper", False, f"wrapper header for {length} octets")
    name = TAGS[octets[8]]
    end = wrapper.SIZE + length
    if end == len(octets):
        return Look("wrapper", True, f"wrapper version 1 with exact length and a known tag ({name})")
    if end > len(octets):
        return Look("wrapper", False, f"wrapper version 1 and a known tag ({name}), {length} octets announced")
    if len(octets) >= end + wrapper.LOOK and wrapper.plausible(octets, end):
        return Look("wrapper", True, f"two wrapper headers in a row ({name} first)")
    if octets[end : end + 2] == b"\x00\x01"[: len(octets) - end]:
        return Look("wrapper", False, f"wrapper version 1 and a known tag ({name}), the next PDU has begun")
    return Look("wrapper", False, f"wrapper version 1 and a known tag ({name}), {len(octets) - end} octets follow")


def _text(octets: bytes) -> Look | None:
    """IEC 62056-21, also in seven bits with parity: the eighth bit is put aside."""
    if not octets or octets[0] & 0x7F not in _FIRST:
        return None
    if octets[0] == 0:
        if len(octets) < NULS_MIN or not nuls(octets[:NULS_MIN]):
            return None
        octets = octets.lstrip(b"\0")
        if not octets:
            return None
    plain = seven_bits.plain(octets[:2048])
    if _REQUEST.match(plain):
        return Look("iec62056-21", True, "request message of IEC 62056-21")
    if _SELECT.match(plain):
        return Look("iec62056-21", True, "option select message of IEC 62056-21")
    if _IDENTIFICATION.match(plain):
        return Look("iec62056-21", True, "identification message of IEC 62056-21")
    if _COMMAND.match(plain):
        return Look("iec62056-21", True, "programming command message of IEC 62056-21")
    if _BLOCK.match(plain):
        return Look("iec62056-21", True, "data message of IEC 62056-21")
    if _LINES.match(plain):
        return Look("iec62056-21", True, "data lines of IEC 62056-21")
    if _BEGUN.match(plain):
        return Look("iec62056-21", False, "may be the start of a message of IEC 62056-21")
    return None


def nuls(octets: bytes) -> bool:
    """Whether octets are NUL alone: the wake-up message of IEC 62056-21, if a request follows."""
    return bool(octets) and not octets.strip(b"\0")


def _telnet(octets: bytes) -> Look | None:
    if telnet.negotiates(octets):
        return Look("telnet", True, "telnet option negotiation (RFC 854)")
    return None


def _modem(octets: bytes) -> Look | None:
    found = modem.dialogue(octets)
    if found is None:
        return None
    return Look("modem", True, f"modem dialogue: {found.text[:60]}")


_LOOKS: Final[tuple[Callable[[bytes], Look | None], ...]] = (_wrapper, _hdlc, _text, _telnet, _modem)
