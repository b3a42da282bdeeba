"""One line for a long or nested value: a profile by its rows and columns, a pushed list by its names and values."""

from collections.abc import Sequence
from typing import Any

from analyzer import object_list, profile_buffer, selection
from analyzer.learned import Device, class_of, compact_rows
from analyzer.model import Target
from analyzer.selection import Selection
from analyzer.table import Cell, guess, plain, scaled_number, string, unit_of
from dissectors import quickdata
from dissectors.cosem import captured, classes, enumerations, meaning, obis, units
from dissectors.cosem.classes import Extra
from dissectors.cosem.pushed import Element
from dissectors.cursor import Cursor, Stop
from dissectors.data import build
from dissectors.data_types import ARRAY, Data

LISTED = 24  # values of a list that are put in words; the table has them all
LONGEST = 1 << 16  # octets of a value, other than a buffer, that is built for its one line
BUFFER = (7, 2)
COMPACT = (62, 2)
OBJECT_LISTS = frozenset({(15, 2), (12, 2)})
CAPTURES = frozenset({(7, 3), (62, 3), (40, 2)})


def build_at(octets: bytes, start: int, end: int) -> Data | None:
    """The Data at start..end, None where it cannot be built."""
    try:
        return build(Cursor(octets, start, end, buffer="apdu"))
    except Stop:
        return None


def long_text(
    octets: bytes, where: tuple[int, int], target: Any, device: Device, extra: Extra, chosen: Selection | None
) -> str | None:
    """A nested or long value of an attribute in one line; None where nothing is known of it."""
    start, end = where
    place = (target.class_id, target.attribute)
    if place == BUFFER:
        return buffer_text(octets, start, end, target, device, extra, chosen)
    if end - start > LONGEST:
        return None
    data = build_at(octets, start, end)
    if data is None:
        return None
    if place in OBJECT_LISTS:
        found = object_list.read(data)
        return None if found is None else object_list.text(found, extra)
    if place in CAPTURES and (columns := captured.definitions(data)) is not None:
        count = f"{len(columns)} object{'' if len(columns) == 1 else 's'}"
        return f"{count}: {profile_buffer.column_texts(columns, device.captured_scaling, extra)}"
    return value_text(target, data, device, extra)


def value_text(target: Any, data: Data, device: Device, extra: Extra) -> str | None:
    """One built value of an attribute in words, with its scaler where the device's is known."""
    attribute = target.attribute
    class_id = target.class_id
    if attribute is None or class_id < 0:
        return meaning.text(target, data, None, extra)
    if (class_id, attribute) == COMPACT:
        return _compact(target, data, device, extra)
    words = enumerations.text(class_id, attribute, data, device.versions.get((class_id, target.obis)))
    if words is not None:
        return words
    return meaning.text(target, data, device.scaling(class_id, target.obis, attribute), extra)


# -- buffers ---------------------------------------------------------------------------------------------


def _rows(octets: bytes, start: int, end: int) -> tuple[int, Data | None, Data | None]:
    """Count, first and last row of an array, without building what lies between where rows are equally long."""
    if octets[start] != ARRAY or end - start < 2:
        data = build_at(octets, start, end)
        values = data.value if data is not None and isinstance(data.value, list) else []
        return len(values), values[0] if values else None, values[-1] if values else None
    count, p = octets[start + 1], start + 2
    if count > 127:
        size = count & 0x7F
        count = int.from_bytes(octets[p : p + size], "big")
        p += size
    if not count:
        return 0, None, None
    first = last = None
    try:
        c = Cursor(octets, p, end, buffer="apdu")
        first = build(c)
        width = c.pos - p
        if p + count * width == end:
            last = build_at(octets, end - width, end)
        else:
            for _ in range(count - 1):
                p = c.pos
                c.pos = quickdata.scan(octets, p, end)
            last = build_at(octets, p, end)
    except Stop:
        return count, first, None
    return count, first, last


def _clock(row: Data | None, column: int | None) -> str | None:
    """The clock of a row: of the known column, else the first sound date-time."""
    parts = row.value if row is not None and isinstance(row.value, list) else []
    for i, part in enumerate(parts):
        if (column is None or i == column) and part.type in ("octet-string", "date-time"):
            octets = meaning.octets_of(part.value) or b""
            words = guess(octets) if len(octets) == 12 else None
            if words is not None or i == column:
                return words
    return None


def buffer_text(
    octets: bytes, start: int, end: int, target: Any, device: Device, extra: Extra, chosen: Selection | None
) -> str | None:
    """ "10 rows from … to …: Clock; Active energy import: Time integral 1 (Wh)"."""
    count, first, last = _rows(octets, start, end)
    columns = selection.columns(chosen, device.columns.get(target.obis, ()))
    words = f"{count} row{'' if count == 1 else 's'}"
    at = profile_buffer.clock_column(columns)
    begin = _clock(first, at)
    if begin is not None:
        if count == 1:
            words += f" of {begin}"
        else:
            words += f" from {begin}"
            finish = _clock(last, at)
            if finish is None and last is not None and at is not None:
                finish = _resolved_end(octets, start, end, columns, at, device.periods.get(target.obis))
            words += f" to {finish}" if finish is not None else ""
    if columns:
        heads = device.heads.get((target.obis, columns))
        if heads is None:
            heads = profile_buffer.column_texts(columns, device.captured_scaling, extra)
            device.heads[target.obis, columns] = heads
        return f"{words}: {heads}"
    width = len(first.value) if first is not None and isinstance(first.value, list) else 1
    return f"{words} of {width} columns (capture objects not seen)" if count else words


def _resolved_end(
    octets: bytes, start: int, end: int, columns: Sequence[Any], at: int, period: int | None
) -> str | None:
    """The clock of the last row where it is written as null-data."""
    data = build_at(octets, start, end) if period else None
    if data is None or not isinstance(data.value, list):
        return None
    last: list[Data] = []
    for last in profile_buffer.resolved(data.value, columns, period):  # noqa: B007
        pass
    return _clock(Data("structure", last), at)


def _compact(target: Any, data: Data, device: Device, extra: Extra) -> str | None:
    octets = meaning.octets_of(data.value) if data.type == "octet-string" else None
    if not octets:
        return None
    rows = compact_rows(device, target.obis, octets)
    if rows is None:
        return f"template {octets[0]}, {len(octets) - 1} octets (template description not seen)"
    columns = device.columns.get(target.obis, ())
    words = f"template {octets[0]}, {len(rows)} row{'' if len(rows) == 1 else 's'}"
    if len(rows) != 1:
        return f"{words}: {profile_buffer.column_texts(columns, device.captured_scaling, extra)}" if columns else words
    shown = []
    for i, part in enumerate(rows[0].value):
        if i < len(columns):
            one = columns[i]
            element = Element(i + 1, part, one.obis, one.class_id, one.attribute, one.index)
        else:
            element = Element(i + 1, part)
        shown.append(element_text(element, device, extra))
    return f"{words}: {'; '.join(shown[:LISTED])}"


# -- pushed lists -----------------------------------------------------------------------------------------


def element_class(one: Element, device: Device) -> int:
    """The class of a pushed element: as the list says, else as seen elsewhere, -1 unknown."""
    return one.class_id if one.class_id >= 0 or not one.obis else class_of(device, one.obis)


def element_scaling(one: Element, device: Device) -> tuple[int, int] | None:
    """What stands in the list wins, then what was read, then what is known of lists of this kind."""
    if one.index or (one.scaling is not None and not one.source):
        return one.scaling
    return device.scaling(element_class(one, device), one.obis, one.attribute or 2) or one.scaling


def element_name(one: Element, device: Device, extra: Extra) -> str:
    """The person's name, else the name of the logical name, else the place."""
    if not one.obis:
        return f"value {one.place}"
    class_id = element_class(one, device)
    own = device.known.name(one.obis, class_id, device.server[1]) if device.known else ""
    words = own or obis.name(one.obis, extra).text
    if one.attribute not in (None, 2):
        words += ", " + classes.member_name(class_id, one.attribute, None, extra)
    return f"{words}, element {one.index}" if one.index else words


def element_value(one: Element, device: Device, extra: Extra) -> tuple[Cell, str]:
    """The value as a cell, and its unit."""
    data = one.data
    value = data.value
    if data.type in meaning.NUMBERS and isinstance(value, (int, float)) and not isinstance(value, bool):
        scaling = element_scaling(one, device)
        if scaling is not None and data.type != "enum":
            return scaled_number(value, scaling[0]), unit_of(scaling)
    class_id = element_class(one, device)
    if value is None:
        return None, ""
    if isinstance(value, list) and (columns := captured.definitions(data)):
        return f"{len(columns)} objects", ""
    if one.index or not one.obis:
        words = None
    else:
        target = Target(1 if class_id < 0 else class_id, one.obis, one.attribute or 2, None)
        words = value_text(target, data, device, extra) if data.type not in meaning.NUMBERS or class_id >= 0 else None
    if words is not None and not words.endswith(" unscaled"):
        return words, ""
    if isinstance(value, bool):
        return str(value).lower(), ""
    if isinstance(value, (int, float)):
        return value, ""
    if isinstance(value, list):
        return plain(data), ""
    return string(data).rstrip("\0 "), ""


def element_words(one: Element, device: Device, extra: Extra) -> str:
    """The value alone: "763 W", "1234 unscaled", "null-data"."""
    data = one.data
    scaling = element_scaling(one, device)
    if scaling is not None and data.type in meaning.INTEGERS and data.type != "enum" and isinstance(data.value, int):
        return units.scaled(data.value, *scaling)
    value, unit = element_value(one, device, extra)
    if value is None:
        return data.type
    if unit:
        return f"{value} {unit}"
    unscaled = isinstance(value, (int, float)) and _register(element_class(one, device), one.attribute)
    return f"{value} unscaled" if unscaled else str(value)


def element_text(one: Element, device: Device, extra: Extra) -> str:
    """ "Active power+: Instantaneous value 763 W"."""
    return f"{element_name(one, device, extra)} {element_words(one, device, extra)}"


def _register(class_id: int, attribute: int | None) -> bool:
    return classes.scaler_attribute(class_id, attribute or 2) is not None


def push_text(elements: Sequence[Element], device: Device, extra: Extra) -> str:
    """ "18 values: … 763 W; … 230.1 V; …"; elements without a value are left out."""
    shown = [element_text(one, device, extra) for one in elements if one.data.value is not None]
    more = f"; … {len(shown) - LISTED} more" if len(shown) > LISTED else ""
    count = f"{len(shown)} value{'' if len(shown) == 1 else 's'}: "
    return f"{count}{'; '.join(shown[:LISTED])}{more}" if shown else "no values"
