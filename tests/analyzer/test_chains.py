"""Chains and pairs: any division into additions gives what a search over all rows gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.chains import Chain, Pairs, grown, order_of

BATCHES = st.lists(st.lists(st.integers(0, 9), max_size=8), max_size=6)


@given(BATCHES)
def test_pairs(batches: list[list[int]]) -> None:
    pairs = Pairs()
    added: list[tuple[int, int]] = []
    for keys in batches:
        values = range(len(added) + 1, len(added) + len(keys) + 1)
        pairs.add(np.array(keys, np.int64), np.array(values, np.int64))
        added += zip(keys, values)
        for key in range(11):
            own = tuple(value for k, value in added if k == key)
            assert pairs.of(key) == own
            before = max((pair for pair in added if pair[0] < key), default=(0, 0))
            assert pairs.nearest(np.array([key])).tolist() == [own[0] if own else before[1]]


def test_a_reader_keeps_what_it_reads() -> None:
    pairs = Pairs()
    pairs.add(np.array([1, 5]), np.array([1, 2]))
    keys, values, count = pairs._held
    pairs.add(np.array([3, 9]), np.array([3, 4]))
    assert (keys[:count].tolist(), values[:count].tolist()) == ([1, 5], [1, 2])
    assert [pairs.of(key) for key in (1, 3, 5, 9)] == [(1,), (3,), (2,), (4,)]


@given(BATCHES)
def test_chain(batches: list[list[int]]) -> None:
    chain = Chain()
    added: list[int] = [0]
    for keys in batches:
        chain.add(np.array(keys, np.int64))
        added += keys
        for row in range(1, len(added)):
            same = [n for n in range(1, len(added)) if added[n] == added[row] != 0]
            assert chain.step(row, 1) == min((n for n in same if n > row), default=0)
            assert chain.step(row, -1) == max((n for n in same if n < row), default=0)
    assert chain.count == len(added) - 1
    assert chain.step(0, 1) == chain.step(len(added), -1) == 0


def test_room_and_order() -> None:
    assert grown(np.array([7], np.uint32), 4).tolist() == [7, 0, 0, 0, 0, 0]
    assert order_of(np.array([70000, 3, 70000, 1])).tolist() == [3, 1, 0, 2]
    assert order_of(np.zeros(0, np.int64)).tolist() == []
