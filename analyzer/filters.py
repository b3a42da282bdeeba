"""Filters: a parsed filter as a test on rows, over the columns of the level and every dissected field.

keep = compile('apdu == "get-response-normal" && latency > 500 ms', "message")
rows = [m for m in run.messages() if keep(m, run)]
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from analyzer import filter_language as language
from analyzer import trees
from analyzer.filter_language import And, Not, Or, Test
from analyzer.model import Exchange, Message
from analyzer.rows import LEVELS, ONLY_FILTERS, Column
from analyzer.run import Run
from dissectors.field import Field
from dissectors.layers import LAYERS
from dissectors.record import Frame

Keep = Callable[[Any, Run], bool]
Values = Callable[[Any, Run], list[Any]]
TREE_LEVELS = ("frame", "message", "exchange")
EMPTY: tuple[Any, ...] = (None, "", [], {})
NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")


@lru_cache(maxsize=1)
def layer_fields() -> Mapping[str, tuple[str, Field]]:
    """Field code -> (layer's name, Field), for every layer."""
    return {field.code: (layer.name, field) for layer in LAYERS.values() for field in layer.fields}


def columns(level: str) -> dict[str, Column]:
    """The columns that a filter of a level may name."""
    return {column.name: column for column in (*LEVELS[level], *ONLY_FILTERS.get(level, ()))}


def compile(source: str, level: str) -> Keep:
    """The test for rows of a level. UsageError: position, what is wrong, what could stand there."""
    return build(language.parse(source), source, level)


def build(node: language.Node, source: str, level: str) -> Keep:
    """A closure for each node of the tree."""
    if isinstance(node, Not):
        inner = build(node.inner, source, level)
        return lambda item, run: not inner(item, run)
    if isinstance(node, And | Or):
        kind = type(node)
        parts: list[language.Node] = []
        rest: language.Node = node
        while isinstance(rest, kind):  # the tree leans to the left: a long list is no deep nesting
            parts.append(rest.right)
            rest = rest.left
        keeps = [build(part, source, level) for part in (rest, *reversed(parts))]
        if kind is And:
            return lambda item, run: all(keep(item, run) for keep in keeps)
        return lambda item, run: any(keep(item, run) for keep in keeps)
    return test(node, source, level)


def test(node: Test, source: str, level: str) -> Keep:
    values = reader(node, source, level)
    if node.operator == "exists":
        return lambda item, run: any(v is not False and v not in EMPTY for v in values(item, run))
    holds = COMPARE[node.operator]
    wanted = node.value
    if node.operator == "!=":  # differs from every value, as Wireshark's !==
        return lambda item, run: not any(COMPARE["=="](v, wanted) for v in values(item, run))
    return lambda item, run: any(holds(v, wanted) for v in values(item, run))


def reader(node: Test, source: str, level: str) -> Values:
    """The values of the field that a test names."""
    column = columns(level).get(node.name)
    if column is not None:
        get = column.get
        if column.name == "problems":
            return lambda item, run: [p["code"] for p in get(item, run)] or [None]
        return lambda item, run: flat(get(item, run))
    if level in TREE_LEVELS and node.name in layer_fields():
        code = node.name
        return lambda item, run: list(tree_values(item, run, code))
    raise language.FilterError(source, node.at, f"no field {node.name!r} at level {level}: {hint(node.name, level)}")


@lru_cache(maxsize=256)  # asked again at each key stroke behind a name that is wrong
def hint(name: str, level: str) -> str:
    """What could be meant by a name that a level does not have."""
    known = [*columns(level), *(layer_fields() if level in TREE_LEVELS else ())]
    near = difflib.get_close_matches(name, known, 3, 0.7)  # 0.6 takes twice the time for worse guesses
    return f"did you mean {', '.join(near)}" if near else "see cosemscope fields"


def flat(value: Any) -> list[Any]:
    """A value as the list of values that a test looks at: lists by element, Data by its own value."""
    if isinstance(value, list):
        return [leaf for element in value for leaf in flat(element)] or [None]
    if isinstance(value, dict):
        return flat(value["value"]) if set(value) >= {"type", "value"} else list(leaves(value))
    return [value]


def leaves(value: dict[str, Any]) -> Iterator[Any]:
    for element in value.values():
        yield from flat(element)


def tree_values(item: Frame | Message | Exchange, run: Run, code: str) -> Iterator[Any]:
    """The values of a dissected field: of the frame, or of the frames and the APDU of a message."""
    if isinstance(item, Frame):
        nodes = trees.frame_nodes(item, run)
    elif isinstance(item, Message):
        frames = [frame for no in item.pdu.frames if (frame := run.recent_frame(no)) is not None]
        nodes = [*trees.message_nodes(item, run), *(n for f in frames for n in trees.frame_nodes(f, run))]
    else:
        frames = [frame for no in item.frames if (frame := run.recent_frame(no)) is not None]
        nodes = [n for f in frames for n in trees.frame_nodes(f, run)]
    for node in trees.descend(nodes):
        if node.field.code == code:
            yield from trees.comparable(node)


def _order(low: Any, value: Any) -> int | None:
    """-1, 0, 1 as value is below, at, above low; None where they cannot be compared."""
    if value is None or isinstance(value, bool) != isinstance(low, bool):
        return None
    if not isinstance(value, (int, float, str)):
        return None  # a layer's own value: its words come beside it
    if isinstance(low, (int, float)) != isinstance(value, (int, float)):
        low, value = number(low), number(value)  # "13 octets" is the words of a value, not above 13
        if low is None or value is None:
            return None
    return int(value > low) - int(value < low)


def number(value: float | str) -> float | None:
    """A number, or the text of one; None for any other text."""
    if not isinstance(value, str):
        return value
    if NUMBER.fullmatch(value) is None:
        return None
    return float(value) if "." in value else int(value)


def _in(value: Any, ranges: tuple[tuple[Any, Any], ...]) -> bool:
    for low, high in ranges:
        above, below = _order(low, value), _order(high, value)
        if above is not None and below is not None and above >= 0 and below <= 0:
            return True
    return False


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda v, w: _order(w, v) == 0,
    "!=": lambda v, w: _order(w, v) not in (0, None),
    "<": lambda v, w: _order(w, v) == -1,
    "<=": lambda v, w: _order(w, v) in (-1, 0),
    ">": lambda v, w: _order(w, v) == 1,
    ">=": lambda v, w: _order(w, v) in (0, 1),
    "contains": lambda v, w: v is not None and str(w) in str(v),
    "matches": lambda v, w: v is not None and w.search(str(v)) is not None,
    "in": _in,
}
