"""Columns: facts of many rows as packed numbers, about a hundred octets a row instead of a kilobyte.

A row is one `struct` call into one bytearray; numpy reads the same octets as typed columns. What repeats from
row to row is kept once. Words (kinds, names, results) are numbers into a table of words.
"""

from struct import Struct as Pack
from typing import Any

import numpy as np
import numpy.typing as npt

NO_TIME = -(1 << 63)  # what pandas and numpy call NaT: a time or duration that is not known

Columns = tuple[tuple[str, str], ...]  # name and struct code
NUMBER = ("combination", "I")
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


class Table:
    """Rows of fixed columns: Table((("first_ns", "q"), ("size", "I")), (("kind", "H"), …)), struct codes little endian.

    own: a row has them for itself. shared: values that repeat in that combination from row to row; a row has the
    number of the combination. A row is append(*own, share(*shared)); without shared columns append(*own)."""

    def __init__(self, own: Columns, shared: Columns = ()) -> None:
        self.columns = own + shared
        self.own = Pack("<" + "".join(code for _, code in own) + ("I" if shared else ""))
        self.shared = Pack("<" + "".join(code for _, code in shared))
        self.pack = self.own.pack
        self.data = bytearray()
        self.combinations = bytearray()
        self.dtype = np.dtype([(name, _DTYPES[code]) for name, code in self.columns])
        self._own = np.dtype([(name, _DTYPES[code]) for name, code in (*own, *((NUMBER,) if shared else ()))])
        self._shared = np.dtype([(name, _DTYPES[code]) for name, code in shared])
        self._at = {name: n for n, (name, _) in enumerate(self.columns)}
        self._view: npt.NDArray[Any] = np.empty(0, self.dtype)

    def append(self, *values: int) -> None:
        """One row: its own values, and the number of its combination where there are shared columns."""
        self.data += self.pack(*values)

    def share(self, *values: int) -> int:
        """Keeps a combination of shared values and gives its number."""
        number = len(self.combinations) // self.shared.size
        self.combinations += self.shared.pack(*values)
        return number

    def __len__(self) -> int:
        return len(self.data) // self.own.size

    def row(self, index: int) -> tuple[int, ...]:
        """The values of row index (from 0)."""
        values: tuple[int, ...] = self.own.unpack_from(self.data, index * self.own.size)
        size = self.shared.size
        if not size:
            return values
        return values[:-1] + self.shared.unpack_from(self.combinations, values[-1] * size)

    def value(self, index: int, name: str) -> int:
        """One column of row index (from 0)."""
        return int(self.row(index)[self._at[name]])

    def part(self, first: int, last: int) -> "Part":
        """Rows first..last (from 0, last exclusive), as many as there are: a copy, so that the table may grow."""
        size = self.own.size
        own = np.frombuffer(bytes(self.data[first * size : min(last, len(self)) * size]), self._own)
        size = self.shared.size
        if not size or not len(own):
            return Part(own, np.empty(0, self._shared), np.empty(0, np.int64))
        numbers = own[NUMBER[0]].astype(np.int64)
        low, high = int(numbers.min()), int(numbers.max()) + 1
        combinations = np.frombuffer(bytes(self.combinations[low * size : high * size]), self._shared)
        return Part(own, combinations, numbers - low)

    def array(self) -> npt.NDArray[Any]:
        """All rows so far as one structured array; made again only when rows were added."""
        if len(self._view) != len(self):
            # whole, for readers in other threads
            self._view = self.part(0, len(self)).array(*(name for name, _ in self.columns))
        return self._view


class Part:
    """Some rows of a table; part["first_ns"] is a column, made when asked for: a filter asks for few of them."""

    def __init__(self, own: npt.NDArray[Any], combinations: npt.NDArray[Any], numbers: npt.NDArray[np.int64]) -> None:
        self._own = own
        self._combinations = combinations
        self._numbers = numbers  # by row: which combination it has

    def __len__(self) -> int:
        return len(self._own)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        found: npt.NDArray[Any]
        if name in (self._combinations.dtype.names or ()):
            found = self._combinations[name][self._numbers]
        else:
            found = self._own[name]
        return found

    def array(self, *names: str) -> npt.NDArray[Any]:
        """These columns as one structured array: rows that can be taken one by one, or sorted."""
        columns = [self[name] for name in names]
        rows = np.empty(len(self), np.dtype([(name, column.dtype) for name, column in zip(names, columns)]))
        for name, column in zip(names, columns):
            rows[name] = column
        return rows
