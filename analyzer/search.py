"""Search: find the next row that holds a text, a pattern, octets, or passes a filter.

    search = Search("hex", "C4 01", "octets")
    for looked, found in search.find(analysis, "frame", 12, 1, len(analysis.frames), row_text):
        ...  # show progress, or stop: a step takes some tens of milliseconds; found is 0 but in the last

From the row after `start` in the direction of `step` to the end, then around from the other end to `start` itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analyzer import filter_language, trees
from analyzer.filter_columns import Chooser
from analyzer.trees import TreeNode
from dissectors.errors import UsageError

if TYPE_CHECKING:
    from analyzer.analysis import Analysis

Numbers = npt.NDArray[np.int64]
KINDS = ("text", "regex", "hex", "filter")
PLACES = ("row", "details", "octets")
# Rows between two reports, by place: what takes some tens of milliseconds.
ROWS = {"row": 128, "details": 64, "octets": 4096, "filter": 256}


class Search:
    """What is looked for. kind "text" (whatever the case), "regex", "hex" (octets: looked for in octets whatever the
    place), "filter" (of rows, whatever the place); place "row" (as the list shows it), "details" (a line of the
    tree), "octets". UsageError where the needle is none of its kind."""

    def __init__(self, kind: str, needle: str, place: str) -> None:
        self.kind = kind
        self.needle = needle
        self.place = {"hex": "octets", "filter": "filter"}.get(kind, place)
        if not needle.strip():
            raise UsageError("find: nothing to look for")
        self.octets = b""  # what to look for where it is fixed, small letters for a text
        try:
            if kind == "hex":
                self.octets = bytes.fromhex(needle)
            elif kind == "text":
                self.octets = needle.lower().encode()
            elif kind == "filter":
                filter_language.parse(needle)
            else:
                self._words = re.compile(needle, re.IGNORECASE)
                self._pattern = re.compile(needle.encode("latin-1"), re.IGNORECASE | re.DOTALL)
        except re.error as error:
            raise UsageError(f"find: not a regular expression: {error}") from None
        except UnicodeEncodeError:
            raise UsageError("find: octets have no characters beyond U+00FF; expected \\xNN") from None
        except ValueError:
            raise UsageError(f"find: {needle!r} are no octets; expected hex digits such as C4 01 00") from None

    def find(
        self,
        analysis: "Analysis",
        level: str,
        start: int,
        step: int,
        limit_rows: int,
        row_text: Callable[[int], str],
        among: Numbers | None = None,
    ) -> Iterator[tuple[int, int]]:
        """(rows looked at, number found or 0), now and then; the number found comes last, 0 where there is none.
        UsageError for a filter that this level does not have.

        start: the row to begin behind, 0 for none; step: 1 or -1; limit_rows: how many rows there are to look at;
        row_text(no): a row as the list shows it; among: the only rows to look at, in order."""
        first = self._first(analysis, level, step, row_text)  # at once: a filter may be none of this level
        return self._steps(first, step, windows(start, step, limit_rows, ROWS[self.place]), among)

    def _steps(
        self, first: Callable[[Numbers], int], step: int, parts: Iterator[tuple[int, int]], among: Numbers | None
    ) -> Iterator[tuple[int, int]]:
        looked = 0
        for low, high in parts:
            if among is None:
                numbers = np.arange(low + 1, high + 1)
            else:
                numbers = among[np.searchsorted(among, low, "right") : np.searchsorted(among, high, "right")]
            looked += high - low
            found = first(numbers if step > 0 else numbers[::-1]) if len(numbers) else 0
            yield looked, found
            if found:
                return

    def _first(
        self, analysis: "Analysis", level: str, step: int, row_text: Callable[[int], str]
    ) -> Callable[[Numbers], int]:
        """What gives the first of some numbers that holds the needle, 0 for none."""
        if self.place == "filter":
            chooser = Chooser(analysis, level, self.needle)
            return lambda numbers: first_chosen(chooser, numbers)
        if self.place == "octets":
            if level == "frame" and self.octets:
                return lambda numbers: self._first_frame(analysis, numbers, step)
            return lambda numbers: first_of(numbers, lambda no: self._in_octets(octets_of(analysis, level, no)))
        if self.place == "details":
            return lambda numbers: first_of(numbers, lambda no: self._in_lines(details(analysis, level, no)))
        return lambda numbers: first_of(numbers, lambda no: self._in_lines((row_text(no),)))

    def _in_lines(self, lines: Iterable[str]) -> bool:
        if self.kind == "regex":
            return any(self._words.search(line) is not None for line in lines)
        needle = self.needle.lower()
        return any(needle in line.lower() for line in lines)

    def _in_octets(self, octets: Iterable[bytes]) -> bool:
        if self.kind == "regex":
            return any(self._pattern.search(part) is not None for part in octets)
        return any(self.octets in (part if self.kind == "hex" else part.lower()) for part in octets)

    def _first_frame(self, analysis: "Analysis", numbers: Numbers, step: int) -> int:
        """Frames lie one behind the other in one store: a single search over those of all these numbers."""
        low = int(numbers.min())
        rows = analysis.frames.part(low - 1, int(numbers.max()))
        begins = rows["offset"].astype(np.int64)
        base = int(begins[0])
        begins -= base
        ends = begins + rows["carrier"] + rows["size"]
        store = bytes(analysis.octets[base : base + int(ends[-1])])
        if self.kind == "text":
            store = store.lower()
        wanted = np.zeros(len(rows), dtype=bool)
        wanted[numbers - low] = True
        size, first, last = len(self.octets), 0, len(store)
        while (at := store.find(self.octets, first, last) if step > 0 else store.rfind(self.octets, first, last)) >= 0:
            row = int(np.searchsorted(begins, at, "right")) - 1
            if wanted[row] and at + size <= ends[row]:
                return row + low
            if step > 0:
                first = int(ends[row])  # a hit over the end of its frame is the last that begins in it
            else:
                last = (at if wanted[row] else int(begins[row])) + size - 1
        return 0


def windows(start: int, step: int, count: int, size: int) -> Iterator[tuple[int, int]]:
    """The rows low + 1 to high of each window: from behind start to the end, then around to start."""
    start = min(start, count)
    if step > 0:
        for first, last in ((start, count), (0, start)):
            for low in range(first, last, size):
                yield low, min(low + size, last)
    else:
        before = max(start - 1, 0)
        for first, last in ((0, before), (before, count)):
            for high in range(last, first, -size):
                yield max(high - size, first), high


def first_of(numbers: Numbers, holds: Callable[[int], bool]) -> int:
    return next((no for no in numbers.tolist() if holds(no)), 0)


def first_chosen(chooser: Chooser, numbers: Numbers) -> int:
    passing = chooser.part(int(numbers.min()) - 1, int(numbers.max()))
    found = numbers[np.isin(numbers, passing)]
    return int(found[0]) if len(found) else 0


def octets_of(analysis: "Analysis", level: str, no: int) -> Iterator[bytes]:
    """The octets of a row: of a frame as captured; of messages as carried, in clear, and joined of blocks."""
    if level == "frame":
        frame = analysis.frame(no)
        yield frame.carrier + frame.octets
    for message_no in messages_of(analysis, level, no):
        message = analysis.message(message_no)
        yield message.pdu.octets
        if message.plain is not None:
            yield message.plain
        if message.joined is not None:
            yield message.joined


def messages_of(analysis: "Analysis", level: str, no: int) -> tuple[int, ...]:
    if level == "exchange":
        return analysis.links.messages_of_exchange(no)
    return (no,) if level == "message" else ()


def details(analysis: "Analysis", level: str, no: int) -> Iterator[str]:
    """The lines of a row's tree: "label: text"."""
    if level == "frame":
        yield from tree_lines(trees.frame_tree(analysis.frame(no), analysis.run))
    for message_no in messages_of(analysis, level, no):
        yield from tree_lines(trees.message_tree(analysis.message(message_no), analysis.run))


def tree_lines(nodes: Iterable[TreeNode]) -> Iterator[str]:
    for node in nodes:
        yield f"{node.label}: {node.text}" if node.text else node.label
        yield from tree_lines(node.children)
