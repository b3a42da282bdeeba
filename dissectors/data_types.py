"""Types of COSEM Data: tag, name, width, and how the octets of a scalar become a value (IEC 62056-6-2, 4.1.5).

Values are JSON-ready: numbers, bool, None, upper-case hex for octet-string, date-time, date and time,
text for visible-string (ISO 8859-1) and utf8-string, "0101" for bit-string, two digits for bcd,
floats with NaN and the infinities as strings.
"""

import math
from collections.abc import Callable
from struct import unpack
from typing import Any

from dissectors import axdr
from dissectors.cosem import datetime
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.problem import APDU_DATA, APDU_DATA_PADDING, APDU_DATETIME
from dissectors.record import Value

MAX_DEPTH = 16  # arrays and structures inside each other; the deepest in the field have 6

NULL, ARRAY, STRUCTURE, BIT_STRING, OCTET_STRING = 0, 1, 2, 4, 9
VISIBLE_STRING, UTF8_STRING, COMPACT_ARRAY = 10, 12, 19
DATE_TIME, DATE, TIME = 25, 26, 27
VARIABLE = -1


class Data(Value, frozen=True, gc=False, omit_defaults=True):
    """One COSEM Data: type by name, value JSON-ready (a list of Data for array, structure and compact-array).

    of: element type of a compact-array: a type name, {"array": [n, of]} or {"structure": [of, …]};
    None for all others, and then absent in JSON.
    """

    type: str
    value: Any
    of: Any = None


class Type(Value, frozen=True, gc=False):
    """width: octets of the value, VARIABLE where a length or count leads; value: from octets to JSON-ready."""

    name: str
    width: int
    value: Callable[[bytes], Any]
    field: Field


def _none(octets: bytes) -> None:
    return None


def _true(octets: bytes) -> bool:
    return octets != b"\0"


def _signed(octets: bytes) -> int:
    return int.from_bytes(octets, "big", signed=True)


def _unsigned(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _hex(octets: bytes) -> str:
    return octets.hex().upper()


def _latin(octets: bytes) -> str:
    return octets.decode("latin-1")


def _utf8(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace")


def real(value: float) -> float | str:
    """A float as JSON can carry it: NaN, Infinity and -Infinity as strings."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _float32(octets: bytes) -> float | str:
    return real(unpack(">f", octets)[0])


def _float64(octets: bytes) -> float | str:
    return real(unpack(">d", octets)[0])


def _type(name: str, width: int, value: Callable[[bytes], Any]) -> Type:
    return Type(name, width, value, Field(f"data.{name}", name, type="data", clause="IEC 62056-6-2, 4.1.5"))


TYPES: dict[int, Type] = {
    NULL: _type("null-data", 0, _none),
    ARRAY: _type("array", VARIABLE, _none),
    STRUCTURE: _type("structure", VARIABLE, _none),
    3: _type("boolean", 1, _true),
    BIT_STRING: _type("bit-string", VARIABLE, _none),
    5: _type("double-long", 4, _signed),
    6: _type("double-long-unsigned", 4, _unsigned),
    OCTET_STRING: _type("octet-string", VARIABLE, _hex),
    VISIBLE_STRING: _type("visible-string", VARIABLE, _latin),
    UTF8_STRING: _type("utf8-string", VARIABLE, _utf8),
    13: _type("bcd", 1, _hex),
    15: _type("integer", 1, _signed),
    16: _type("long", 2, _signed),
    17: _type("unsigned", 1, _unsigned),
    18: _type("long-unsigned", 2, _unsigned),
    COMPACT_ARRAY: _type("compact-array", VARIABLE, _none),
    20: _type("long64", 8, _signed),
    21: _type("long64-unsigned", 8, _unsigned),
    22: _type("enum", 1, _unsigned),
    23: _type("float32", 4, _float32),
    24: _type("float64", 8, _float64),
    DATE_TIME: _type("date-time", 12, _hex),
    DATE: _type("date", 5, _hex),
    TIME: _type("time", 4, _hex),
    28: _type("delta-integer", 1, _signed),
    29: _type("delta-long", 2, _signed),
    30: _type("delta-double-long", 4, _signed),
    31: _type("delta-unsigned", 1, _unsigned),
    32: _type("delta-long-unsigned", 2, _unsigned),
    33: _type("delta-double-long-unsigned", 4, _unsigned),
    255: _type("dont-care", 0, _none),
}
NAMES: dict[int, str] = {tag: t.name for tag, t in TYPES.items()}
TAGS: dict[str, int] = {t.name: tag for tag, t in TYPES.items()}
SIGNED = frozenset(tag for tag, t in TYPES.items() if t.value is _signed)
INTEGERS = frozenset(tag for tag, t in TYPES.items() if t.value in (_signed, _unsigned))
CHECKED = frozenset({BIT_STRING, UTF8_STRING, DATE_TIME, DATE, TIME})  # values that can be noted as wrong
WIDTHS: tuple[int, ...] = tuple(TYPES[tag].width if tag in TYPES else VARIABLE for tag in range(256))


def type_of(c: Cursor, tag: int) -> Type:
    """The type of a tag just read. Problem: apdu.data where it has none."""
    found = TYPES.get(tag)
    if found is None:
        # Tag 7 was floating-point in old editions; nothing says how meters filled it.
        axdr.bad_data(c, 1, "tag 7 (floating-point of old editions)" if tag == 7 else f"tag {tag} is not a type")
    return found


def read_scalar(c: Cursor, tag: int) -> Any:
    """The value after the tag of any type but array, structure and compact-array, without nodes.

    Problems: apdu.data-padding, apdu.datetime, apdu.data for text that is not UTF-8 (all go on).
    """
    t = type_of(c, tag)
    if tag == BIT_STRING:
        return _bit_string(c, t)
    octets = Cursor.take(c, t.field, axdr.length(c, t.field) if t.width < 0 else t.width)
    if tag in CHECKED:
        _check(c, tag, octets)
    return t.value(octets)


def _bit_string(c: Cursor, t: Type) -> str:
    bits = axdr.length(c, t.field)
    octets = Cursor.take(c, t.field, (bits + 7) // 8)
    if not bits:
        return ""
    number = int.from_bytes(octets, "big")
    unused = -bits % 8
    if number & ((1 << unused) - 1):
        axdr.note(c, APDU_DATA_PADDING, 1)
    return format(number >> unused, f"0{bits}b")


def _check(c: Cursor, tag: int, octets: bytes) -> None:
    """Notes what is wrong with the value of a checked type."""
    if tag == UTF8_STRING:
        try:
            octets.decode("utf-8")
        except UnicodeDecodeError:
            axdr.note(c, APDU_DATA, len(octets), "utf8-string is not UTF-8")
        return
    found = datetime.decode(octets)
    if found is not None and found.problems:
        axdr.note(c, APDU_DATETIME, len(octets), ", ".join(found.problems))
