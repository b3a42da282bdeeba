"""Conversation: the messages of one association in order, each block transfer as one entry.

Found in the columns of a kept capture, a part at a time: a long capture stops nobody, and of a growing one only what
came is looked at. What a block transfer is the columns tell: its messages name the same request; those that only call
for the next block, or acknowledge one, are left out. Blocks of general block transfers end with a message that
knows the frames of all of them.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.columns import Part
from analyzer.keep import NOTHING_MORE
from dissectors.record import Direction

if TYPE_CHECKING:
    from analyzer.analysis import Analysis

STEP = 65536  # messages looked at in a part
TO_CLIENT = int(Direction.TO_CLIENT)
GENERAL = "general-block-transfer"
# APDUs that carry no part of a value when they continue a transfer.
CALLS = (
    "get-request-next", "set-response-datablock", "action-request-next-pblock", "action-response-next-pblock",
    "read-request",
)  # fmt: skip
Rows = npt.NDArray[np.int64]


class Entry(NamedTuple):
    """Numbers of the message that has the value and of the first of its transfer (the same without one); blocks: how
    many messages carry it."""

    message: int
    first: int
    blocks: int


class Entries:
    """The entries of a conversation, in the order in which they were complete."""

    def __init__(self, table: npt.NDArray[np.int64]) -> None:
        """table: (message, first, blocks) of each."""
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, index: int) -> Entry:
        message, first, blocks = self._table[index].tolist()
        return Entry(message, first, blocks)

    def place(self, message: int) -> int:
        """Index of the entry that shows a message, else of the one before it; -1 where there is none."""
        at = int(np.searchsorted(self._table[:, 0], message, "left"))
        if at < len(self) and self._table[at, 1] <= message:
            return at
        return max(at - 1, 0) if len(self) else -1


class Conversation:
    """One association; association 0: everything between the same two SAPs over the same conversation as message
    `like`, whatever its association. looked: messages of the capture seen so far."""

    def __init__(self, analysis: "Analysis", association: int, like: int = 0) -> None:
        self.a = analysis
        self.association = association
        self.like = like
        self.looked = self._begin()
        self._parts: list[Any] = []  # numbers of its messages, with what of their rows tells a transfer

    def _begin(self) -> int:
        """Messages before the association's first frame are none of it."""
        table = self.a.run.associations.table
        if not 0 < self.association <= len(table):
            return 0
        return max(0, min(self.a.links.messages_of_frame(table[self.association - 1].first_frame), default=1) - 1)

    def take(self) -> bool:
        """Looks at the next part; whether there are more that it has not seen."""
        rows = self.a.messages.part(self.looked, self.looked + STEP)
        if len(rows):
            found = np.flatnonzero(self._own(rows))
            if len(found):
                numbers = found + self.looked + 1
                kept = rows.array("request", "direction", "apdu", "frame")[found]
                self._parts.append((numbers.astype(np.int64), kept))
            self.looked += len(rows)
        return self.looked < len(self.a.messages)

    def _own(self, rows: Part) -> npt.NDArray[np.bool_]:
        if self.association or not 0 < self.like <= len(self.a.messages):
            return np.asarray(rows["association"] == self.association)
        like = self.a.messages.part(self.like - 1, self.like)
        paths = self.a.paths
        same = [n for n, path in enumerate(paths) if path.number == paths[like["path"][0]].number]
        own = np.isin(rows["path"], same)
        for name in ("client", "server", "physical"):
            own &= rows[name] == like[name][0]
        return np.asarray(own)

    def entries(self) -> Entries:
        """Of what was looked at so far. Needs no standstill of the analysis."""
        if not self._parts:
            return Entries(np.empty((0, 3), np.int64))
        if len(self._parts) > 1:
            numbers, rows = (np.concatenate([part[n] for part in self._parts]) for n in (0, 1))
            self._parts = [(numbers, rows)]
        numbers, rows = self._parts[0]
        request = rows["request"].astype(np.int64)
        words = self.a.words
        calls = np.isin(rows["apdu"], [words.find(name) for name in CALLS if words.find(name) >= 0])
        kept = ~(calls & (request > 0))
        general = self._general(numbers, rows, kept)
        at = np.flatnonzero(kept)
        # messages of one transfer have one key: the request that they name, and who sent them
        key = (np.where(request > 0, request, numbers) * 2 + (rows["direction"] == TO_CLIENT))[at]
        key -= key.min()
        last = np.zeros(key.max() + 1, np.int64)
        first = last.copy()
        last[key] = at
        first[key[::-1]] = at[::-1]
        shown = last[key] == at
        blocks = np.bincount(key)[key[shown]]
        entries = np.stack([numbers[at[shown]], numbers[first[key[shown]]], blocks], axis=1)
        for message, begin, count in general:
            entries[np.searchsorted(entries[:, 0], message)] = (message, begin, count)
        return Entries(entries)

    def _general(
        self, numbers: Rows, rows: npt.NDArray[Any], kept: npt.NDArray[np.bool_]
    ) -> list[tuple[int, int, int]]:
        """Takes the blocks of general block transfers that were completed out of what is kept; gives (message, its
        first block, blocks) of each."""
        word = self.a.words.find(GENERAL)
        blocks = rows["apdu"] == word
        found = []
        for before in np.flatnonzero(blocks[:-1] & ~blocks[1:]).tolist() if word >= 0 else ():
            message = int(numbers[before + 1])
            frames = self.a.more.get(message, NOTHING_MORE)[3]
            if not frames:
                continue
            begin = before + 1
            count = 1
            while begin and blocks[begin - 1] and rows["frame"][begin - 1] >= frames[0]:
                begin -= 1
                kept[begin] = False
                count += bool(rows["direction"][begin] == rows["direction"][before + 1])
            found.append((message, int(numbers[begin]), count))
        return found
