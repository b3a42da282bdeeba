"""Declared fields and groups: the one description of a layout, read by Cursor and by Trace.

A Field's code is its name in filters, in `cosemscope fields` and, its last dotted part, the key of
the JSON `fields` object: use the ASN.1 component name of the standard there.
"""

from collections.abc import Callable, Mapping
from struct import Struct as Pack
from typing import Any

import msgspec


class Field(msgspec.Struct, frozen=True):
    """One named element of a layer.

    type: "int", "octets", "text", "bool", "enum", "bits", "node" (a container), "data", "time", "list"
    (a SEQUENCE OF), "encoding" (a CHOICE octet, count or flag: in the tree, no component in JSON).
    names: enumeration values in words; an unlisted value shows as "unknown-77" and is kept.
    bits: names of a bit string's bits, first bit first; None for a bit without a name.
    show: text of a value for a person, where the default (decimal, hex, name) is not enough.
    """

    code: str
    label: str
    unit: str = ""
    type: str = "int"
    names: Mapping[int, str] | None = None
    bits: tuple[str | None, ...] | None = None
    show: Callable[[Any], str] | None = None
    clause: str = ""

    @property
    def key(self) -> str:
        """The last part of the code: the component's name in JSON."""
        return self.code.rpartition(".")[2]


class Group(msgspec.Struct, frozen=True):
    """Fields of fixed width that lie one behind the other: one struct call reads them all."""

    fields: tuple[Field, ...]
    widths: tuple[int, ...]
    size: int
    format: str
    unpack_from: Callable[..., tuple[Any, ...]]


def codes(format: str) -> list[str]:
    """The single items of a struct format: "!BH6s" gives ["B", "H", "6s"]."""
    out: list[str] = []
    digits = ""
    for character in format.lstrip("!<>=@"):
        if character.isdigit():
            digits += character
        else:
            out.extend([digits + "s"] if character == "s" else [character] * int(digits or 1))
            digits = ""
    return out


def group(format: str, *fields: Field) -> Group:
    """A Group read by `format` (struct syntax, network order), one item a field."""
    items = codes(format)
    if len(items) != len(fields):
        raise ValueError(f"{format!r} has {len(items)} items for {len(fields)} fields")
    pack = Pack(format)
    widths = tuple(Pack("!" + item).size for item in items)
    return Group(fields, widths, pack.size, format, pack.unpack_from)


def name_of(field: Field, value: int) -> str:
    """The enumeration's word for a value, "unknown-77" for one that has none."""
    names = field.names or {}
    return names.get(value) or f"unknown-{value}"


def json_value(field: Field, value: Any) -> Any:
    """The value as the JSON contract writes it: enumerations by name, bit strings as the names set, octets as hex."""
    if value is None or isinstance(value, bool):
        return value
    if field.names is not None and isinstance(value, int):
        return name_of(field, value)
    if field.bits is not None and isinstance(value, int):
        last = len(field.bits) - 1
        return [name or f"bit-{i}" for i, name in enumerate(field.bits) if value >> (last - i) & 1]
    if isinstance(value, (bytes, bytearray)):
        return value.hex().upper()
    return value


def text_value(field: Field, value: Any) -> str:
    """The value as a person reads it, without escaping (views escape)."""
    if value is None:
        return ""
    if field.show is not None:
        return field.show(value)
    if field.names is not None and isinstance(value, int) and not isinstance(value, bool):
        return f"{name_of(field, value)} ({value})"
    shown = json_value(field, value)
    if isinstance(shown, list):
        return ", ".join(shown) if shown else "none"
    text = str(shown).lower() if isinstance(shown, bool) else str(shown)
    return f"{text} {field.unit}" if field.unit else text
