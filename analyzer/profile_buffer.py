"""Buffers of profile generic and compact data: rows under their captured objects (IEC 62056-6-2, class 7 and 62).

In a row null-data stands for the value of the row before, for the clock that value plus the capture
period, and a delta type for the difference to the row before. What cannot be resolved stays missing.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime as Moment
from datetime import timedelta

from analyzer.table import MAX_CELLS, Cell, Table, TableColumn, cell, unit_of
from dissectors.cosem import captured, meaning, obis
from dissectors.cosem.captured import Captured
from dissectors.cosem.classes import EMPTY, Extra
from dissectors.cosem.meaning import ScalerUnit, Target
from dissectors.data_types import Data

DELTA = "delta-"
CLOCK_CLASS = 8
NOTHING = Target(-1, b"")
Scaling = Callable[[Captured], ScalerUnit | None]


def advanced(clock: Data, seconds: int) -> Data | None:
    """A date-time of twelve octets, so many seconds later; None where it is not wholly specified."""
    octets = meaning.octets_of(clock.value) if isinstance(clock.value, str) else None
    if octets is None or len(octets) != 12:
        return None
    try:
        then = Moment(octets[0] << 8 | octets[1], octets[2], octets[3], octets[5], octets[6], octets[7])
        then += timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return None
    weekday = octets[4] if octets[4] == 0xFF else then.isoweekday()
    made = (
        bytes((then.year >> 8, then.year & 0xFF, then.month, then.day, weekday, then.hour, then.minute, then.second))
        + octets[8:]
    )
    return Data(clock.type, made.hex().upper())


def resolved(rows: Sequence[Data], columns: Sequence[Captured], period: int | None) -> Iterator[list[Data]]:
    """Rows with every value absolute. period: capture_period in seconds, None or 0 where it is not known."""
    before: list[Data] = []
    for row in rows:
        values: list[Data] = row.value if isinstance(row.value, list) else [row]
        now: list[Data] = []
        for i, value in enumerate(values):
            last = before[i] if i < len(before) else None
            if value.type == "null-data":
                clock = i < len(columns) and columns[i].class_id == CLOCK_CLASS
                if last is not None and last.value is not None:
                    later = advanced(last, period) if clock and period else None
                    value = (later or value) if clock else last
            elif value.type.startswith(DELTA) and last is not None and isinstance(last.value, int):
                value = Data(last.type, last.value + value.value)
            now.append(value)
        before = now
        yield now


def table(
    title: str,
    rows: Sequence[Data],
    columns: Sequence[Captured],
    scaling: Scaling,
    period: int | None = None,
    extra: Extra = EMPTY,
) -> Table:
    """The rows under their columns; columns beyond those known are called "column k"."""
    width = max([len(columns), *(len(row.value) if isinstance(row.value, list) else 1 for row in rows[:1])])
    targets: list[Target] = []
    scalings: list[ScalerUnit | None] = []
    heads: list[TableColumn] = []
    for i in range(width):
        if i >= len(columns):
            targets.append(NOTHING)
            scalings.append(None)
            heads.append(TableColumn(f"column {i + 1}"))
            continue
        one = columns[i]
        factor = scaling(one)
        targets.append(Target(one.class_id, one.obis, one.attribute) if not one.index else NOTHING)
        scalings.append(factor)
        heads.append(TableColumn(captured.name(one, extra), unit_of(factor), obis.text(one.obis)))
    out: list[tuple[Cell, ...]] = []
    for values in resolved(rows[: MAX_CELLS // max(width, 1)], columns, period):
        row: list[Cell] = [cell(targets[i], value, scalings[i], extra) for i, value in enumerate(values[:width])]
        row += [None] * (width - len(row))
        out.append(tuple(row))
    return Table(title, tuple(heads), tuple(out))


def column_texts(columns: Sequence[Captured], scaling: Scaling, extra: Extra = EMPTY) -> str:
    """ "Clock, Active energy import: Time integral 1 (Wh)"."""
    shown = []
    for one in columns:
        unit = unit_of(scaling(one))
        shown.append(captured.name(one, extra) + (f" ({unit})" if unit else ""))
    return "; ".join(shown)


def clock_column(columns: Sequence[Captured]) -> int | None:
    """Where the clock stands, None without one."""
    return next((i for i, one in enumerate(columns) if one.class_id == CLOCK_CLASS and one.attribute == 2), None)
