"""Shapes: what is recognised, what is refused, and that neither memory nor learning runs away."""

import pytest
from encode import axdr as encode
from encode.generate import tables
from hypothesis import given

from dissectors import shape
from dissectors.data_types import Data

ROW = bytes.fromhex("0203060000000112000A0902AABB")


@given(tables())
def test_tables_have_a_shape(d: Data) -> None:
    shape._shapes.clear()
    octets = encode.data(d)
    found = shape.match(octets, 2, len(d.value), len(octets))
    assert found is not None
    assert found.size * len(d.value) == len(octets) - 2


def test_other_rows_are_refused() -> None:
    rows = ROW * 3
    assert shape.match(rows, 0, 3, len(rows)) is not None
    assert shape.match(rows, 0, 4, len(rows)) is None
    for at in (0, 1, 2, 7, 10, 11):  # tags, counts and lengths of the second row
        other = bytearray(rows)
        other[len(ROW) + at] ^= 1
        assert shape.match(bytes(other), 0, 3, len(rows)) is None, at
    other = bytearray(rows)
    other[len(ROW) + 4] ^= 0xFF  # a value
    assert shape.match(bytes(other), 0, 3, len(rows)) is not None


@pytest.mark.parametrize("octets", ["", "02", "0201", "020104", "02010981", "0204" * 8 + "00", "07", "0C0141", "0601"])
def test_without_shape(octets: str) -> None:
    row = bytes.fromhex(octets)
    assert shape.learn(row, 0, len(row)) is None


def test_learning_ends_where_layouts_never_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = 0
    learn = shape.learn

    def counting(octets: bytes, p: int, end: int) -> shape.Shape | None:
        nonlocal learned
        learned += 1
        return learn(octets, p, end)

    monkeypatch.setattr(shape, "learn", counting)
    monkeypatch.setattr(shape, "_shapes", {})
    for n in range(100):
        row = bytes((2, 2, 17, 1, 9, n)) + bytes(n)
        shape.match(row, 0, 1, len(row))
    assert learned <= shape.CREDIT + 100 // shape.MISSES_A_LEARNING
    assert len(shape._shapes) == 1
    assert all(len(known.shapes) <= shape.SHAPES_A_KEY for known in shape._shapes.values())


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "_shapes", {})
    monkeypatch.setattr(shape, "_held", 0)
    monkeypatch.setattr(shape, "MAX_HELD", 50_000)
    for first in range(256):
        row = bytes((2, 1, 9, 100)) + bytes((first,)) * 100
        key = bytes((2, first % 100)) + b"\x09"
        rows = row * (1 + first % 50)
        shape.match(rows, 0, 1 + first % 50, len(rows))
        shape.match(key, 0, 1, len(key))
        kept = [r for known in shape._shapes.values() for s in known.shapes for r in s.rows.values()]
        assert sum(2 * r.size + len(r.template) for r in kept) <= shape.MAX_HELD
