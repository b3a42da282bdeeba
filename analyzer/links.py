"""Links: which rows of a kept capture belong together, whatever their level.

Made of the tables as they grow, what came only, by numpy. Numbers count from 1; 0 is none, and () where there
are none: on a live line a frame is there before its message, and a message before its exchange.
"""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.chains import Chain, Keys, Numbers, Pairs, grown
from analyzer.model import Finding, Target

if TYPE_CHECKING:
    from analyzer.analysis import Analysis

STEP = 65536  # rows taken in at a time: bounds the copy
DELTAS = ("previous", "direction", "association", "request")
_WAYS = 4  # more than there are directions

COMMON = {"association": "association", "object": "target"}  # the column of messages that is 0 where there is none
# What the rows of a chain have in common, as small numbers; 0 for those that have it not.
CHAINS: dict[str, Callable[["Links", Any], Keys]] = {
    "association": lambda links, rows: rows["association"].astype(np.int64),
    "object": lambda links, rows: links.objects()[rows["target"]].astype(np.int64),
    "direction": lambda links, rows: rows["path"].astype(np.int64) * _WAYS + rows["direction"] + 1,
}


class Links:
    """The links of one Analysis. Every question first takes in what came since the last one."""

    def __init__(self, analysis: "Analysis") -> None:
        self.a = analysis
        self._lock = Lock()  # the screen and its workers all ask
        self._messages = self._exchanges = 0  # rows taken in
        self._carried = Pairs()  # frame -> messages
        self._begun = Pairs()  # first frame -> exchange
        self._exchange: Numbers = np.zeros(0, np.uint32)  # by message
        self._chains: dict[tuple[str, str], Chain] = {}
        self._same: dict[Target | None, int] = {None: 0}  # equal targets have one number
        self._objects: Numbers = np.zeros(0, np.uint32)  # by number of the target in the tables
        self._finding_rows: dict[str, tuple[Sequence[Finding], int, int, Keys]] = {}

    # -- taking in what came ---------------------------------------------------------------------------

    def update(self) -> None:
        """Takes in what came since the last time."""
        exchanges = len(self.a.exchanges)  # asked first: the messages of these are all there
        messages = len(self.a.messages)
        if messages == self._messages and exchanges == self._exchanges:
            return
        with self._lock:
            for first in range(self._messages, messages, STEP):
                self._take_messages(first, min(first + STEP, messages))
            for first in range(self._exchanges, exchanges, STEP):
                self._take_exchanges(first, min(first + STEP, exchanges))

    def _take_messages(self, first: int, last: int) -> None:
        rows = self.a.messages.part(first, last)
        begin, counts = rows["frame"].astype(np.int64), rows["frames"].astype(np.int64)
        numbers = np.arange(first + 1, last + 1)
        apart = [n for n in numbers[counts > 1].tolist() if n in self.a.message_frames_of]
        frames = [frame for n in apart for frame in self.a.message_frames_of[n]]
        counts[np.array(apart, np.int64) - first - 1] = 0
        within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        apart_numbers = [n for n in apart for _ in self.a.message_frames_of[n]]
        self._carried.add(
            np.concatenate([np.repeat(begin, counts) + within, np.array(frames, np.int64)]),
            np.concatenate([np.repeat(numbers, counts), np.array(apart_numbers, np.int64)]),
        )
        self._messages = last

    def _take_exchanges(self, first: int, last: int) -> None:
        a = self.a
        rows = a.exchanges.part(first, last)
        numbers = np.arange(first + 1, last + 1)
        exchange = grown(self._exchange, self._messages + 1)
        for side in ("request", "response"):
            exchange[rows[side]] = numbers
        for n in numbers[(rows["responses"] > 1) | (rows["attempts"] > 1) | (rows["blocks"] > 0)].tolist():
            for message in (*a.responses_of.get(n, ()), *a.others_of.get(n, ())):
                exchange[message] = n
        exchange[0] = 0
        self._exchange = exchange
        asked, answered = rows["request_frame"], rows["response_frame"]
        self._begun.add(np.where(asked > 0, asked, answered).astype(np.int64), numbers)
        self._exchanges = last

    def objects(self) -> Numbers:
        """By number of a target in the tables: one number for all that are equal."""
        targets = self.a.targets
        if len(self._objects) < len(targets):
            same = [self._same.setdefault(target, len(self._same)) for target in targets[: len(targets)]]
            self._objects = np.array(same, np.uint32)
        return self._objects

    def _chain(self, level: str, kind: str) -> Chain:
        """The chain of a level, made when first asked for."""
        table, _ = self.a.kept(level)
        with self._lock:
            chain = self._chains.setdefault((level, kind), Chain())
            count = len(table)
            for first in range(chain.count, count, STEP):
                chain.add(CHAINS[kind](self, table.part(first, min(first + STEP, count))))
        return chain

    # -- rows of other levels ----------------------------------------------------------------------------

    def messages_of_frame(self, frame: int) -> tuple[int, ...]:
        """The messages that a frame carries, whole or in part."""
        self.update()
        return self._carried.of(frame)

    def frames_of_message(self, message: int) -> tuple[int, ...]:
        """The frames that carry a message itself (of a block transfer: this block's)."""
        first, count = self._of_message(message, "frame"), self._of_message(message, "frames")
        return self.a.message_frames_of.get(message) or tuple(range(first, first + count))

    def _of_message(self, message: int, column: str) -> int:
        return self.a.messages.value(message - 1, column) if 0 < message <= len(self.a.messages) else 0

    def exchange_of_message(self, message: int) -> int:
        """The exchange of a request, its repeats, its responses and the blocks of both."""
        self.update()
        return int(self._exchange[message]) if 0 < message < len(self._exchange) else 0

    def messages_of_exchange(self, exchange: int) -> tuple[int, ...]:
        """The request, where there is one, then the responses."""
        request, responses = self._sides(exchange)
        return (request, *responses) if request else responses

    def _sides(self, exchange: int) -> tuple[int, tuple[int, ...]]:
        if not 0 < exchange <= len(self.a.exchanges):
            return 0, ()
        request, response, *_ = self.a.exchanges.row(exchange - 1)
        return request, self.a.responses_of.get(exchange) or ((response,) if response else ())

    def frames_of_exchange(self, exchange: int) -> tuple[int, ...]:
        """All its frames, those of repeats and calls for blocks too, in order."""
        messages = (*self.messages_of_exchange(exchange), *self.a.others_of.get(exchange, ()))
        return tuple(sorted({frame for message in messages for frame in self.frames_of_message(message)}))

    def convert(self, level: str, no: int, to: str) -> int:
        """The row of another level that shows the same thing, else the nearest earlier one."""
        self.update()
        if level == to:
            return no
        if level == "exchange":
            message = next(iter(self.messages_of_exchange(no)), 0)
            return message if to == "message" else self._first_frame(message)
        messages = self.messages_of_frame(no) if level == "frame" else (no,)
        frame = no if level == "frame" else self._first_frame(no)
        if to == "frame":
            return frame
        if to == "message":
            return self._nearest(self._carried, frame)
        found = next((e for message in messages if (e := self.exchange_of_message(message))), 0)
        return found or self._nearest(self._begun, frame)

    def _first_frame(self, message: int) -> int:
        return next(iter(self.frames_of_message(message)), 0)

    def _nearest(self, pairs: Pairs, frame: int) -> int:
        return int(pairs.nearest(np.array([frame]))[0])

    # -- rows of the same level ----------------------------------------------------------------------------

    def counterpart(self, level: str, no: int) -> int:
        """Of a request its first response, of a response its request (the attempt that it answers)."""
        if level == "frame":
            found = (self.counterpart("message", message) for message in self.messages_of_frame(no))
            return self._first_frame(next((message for message in found if message), 0))
        if level != "message":
            return 0
        request, responses = self._sides(self.exchange_of_message(no))
        asked = self._of_message(no, "request")
        if no in responses:
            return asked or request
        if responses:
            return next((response for response in responses if response > no), 0)
        # No exchange has it yet, or never an answer: a further block of a request comes from the request's side.
        return asked if self._of_message(asked, "direction") != self._of_message(no, "direction") else 0

    def same_association(self, level: str, no: int, step: int) -> int:
        """The next (step +1) or previous (-1) row of the same association."""
        return self._along("association", level, no, step)

    def same_object(self, level: str, no: int, step: int) -> int:
        """The next (step +1) or previous (-1) row about the same attribute or method of the same COSEM object."""
        return self._along("object", level, no, step)

    def _along(self, kind: str, level: str, no: int, step: int) -> int:
        if level != "frame":
            return self._chain(level, kind).step(no, step)
        own = self.messages_of_frame(no)
        message = (own[-1] if step > 0 else own[0]) if own else self._nearest(self._carried, no)
        chain = self._chain("message", kind)
        while self._of_message(message, COMMON[kind]):
            beyond = [frame for frame in self.frames_of_message(message) if (frame - no) * step > 0]
            if beyond:
                return min(beyond) if step > 0 else max(beyond)
            message = chain.step(message, step)
        return 0

    def previous_of(self, level: str, no: int, kind: str) -> int:
        """The row that a time delta is taken from. kind: "previous" row, "direction" (the same way of the same
        conversation), "association", "request" (of a message its request; of a frame that request's last)."""
        if kind == "previous":
            return max(no - 1, 0)
        if kind == "association":
            return self.same_association(level, no, -1)
        if kind == "direction":
            return self._asked_before(no) if level == "exchange" else self._chain(level, kind).step(no, -1)
        if level == "message":
            return self._of_message(no, "request")
        if level == "frame":
            requests = (self.previous_of("message", message, kind) for message in self.messages_of_frame(no))
            request = next((message for message in requests if message), 0)
            return self.frames_of_message(request)[-1] if request else 0
        return 0

    def _asked_before(self, exchange: int) -> int:
        """The exchange that the same side of the same conversation began before."""
        chain = self._chain("message", "direction")
        message = next(iter(self.messages_of_exchange(exchange)), 0)
        while message:
            message = chain.step(message, -1)
            found = self.exchange_of_message(message)
            if found not in (0, exchange):
                return found
        return 0

    def next_finding(self, findings: Sequence[Finding], level: str, no: int, step: int) -> int:
        """The nearest row of a level after (step +1) or before (-1) row no that a finding is about."""
        rows = self._rows_of(findings, level)
        at = int(np.searchsorted(rows, no, "right")) if step > 0 else int(np.searchsorted(rows, no, "left")) - 1
        return int(rows[at]) if 0 <= at < len(rows) else 0

    def _rows_of(self, findings: Sequence[Finding], level: str) -> Keys:
        """The rows that findings are about, in order, each once; without those about the whole capture."""
        count = len(findings)
        self.update()  # after counting: what these findings are about is in the tables
        known = self._finding_rows.get(level)
        if known is not None and known[0] is findings and known[1:3] == (count, self._exchanges):
            return known[3]
        frames = np.fromiter((f.frame for f in findings[:count]), np.int64, count)
        rows = frames
        if level != "frame":
            messages = np.fromiter((f.message for f in findings[:count]), np.int64, count)
            rows = messages = np.where(messages > 0, messages, self._carried.nearest(frames))
        if level == "exchange":
            own = np.fromiter((f.exchange for f in findings[:count]), np.int64, count)
            exchanges = grown(self._exchange, self._messages + 1)[messages]
            rows = np.where(own > 0, own, np.where(exchanges > 0, exchanges, self._begun.nearest(frames)))
        rows = np.unique(rows[rows > 0])
        self._finding_rows[level] = (findings, count, self._exchanges, rows)
        return rows
