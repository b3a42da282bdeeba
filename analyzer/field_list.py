"""fields: every name that a filter or --fields may use, with type, unit and clause."""

from collections.abc import Iterator
from typing import Any

import msgspec

from analyzer.filters import TREE_LEVELS
from analyzer.rows import LEVELS, ONLY_FILTERS, Column
from analyzer.timing_report import align
from dissectors.layers import LAYERS


def show(level: str | None, format: str) -> str:
    """All fields, or those that rows of one level have, as "text" or "json" (a list of objects, see entries)."""
    found = list(entries(level))
    if format == "json":
        return msgspec.json.format(msgspec.json.encode(found), indent=1).decode()
    columns = [e for e in found if "level" in e]
    fields = [e for e in found if "layer" in e]
    parts = ["Columns, for --fields and --filter (marked *: for --filter only)", "", *_table(columns, "level")]
    if fields:
        parts += ["", "Dissected fields, for --filter at the levels frame, message and exchange", ""]
        parts += _table(fields, "layer")
    return "\n".join(parts)


def _table(found: list[dict[str, Any]], of: str) -> list[str]:
    head = ("name", of, "type", "unit", "about", "clause")
    mark = {"both": "", "filter": "*"} if of == "level" else {"filter": ""}
    return align(
        [head, *((e["name"] + mark[e["use"]], e[of], e["type"], e["unit"], e["about"], e["clause"]) for e in found)]
    )


def entries(level: str | None) -> Iterator[dict[str, Any]]:
    """name, level or layer, type, unit, about, clause, and use ("filter" where --fields does not take it).

    The columns of each level come first, then the fields of each layer, once each."""
    for name, columns in LEVELS.items():
        if level in (None, name):
            for column in columns:
                yield _column(column, name, "both")
            for column in ONLY_FILTERS.get(name, ()):
                yield _column(column, name, "filter")
    if level is not None and level not in TREE_LEVELS:
        return
    seen = set()
    for layer in LAYERS.values():
        for field in layer.fields:
            if field.code not in seen:
                seen.add(field.code)
                yield {
                    "name": field.code, "layer": layer.name, "type": field.type, "unit": field.unit,
                    "about": field.label, "clause": field.clause or layer.clause, "use": "filter",
                }  # fmt: skip


def _column(column: Column, level: str, use: str) -> dict[str, Any]:
    return {
        "name": column.name, "level": level, "type": column.type, "unit": column.unit, "about": column.about,
        "clause": column.clause, "use": use,
    }  # fmt: skip
