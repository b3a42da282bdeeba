"""Tables made of one value: a load profile under its captured objects, an object list, a pushed list.

Cells are numbers (scaled), texts, or None for a missing value; what cannot be scaled stays raw.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dissectors.cosem import classes, datetime, meaning, obis, units
from dissectors.cosem.classes import EMPTY, Extra
from dissectors.cosem.meaning import ScalerUnit, Target
from dissectors.data_types import Data
from dissectors.record import Value

Cell = int | float | str | None
EXACT = 1 << 53  # numbers up to here are exact as a float
LARGEST_POWER = 30
MAX_CELLS = 1_000_000  # a value whose table would be larger is shown in part
TEXTS = frozenset(("visible-string", "utf8-string", "bit-string", "bcd"))


class TableColumn(Value, frozen=True, gc=False):
    """name for a person, unit of its numbers, the object it comes from ("" without)."""

    name: str
    unit: str = ""
    obis: str = ""


class Table(Value, frozen=True):
    """Every row has as many cells as there are columns."""

    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]


def scaled_number(raw: int | float, scaler: int) -> int | float | str:
    """raw × 10^scaler: an integer where it is one, else the nearest float; text where neither holds it."""
    if isinstance(raw, float):
        return raw * 10.0**scaler if abs(scaler) <= LARGEST_POWER else f"{raw}e{scaler:+d}"
    if not scaler:
        return raw
    if abs(scaler) > LARGEST_POWER:
        return f"{raw}e{scaler:+d}"
    if scaler > 0:
        return int(raw * 10**scaler)
    value = Decimal(raw).scaleb(scaler)
    return float(value) if abs(raw) < EXACT else format(value, "f")


def cell(target: Target, data: Data, scaling: ScalerUnit | None = None, extra: Extra = EMPTY) -> Cell:
    """One value as a cell: a number scaled where scaling is known, else words, else the value as it is."""
    value = data.value
    if value is None:
        return None
    if isinstance(value, bool):
        return meaning.text(target, data, None, extra) or str(value).lower()
    if isinstance(value, (int, float)) and data.type in meaning.NUMBERS:
        if scaling is not None:
            return scaled_number(value, scaling[0])
        attribute = target.attribute
        if attribute is not None and classes.scaler_attribute(target.class_id, attribute) is not None:
            return value
        words = meaning.text(target, data, None, extra) if target.class_id >= 0 else None
        return value if words is None else words
    if isinstance(value, list):
        return meaning.text(target, data, None, extra) or plain(data)
    return meaning.text(target, data, None, extra) or string(data)


def string(data: Data) -> str:
    """A simple value as text: clocks of twelve octets in words, printable octets as characters, others as hex."""
    if data.type == "octet-string":
        octets = meaning.octets_of(data.value) or b""
        return guess(octets) or str(data.value)
    if data.type in meaning.TIMES:
        return datetime.text(meaning.octets_of(data.value) or b"") or str(data.value)
    return str(data.value)


def guess(octets: bytes) -> str | None:
    """Words for octets of which nothing else is known: a sound date-time, or text."""
    if len(octets) == 12:
        clock = datetime.decode(octets)
        if clock is not None and not clock.problems and clock.year is not None and 1990 <= clock.year <= 2100:
            return clock.text
    return meaning.plain_text(octets) if len(octets) >= 3 else None


def plain(data: Data, depth: int = 0) -> str:
    """Any value in brackets, as a person would write it."""
    value = data.value
    if isinstance(value, list):
        inner = ", ".join(plain(part, depth + 1) for part in value) if depth < 16 else "…"
        return f"[{inner}]" if data.type != "structure" else f"{{{inner}}}"
    if value is None:
        return data.type
    return str(value).lower() if isinstance(value, bool) else string(data) if isinstance(value, str) else str(value)


def unit_of(scaling: ScalerUnit | None) -> str:
    return "" if scaling is None else units.symbol(scaling[1])


def structures(title: str, name: str, values: Sequence[Data]) -> Table | None:
    """Structures of the catalogue under the names of their components; None where a value is none."""
    parts = classes.structure(name)
    rows: list[tuple[Cell, ...]] = []
    widest = 0
    for value in values:
        if not isinstance(value.value, list) or len(value.value) > len(parts):
            return None
        row = [_component(part, data) for (part, _), data in zip(parts, value.value)]
        widest = max(widest, len(row))
        rows.append(tuple(row))
    if not parts or not widest:
        return None
    return Table(title, tuple([TableColumn(part) for part, _ in parts[:widest]]), padded(rows, widest))


def _component(name: str, data: Data) -> Cell:
    if isinstance(data.value, (int, float)) and not isinstance(data.value, bool):
        return data.value
    if isinstance(data.value, list):
        return plain(data)
    words = meaning.component_text(name, data)
    return string(data) if words == data.value else words


def padded(rows: Sequence[Sequence[Cell]], width: int) -> tuple[tuple[Cell, ...], ...]:
    """Rows of one width: short ones filled with None."""
    return tuple([(*row, *[None] * (width - len(row))) for row in rows])


def generic(title: str, data: Data) -> Table | None:
    """Any array: one row an element, its parts in columns by number."""
    values: Any = data.value
    if not isinstance(values, list) or not values:
        return None
    nothing = Target(-1, b"")
    rows = [
        tuple([cell(nothing, part) for part in value.value])
        if isinstance(value.value, list)
        else (cell(nothing, value),)
        for value in values
    ]
    width = max(len(row) for row in rows)
    if not width or width * len(rows) > MAX_CELLS:
        return None
    return Table(title, tuple([TableColumn(f"column {i}") for i in range(1, width + 1)]), padded(rows, width))


def object_name(code: bytes, extra: Extra = EMPTY) -> str:
    """Name of a logical name, "" for none."""
    return obis.name(code, extra).text if len(code) == 6 else ""
