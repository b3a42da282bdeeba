"""Columns: packed rows come back as they were, as numbers and as numpy's columns."""

from hypothesis import given
from hypothesis import strategies as st

from analyzer.columns import NO_TIME, Table, Words

I64, U16 = st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 0xFFFF)


@given(st.lists(st.tuples(I64, U16, st.integers(-128, 127)), max_size=20))
def test_rows_come_back(rows: list[tuple[int, int, int]]) -> None:
    table = Table(("time", "q"), ("size", "H"), ("sign", "b"))
    for row in rows:
        table.append(*row)
    assert len(table) == len(rows) and table.width == 11
    assert [table.row(n) for n in range(len(rows))] == rows
    assert [tuple(int(x) for x in row) for row in table.array()] == rows


def test_array_follows_the_table() -> None:
    table = Table(("n", "I"))
    table.append(1)
    first = table.array()
    assert table.array() is first
    table.append(2)  # an exported buffer would refuse to grow
    assert list(table.array()["n"]) == [1, 2] and list(first["n"]) == [1]


def test_no_time_is_nat() -> None:
    import numpy as np

    assert np.isnat(np.array([NO_TIME], "<i8").view("datetime64[ns]"))[0]


def test_words() -> None:
    words = Words()
    assert [words.number(w) for w in ("", None, "a", "b", "a")] == [0, 0, 1, 2, 1]
    assert [words[0], words[2]] == ["", "b"]
    assert (words.find("b"), words.find("c")) == (2, -1)
