"""COSEM Data: one tagged A-XDR value of any type (IEC 62056-5-3, 8; types in data_types.py).

    Data = tag [length or count] value

`scan` proves that a Data is well formed and where it ends, without building it; `build` builds it and,
with Trace, makes one node for each Data. Both stop and note at the same octets with the same words.
Problems: apdu.data (unknown tag, bad length, count larger than what is left, nesting deeper than
16), apdu.data-padding, apdu.datetime, and the cursor's own kind where octets are missing.
"""

from typing import Any

import msgspec

from dissectors import axdr, compact_array
from dissectors.cosem import datetime
from dissectors.cursor import Cursor, Stop
from dissectors.data_types import (
    ARRAY,
    CHECKED,
    COMPACT_ARRAY,
    MAX_DEPTH,
    NAMES,
    STRUCTURE,
    TAGS,
    TYPES,
    VARIABLE,
    WIDTHS,
    Data,
    Type,
    read_scalar,
    type_of,
)
from dissectors.field import Field

__all__ = ["DATA", "ELEMENT", "NAMES", "TAGS", "Data", "build", "builtins", "scan", "text_of", "to_json"]

DATA = Field("data.data", "Data", type="data", clause="IEC 62056-5-3, 8")
ELEMENT = Field("data.element", "Element", type="data", clause="IEC 62056-5-3, 8")
TAG = Field("data.tag", "Data type", type="enum", names=NAMES, clause="IEC 62056-5-3, 8")
FIELDS = (DATA, ELEMENT, TAG, *(t.field for t in TYPES.values()), *compact_array.FIELDS)

SHOWN = 64  # octets or characters of a value in the text of a node

encode = msgspec.json.Encoder().encode


def _count(c: Cursor, t: Type, depth: int) -> int:
    """Count of an array or structure that would be the depth-th open one."""
    n = axdr.length(c, t.field)
    if n > c.left():
        axdr.bad_data(c, 0, f"{t.name} of {n} elements, {c.left()} octets left")
    if depth >= MAX_DEPTH:
        axdr.bad_data(c, 0, f"nested deeper than {MAX_DEPTH}")
    return n


def scan(c: Cursor) -> None:
    """Reads one Data and keeps nothing. Time is linear in its octets, memory at most 16 counts."""
    left: list[int] = []  # elements still to come of each open array or structure
    while True:
        tag = Cursor.u8(c, TAG)
        width = WIDTHS[tag]
        if width != VARIABLE and tag not in CHECKED:
            Cursor.take(c, TYPES[tag].field, width)
        elif tag in (ARRAY, STRUCTURE):
            n = _count(c, TYPES[tag], len(left))
            if n:
                left.append(n)
                continue
        elif tag == COMPACT_ARRAY:
            compact_array.read(c)
        else:
            read_scalar(c, tag)
        while left:
            left[-1] -= 1
            if left[-1]:
                break
            left.pop()
        if not left:
            return


def build(c: Cursor, field: Field = DATA) -> Data:
    """Reads one Data and builds it. With Trace: one node a Data, its value the Data, its field as given."""
    return _build(c, field, 0)


def _build(c: Cursor, field: Field, depth: int) -> Data:
    c.open(field)
    words = None
    try:
        tag = Cursor.u8(c, TAG)
        t = type_of(c, tag)
        words = t.name
        if tag in (ARRAY, STRUCTURE):
            data = Data(t.name, [_build(c, ELEMENT, depth + 1) for _ in range(_count(c, t, depth))])
        elif tag == COMPACT_ARRAY:
            of, values = compact_array.read(c)
            data = Data(t.name, values, of)
        else:
            data = Data(t.name, read_scalar(c, tag))
    except Stop:
        c.close(None, f"{words}, incomplete" if words else None)
        raise
    c.close(data, text_of(data) if c.tracing else None)
    return data


def text_of(data: Data) -> str:
    """One Data in words for a tree: its type and value, long ones shortened; not escaped."""
    value = data.value
    if isinstance(value, list):
        return f"{data.type} of {len(value)}"
    if value is None:
        return data.type
    if data.type in ("date-time", "date", "time"):
        clock = datetime.decode(bytes.fromhex(value))
        return f"{data.type} {clock.text if clock else value}"
    if isinstance(value, bool):
        return f"{data.type} {'true' if value else 'false'}"
    text = str(value)
    if data.type == "octet-string":
        return f"{data.type} {_hex_text(text)}"
    return f"{data.type} {text[:SHOWN]}… ({len(text)})" if len(text) > SHOWN else f"{data.type} {text}"


def _hex_text(digits: str) -> str:
    """Hex shortened, with its characters in quotes where all are printable ASCII."""
    if len(digits) > 2 * SHOWN:
        return f"{digits[: 2 * SHOWN]}… ({len(digits) // 2} octets)"
    octets = bytes.fromhex(digits)
    if len(octets) > 3 and octets.isascii() and octets.decode("ascii").isprintable():
        return f'{digits} "{octets.decode("ascii")}"'
    return digits


def to_json(data: Data) -> bytes:
    """The Data as JSON octets: {"type": …, "value": …}, and "of" for a compact-array."""
    return encode(data)


def builtins(data: Data) -> dict[str, Any]:
    """The same as dictionaries, lists and scalars."""
    made: dict[str, Any] = msgspec.to_builtins(data)
    return made
