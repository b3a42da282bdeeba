"""Columns: facts of many rows as packed numbers, about a hundred octets a row instead of a kilobyte.

A row is one `struct` call into one bytearray; numpy reads the same octets as typed columns. Words
(kinds, names, results) are numbers into a table of words.
"""

from struct import Struct as Pack
from typing import Any

import numpy as np
import numpy.typing as npt

NO_TIME = -(1 << 63)  # what pandas and numpy call NaT: a time or duration that is not known

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
    """Rows of fixed columns: Table(("first_ns", "q"), ("size", "I"), …), struct codes little endian."""

    def __init__(self, *columns: tuple[str, str]) -> None:
        self.columns = columns
        pack = Pack("<" + "".join(code for _, code in columns))
        self.pack = pack.pack
        self.unpack_from = pack.unpack_from
        self.width = pack.size
        self.data = bytearray()
        self.dtype = np.dtype([(name, _DTYPES[code]) for name, code in columns])
        self._view: npt.NDArray[Any] = np.empty(0, self.dtype)

    def append(self, *values: int) -> None:
        self.data += self.pack(*values)

    def __len__(self) -> int:
        return len(self.data) // self.width

    def row(self, index: int) -> tuple[int, ...]:
        """The values of row index (from 0)."""
        return self.unpack_from(self.data, index * self.width)

    def array(self) -> npt.NDArray[Any]:
        """All rows so far as one structured array; made again only when rows were added."""
        if len(self._view) != len(self):
            # A copy: an exported bytearray could not grow while a live capture goes on.
            self._view = np.frombuffer(bytes(self.data), self.dtype)
        return self._view
