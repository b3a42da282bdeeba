"""Chains and pairs: numbers of rows that belong together, in arrays that grow with the tables.

Row numbers count from 1; 0 is none. A reader in another thread sees the state before or after an addition.
"""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.int64]
RADIX = 65536  # numpy sorts numbers of two octets by their digits, ten times faster than by comparing


def grown(numbers: Numbers, count: int) -> Numbers:
    """The array with room for at least count numbers, new ones 0."""
    if count <= len(numbers):
        return numbers
    out = np.zeros(count + count // 2, np.uint32)
    out[: len(numbers)] = numbers
    return out


def order_of(keys: Keys) -> npt.NDArray[np.intp]:
    """The stable order of keys, none of which is negative."""
    small = len(keys) > 0 and int(keys.max()) < RADIX
    return np.argsort(keys.astype(np.uint16) if small else keys, kind="stable")


class Pairs:
    """Values by key, several for a key or none, in the order in which they were added."""

    def __init__(self) -> None:
        nothing: Numbers = np.empty(0, np.uint32)
        self._held = nothing, nothing, 0  # keys in order, their values, how many of both

    def add(self, keys: Keys, values: Keys) -> None:
        if not len(keys):
            return
        order = order_of(keys)
        keys, values = keys[order], values[order]
        old_keys, old_values, count = self._held
        cut = int(np.searchsorted(old_keys[:count], np.uint32(keys[0]), "right"))
        if cut < count:  # a row that began early ended late: only what stands after its beginning is sorted again
            keys = np.concatenate([old_keys[cut:count].astype(np.int64), keys])
            values = np.concatenate([old_values[cut:count].astype(np.int64), values])
            order = order_of(keys)
            keys, values = keys[order], values[order]
            old_keys, old_values = old_keys[:cut], old_values[:cut]
        whole = cut + len(keys)
        new_keys, new_values = grown(old_keys, whole), grown(old_values, whole)
        new_keys[cut:whole], new_values[cut:whole] = keys, values
        self._held = new_keys, new_values, whole

    def of(self, key: int) -> tuple[int, ...]:
        keys, values, count = self._held
        # in the type of the keys: numpy would else copy them all into the other type at each question
        first, last = np.searchsorted(keys[:count], np.array([key, key + 1], np.uint32))
        return tuple(values[first:last].tolist())

    def nearest(self, wanted: Keys) -> Keys:
        """For each key its first value; for one that has none the last value of the nearest key before it."""
        keys, values, count = self._held
        if not count:
            return np.zeros(len(wanted), np.int64)
        at = np.searchsorted(keys[:count], wanted.astype(np.uint32), "left")
        has = (at < count) & (keys[np.minimum(at, count - 1)] == wanted)
        at = np.where(has, at, at - 1)
        return np.where(at < 0, 0, values[at].astype(np.int64))


class Chain:
    """For every row the row before and the row after it that have the same key; key 0 has no chain."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Numbers = np.zeros(0, np.uint32)
        self._after: Numbers = np.zeros(0, np.uint32)
        self._last: Numbers = np.zeros(0, np.uint32)  # by key: the last row so far

    def add(self, keys: Keys) -> None:
        """The keys of the next rows: small numbers, from 0."""
        if not len(keys):
            return
        first_row = self.count + 1
        whole = self.count + len(keys) + 1
        self._before, self._after = grown(self._before, whole), grown(self._after, whole)
        self._last = grown(self._last, int(keys.max()) + 1)
        order = order_of(keys)
        keys, rows = keys[order], order + first_row
        begins = np.concatenate([[True], keys[1:] != keys[:-1]])
        ends = np.concatenate([begins[1:], [True]])
        before = np.concatenate([[0], rows[:-1]])
        before[begins] = self._last[keys[begins]]
        before[keys == 0] = 0
        linked = before > 0
        self._before[rows] = before
        self._after[before[linked]] = rows[linked]
        self._last[keys[ends]] = rows[ends]
        self.count = whole - 1

    def step(self, row: int, step: int) -> int:
        """The row after (step +1) or before (-1) it; 0: none."""
        return int((self._after if step > 0 else self._before)[row]) if 0 < row <= self.count else 0
