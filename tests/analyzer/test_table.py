"""Cells and plain tables: numbers exact where they can be, texts where they say more, raw values else."""

import pytest
from talk import NULL, arr, clock, code, enum, os, st, u16, u32

from analyzer import table
from analyzer.model import Target
from dissectors.data_types import Data

VOLTAGE = Target(3, code("1-0:32.7.0*255"), 2, None)
NOTHING = Target(-1, b"", None, None)


@pytest.mark.parametrize(
    ("raw", "scaler", "number"),
    [(2304, -1, 230.4), (5, 3, 5000), (7, 0, 7), (1.5, 1, 15.0), (2**63, -1, "922337203685477580.8"), (1, 99, "1e+99")],
)
def test_scaled_numbers(raw: int | float, scaler: int, number: int | float | str) -> None:
    assert table.scaled_number(raw, scaler) == number


@pytest.mark.parametrize(
    ("target", "data", "scaling", "cell"),
    [
        (VOLTAGE, u16(2304), (-1, 35), 230.4),
        (VOLTAGE, u16(2304), None, 2304),
        (VOLTAGE, NULL, None, None),
        (Target(70, code("0-0:96.3.10*255"), 3, None), enum(1), None, "connected"),
        (NOTHING, os(b"ABC123"), None, "ABC123"),
        (NOTHING, os(b"\x01\x02"), None, "0102"),
        (NOTHING, clock(6), None, "2026-11-01 06:00:00.00 UTC+00:00"),
        (NOTHING, Data("boolean", True), None, "true"),
        (NOTHING, st(u16(1), arr(NULL)), None, "{1, [null-data]}"),
    ],
)
def test_cells(target: Target, data: Data, scaling: tuple[int, int] | None, cell: table.Cell) -> None:
    assert table.cell(target, data, scaling) == cell


def test_structures_of_the_catalogue() -> None:
    made = table.structures("saps", "asslist_element", [st(u16(1), os(b"METER")), st(u16(16))])
    assert made is not None and [c.name for c in made.columns] == ["SAP", "logical_device_name"]
    assert made.rows == ((1, "METER"), (16, None))
    assert table.structures("saps", "asslist_element", [u16(1)]) is None


def test_any_array() -> None:
    made = table.generic("t", arr(st(u32(1), u32(2)), u32(3)))
    assert made is not None and made.rows == ((1, 2), (3, None))
    assert table.generic("t", arr()) is None and table.generic("t", arr(st())) is None
