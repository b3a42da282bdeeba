"""Shown: which rows of a level are in the list: all of them, or those that pass a filter, as far as was looked.

A filter looks in a thread of its own, a part at a time, goes on as a live capture grows, and can be
cancelled; what it found is there at once. Numbers of rows count from 1, places in the list from 0.
"""

import threading
import time

import numpy as np
import numpy.typing as npt

from analyzer.filter_columns import Chooser
from tui.loader import Capture

FIRST_PART, LARGEST_PART = 256, 65536
PART_SECONDS = 0.03  # a part takes about so long: the loader and the screen have their turns in between


class Shown:
    """filter "": every row. total: rows published so far (`publish`); looked: of them, how many the filter has seen."""

    def __init__(self, capture: Capture, level: str, filter: str = "") -> None:
        """UsageError: a filter that cannot be read, with position and reason."""
        self.capture = capture
        self.level = level
        self.filter = filter
        self.total = 0
        self.looked = 0
        self.cancelled = False
        self.error = ""
        self._chooser = Chooser(capture.analysis, level, filter) if filter else None
        self._numbers: npt.NDArray[np.uint32] = np.empty(1024, np.uint32)
        self._count = 0
        self._more = threading.Event()
        self._thread: threading.Thread | None = None

    def publish(self, total: int) -> None:
        """So many rows may be shown now."""
        self.total = total
        if self._chooser is None:
            self.looked = total
            return
        self._more.set()
        if self._thread is None and total and not self.cancelled:
            self._thread = threading.Thread(target=self._look, name="filter", daemon=True)
            self._thread.start()

    @property
    def busy(self) -> bool:
        """The filter has rows to look at."""
        return self._chooser is not None and not self.cancelled and not self.error and self.looked < self.total

    def cancel(self) -> None:
        """Looks no further; what was found stays."""
        self.cancelled = True
        self._more.set()

    def __len__(self) -> int:
        return self.total if self._chooser is None else self._count

    def number(self, index: int) -> int:
        """Row number at a place in the list, 0 outside it."""
        if not 0 <= index < len(self):
            return 0
        return index + 1 if self._chooser is None else int(self._numbers[index])

    def numbers(self) -> npt.NDArray[np.int64]:
        """All of them, in order."""
        if self._chooser is None:
            return np.arange(1, self.total + 1, dtype=np.int64)
        return self._numbers[: self._count].astype(np.int64)

    def place(self, number: int) -> int:
        """Where a row is in the list, or the last one before it that is; -1 in an empty list."""
        count = len(self)
        if self._chooser is None:
            return min(number, count) - 1
        at = int(np.searchsorted(self._numbers[:count], number, side="right")) - 1
        return max(0, at) if count else -1

    def has(self, number: int) -> bool:
        place = self.place(number)
        return place >= 0 and self.number(place) == number

    # -- the filter's thread ------------------------------------------------------------------------------

    def _look(self) -> None:
        assert self._chooser is not None
        part = FIRST_PART
        while not self.cancelled:
            total = self.total
            if self.looked >= total:
                self._more.wait()
                self._more.clear()
                continue
            last = min(total, self.looked + part)
            began = time.perf_counter()
            try:
                with self.capture.turn():
                    found = self._chooser.part(self.looked, last)
            except Exception as error:  # a filter must not end the program
                self.error = f"filter: internal error: {type(error).__name__}: {error}"
                return
            self._add(found)
            self.looked = last
            took = time.perf_counter() - began
            part = min(LARGEST_PART, part * 2) if took < PART_SECONDS else max(16, part // 2)

    def _add(self, found: npt.NDArray[np.int64]) -> None:
        end = self._count + len(found)
        if end > len(self._numbers):
            larger = np.empty(max(end, 2 * len(self._numbers)), np.uint32)
            larger[: self._count] = self._numbers[: self._count]
            self._numbers = larger
        self._numbers[self._count : end] = found
        self._count = end
