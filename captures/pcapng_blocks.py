"""Bodies of pcapng blocks: options, interfaces and the three kinds of packet, as values and Records.

All lengths are checked against the body that holds them; Broken says what cannot be.
"""

from collections.abc import Iterator
from typing import Literal

from captures import linktype, tap_option
from captures.assume import Assume
from captures.pcap import default_stamp, serial_record
from captures.stamps import Stamps
from captures.usb import LINKS as USB_LINKS
from dissectors.record import Channel, Direction, Flag, Record

OPTION_COMMENT = 1
IF_NAME, IF_DESCRIPTION, IF_SPEED, IF_TSRESOL, IF_FILTER, IF_FCSLEN, IF_TSOFFSET = 2, 3, 8, 9, 11, 13, 14
EPB_FLAGS, EPB_DROPCOUNT = 2, 4
INBOUND, OUTBOUND = 1, 2
CRC_ERROR, SYMBOL_ERROR = 1 << 24, 1 << 31
ERRORS = ((CRC_ERROR, Flag.CRC_ERROR), (SYMBOL_ERROR, Flag.FRAMING_ERROR))

UNKNOWN = int(Direction.UNKNOWN)
LINE_DIRECTION = {INBOUND: int(Direction.TO_CLIENT), OUTBOUND: int(Direction.TO_SERVER)}
CARD_DIRECTION = {INBOUND: int(Flag.RECEIVED), OUTBOUND: int(Flag.SENT)}
INT64 = 1 << 63  # a time beyond this is no time

Order = Literal["little", "big"]


class Broken(Exception):
    """What in a block cannot be; the reader ends there."""


def options(data: bytes, order: Order) -> Iterator[tuple[int, bytes]]:
    """Code and value of each option, up to the end mark or the first that does not fit."""
    at = 0
    while at + 4 <= len(data):
        code = int.from_bytes(data[at : at + 2], order)
        length = int.from_bytes(data[at + 2 : at + 4], order)
        if code == 0 or at + 4 + length > len(data):
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + length + (-length & 3)


def words(value: bytes) -> str:
    """UTF-8 of an option; some writers end it with a zero."""
    return value.rstrip(b"\0").decode("utf-8", "replace")


class Interface:
    """An interface description block: its Channel, and how a time stamp becomes nanoseconds.

    direct: its packets need no look at link type, direction or resolution beyond a multiplication.
    """

    def __init__(self, body: bytes, order: Order, number: int, assume: Assume) -> None:
        if len(body) < 8:
            raise Broken(f"an interface block has {len(body)} octets, 8 are needed")
        link_type = int.from_bytes(body[:2], order)
        found: dict[int, bytes] = {}
        for code, value in options(body[8:], order):
            found.setdefault(code, value)
        resolution = (found.get(IF_TSRESOL) or b"\x06")[0]
        exponent = resolution & 0x7F
        self.snap = int.from_bytes(body[4:8], order)
        self.binary = bool(resolution & 0x80)
        self.exponent = exponent
        self.multiply = 10 ** (9 - exponent) if resolution <= 9 else 0
        self.offset_ns = int.from_bytes(found.get(IF_TSOFFSET, b"")[:8], order, signed=True) * 1_000_000_000
        speed = int.from_bytes(found.get(IF_SPEED, b"")[:8], order)
        self.serial = link_type in linktype.SERIAL
        told = next((w for code in tap_option.CUSTOM_CODES if (w := tap_option.wiring(found.get(code, b"")))), None)
        told = told or tap_option.Wiring(one_sided=False)
        self.channel = assume.apply(
            Channel(
                number=number,
                name=words(found.get(IF_NAME, b"")) or str(number),
                link_type=link_type,
                resolution_ns=max(1, 1_000_000_000 >> exponent if self.binary else self.multiply),
                baud=speed if self.serial and speed < 1 << 31 else 0,
                stamp=default_stamp(link_type),
                description=_description(found),
                character_bits=told.character_bits if 7 <= told.character_bits <= 13 else 10,
                one_sided=told.one_sided,
                profile=told.profile,
                line=told.line,
                calibration=told.calibration,
            )
        )
        self.stamps = Stamps(self.channel, assume.stated(number))
        self.uncertainty = self.stamps.uncertainty
        self.direct = self.stamps.plain and link_type not in (linktype.RTAC_SERIAL, *USB_LINKS) and self.multiply > 0
        self.largest = linktype.largest(link_type)

    def nanoseconds(self, stamp: int) -> int | None:
        """Nanoseconds since 1970 UTC, None where the stamp lies beyond 64 bits of them."""
        if self.binary:
            ns = stamp * 1_000_000_000 >> self.exponent
        elif self.multiply:
            ns = stamp * self.multiply
        else:
            ns = stamp // 10 ** (self.exponent - 9)
        ns += self.offset_ns
        return ns if -INT64 <= ns < INT64 else None

    def record(
        self, no: int, stamp: int | None, octets: bytes, wire: int, more: dict[int, bytes], order: Order
    ) -> Record:
        """A packet of this interface. more: its options; the flags word tells direction and errors of the link."""
        word = int.from_bytes(more.get(EPB_FLAGS, b"")[:4], order)
        flags = int(Flag.TRUNCATED) if len(octets) < wire else 0
        for bit, flag in ERRORS:
            if word & bit:
                flags |= int(flag)
        direction = UNKNOWN
        if self.serial:
            direction = LINE_DIRECTION.get(word & 3, UNKNOWN)
        else:
            flags |= CARD_DIRECTION.get(word & 3, 0)
        lost = int.from_bytes(more.get(EPB_DROPCOUNT, b"")[:8], order)
        lost = lost if lost < INT64 else 0
        if lost:
            flags |= int(Flag.LOSS)
        comment = words(more[OPTION_COMMENT]) if OPTION_COMMENT in more else None
        ns = None if stamp is None else self.nanoseconds(stamp)
        record = serial_record(self.channel, self.stamps, no, ns, octets, flags, direction, lost, comment)
        if self.serial:
            fine = next((f for code in tap_option.CUSTOM_CODES if (f := tap_option.fine(more.get(code, b"")))), None)
            if fine is not None and ns is not None:
                return _finely(record, fine, ns, direction)
        return record


def _finely(r: Record, fine: tap_option.Fine, ns: int, direction: int) -> Record:
    """The record with the times that its tap measured, instead of those computed from its baud rate."""
    return Record(
        r.no,
        r.channel,
        direction if fine.flags & tap_option.UNKNOWN_DIRECTION else r.direction,
        ns,
        ns + fine.duration_ns,
        None if fine.flags & tap_option.UNKNOWN_UNCERTAINTY else fine.uncertainty_ns,
        r.octets,
        r.flags | (int(Flag.OCTET_TIMES) if fine.flags & tap_option.TIMED else 0),
        r.lost,
        r.comment,
    )


def enhanced(section: list[Interface], body: bytes, order: Order, no: int) -> Record:
    """Enhanced packet block: interface, stamp high and low, captured and original length (all u32), octets, options."""
    if len(body) < 20:
        raise Broken(f"a packet block has {len(body)} octets, 20 are needed")
    index, high, low, length, wire = (int.from_bytes(body[at : at + 4], order) for at in range(0, 20, 4))
    interface = _interface(section, index)
    octets, rest = _octets(interface, body[20:], length)
    return interface.record(no, high << 32 | low, octets, wire, _gathered(rest, order), order)


def obsolete(section: list[Interface], body: bytes, order: Order, no: int) -> Record:
    """Packet block of the first drafts: interface u16, drops u16 (all ones: not known), then as an enhanced one."""
    if len(body) < 20:
        raise Broken(f"a packet block has {len(body)} octets, 20 are needed")
    index, drops = int.from_bytes(body[:2], order), body[2:4]
    high, low, length, wire = (int.from_bytes(body[at : at + 4], order) for at in range(4, 20, 4))
    interface = _interface(section, index)
    octets, rest = _octets(interface, body[20:], length)
    more = _gathered(rest, order)
    if drops != b"\xff\xff":
        more.setdefault(EPB_DROPCOUNT, drops)
    return interface.record(no, high << 32 | low, octets, wire, more, order)


def simple(section: list[Interface], body: bytes, order: Order, no: int) -> Record:
    """Simple packet block: original length u32, octets up to the snap length of the first interface; no time."""
    if len(body) < 4:
        raise Broken(f"a simple packet block has {len(body)} octets, 4 are needed")
    interface = _interface(section, 0)
    wire = int.from_bytes(body[:4], order)
    length = min(wire, interface.snap or wire, len(body) - 4)
    return interface.record(no, None, body[4 : 4 + length], wire, {}, order)


def _interface(section: list[Interface], index: int) -> Interface:
    if index >= len(section):
        raise Broken(f"a packet names interface {index}, {len(section)} are described")
    return section[index]


def _octets(interface: Interface, rest: bytes, length: int) -> tuple[bytes, bytes]:
    """The packet's octets and the options after their padding."""
    if length > len(rest) or length > interface.largest:
        raise Broken(f"a packet block announces {length} octets, {len(rest)} are in it")
    return rest[:length], rest[length + (-length & 3) :]


def _gathered(data: bytes, order: Order) -> dict[int, bytes]:
    """Options by code: several comments become one, a line each; else the first of equal codes stands."""
    found: dict[int, bytes] = {}
    comments: list[bytes] = []
    for code, value in options(data, order):
        if code == OPTION_COMMENT:
            comments.append(value.rstrip(b"\0"))
        else:
            found.setdefault(code, value)
    if comments:
        found[OPTION_COMMENT] = b"\n".join(comments)
    return found


def _description(found: dict[int, bytes]) -> str:
    parts = [words(found.get(IF_DESCRIPTION, b""))]
    if found.get(IF_FILTER, b"")[:1] == b"\0":  # a filter as text; other kinds are not for people
        parts.append(f"filter {words(found[IF_FILTER][1:])}")
    if found.get(IF_FCSLEN, b"\0")[:1] != b"\0":
        parts.append(f"{found[IF_FCSLEN][:1][0]} octets of frame check sequence")
    return "; ".join(part for part in parts if part)
