"""The table of a value, built on demand: buffers, compact data, object lists, pushed lists, lists of results."""

from collections.abc import Sequence
from typing import Any

from analyzer import object_list, profile_buffer, selection, table
from analyzer.learned import Device, compact_rows
from analyzer.model import Message
from analyzer.selection import Selection
from analyzer.table import Cell, Table, TableColumn
from analyzer.value_text import (
    BUFFER,
    CAPTURES,
    COMPACT,
    OBJECT_LISTS,
    build_at,
    element_class,
    element_name,
    element_scaling,
    element_value,
    value_text,
)
from dissectors.apdu import Item
from dissectors.cosem import captured, classes, meaning, obis
from dissectors.cosem.classes import Extra
from dissectors.cosem.pushed import Element
from dissectors.data_types import Data

ELEMENT_COLUMNS = ("name", "logical name", "class", "attribute", "value", "unit", "raw", "named by")
ITEM_COLUMNS = ("object", "logical name", "class", "member", "result", "value")


def of_value(target: Any, data: Data, device: Device, extra: Extra, chosen: Selection | None) -> Table | None:
    """The table of one attribute's value, None where it is a single value."""
    place = (target.class_id, target.attribute)
    title = meaning.label(target, extra)
    values = data.value
    if place == BUFFER and isinstance(values, list):
        columns = selection.columns(chosen, device.columns.get(target.obis, ()))
        period = device.periods.get(target.obis)
        return profile_buffer.table(title, values, columns, device.captured_scaling, period, extra)
    if place == COMPACT:
        octets = meaning.octets_of(values) if data.type == "octet-string" else None
        rows = compact_rows(device, target.obis, octets) if octets else None
        if rows is None:
            return None
        columns = device.columns.get(target.obis, ())
        return profile_buffer.table(title, rows, columns, device.captured_scaling, None, extra)
    if place in OBJECT_LISTS:
        found = object_list.read(data)
        return None if found is None else object_list.table(found, extra)
    if place in CAPTURES and (captures := captured.definitions(data)) is not None:
        return _captures(title, captures, device, extra)
    known = classes.attribute(target.class_id, target.attribute or 0, extra)
    if known is not None and known.element and isinstance(values, list) and values:
        made = table.structures(title, known.element, values)
        if made is not None:
            return made
    if known is not None and known.structure and data.type == "structure":
        return table.structures(title, known.structure, [data])
    return table.generic(title, data) if data.type in ("array", "compact-array") else None


def _captures(title: str, columns: Sequence[captured.Captured], device: Device, extra: Extra) -> Table:
    heads = ("place", "class", "logical name", "name", "attribute", "data index", "unit")
    rows = [
        (
            i,
            classes.class_name(one.class_id, extra),
            obis.text(one.obis),
            captured.name(one, extra),
            classes.member_name(one.class_id, one.attribute, None, extra),
            one.index,
            table.unit_of(device.captured_scaling(one)),
        )
        for i, one in enumerate(columns, 1)
    ]
    return Table(title, tuple([TableColumn(head) for head in heads]), tuple(rows))


def of_elements(title: str, elements: Sequence[Element], device: Device, extra: Extra) -> Table:
    """One row an element of a pushed list."""
    rows: list[tuple[Cell, ...]] = []
    for one in elements:
        value, unit = element_value(one, device, extra)
        raw = one.data.value
        class_id = element_class(one, device)
        used = element_scaling(one, device)
        rows.append(
            (
                element_name(one, device, extra),
                obis.text(one.obis) if one.obis else None,
                class_id if class_id >= 0 else None,
                one.attribute,
                value,
                unit or None,
                raw if isinstance(raw, (int, float, str)) and not isinstance(raw, bool) else None,
                one.source if one.source and (used == one.scaling or not used) else None,
            )
        )
    return Table(title, tuple([TableColumn(head) for head in ELEMENT_COLUMNS]), tuple(rows))


def of_items(m: Message, items: Sequence[Item], device: Device, extra: Extra, hide: Sequence[bool]) -> Table:
    """One row an object of a list service. hide: items whose value is a secret."""
    rows: list[tuple[Cell, ...]] = []
    for item, secret in zip(items, hide):
        value: Cell = None
        if item.data is not None:
            data = build_at(m.values, *item.data)
            if secret:
                value = "secret"
            elif data is not None:
                value = value_text(item, data, device, extra) or table.plain(data)
        rows.append(
            (
                table.object_name(item.obis, extra) or None,
                obis.text(item.obis) if item.obis else (f"0x{item.variable:04X}" if item.variable >= 0 else None),
                item.class_id if item.class_id >= 0 else None,
                classes.member_name(item.class_id, item.attribute, item.method, extra) if item.class_id >= 0 else None,
                item.result,
                value,
            )
        )
    return Table(m.apdu.name, tuple([TableColumn(head) for head in ITEM_COLUMNS]), tuple(rows))
