"""Columns: facts of many rows as packed numbers, 30 to 50 octets a row instead of a kilobyte.

A row is one `struct` call into one bytearray; numpy reads the same octets as typed columns. What repeats from
row to row is kept once. Words (kinds, names, results) are numbers into a table of words.
"""

from collections.abc import Mapping, Sequence
from struct import Struct as Pack
from typing import Any

import numpy as np
import numpy.typing as npt

NO_TIME = -(1 << 63)  # what pandas and numpy call NaT: a time or duration that is not known

Columns = tuple[tuple[str, ...], ...]  # name and struct code; a column of a group may have a base
NUMBER = "number "  # and that of the group: no name of a column
KNOWN_MAX = 4096  # combinations of values that a group knows again
_DTYPES = {"q": "<i8", "Q": "<u8", "i": "<i4", "I": "<u4", "h": "<i2", "H": "<u2", "b": "i1", "B": "u1"}


class Words:
    """Strings by number: 0 is "" (nothing)."""

    def __init__(self) -> None:
        self.words: list[str] = [""]
        self._numbers: dict[str | None, int] = {"": 0, None: 0}

    def number(self, word: str | None) -> int:
        found = self._numbers.get(word)
        if found is None:
            found = self._numbers[word] = len(self.words)
            self.words.append(word or "")
        return found

    def find(self, word: str) -> int:
        """Its number, or -1 when no row has it."""
        return self._numbers.get(word, -1)

    def __getitem__(self, number: int) -> str:
        return self.words[number]


class Group:
    """Columns whose values repeat together from row to row: kept once, and a row has their number."""

    def __init__(self, columns: Columns) -> None:
        self.pack = Pack("<" + "".join(code for _, code, *_ in columns))
        self.data = bytearray()
        self.dtype = np.dtype([(name, _DTYPES[code]) for name, code, *_ in columns])
        self._known: dict[tuple[int, ...], int] = {}

    def put(self, *values: int) -> int:
        """Keeps values as new ones and gives their number."""
        number = len(self.data) // self.pack.size
        self.data += self.pack.pack(*values)
        return number

    def number(self, *values: int) -> int:
        """The number of values, which may have been kept lately."""
        found = self._known.get(values)
        if found is None:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            found = self._known[values] = self.put(*values)
        return found

    def row(self, number: int) -> tuple[int, ...]:
        return self.pack.unpack_from(self.data, number * self.pack.size)

    def part(self, numbers: npt.NDArray[np.int64]) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        """A copy of what these numbers need, and their places in it."""
        if not len(numbers):
            return np.empty(0, self.dtype), numbers
        size, low, high = self.pack.size, int(numbers.min()), int(numbers.max()) + 1
        return np.frombuffer(bytes(self.data[low * size : high * size]), self.dtype), numbers - low


class Table:
    """Rows of fixed columns: Table((("first_ns", "q"), ("size", "I")), (("kind", "H"), …)), struct codes little endian.

    own: a row has them for itself. groups: a row has a number of each. A row is append(*own, *numbers). A column
    (name, code, base) is written as `less(value, value of base)`, so that it repeats; it is read as it was."""

    def __init__(self, own: Columns, *groups: Columns) -> None:
        columns = tuple(column for group in (own, *groups) for column in group)
        self.names = tuple(name for name, *_ in columns)
        self.groups = tuple(Group(group) for group in groups)
        numbers = tuple((f"{NUMBER}{n}", "I") for n in range(len(groups)))
        self.own = Pack("<" + "".join(code for _, code, *_ in (*own, *numbers)))
        self.pack = self.own.pack
        self.data = bytearray()
        self._own = np.dtype([(name, _DTYPES[code]) for name, code, *_ in (*own, *numbers)])
        self._at = {name: n for n, name in enumerate(self.names)}
        self._bases = {name: base[0] for name, _, *base in columns if base}
        self._places = [(self._at[name], self._at[base]) for name, base in self._bases.items()]
        self._view: npt.NDArray[Any] = self.part(0, 0).array(*self.names)

    def append(self, *values: int) -> None:
        """One row: its own values, and its number of each group."""
        self.data += self.pack(*values)

    def __len__(self) -> int:
        return len(self.data) // self.own.size

    def row(self, index: int) -> tuple[int, ...]:
        """The values of row index (from 0)."""
        values: tuple[int, ...] = self.own.unpack_from(self.data, index * self.own.size)
        count = len(self.groups)
        if not count:
            return values
        row = list(values[:-count])
        for group, number in zip(self.groups, values[-count:]):
            row += group.row(number)
        for place, base in self._places:
            if row[place] != NO_TIME and row[base] != NO_TIME:
                row[place] += row[base]
        return tuple(row)

    def value(self, index: int, name: str) -> int:
        """One column of row index (from 0)."""
        return int(self.row(index)[self._at[name]])

    def part(self, first: int, last: int) -> "Part":
        """Rows first..last (from 0, last exclusive), as many as there are: a copy, so that the table may grow."""
        size = self.own.size
        own = np.frombuffer(bytes(self.data[first * size : min(last, len(self)) * size]), self._own)
        return Part(own, self.groups, self._bases)

    def array(self) -> npt.NDArray[Any]:
        """All rows so far as one structured array; made again only when rows were added."""
        if len(self._view) != len(self):
            # whole, for readers in other threads
            self._view = self.part(0, len(self)).array(*self.names)
        return self._view


def less(value: int | None, base: int | None) -> int:
    """A value as a column with a base keeps it: how far it is from the base, where both are known."""
    return NO_TIME if value is None else value if base is None else value - base


class Part:
    """Some rows of a table; part["first_ns"] is a column, made when asked for: a filter asks for few of them."""

    def __init__(self, own: npt.NDArray[Any], groups: Sequence[Group], bases: Mapping[str, str]) -> None:
        self._own = own
        self._groups = groups
        self._bases = bases
        self._parts: dict[int, tuple[npt.NDArray[Any], npt.NDArray[np.int64]]] = {}  # of the groups asked for so far

    def __len__(self) -> int:
        return len(self._own)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        found: npt.NDArray[Any]
        group = next((n for n, group in enumerate(self._groups) if name in (group.dtype.names or ())), -1)
        if group < 0:
            found = self._own[name]
        else:
            if group not in self._parts:
                numbers = self._own[f"{NUMBER}{group}"].astype(np.int64)
                self._parts[group] = self._groups[group].part(numbers)
            values, numbers = self._parts[group]
            found = values[name][numbers]
        if name in self._bases:
            base = self[self._bases[name]]
            found = np.where((found == NO_TIME) | (base == NO_TIME), found, found + base)
        return found

    def array(self, *names: str) -> npt.NDArray[Any]:
        """These columns as one structured array: rows that can be taken one by one, or sorted."""
        columns = [self[name] for name in names]
        rows = np.empty(len(self), np.dtype([(name, column.dtype) for name, column in zip(names, columns)]))
        for name, column in zip(names, columns):
            rows[name] = column
        return rows
