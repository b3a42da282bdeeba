"""Whether lines of bare hex are pieces of one frame, or one frame each: a look at lengths and first octets.

Tools wrap at 8, 10, 16, 20, 32 … octets. A line that begins and ends as a frame, or announces just its own length,
is whole; where every line begins as a frame or an APDU would, each is one.
"""

INITIATE = b"\x5f\x1f"  # tag of the conformance block in initiate requests and responses
MBUS_LONG = 0x68


def width(octets: int) -> bool:
    """Whether tools wrap at so many octets a line."""
    return octets >= 8 and (octets % 8 == 0 or octets % 10 == 0)


def whole(line: bytes | bytearray) -> bool:
    """Whether it has the look of a whole HDLC frame, wrapper PDU or BER-coded APDU."""
    if len(line) > 2 and line[0] == 0x7E:
        return line[-1] == 0x7E and (line[1] & 0xF0 != 0xA0 or _hdlc_octets(line) <= len(line))
    return _wrapper(line) or _ber(line)


def begins(line: bytes) -> bool:
    """Whether a frame or an APDU may begin here: more than one octet must fit, as any octet begins some line."""
    first = line[0]
    second = line[1] if len(line) > 1 else -1
    if first == 0x7E:
        return len(line) > 2
    if 0xC0 <= first <= 0xC7:  # get, set, action, event and their responses: a choice follows
        return 1 <= second <= 5
    if first in (0x05, 0x06, 0x0C, 0x0D):  # short name services: a count, then a choice
        return 1 <= second <= 8 and len(line) > 2 and line[2] <= 5
    if first in (0x01, 0x08):
        return INITIATE in line
    if first == 0x0F:  # long invoke id, then an absent or present date-time
        return len(line) > 6 and line[5] in (0x00, 0x09, 0x0C)
    if 0xC8 <= first <= 0xCF or 0xD0 <= first <= 0xD7:  # glo- and ded-: a length, then the security control
        return len(line) == second + 2
    if first in (0xDB, 0xDC, 0xDD):
        return second == 8
    if first == 0xD8:
        return len(line) == 3
    if first == 0x2F or (first == 0x06 and len(line) == 6):  # IEC 62056-21 sign-on and acknowledgement
        return line[-2:] == b"\r\n"
    if first == MBUS_LONG:
        return len(line) > 3 and line[3] == MBUS_LONG and line[1] == line[2]
    return line[:3] in (b"\xe6\xe6\x00", b"\xe6\xe7\x00") or _wrapper(line) or _ber(line)


def joined(lines: list[bytes]) -> bool:
    """Whether lines of one width, the last perhaps shorter, are one frame."""
    return len(lines) > 1 and width(len(lines[0])) and not whole(lines[0]) and not all(begins(line) for line in lines)


def _hdlc_octets(line: bytes | bytearray) -> int:
    return ((line[1] & 0x07) << 8 | line[2]) + 2


def _wrapper(line: bytes | bytearray) -> bool:
    return len(line) > 8 and line[:2] == b"\0\1" and int.from_bytes(line[6:8], "big") == len(line) - 8


def _ber(line: bytes | bytearray) -> bool:
    return len(line) > 2 and 0x60 <= line[0] <= 0x63 and line[1] == len(line) - 2
