"""A-XDR encoding elements over a Cursor: length, count, BOOLEAN, OPTIONAL flag, OCTET STRING (IEC 61334-6).

What is part of the encoding and no component of the ASN.1 (a CHOICE octet, a presence flag, a
count) has a Field of type "encoding": it shows in the tree and not in the JSON `fields`.
Problems: apdu.data for a length octet that is none, apdu.choice for a CHOICE octet that is none; a read past
the end stops with the cursor's own kind.
"""

from typing import Any, NoReturn

from dissectors.cursor import Cursor, Stop
from dissectors.field import Field
from dissectors.problem import APDU_CHOICE, APDU_DATA, Kind, Problem

COUNT = Field("axdr.count", "Count", type="encoding", clause="IEC 61334-6, 6.9")
PRESENT = Field("axdr.present", "Present", type="encoding", names={0: "absent", 1: "present"}, clause="IEC 61334-6")
LENGTH = Field("axdr.length", "Length", unit="octets", type="encoding", clause="IEC 61334-6, 6.1")
FIELDS = (COUNT, PRESENT, LENGTH)

MAX_NOTES = 64  # of one APDU: a cursor's problems are a tuple, copied with each new one
LONGEST = 4  # octets of a length after 0x84; what needs more cannot be in an APDU


def bad_data(c: Cursor, octets: int, words: str) -> NoReturn:
    """Stops with apdu.data about the last so many octets."""
    raise Stop(Problem(APDU_DATA, c.pos - octets, c.pos, (words,), c.buffer))


def undefined(c: Cursor, choice: int, of: str) -> NoReturn:
    """Stops with apdu.choice about the octet just read: what follows has no known layout."""
    raise Stop(Problem(APDU_CHOICE, c.pos - 1, c.pos, (choice, of), c.buffer))


def note(c: Cursor, kind: Kind, octets: int, *args: Any) -> None:
    """Notes what can occur once an element; ends at MAX_NOTES, as a forged APDU can hold thousands."""
    if len(c.problems) < MAX_NOTES:
        c.note(kind, octets, *args)


def length(c: Cursor, field: Field = LENGTH) -> int:
    """A length without a node of its own: one octet to 127, else 0x81 nn to 0x84 nn nn nn nn."""
    # Cursor's own reads, past Trace: the node of the whole element stands for these octets.
    n = Cursor.u8(c, field)
    if n < 0x80:
        return n
    width = n & 0x7F
    if not 1 <= width <= LONGEST:
        bad_data(c, 1, f"length octet 0x{n:02X} of {field.label}")
    return Cursor.uint(c, field, width)


def count(c: Cursor, field: Field) -> int:
    """Count of a SEQUENCE OF; stops where not even one octet an element is left."""
    c.open(COUNT)
    n = length(c, field)
    c.close(n)
    if n > c.left():
        c.stop(c.short, field.label, n, c.left())
    return n


def boolean(c: Cursor, field: Field) -> bool:
    """BOOLEAN: 00 false, anything else true (FF and 01 are seen)."""
    c.open(field)
    value = Cursor.u8(c, field) != 0
    c.close(value)
    return value


def present(c: Cursor) -> bool:
    """Flag of an OPTIONAL component, inside the component's own node: a value follows unless 00."""
    return Cursor.u8(c, PRESENT) != 0


def octets(c: Cursor, field: Field) -> bytes:
    """OCTET STRING of variable length; its node includes the length octets."""
    c.open(field)
    value = Cursor.take(c, field, length(c, field))
    c.close(value)
    return value


def octets_range(c: Cursor, field: Field) -> tuple[int, int]:
    """OCTET STRING as range of its content in the same buffer; its node includes the length octets."""
    c.open(field)
    n = length(c, field)
    value = Cursor.take(c, field, n)
    c.close(value)
    return c.pos - n, c.pos
