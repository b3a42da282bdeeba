"""BER, the encoding of the ACSE APDUs: tag, length, and the few value types that occur there.

ISO/IEC 8825-1. Tags of one or more octets, lengths in short and long form. The indefinite form is
refused: no DLMS/COSEM device is known to send it and it would need a search for its end.

Tag and length octets become no node of their own: a component's node spans them, so that the JSON
`fields` hold the component's value under its ASN.1 name and nothing else. They are therefore read
with the plain Cursor's methods, also where the reader is a Trace.
"""

from collections.abc import Callable
from typing import Any

from dissectors import problem
from dissectors.cursor import Cursor, Stop
from dissectors.field import Field

TAG = Field("ber.tag", "Tag")
LENGTH = Field("ber.length", "Length", unit="octets")
CONTENTS = Field("ber.contents", "Contents", type="octets")
REST = Field("ber.undissected", "Undissected octets", type="octets")

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
MAX_TAG_OCTETS = 4
MAX_LENGTH_OCTETS = 4


def tag(c: Cursor) -> int:
    """The tag octets as one number: 0xA1, or 0x5F1F where the tag number does not fit five bits.

    Problems: ber.trunc by way of c.short; a tag number of more than three octets stops.
    """
    value = Cursor.u8(c, TAG)
    if value & 0x1F != 0x1F:
        return value
    for _ in range(MAX_TAG_OCTETS - 1):
        octet = Cursor.u8(c, TAG)
        value = value << 8 | octet
        if octet < 0x80:
            return value
    c.stop(problem.BER_TAG, value, "tag number of more than three octets")


def length(c: Cursor) -> int:
    """The length that is announced; it may exceed what is left, see `bounded`.

    Problems: ber.long-form where fewer octets would do; ber.length for the indefinite form and for
    more than four length octets, both of which stop.
    """
    first = Cursor.u8(c, LENGTH)
    if first < 0x80:
        return first
    octets = first & 0x7F
    if octets == 0:
        c.stop(problem.BER_LENGTH, 0, "indefinite form")
    if octets > MAX_LENGTH_OCTETS:
        c.stop(problem.BER_LENGTH, octets, f"at most {MAX_LENGTH_OCTETS} are read")
    value = Cursor.uint(c, LENGTH, octets)
    if value < 0x80 or value < 1 << 8 * (octets - 1):
        c.note(problem.BER_LONG_FORM, octets + 1, value, octets + 1)
    return value


def bounded(c: Cursor, label: str, announced: int) -> int:
    """The announced length, or what is left where less is there; the difference is noted (c.short)."""
    left = c.left()
    if announced > left:
        c.note(c.short, -left, label, announced, left)
        return left
    return announced


def octets(c: Cursor, n: int) -> bytes:
    """n octets that become the value of the container at hand, without a node of their own."""
    return Cursor.take(c, CONTENTS, n)


def rest(c: Cursor) -> bytes:
    """All octets left in the bound at hand, without a node of their own."""
    return Cursor.take(c, CONTENTS, c.left())


def inside(c: Cursor, n: int, body: Callable[[Cursor], Any]) -> Any:
    """What body gives when it reads at most n octets; None where it stopped.

    A stop in there ends only the component: it is noted, and reading goes on behind the n octets.
    Octets that body leaves are shown as undissected.
    """
    outer, c.end = c.end, c.pos + n
    value = None
    try:
        value = body(c)
    except Stop as stopped:
        c.problems += (stopped.problem,)
    if c.pos < c.end:
        c.take(REST, c.end - c.pos)
    c.end = outer
    return value


def component(c: Cursor, field: Field, body: Callable[[Cursor], tuple[Any, str | None]]) -> Any:
    """One TLV as a container named field, whose value and text are what body gives.

    The cursor stands at the tag. body reads the contents only and sees the end of the TLV as the
    end of all octets. The value is None where body stopped.
    """
    c.open(field)
    value: Any = None
    text: str | None = None
    try:
        tag(c)
        value, text = inside(c, bounded(c, field.label, length(c)), body) or (None, None)
    finally:
        c.close(value, text)
    return value


def oid_text(value: bytes) -> str | None:
    """An OBJECT IDENTIFIER's value octets as "2.16.756.5.8.1.1"; None where they are none (8.19)."""
    if not value or value[-1] & 0x80:
        return None
    arcs: list[int] = []
    arc = 0
    for octet in value:
        # Ten septets are more than any registered arc needs; without a bound a long run of 0xFF
        # makes numbers whose handling is quadratic in the octets.
        if arc >> 63:
            return None
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def integer(c: Cursor, field: Field) -> int:
    """An INTEGER's contents: all octets of the bound at hand, two's complement (8.3). Stops unless 1 to 8 octets."""
    n = c.left()
    if not 1 <= n <= 8:
        c.stop(problem.BER_VALUE, field.label, f"INTEGER of {n} octets")
    return Cursor.sint(c, field, n)


def bit_string(c: Cursor, field: Field, width: int) -> int:
    """A BIT STRING's contents as a number whose top bit of `width` is bit 0 of the string (8.6).

    Bits past width are dropped with a note; missing ones count as 0. Stops on a bad count of unused bits.
    """
    unused = Cursor.u8(c, field)
    value = rest(c)
    if unused > 7 or (unused and not value):
        c.stop(problem.BER_VALUE, field.label, f"{unused} unused bits in {len(value)} octets")
    n = 8 * len(value) - unused
    if n > width:
        c.note(problem.BER_VALUE, len(value), field.label, f"BIT STRING of {n} bits, {width} are defined")
    # Only the octets that can matter: a forged megabyte of bits must not become one huge number.
    head = value[: (width + 7) // 8]
    number = int.from_bytes(head, "big")
    have = 8 * len(head)
    if n < have:
        number &= -1 << (have - n)
    return number >> (have - width) if have >= width else number << (width - have)
