"""fuse: one struct call and one mask for a whole stack of known headers, made from the layers' own groups.

The fields asked for are read, the fields with a fixed value are compared under one mask, the rest
is skipped. A packet that does not match takes the layers one by one (`walk`); a property test holds
both equal on mutated packets.
"""

from collections.abc import Mapping
from struct import Struct as Pack
from typing import Any, NamedTuple

from dissectors.field import Field, Group, codes


class Chain(NamedTuple):
    """size octets; unpack_from(octets, 0) gives the fields taken, in order; a packet fits when
    int.from_bytes(octets[:size], "big") & mask == pattern."""

    size: int
    unpack_from: Any
    mask: int
    pattern: int


def fuse(*parts: tuple[Group, tuple[Field, ...], Mapping[str, int | tuple[int, int]]]) -> Chain:
    """A Chain from (group, fields to take, {field code: value or (value, mask)}) of each layer."""
    format = "!"
    mask = bytearray()
    pattern = bytearray()
    for group, take, fixed in parts:
        unknown = set(fixed) - {field.code for field in group.fields}
        if unknown:
            raise ValueError(f"{unknown} are not fields of the group")
        for field, width, code in zip(group.fields, group.widths, codes(group.format), strict=True):
            format += code if field in take else f"{width}x"
            value = fixed.get(field.code)
            if value is None:
                mask += bytes(width)
                pattern += bytes(width)
            else:
                number, bits = value if isinstance(value, tuple) else (value, (1 << 8 * width) - 1)
                mask += bits.to_bytes(width, "big")
                pattern += number.to_bytes(width, "big")
    pack = Pack(format)
    return Chain(pack.size, pack.unpack_from, int.from_bytes(mask, "big"), int.from_bytes(pattern, "big"))
