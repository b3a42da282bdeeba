"""Columns: packed rows come back as they were, as numbers and as numpy's columns."""

from hypothesis import given
from hypothesis import strategies as st

from analyzer.columns import KNOWN_MAX, NO_TIME, Table, Words, less

I64, U16 = st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 0xFFFF)


@given(st.lists(st.tuples(I64, U16, st.integers(-128, 127)), max_size=20))
def test_rows_come_back(rows: list[tuple[int, int, int]]) -> None:
    table = Table((("time", "q"), ("size", "H"), ("sign", "b")))
    for row in rows:
        table.append(*row)
    assert len(table) == len(rows)
    assert [table.row(n) for n in range(len(rows))] == rows
    assert [tuple(int(x) for x in row) for row in table.array()] == rows


def test_array_follows_the_table() -> None:
    table = Table((("n", "I"),))
    table.append(1)
    first = table.array()
    assert table.array() is first
    table.append(2)  # an exported buffer would refuse to grow
    assert list(table.array()["n"]) == [1, 2] and list(first["n"]) == [1]


@given(st.lists(st.tuples(I64, U16), max_size=20), st.integers(0, 25), st.integers(0, 25))
def test_a_part(rows: list[tuple[int, int]], first: int, last: int) -> None:
    table = Table((("time", "q"), ("size", "H")))
    for row in rows:
        table.append(*row)
    part = table.part(first, last)
    assert list(zip(part["time"].tolist(), part["size"].tolist())) == rows[first:last]
    assert [(table.value(n, "time"), table.value(n, "size")) for n in range(len(rows))] == rows
    table.append(1, 2)  # grows although the part is still held
    assert len(table.part(0, 99)) == len(rows) + 1 and len(part) == len(rows[first:last])


@given(st.lists(st.tuples(I64, U16, st.integers(0, 3)), max_size=20), st.integers(0, 25), st.integers(0, 25))
def test_what_repeats_is_kept_once(rows: list[tuple[int, int, int]], first: int, last: int) -> None:
    table = Table((("time", "q"),), (("size", "H"), ("sign", "b")))
    known: dict[tuple[int, int], int] = {}
    for time, size, sign in rows:
        if (size, sign) not in known:
            known[size, sign] = table.groups[0].put(size, sign)
        table.append(time, known[size, sign])
    assert len(table.groups[0].data) == 3 * len(known)
    assert len(table) == len(rows) and [table.row(n) for n in range(len(rows))] == rows
    part = table.part(first, last)
    assert list(zip(*(part[name].tolist() for name in ("time", "size", "sign")))) == rows[first:last]
    assert [tuple(int(x) for x in row) for row in table.array()] == rows
    assert [table.value(n, "sign") for n in range(len(rows))] == [row[2] for row in rows]
    some = table.part(first, last).array("sign", "time")
    assert some.dtype.names == ("sign", "time")
    assert [tuple(int(x) for x in row) for row in some] == [(row[2], row[0]) for row in rows[first:last]]


TIME = st.none() | st.integers(-(10**18), 10**18)


@given(st.lists(st.tuples(TIME, TIME, U16), max_size=20), st.integers(0, 25), st.integers(0, 25))
def test_a_column_with_a_base_reads_as_it_was(rows: list[tuple[int | None, int | None, int]], a: int, b: int) -> None:
    table = Table((("first", "q"),), (("size", "H"),), (("last", "q", "first"), ("n", "H")))
    shared, usual = table.groups
    want = []
    for first, last, size in rows:
        start, end = NO_TIME if first is None else first, NO_TIME if last is None else last
        table.append(start, shared.number(size), usual.number(less(last, first), 7))
        want.append((start, size, end, 7))
    assert [table.row(n) for n in range(len(rows))] == want
    assert [tuple(int(x) for x in row) for row in table.array()] == want
    part = table.part(a, b)
    assert list(zip(*(part[name].tolist() for name in ("first", "size", "last", "n")))) == want[a:b]


def test_a_group_knows_again_what_it_kept_lately() -> None:
    table = Table((("n", "I"),), (("last", "q", "n"),))
    for n in range(2 * KNOWN_MAX):
        table.append(n, table.groups[0].number(less(n + 5, n)))
    assert len(table.groups[0].data) == 8 and table.row(9) == (9, 14)
    other = Table((), (("n", "I"),))
    for n in range(KNOWN_MAX + 1):
        other.append(other.groups[0].number(n))
    other.append(other.groups[0].number(0))  # forgotten by now: kept once more
    assert other.row(0) == other.row(KNOWN_MAX + 1) == (0,)


def test_no_time_is_nat() -> None:
    import numpy as np

    assert np.isnat(np.array([NO_TIME], "<i8").view("datetime64[ns]"))[0]


def test_words() -> None:
    words = Words()
    assert [words.number(w) for w in ("", None, "a", "b", "a")] == [0, 0, 1, 2, 1]
    assert [words[0], words[2]] == ["", "b"]
    assert (words.find("b"), words.find("c")) == (2, -1)
