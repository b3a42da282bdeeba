"""Filters over a kept capture: tests on columns by numpy, all others by a closure on the rows that are left.

numbers = select(analysis, "message", 'obis == 1-0:1.8.0*255 and result != "success"')
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analyzer import filter_language as language
from analyzer import filters, words
from analyzer.columns import NO_TIME
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


def select(analysis: "Analysis", level: str, source: str) -> npt.NDArray[np.int64]:
    """Numbers (from 1) of the frames, messages or exchanges that pass, in order. UsageError as filters.compile."""
    node = language.parse(source)
    filters.compile(source, level)  # every name is looked up, whether or not a row gets so far
    table = {"frame": analysis.frames, "message": analysis.messages, "exchange": analysis.exchanges}[level]
    every = np.ones(len(table), dtype=bool)
    return np.nonzero(Narrow(analysis, level, source, table.array()).by(node, every))[0].astype(np.int64) + 1


class Narrow:
    """Takes out of a set of rows those that do not pass."""

    def __init__(self, analysis: "Analysis", level: str, source: str, rows: npt.NDArray[Any]) -> None:
        self.analysis = analysis
        self.level = level
        self.source = source
        self.rows = rows
        self.make: Callable[[int], Any] = {
            "frame": analysis.frame, "message": analysis.message, "exchange": analysis.exchange,
        }[level]  # fmt: skip

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
        keep = filters.test(node, self.source, self.level)
        out = np.zeros(len(left), dtype=bool)
        for index in np.nonzero(left)[0]:
            out[index] = keep(self.make(int(index) + 1), self.analysis.run)
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
        found = NUMBERS[self.level].get(name)
        if found is None:
            return None
        values = self.rows[found[0]].astype(np.int64)
        known = np.ones(len(values), dtype=bool) if found[1] is None else values != found[1]
        return self.number(node, values, known)

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
