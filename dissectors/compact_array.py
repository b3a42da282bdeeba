"""compact-array: elements of one type, described once and written without tags (IEC 62056-5-3, 8).

    compact-array    = 13 type-description contents
    type-description = tag | 01 count(2) type-description | 02 count type-description…
    contents         = length element…           until the octets are used up

A description can make much of few octets (arrays of null-data), so the values made are bounded by
the octets read. Problems: apdu.data.
"""

from typing import Any

from dissectors import axdr
from dissectors.cursor import Cursor
from dissectors.data_types import ARRAY, COMPACT_ARRAY, MAX_DEPTH, STRUCTURE, Data, read_scalar, type_of
from dissectors.field import Field
from dissectors.record import Value

OF = Field("compact-array.contents-description", "Element type", type="encoding", clause="IEC 62056-5-3, 8")
CONTENTS = Field("compact-array.array-contents", "Contents", type="node", clause="IEC 62056-5-3, 8")
ELEMENT = Field("compact-array.element", "Element", type="data", clause="IEC 62056-5-3, 8")
FIELDS = (OF, CONTENTS, ELEMENT)

VALUES_AN_OCTET = 4  # more values than this for each octet of the compact-array are a forgery


class Description(Value, frozen=True, gc=False):
    """Type of an element: tag, number of elements of an array, types of the parts."""

    tag: int
    name: str
    count: int = 0
    of: "tuple[Description, ...]" = ()


def read(c: Cursor) -> tuple[Any, list[Data]]:
    """What follows the tag: the type of the elements as in JSON, and the elements."""
    start = c.pos
    c.open(OF)
    description = describe(c, 0)
    c.close(None, str(json_of(description)))
    n = axdr.length(c, CONTENTS)
    if n > c.left():
        c.stop(c.short, CONTENTS.label, n, c.left())
    budget = [VALUES_AN_OCTET * (c.pos + n - start)]
    outer, c.end = c.end, c.pos + n
    values: list[Data] = []
    c.open(CONTENTS)
    try:
        while c.left() > 0:
            before = c.pos
            values.append(element(c, description, budget))
            if c.pos == before:
                axdr.bad_data(c, 0, f"compact-array of {description.name} without octets")
    finally:
        c.end = outer
    c.close(None, f"{len(values)} elements")
    return json_of(description), values


def describe(c: Cursor, depth: int) -> Description:
    """The type description; nested at most 16 deep. Also used for the template of class 62."""
    tag = Cursor.u8(c, OF)
    t = type_of(c, tag)
    if tag == COMPACT_ARRAY:
        axdr.bad_data(c, 1, "compact-array inside a compact-array")
    if tag not in (ARRAY, STRUCTURE):
        return Description(tag, t.name)
    if depth >= MAX_DEPTH:
        axdr.bad_data(c, 0, f"nested deeper than {MAX_DEPTH}")
    if tag == ARRAY:
        count = Cursor.uint(c, OF, 2)
        return Description(tag, t.name, count, (describe(c, depth + 1),))
    count = axdr.length(c, OF)
    if count > c.left():
        axdr.bad_data(c, 0, f"description of {count} elements, {c.left()} octets left")
    return Description(tag, t.name, count, tuple([describe(c, depth + 1) for _ in range(count)]))


def json_of(description: Description) -> Any:
    """The type as JSON has it: a name, {"array": [n, of]} or {"structure": [of, …]}."""
    if description.tag == ARRAY:
        return {"array": [description.count, json_of(description.of[0])]}
    if description.tag == STRUCTURE:
        return {"structure": [json_of(part) for part in description.of]}
    return description.name


def element(c: Cursor, description: Description, budget: list[int]) -> Data:
    """One element by its description. budget: values that may still be made; it is used up."""
    budget[0] -= 1
    if budget[0] < 0:
        axdr.bad_data(c, 0, "compact-array describes more values than its octets can hold")
    c.open(ELEMENT)
    if description.tag == ARRAY:
        part = description.of[0]
        data = Data(description.name, [element(c, part, budget) for _ in range(description.count)])
        words = f"array of {description.count}"
    elif description.tag == STRUCTURE:
        data = Data(description.name, [element(c, part, budget) for part in description.of])
        words = f"structure of {description.count}"
    else:
        data = Data(description.name, read_scalar(c, description.tag))
        words = f"{data.type} {data.value}" if data.value is not None else data.type
    c.close(data, words)
    return data
