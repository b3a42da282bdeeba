"""Load: how much a line carries over time, counted from the columns of a kept capture.

A frame counts in the bin where it starts; its octets are spread over the time it took, so that the busy share of a
serial line is right in short bins too. Busy is octets × bits of a character / baud, where the baud rate is known.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.analysis import Analysis
from analyzer.columns import NO_TIME, Table
from dissectors.problem import Severity
from dissectors.record import Channel, Direction, Path, Value

PART = 65536  # rows read within one turn
BINS = 240  # at most, where no width is asked for
BINS_MAX = 20_000  # and where one is
MS, SECOND, MINUTE, HOUR, DAY = 10**6, 10**9, 60 * 10**9, 3600 * 10**9, 86400 * 10**9
WIDTHS = (
    *(n * MS for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)), *(n * SECOND for n in (1, 2, 5, 10, 30)),
    *(n * MINUTE for n in (1, 2, 5, 10, 30)), *(n * HOUR for n in (1, 2, 6, 12)), *(n * DAY for n in (1, 7, 30, 365)),
)  # fmt: skip
FRAME_COLUMNS = ("first_ns", "last_ns", "size", "carrier", "channel", "direction", "path")
EXCHANGE_COLUMNS = ("first_asked_ns", "asked_ns", "request", "channel")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class ChannelLoad(Value, frozen=True):
    """One channel, or all together (channel None). Arrays have an element a bin. busy: share of the time, None where
    the baud rate is not known. frame: number of the first frame of a bin, 0 without. to_server, to_client: octets of
    the whole capture. loose: frames without a time, in no bin."""

    channel: Channel | None
    frames: Ints
    octets: Floats
    requests: Ints
    errors: Ints
    frame: Ints
    busy: Floats | None
    total_frames: int
    total_octets: int
    to_server: int
    to_client: int
    loose: int


class Load(Value, frozen=True):
    """first_ns: start of the first bin, None where no frame has a time; bins: their number, each width_ns long.
    duration_ns: from the first octet to the last."""

    first_ns: int | None
    width_ns: int
    bins: int
    duration_ns: int
    channels: tuple[ChannelLoad, ...]
    all: ChannelLoad


def load(analysis: Analysis, width_ns: int = 0, turn: Callable[[], AbstractContextManager[None]] = nullcontext) -> Load:
    """width_ns: of a bin; 0: the one of WIDTHS that makes at most BINS of them. turn: what to hold while reading."""
    with turn():
        frames, exchanges = len(analysis.frames), len(analysis.exchanges)
        channels = list(analysis.channels)
        problems = list(analysis.problems_of.items())
    first, last = _span(analysis.frames, frames, turn)
    width = _width(last - first, width_ns)
    start = first - first % width
    bins = (last - start) // width + 1 if last >= first else 0
    counted = [_Bins(channel, start, width, bins) for channel in channels]
    errors = (no for no, found in problems if no <= frames and any(p.severity == Severity.ERROR for p in found))
    faulty = np.fromiter(errors, np.int64)
    at = 1
    for part in _parts(analysis.frames, FRAME_COLUMNS, frames, turn):
        wrong = np.zeros(len(part), bool)
        wrong[faulty[(faulty >= at) & (faulty < at + len(part))] - at] = True
        for one in counted:
            one.frames_of(part, at, wrong)
        at += len(part)
    for part in _parts(analysis.exchanges, EXCHANGE_COLUMNS, exchanges, turn):
        for one in counted:
            one.requests_of(part)
    heard = tuple([one.result() for one in counted if one.total_frames])
    together = _together(counted, analysis.paths, _Bins(None, start, width, bins))
    return Load(start if bins else None, width, bins, max(0, last - first), heard, together)


def finer(width_ns: int) -> int:
    """The next shorter width."""
    return max((w for w in WIDTHS if w < width_ns), default=WIDTHS[0])


def wider(width_ns: int) -> int:
    """The next longer width."""
    return min((w for w in WIDTHS if w > width_ns), default=WIDTHS[-1])


def _width(span: int, wanted: int) -> int:
    most = BINS_MAX if wanted else BINS
    return next((w for w in WIDTHS if w >= wanted and span // w + 2 <= most), max(1, span // (most - 2)))


def _parts(
    table: Table, names: Sequence[str], count: int, turn: Callable[[], AbstractContextManager[None]]
) -> Iterator[npt.NDArray[Any]]:
    for first in range(0, count, PART):
        with turn():
            part = table.part(first, min(first + PART, count)).array(*names)
        yield part


def _span(table: Table, count: int, turn: Callable[[], AbstractContextManager[None]]) -> tuple[int, int]:
    """(first, last) moment of any frame; (0, -1) where none has a time."""
    first, last = 1 << 62, -(1 << 62)
    for part in _parts(table, ("first_ns", "last_ns"), count, turn):
        timed = part[part["first_ns"] != NO_TIME]
        if len(timed):
            first = min(first, int(timed["first_ns"].min()))
            last = max(last, int(timed["first_ns"].max()), int(timed["last_ns"].max()))
    return (first, last) if last >= first else (0, -1)


class _Bins:
    """One channel while it is counted."""

    def __init__(self, channel: Channel | None, start: int, width: int, bins: int) -> None:
        self.channel = channel
        self.start, self.width, self.bins = start, width, bins
        self.frames, self.requests, self.errors = (np.zeros(bins, np.int64) for _ in range(3))
        self.frame = np.zeros(bins, np.int64)
        self.octets = np.zeros(bins)
        self.paths: set[int] = set()
        self.total_frames = self.total_octets = self.to_server = self.to_client = self.loose = 0

    def frames_of(self, part: npt.NDArray[Any], at: int, wrong: npt.NDArray[np.bool_]) -> None:
        """Takes frames; at: the number of the first one; wrong: those with an error."""
        assert self.channel is not None
        own = part["channel"] == self.channel.number
        if not own.any():
            return
        rows, numbers, wrong = part[own], np.nonzero(own)[0] + at, wrong[own]
        size = rows["size"].astype(np.int64) + rows["carrier"]
        self.total_frames += len(rows)
        self.paths.update(np.unique(rows["path"]).tolist())
        self.total_octets += int(size.sum())
        self.to_server += int(size[rows["direction"] == Direction.TO_SERVER].sum())
        self.to_client += int(size[rows["direction"] == Direction.TO_CLIENT].sum())
        timed = rows["first_ns"] != NO_TIME
        self.loose += int((~timed).sum())
        rows, numbers, wrong, size = rows[timed], numbers[timed], wrong[timed], size[timed]
        place = (rows["first_ns"] - self.start) // self.width
        self.frames += np.bincount(place, minlength=self.bins)
        self.errors += np.bincount(place[wrong], minlength=self.bins)
        places, firsts = np.unique(place, return_index=True)
        new = self.frame[places] == 0
        self.frame[places[new]] = numbers[firsts[new]]
        last = np.where(rows["last_ns"] == NO_TIME, rows["first_ns"], rows["last_ns"])
        self._spread(rows["first_ns"] - self.start, np.maximum(last, rows["first_ns"]) - self.start, size)

    def _spread(self, first: Ints, last: Ints, size: Ints) -> None:
        """Octets of each frame over the bins that it lasted through, by time."""
        begin, end = first // self.width, last // self.width
        rate = size / np.maximum(last - first, 1)  # octets a ns
        one = begin == end
        self.octets += np.bincount(begin[one], size[one], self.bins)
        begin, end, first, last, rate = begin[~one], end[~one], first[~one], last[~one], rate[~one]
        self.octets += np.bincount(begin, rate * ((begin + 1) * self.width - first), self.bins)
        self.octets += np.bincount(end, rate * (last - end * self.width), self.bins)
        steps = np.bincount(begin + 1, rate, self.bins + 1) - np.bincount(end, rate, self.bins + 1)
        self.octets += np.maximum(np.cumsum(steps)[: self.bins], 0) * self.width  # whole bins in between

    def requests_of(self, part: npt.NDArray[Any]) -> None:
        """Takes exchanges: a request counts when it was asked first."""
        assert self.channel is not None
        asked = np.where(part["first_asked_ns"] == NO_TIME, part["asked_ns"], part["first_asked_ns"])
        own = (part["channel"] == self.channel.number) & (part["request"] > 0) & (asked != NO_TIME)
        place = (asked[own] - self.start) // self.width
        place = place[(place >= 0) & (place < self.bins)]
        self.requests += np.bincount(place, minlength=self.bins)

    def busy(self) -> Floats | None:
        channel = self.channel
        if channel is None or not channel.baud or not self.bins:
            return None
        return np.asarray(self.octets * channel.character_bits * (SECOND / channel.baud / self.width))

    def result(self, busy: Floats | None = None) -> ChannelLoad:
        return ChannelLoad(
            self.channel, self.frames, self.octets, self.requests, self.errors, self.frame,
            self.busy() if self.channel is not None else busy, self.total_frames, self.total_octets, self.to_server,
            self.to_client, self.loose,
        )  # fmt: skip


def _together(found: Sequence[_Bins], paths: Sequence[Path], out: _Bins) -> ChannelLoad:
    """All channels. Their busy shares add up where one conversation is on all: the wires of one line, on which one
    side speaks at a time."""
    heard = [one for one in found if one.total_frames]
    for one in heard:
        for name in ("frames", "octets", "requests", "errors"):
            setattr(out, name, getattr(out, name) + getattr(one, name))
        for name in ("total_frames", "total_octets", "to_server", "to_client", "loose"):
            setattr(out, name, getattr(out, name) + getattr(one, name))
        earlier = (one.frame > 0) & ((out.frame == 0) | (one.frame < out.frame))
        out.frame[earlier] = one.frame[earlier]
    shares = [one.busy() for one in heard]
    lines = [{paths[path].number for path in one.paths} for one in heard]
    known = [share for share in shares if share is not None]
    one_line = known and len(known) == len(shares) and set.intersection(*lines)
    return out.result(np.sum(known, axis=0) if one_line else None)


__all__ = ["ChannelLoad", "Load", "finer", "load", "wider"]
