"""HDLC frame format type 3 (IEC 62056-46, clause 6): flags, format, addresses, control, HCS, information, FCS.

Fields between the flags are delimited by the length alone; 7E may occur inside. Both check sequences
are CRC-16/X-25, low octet first. Values in addresses are what is left after the extension bit.
What depends on the link (sequence numbers, agreed sizes, whose turn it is) is judged in hdlc_link.py.
"""

from typing import Any, NamedTuple

import msgspec
from fastcrc import crc16

from dissectors import problem
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.layer import Layer
from dissectors.record import Direction, Value

FLAG = 0x7E
FORMAT_TYPE = 0xA
LENGTH_MASK = 0x7FF
SEGMENTATION = 0x800
MIN_LENGTH = 7  # format, one-octet addresses, control, FCS
GOOD = 0x0F47  # the CRC over data and its own check sequence, when that is right
crc = crc16.ibm_sdlc

NO_STATION = 0
ALL_STATION = {1: 0x7F, 2: 0x7F, 4: 0x3FFF}  # by octets of the server's address; parts of the 2-octet form have 7 bits

UNNUMBERED = {0x83: "SNRM", 0x43: "DISC", 0x63: "UA", 0x0F: "DM", 0x87: "FRMR", 0x03: "UI"}
SUPERVISORY = {0x1: "RR", 0x5: "RNR", 0x9: "REJ", 0xD: "SREJ"}
OUTSIDE = ("REJ", "SREJ", "unknown")  # not in the selected repertoire
COMMANDS = frozenset(("SNRM", "DISC"))
RESPONSES = frozenset(("UA", "DM", "FRMR"))
LLC_COMMAND = b"\xe6\xe6"
LLC_RESPONSE = b"\xe6\xe7"
BLOCK_TRANSFER = 0xE0  # tag of general-block-transfer: continues a push without an LLC header


class Control(NamedTuple):
    """One value of the control field: ns, nr -1 where the kind has none."""

    kind: str
    ns: int
    nr: int
    poll: bool


def _control(octet: int) -> Control:
    poll = bool(octet & 0x10)
    if not octet & 1:
        return Control("I", octet >> 1 & 7, octet >> 5, poll)
    if octet & 3 == 1:
        return Control(SUPERVISORY[octet & 0xF], -1, octet >> 5, poll)
    return Control(UNNUMBERED.get(octet & 0xEF, f"unknown-0x{octet:02X}"), -1, -1, poll)


CONTROLS = tuple(_control(octet) for octet in range(256))

PARAMETER_NAMES = {
    0x05: "maximum information field length, transmit",
    0x06: "maximum information field length, receive",
    0x07: "window size, transmit",
    0x08: "window size, receive",
    0xF0: "user data",
}
REASONS = {
    0x01: "W: control field not implemented",
    0x02: "X: information field not permitted",
    0x04: "Y: information field too long",
    0x08: "Z: N(R) invalid",
    0x10: "V: N(S) invalid",
}


def wire_hex(value: Any) -> str:
    """Octets as they stand on the line, spaced."""
    return bytes(value).hex(" ").upper()


def _address_text(value: "Address") -> str:
    return f"{value.upper}/{value.lower}" if value.lower >= 0 else str(value.upper)


OPENING = Field("hdlc.opening-flag", "Opening flag")
FORMAT = Field("hdlc.format", "Frame format", show=lambda v: f"0x{v:04X}", clause="6.4.2.2")
TYPE = Field("hdlc.type", "Format type")
SEGMENTED = Field("hdlc.segmented", "Segmentation", clause="6.4.2.2")
LENGTH = Field("hdlc.length", "Frame length", unit="octets", clause="6.4.2.2")
DESTINATION = Field("hdlc.destination", "Destination address", type="node", show=_address_text, clause="6.4.2.3")
SOURCE = Field("hdlc.source", "Source address", type="node", show=_address_text, clause="6.4.2.3")
UPPER = Field("hdlc.upper", "Upper address", type="octets", show=wire_hex)
LOWER = Field("hdlc.lower", "Lower address", type="octets", show=wire_hex)
CONTROL = Field("hdlc.control", "Control", show=lambda v: f"0x{v:02X}", clause="6.4.3")
NS = Field("hdlc.ns", "N(S)")
NR = Field("hdlc.nr", "N(R)")
POLL = Field("hdlc.poll", "P/F")
HCS = Field("hdlc.hcs", "Header check sequence", type="octets", show=wire_hex, clause="6.4.4")
INFORMATION = Field("hdlc.information", "Information", type="node")
FCS = Field("hdlc.fcs", "Frame check sequence", type="octets", show=wire_hex, clause="6.4.6")
CLOSING = Field("hdlc.closing-flag", "Closing flag")
FORMAT_ID = Field("hdlc.format-identifier", "Format identifier", show=lambda v: f"0x{v:02X}")
GROUP_ID = Field("hdlc.group-identifier", "Group identifier", show=lambda v: f"0x{v:02X}")
GROUP_LENGTH = Field("hdlc.group-length", "Group length", unit="octets")
PARAMETER = Field("hdlc.parameter", "Parameter", type="node")
PARAMETER_ID = Field("hdlc.parameter-identifier", "Parameter identifier", type="enum", names=PARAMETER_NAMES)
PARAMETER_LENGTH = Field("hdlc.parameter-length", "Parameter length", unit="octets")
PARAMETER_VALUE = Field("hdlc.parameter-value", "Parameter value")
USER_DATA = Field("hdlc.user-data", "User data", type="octets", show=wire_hex)
REJECTED = Field("hdlc.rejected-control", "Rejected control field", show=lambda v: f"0x{v:02X} ({CONTROLS[v].kind})")
REJECT_STATE = Field("hdlc.reject-state", "V(R), C/R, V(S)", show=lambda v: f"0x{v:02X}")
REJECT_REASON = Field("hdlc.reject-reason", "Reason", show=lambda v: reasons(v))
FIELDS = (
    *(OPENING, FORMAT, TYPE, SEGMENTED, LENGTH, DESTINATION, SOURCE, UPPER, LOWER, CONTROL, NS, NR, POLL, HCS),
    *(INFORMATION, FCS, CLOSING, FORMAT_ID, GROUP_ID, GROUP_LENGTH, PARAMETER, PARAMETER_ID, PARAMETER_LENGTH),
    *(PARAMETER_VALUE, USER_DATA, REJECTED, REJECT_STATE, REJECT_REASON),
)


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter of a profile: default, the permitted range, and where it may come from instead."""

    default: int
    min: int = 0
    max: int = 0x7FFFFFFF
    unit: str = ""
    negotiated_by: str = ""
    mirrors: str = ""


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a profile states of the HDLC layer, [layers.hdlc]. Sizes in octets.

    echo_ms: the same frame again within this time is the tap's echo, not a retransmission (a
    retransmission waits for the response time-out). max_retries: repetitions that are still usual.
    """

    max_info_tx: Limit = Limit(128, 32, 2030, "octets", "05", "23.4")
    max_info_rx: Limit = Limit(128, 32, 2030, "octets", "06", "23.5")
    window_tx: Limit = Limit(1, 1, 7, "", "07", "23.2")
    window_rx: Limit = Limit(1, 1, 7, "", "08", "23.3")
    inter_octet_ms: Limit = Limit(25, 20, 6000, "ms", "", "23.6")
    inactivity_s: Limit = Limit(120, 0, 65535, "s", "", "23.7")
    max_retries: int = 3
    echo_ms: int = 100


class Address(Value, frozen=True, gc=False):
    """octets: as on the wire. upper: logical device or client. lower: physical device, -1 without."""

    octets: bytes
    upper: int
    lower: int = -1


class Negotiation(Value, frozen=True, gc=False):
    """Parameters in an SNRM or UA, as seen by its sender; -1 where absent."""

    max_info_tx: int = -1
    max_info_rx: int = -1
    window_tx: int = -1
    window_rx: int = -1


class Reject(Value, frozen=True, gc=False):
    """Information field of FRMR (ISO/IEC 13239, 5.5.3.4.2)."""

    control: int
    vs: int
    vr: int
    response: bool
    reason: int


class Hdlc(Value, frozen=True, gc=False):
    """One frame. A pure function of its octets: what only the link knows is in hdlc_link.Followed.

    addresses: raw destination and source octets (a key of the address pair). info: range of the
    information field, empty (start = end) without. llc: it begins with an LLC header. direction: a guess
    (UNKNOWN where nothing tells); direction_certain: address lengths, kind or LLC leave no doubt by
    themselves. client, server, physical: -1 while the direction is unknown. complete: all octets
    of the length were there. good: complete and every check sequence right.
    """

    length: int
    segmented: bool
    destination: Address
    source: Address
    addresses: bytes
    control: int
    kind: str
    ns: int
    nr: int
    poll: bool
    info: tuple[int, int]
    llc: bool
    client: int
    server: int
    physical: int
    direction: int
    direction_certain: bool
    complete: bool
    good: bool
    detail: Negotiation | Reject | None = None

    @property
    def symmetric(self) -> bool:
        """Client and server address are the same octets, so that they do not tell who sent it."""
        return self.source.octets == self.destination.octets


def reasons(reason: int) -> str:
    """The reason octet of FRMR in words."""
    return ", ".join(text for bit, text in REASONS.items() if reason & bit) or f"no reason (0x{reason:02X})"


def address(octets: bytes) -> Address:
    """Value of raw address octets; three octets (not allowed) give one long upper value."""
    values = [octet >> 1 for octet in octets]
    if len(values) == 2:
        return Address(octets, values[0], values[1])
    if len(values) == 4:
        return Address(octets, values[0] << 7 | values[1], values[2] << 7 | values[3])
    upper = 0
    for value in values:
        upper = upper << 7 | value
    return Address(octets, upper)


def guess(destination: Address, source: Address, kind: str, info: bytes) -> tuple[int, bool]:
    """Direction and whether it is beyond doubt, by the frame alone (see the rules at the end of clause 6.4.2).

    The client's address has one octet; else the kind; else the LLC header. A server's push to a
    client written with two octets (E6 E7 00, or block transfer without LLC) is believed over the lengths.
    """
    one, other = len(destination.octets), len(source.octets)
    command, response = info[:2] == LLC_COMMAND, info[:2] == LLC_RESPONSE
    if (one == 1) != (other == 1):
        if kind == "UI" and one == 2 and other == 1 and (response or info[:1] == b"\xe0"):
            return Direction.TO_CLIENT, response
        return (Direction.TO_CLIENT if one == 1 else Direction.TO_SERVER), True
    if kind in COMMANDS:
        return Direction.TO_SERVER, True
    if kind in RESPONSES:
        return Direction.TO_CLIENT, True
    if command or response:
        return (Direction.TO_SERVER if command else Direction.TO_CLIENT), True
    if one == 1 and destination.upper == NO_STATION and kind in ("I", "UI"):
        return Direction.TO_CLIENT, False  # pushes to client 0
    return Direction.UNKNOWN, False


def _address(c: Cursor, field: Field, words: str) -> Address:
    """One address; stops when no octet of four ends it. Problems: hdlc.addr-len."""
    n = 1
    while n < 5:
        octet = c.peek(n - 1)
        if octet < 0:
            c.stop(problem.HDLC_TRUNC, words, n, n - 1)
        if octet & 1:
            break
        n += 1
    else:
        c.stop(problem.HDLC_ADDR_LEN, words, "more than 4")
    found = address(c.octets[c.pos : c.pos + n])
    c.open(field)
    half = max(1, n // 2)
    c.take(UPPER, n if n == 3 else half)
    c.text(str(found.upper))
    if found.lower >= 0:
        c.take(LOWER, half)
        c.text(str(found.lower))
    c.close(found)
    if n == 3:
        c.note(problem.HDLC_ADDR_LEN, n, words, n)
    return found


def _parameters(c: Cursor, end: int, kind: str) -> Negotiation:
    """Information field of SNRM and UA. Problems: hdlc.neg-fmt. Unknown identifiers are passed over."""
    values: dict[int, int] = {}
    if c.peek() == 0xF0 or c.left() < 3:
        return _rest(c, end, kind, values, c.left() < 3)
    form, group_id, length = c.u8(FORMAT_ID), c.u8(GROUP_ID), c.u8(GROUP_LENGTH)
    if form != 0x81 or group_id != 0x80:
        c.note(problem.HDLC_NEG_FMT, 3, kind, f"{form:02X} {group_id:02X} where 81 80 is expected")
        return _rest(c, end, kind, values, False)
    stop = c.pos + length
    if stop > end:
        c.note(problem.HDLC_NEG_FMT, 1, kind, f"group length {length}, {end - c.pos} octets are there")
        stop = end
    while c.pos < stop:
        c.open(PARAMETER)
        identifier = c.u8(PARAMETER_ID)
        size = c.u8(PARAMETER_LENGTH) if c.pos < stop else -1
        if size < 0 or c.pos + size > stop:
            c.note(problem.HDLC_NEG_FMT, 1, kind, f"parameter 0x{identifier:02X} is longer than its group")
            c.take(USER_DATA, stop - c.pos)
        elif size == 0 or size > 4:
            c.note(problem.HDLC_NEG_FMT, 1, kind, f"parameter 0x{identifier:02X} has {size} octets")
            c.take(USER_DATA, size)
        else:
            values[identifier] = c.uint(PARAMETER_VALUE, size)
        c.close(text=PARAMETER_NAMES.get(identifier, f"unknown-0x{identifier:02X}"))
    return _rest(c, end, kind, values, False)


def _rest(c: Cursor, end: int, kind: str, values: dict[int, int], broken: bool) -> Negotiation:
    """What follows the group: user data (F0 and on); its own length octet is not settled, so it stays opaque."""
    if c.pos < end:
        first = c.peek()
        c.take(USER_DATA, end - c.pos)
        if broken or (values and first != 0xF0):
            c.note(problem.HDLC_NEG_FMT, 1, kind, "octets after the group that are no user data (F0)")
    return Negotiation(*(values.get(identifier, -1) for identifier in (0x05, 0x06, 0x07, 0x08)))


def _reject(c: Cursor, end: int) -> Reject | None:
    """Information field of FRMR. Problems: hdlc.len when it has not three octets."""
    if end - c.pos < 3:
        c.note(problem.HDLC_LEN, c.pos - end, end - c.pos, "FRMR information has 3 octets")
        c.take(USER_DATA, end - c.pos)
        return None
    control, state, reason = c.u8(REJECTED), c.u8(REJECT_STATE), c.u8(REJECT_REASON)
    if c.pos < end:
        c.take(USER_DATA, end - c.pos)
    return Reject(control, state >> 1 & 7, state >> 5, bool(state & 0x10), reason)


def dissect(c: Cursor, ctx: Context) -> Hdlc:
    """One frame, with or without its flags; octets after its end are left unread.

    Problems: hdlc.fmt, len, trunc, addr-len (3 or more than 4 octets), ctl, hcs, hcs-noinfo, fcs, flag,
    info-missing, info-forbidden, p0, neg-fmt. Frames with a wrong check sequence are dissected all the same.
    """
    if c.peek() == FLAG:
        c.u8(OPENING)
    start = c.pos
    form = c.uint(FORMAT, 2)
    kind_bits = c.bits(TYPE, form, 0xF000)
    segmented = bool(c.bits(SEGMENTED, form, SEGMENTATION))
    length = c.bits(LENGTH, form, LENGTH_MASK)
    if kind_bits != FORMAT_TYPE:
        c.stop(problem.HDLC_FMT, kind_bits)
    if length < MIN_LENGTH:
        c.stop(problem.HDLC_LEN, length, f"the smallest frame has {MIN_LENGTH} octets")
    end = start + length
    complete = end <= c.end
    if not complete:
        c.note(problem.HDLC_TRUNC, 2, "frame", length, c.end - start)
        end = c.end
    destination = _address(c, DESTINATION, "destination")
    source = _address(c, SOURCE, "source")
    octet = c.u8(CONTROL)
    kind, ns, nr, poll = CONTROLS[octet]
    if ns >= 0:
        c.bits(NS, octet, 0x0E)
    if nr >= 0:
        c.bits(NR, octet, 0xE0)
    c.bits(POLL, octet, 0x10)
    if kind.startswith(OUTSIDE):
        c.note(problem.HDLC_CTL, 1, octet, kind)
    elif not poll and (kind in COMMANDS or kind in RESPONSES):
        c.note(problem.HDLC_P0, 1, kind)
    good, info, detail = _body(c, start, end, complete, length, kind)
    content = c.octets[info[0] : min(info[1], info[0] + 3)]
    llc = kind in ("I", "UI") and is_llc(content)
    direction, certain = guess(destination, source, kind, content if llc or kind == "UI" else b"")
    client, server, physical = parties(destination, source, direction)
    return Hdlc(
        *(length, segmented, destination, source, destination.octets + source.octets, octet, kind, ns, nr, poll),
        *(info, llc, client, server, physical, direction, certain, complete, good, detail),
    )


def is_llc(content: bytes) -> bool:
    """Whether an information field begins with an LLC header; FF as destination LSAP addresses all."""
    if len(content) < 3:
        return False
    to_all = content[0] == 0xFF and content[1] in (0xE6, 0xE7) and not content[2]
    return to_all or content[:2] in (LLC_COMMAND, LLC_RESPONSE)


def parties(destination: Address, source: Address, direction: int) -> tuple[int, int, int]:
    """Client, server and physical device by direction; -1 each while it is unknown."""
    if direction == Direction.TO_SERVER:
        return source.upper, destination.upper, destination.lower
    if direction == Direction.TO_CLIENT:
        return destination.upper, source.upper, source.lower
    return -1, -1, -1


def _body(
    c: Cursor, start: int, end: int, complete: bool, length: int, kind: str
) -> tuple[bool, tuple[int, int], Negotiation | Reject | None]:
    """From the HCS to the closing flag: whether the checks are right, the information field, its value."""
    good, detail = complete, None
    tail = end - 2 if complete else end  # where the FCS stands
    header = c.pos
    left = tail - c.pos
    if complete and left < 0:
        c.stop(problem.HDLC_LEN, length, "no room for the frame check sequence")
    if complete and left == 1:
        c.note(problem.HDLC_LEN, 1, length, "one octet between control field and frame check sequence")
        c.take(INFORMATION, 1)
        good = False
    elif left >= 2:
        hcs = int.from_bytes(c.take(HCS, 2), "little")
        computed = crc(c.octets[start:header])
        if hcs != computed:
            c.note(problem.HDLC_HCS, 2, hcs, computed)
            good = False
        elif complete and left == 2:
            c.note(problem.HDLC_HCS_NOINFO, 2)
    info = (c.pos, max(c.pos, tail))
    size = info[1] - info[0]
    if size:
        if kind in ("RR", "RNR", "REJ", "SREJ"):
            c.note(problem.HDLC_INFO_FORBIDDEN, -size, kind, size)
        if kind in ("SNRM", "UA", "FRMR"):
            outer, c.end = c.end, info[1]
            c.open(INFORMATION)
            detail = _reject(c, info[1]) if kind == "FRMR" else _parameters(c, info[1], kind)
            c.close()
            c.end = outer
        else:
            c.payload(INFORMATION, size)
    elif kind == "I" and complete:
        c.note(problem.HDLC_INFO_MISSING, 0)
    if complete:
        fcs = int.from_bytes(c.take(FCS, 2), "little")
        computed = crc(c.octets[start:tail])
        if fcs != computed:
            c.note(problem.HDLC_FCS, 2, fcs, computed)
            good = False
        if c.left():
            if c.peek() == FLAG:
                c.u8(CLOSING)
            else:
                c.note(problem.HDLC_FLAG, -1, c.peek())
    return good, info, detail


def _inner(value: Hdlc) -> tuple[str, tuple[int, int]] | None:
    """The LLC header of a first or only segment; a push's block transfer goes on without one."""
    if value.llc:
        return "llc", value.info
    return None


LAYER = Layer("hdlc", "IEC 62056-46", dissect, problem.HDLC_TRUNC, FIELDS, _inner, Parameters)
