"""What timing says while it still measures: its rows, and the measurements behind one, without holding it up for long.

shot = Snapshot(timing, "session.pcapng", capture.turn)
for key, row in shot.rows(): …            # called again: only the rows that grew are made again
shot.behind(key, 1000).worst[0].end_frame
"""

import copy
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.model import Measurement
from analyzer.timing import Timing
from analyzer.timing_column import NONE, Column
from analyzer.timing_plan import Plan
from analyzer.timing_rows import grouped, row
from analyzer.verdict import FAIL, PASS, UNANSWERED, UNDECIDABLE, UNJUDGED
from dissectors.profile import Profile
from dissectors.profile_types import Timing as TimingRule
from dissectors.record import Value

RowKey = tuple[str, int, int, int]  # profile, index of the rule in it, client, server (-1: none)
Group = tuple[Profile, int, int, int, list[Column], list[Plan]]
ROWS_A_TURN = 64
# One measurement as timing_column.KEPT packs it.
KEPT = np.dtype(
    [("start_ns", "<i8"), ("end_ns", "<i8"), ("ns", "<i8"), ("lo_ns", "<i8"), ("hi_ns", "<i8"), ("start_frame", "<u4"),
     ("end_frame", "<u4"), ("verdict", "u1"), ("needs", "u1"), ("limit", "<u4")]
)  # fmt: skip
# the order in which a person looks at measurements
FIRST = {FAIL: 0, UNDECIDABLE: 1, UNANSWERED: 2, PASS: 3, UNJUDGED: 4}


class Behind(Value, frozen=True):
    """What a row rests on. values: measured; waits: of the unanswered; needs: what was missing, how often; worst: the
    measurements nearest to the limit or furthest beyond, failures first, as many as asked for of `count`."""

    timing: TimingRule
    values: npt.NDArray[np.int64]
    waits: npt.NDArray[np.int64]
    needs: dict[str, int]
    worst: list[Measurement]
    count: int


class Snapshot:
    """turn: what to hold while columns are read."""

    def __init__(
        self, timing: Timing, source: str, turn: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self.timing = timing
        self.source = source
        self.turn = turn
        self._made: dict[RowKey, tuple[int, dict[str, Any]]] = {}

    def rows(self) -> list[tuple[RowKey, dict[str, Any]]]:
        """Rows as Timing.rows gives them, but a rule that nothing spoke of has one row, without client and server."""
        groups = self._groups()
        found: list[tuple[RowKey, dict[str, Any]]] = []
        for first in range(0, len(groups), ROWS_A_TURN):
            part = groups[first : first + ROWS_A_TURN]
            with self.turn():
                sizes = [sum(sum(column.counts) for column in group[4]) for group in part]
                for group, size in zip(part, sizes):
                    if self._known(_key(group), size) is None:
                        group[4][:] = [still(column) for column in group[4]]
            for group, size in zip(part, sizes):
                key = _key(group)
                made = self._known(key, size)
                if made is None:
                    made = row(self.source, *group)
                    self._made[key] = size, made
                found.append((key, made))
        return found

    def _known(self, key: RowKey, size: int) -> dict[str, Any] | None:
        found = self._made.get(key)
        return found[1] if found is not None and found[0] == size and size else None

    def _groups(self) -> list[Group]:
        with self.turn():
            every = [(g, any(any(c.counts) for c in g[4])) for g in grouped(self.timing.book)]
        heard = {(g[0].name, g[1]) for g, spoke in every if spoke}
        out: list[Group] = []
        for g, spoke in every:
            rule = (g[0].name, g[1])
            if spoke:
                out.append(g)
            elif rule not in heard:
                heard.add(rule)
                out.append((g[0], g[1], -1, -1, [], g[5]))
        return out

    def behind(self, key: RowKey, most: int) -> Behind | None:
        """The measurements of a row; None where there is no such rule. most: how many of the worst."""
        profile = self.timing.book.profiles.get(key[0])
        if profile is None:
            return None
        with self.turn():
            columns = [
                (still(column), bytes(column.each or b""))
                for k, column in self.timing.book.columns.items()
                if (k.profile, k.rule, k.client, k.server) == key
            ]
        kept = [(column, np.frombuffer(each, KEPT)) for column, each in columns]
        return Behind(
            profile.timing[key[1]],
            _joined([column.values for column, _ in kept]),
            _joined([column.waits for column, _ in kept]),
            _needs(kept),
            [column.measurement(found.item()) for column, found in _worst(kept, most)],
            sum(len(found) for _, found in kept),
        )


def _key(group: Group) -> RowKey:
    return group[0].name, group[1], group[2], group[3]


def still(column: Column) -> Column:
    """What a row needs of a column, as it is now; its measurements one by one are not copied."""
    found = copy.copy(column)
    found.counts, found.values, found.waits = column.counts[:], column.values[:], column.waits[:]
    found.limits, found.needs = column.limits[:], column.needs[:]
    found.each = None
    return found


def _joined(arrays: list["array[int]"]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *(np.frombuffer(a, np.int64) for a in arrays if len(a))])


def _needs(kept: list[tuple[Column, npt.NDArray[Any]]]) -> dict[str, int]:
    out: dict[str, int] = {}
    for column, found in kept:
        for index, count in enumerate(np.bincount(found["needs"])):
            if index and count:
                out[column.needs[index]] = out.get(column.needs[index], 0) + int(count)
    return out


def _worst(kept: list[tuple[Column, npt.NDArray[Any]]], most: int) -> Iterator[tuple[Column, Any]]:
    """The most measurements of all columns that a person should see first."""
    of, at, rank, near = [], [], [], []
    for n, (column, found) in enumerate(kept):
        of.append(np.full(len(found), n))
        at.append(np.arange(len(found)))
        rank.append(np.array([FIRST[v] for v in sorted(FIRST)])[found["verdict"]])
        near.append(_margins(found, column))
    if not kept:
        return
    order = np.lexsort((np.concatenate(near), np.concatenate(rank)))[:most]
    columns, places = np.concatenate(of)[order], np.concatenate(at)[order]
    for n, place in zip(columns, places):
        column, found = kept[n]
        yield column, found[place]


def _margins(found: npt.NDArray[Any], column: Column) -> npt.NDArray[np.float64]:
    """verdict.margin of each measurement; of a time-out, on whose both sides there is pass and fail, how far the gap
    was from it. Where there is no limit the longer one is the nearer; unknown is far."""
    ns, limits = found["ns"].astype(np.float64), column.limits
    low = np.array([-np.inf if limit.low is None else limit.low for limit in limits])[found["limit"]]
    high = np.array([np.inf if limit.high is None else limit.high for limit in limits])[found["limit"]]
    if column.timeout:
        away = np.minimum(abs(high - ns), abs(ns - low))
        margins = np.where(found["verdict"] == FAIL, -away, away)
    else:
        margins = np.minimum(high - ns, ns - low)
    margins = np.where(np.isinf(margins), -ns, margins)
    return np.where(found["ns"] == NONE, np.inf, margins)


__all__ = ["Behind", "RowKey", "Snapshot"]
