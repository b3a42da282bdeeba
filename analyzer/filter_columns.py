"""Filters over a kept capture: tests on columns by numpy, all others by a closure on the rows that are left.

numbers = select(analysis, "message", 'obis == 1-0:1.8.0*255 and result != "success"')
chooser = Chooser(analysis, "frame", "kind == I")  # of a capture that is still read
numbers = chooser.part(0, 4096)
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analyzer import filter_language as language
from analyzer import filters, words
from analyzer.columns import NO_TIME, Part
from analyzer.filter_language import And, Not, Or, Test
from dissectors.record import DIRECTION_NAMES

if TYPE_CHECKING:
    from analyzer.analysis import Analysis

Mask = npt.NDArray[np.bool_]
# Names of a level's columns that are numbers in the tables: name -> (column, the value that means "nothing").
TIME_COLUMNS = (("time_ns", "first_ns"), ("end_ns", "last_ns"), ("uncertainty_ns", "uncertainty_ns"))
TIMES: dict[str, tuple[str, int | None]] = {name: (column, NO_TIME) for name, column in TIME_COLUMNS}
SPANS = ("app_response_ns", "lo_ns", "hi_ns", "complete_ns", "link_response_ns", "line_ns", "server_ns", "client_ns")
NUMBERS: dict[str, dict[str, tuple[str, int | None]]] = {
    "frame": {**TIMES, "length": ("size", None)},
    "message": {
        **TIMES,
        "association": ("association", 0),
        "client": ("client", -1),
        "server": ("server", -1),
        "physical": ("physical", -1),
        "invoke_id": ("invoke_id", -1),
    },
    "exchange": {
        **{name: (name, NO_TIME) for name in (*SPANS, "waited_ns")},
        "latency": ("app_response_ns", NO_TIME),
        "time_ns": ("asked_ns", NO_TIME),
        "association": ("association", 0),
        "client": ("client", -1),
        "server": ("server", -1),
        "physical": ("physical", -1),
        "polls": ("polls", None),
        "attempts": ("attempts", None),
        "blocks": ("blocks", None),
    },
}
WORDS = {
    "frame": ("kind", "layer", "profile"),
    "message": ("apdu", "result", "profile"),
    "exchange": ("service", "result", "profile"),
}
TARGETS: dict[str, Callable[[Any], Any]] = {
    "class_id": lambda t: t and t.class_id,
    "obis": lambda t: t and words.obis(t.obis),
    "attribute": lambda t: t and t.attribute,
    "method": lambda t: t and t.method,
}
ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


CHUNK = 65536  # rows looked at together: bounds the copy


def select(analysis: "Analysis", level: str, source: str) -> npt.NDArray[np.int64]:
    """Numbers (from 1) of the frames, messages or exchanges that pass, in order. UsageError as filters.compile."""
    chooser = Chooser(analysis, level, source)
    count = len(chooser.table)
    parts = [chooser.part(first, first + CHUNK) for first in range(0, count, CHUNK)]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


class Chooser:
    """A filter on the rows of a level, read and checked once. UsageError as filters.compile."""

    def __init__(self, analysis: "Analysis", level: str, source: str) -> None:
        self.analysis = analysis
        self.level = level
        self.table, self.make = analysis.kept(level)
        self.node = language.parse(source)
        filters.build(self.node, source, level)  # every name is looked up, whether or not a row gets so far
        self.source = source

    def part(self, first: int, last: int) -> npt.NDArray[np.int64]:
        """Numbers (from 1) of those that pass among rows first..last (from 0, last exclusive), as far as they are."""
        rows = self.table.part(first, last)
        every = np.ones(len(rows), dtype=bool)
        return np.nonzero(Narrow(self, first, rows).by(self.node, every))[0].astype(np.int64) + first + 1


class Narrow:
    """Takes out of rows that lie one behind the other (the first has number first + 1) those that do not pass."""

    def __init__(self, chooser: Chooser, first: int, rows: Part) -> None:
        self.chooser = chooser
        self.analysis = chooser.analysis
        self.level = chooser.level
        self.first = first
        self.rows = rows

    def by(self, node: language.Node, left: Mask) -> Mask:
        """The rows of `left` that pass."""
        if isinstance(node, And):
            return self.by(node.right, self.by(node.left, left))
        if isinstance(node, Or):
            first = self.by(node.left, left)
            return first | self.by(node.right, left & ~first)
        if isinstance(node, Not):
            return left & ~self.by(node.inner, left)
        column = self.column(node)
        return left & column if column is not None else self.one_by_one(node, left)

    def one_by_one(self, node: Test, left: Mask) -> Mask:
        keep = filters.test(node, self.chooser.source, self.level)
        make, run, number = self.chooser.make, self.analysis.run, self.first + 1
        out = np.zeros(len(left), dtype=bool)
        for index in np.nonzero(left)[0].tolist():
            out[index] = keep(make(index + number), run)
        return out

    def column(self, node: Test) -> Mask | None:
        """The test on all rows at once, None where it is not about a column."""
        name = node.name
        if name in WORDS[self.level]:
            return self.spread(node, [word or None for word in self.analysis.words.words], self.rows[name])
        if name == "direction" and self.level != "exchange":
            return self.spread(node, DIRECTION_NAMES, self.rows["direction"])
        if name == "channel":
            channels = self.rows["channel"]
            most = int(channels.max()) + 1 if len(channels) else 0
            return self.spread(node, [str(n) for n in range(most)], channels)
        if name in TARGETS and self.level != "frame":
            return self.spread(node, [TARGETS[name](t) for t in self.analysis.targets], self.rows["target"])
        if name == "no":
            numbers = np.arange(self.first + 1, self.first + len(self.rows) + 1)
            return self.number(node, numbers, np.ones(len(numbers), dtype=bool))
        if name == "latency" and self.level == "message":
            return self.number(node, *self.latency())
        found = NUMBERS[self.level].get(name)
        if found is None:
            return None
        values = self.rows[found[0]].astype(np.int64)
        known = np.ones(len(values), dtype=bool) if found[1] is None else values != found[1]
        return self.number(node, values, known)

    def latency(self) -> tuple[npt.NDArray[np.int64], Mask]:
        """Of each response the time since the last attempt of its request, and whether that is known."""
        requests = self.rows["request"].astype(np.int64)
        known = (requests > 0) & (self.rows["first_ns"] != NO_TIME)
        out = np.zeros(len(requests), np.int64)
        if not known.any():
            return out, known
        lowest = int(requests[known].min())
        asked_ns = self.analysis.messages.part(lowest - 1, int(requests.max()))["last_ns"].copy()
        repeated = np.array(list(self.analysis.attempt_ns_of), np.int64)
        for number in repeated[np.isin(repeated, requests[known])].tolist():
            asked_ns[number - lowest] = self.analysis.attempt_ns_of[number]
        asked_ns = asked_ns[np.where(known, requests - lowest, 0)]
        known &= asked_ns != NO_TIME
        return np.where(known, self.rows["first_ns"] - asked_ns, 0), known

    def spread(self, node: Test, values: Sequence[Any], codes: npt.NDArray[Any]) -> Mask:
        """A test on few different values: asked once for each."""
        passes = np.array([holds(node, value) for value in values] or [False], dtype=bool)
        return passes[codes.astype(np.int64)] if len(codes) else np.zeros(0, dtype=bool)

    def number(self, node: Test, values: npt.NDArray[np.int64], known: Mask) -> Mask | None:
        wanted = node.value
        if node.operator == "exists":
            return known
        if node.operator == "in":
            out = np.zeros(len(values), dtype=bool)
            for low, high in wanted:
                if not (plain(low) and plain(high)):
                    return None
                out |= (values >= low) & (values <= high)
            return known & out
        order = ORDERS.get(node.operator)
        if order is None or not plain(wanted):
            return None
        found: Mask = order(values, wanted)
        return found | ~known if node.operator == "!=" else known & found


def plain(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def holds(node: Test, value: Any) -> bool:
    """The test on one value, with the rules of filters.test."""
    if node.operator == "exists":
        return value is not False and value not in filters.EMPTY
    if node.operator == "!=":
        return not filters.COMPARE["=="](value, node.value)
    return filters.COMPARE[node.operator](value, node.value)
