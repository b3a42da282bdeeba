"""Rows under their columns: null-data, delta types, clocks that stand still, rows that are too short or too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as hs
from talk import NULL, clock, code, os, st, u16, u32

from analyzer.profile_buffer import advanced, resolved, table
from dissectors.cosem.captured import Captured
from dissectors.data_types import Data

CLOCK = Captured(8, code("0-0:1.0.0*255"), 2)
IMPORT = Captured(3, code("1-0:1.8.0*255"), 2)
STATUS = Captured(1, code("0-0:96.10.1*255"), 2)


def rows(
    *values: Data, columns: tuple[Captured, ...] = (CLOCK, IMPORT), period: int | None = 900
) -> list[list[object]]:
    return [[part.value for part in row] for row in resolved(values, columns, period)]


def hex_(data: Data) -> str:
    return str(data.value)


def test_null_data_is_the_value_before_and_the_clock_goes_on() -> None:
    found = rows(st(clock(23, 45), u32(5)), st(NULL, NULL), st(NULL, u32(9)))
    assert found == [[hex_(clock(23, 45)), 5], [hex_(clock(0, 0, 2)), 5], [hex_(clock(0, 15, 2)), 9]]


def test_a_clock_without_a_period_stays_missing() -> None:
    assert rows(st(clock(6), u32(5)), st(NULL, u32(6)), period=None)[1] == [None, 6]
    assert rows(st(NULL, NULL)) == [[None, None]]


@pytest.mark.parametrize(
    ("kind", "step"),
    [("delta-unsigned", 3), ("delta-integer", -3), ("delta-long-unsigned", 300), ("delta-double-long", -70000)],
)
def test_delta_types_add_up(kind: str, step: int) -> None:
    one = st(NULL, Data(kind, step))
    assert [row[1] for row in rows(st(clock(6), u32(100000)), one, one)] == [100000, 100000 + step, 100000 + 2 * step]


def test_a_weekday_is_kept_right_and_an_open_date_cannot_advance() -> None:
    sunday = os(bytes((0x07, 0xEA, 11, 1, 7, 23, 45, 0, 0, 0x80, 0, 0)))
    later = advanced(sunday, 900)
    assert later is not None and later.value == "07EA0B0201000000008000" + "00"
    assert advanced(os(bytes((0xFF, 0xFF, 11, 1, 7, 0, 0, 0, 0, 0, 0, 0))), 900) is None
    assert advanced(Data("octet-string", "00"), 900) is None


def test_short_and_long_rows() -> None:
    made = table(
        "t",
        [st(clock(6), u32(1), u16(2)), st(clock(7))],
        (CLOCK, IMPORT),
        lambda one: (3, 30) if one is IMPORT else None,
    )
    assert [c.name for c in made.columns][2] == "column 3"
    assert made.rows == (
        ("2026-11-01 06:00:00.00 UTC+00:00", 1000, 2),
        ("2026-11-01 07:00:00.00 UTC+00:00", None, None),
    )
    assert made.columns[1].unit == "Wh"


def test_a_status_that_is_an_octet_string_is_shown_as_hex() -> None:
    made = table("t", [st(os(b"\x01\x02"))], (STATUS,), lambda one: None)
    assert made.rows == (("0102",),)


@given(
    hs.lists(
        hs.lists(hs.sampled_from([NULL, u32(4), clock(6), Data("delta-unsigned", 1), st(u32(1))]), max_size=4),
        max_size=5,
    )
)
def test_anything_makes_a_rectangle(values: list[list[Data]]) -> None:
    made = table("t", [Data("structure", list(row)) for row in values], (CLOCK, IMPORT), lambda one: (0, 30), 900)
    assert all(len(row) == len(made.columns) for row in made.rows) and len(made.rows) == len(values)
