"""Runs a bare dissector over octets in both readers, and looks at the tree, for tests."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dissectors.context import EMPTY, Context
from dissectors.cursor import Cursor, Node, Stop, Trace
from dissectors.field import json_value
from dissectors.problem import Problem

Read = tuple[Any, tuple[Problem, ...], list[Node], int]


def read(dissect: Callable[[Cursor, Context], Any], octets: bytes, context: Context = EMPTY) -> Read:
    """(value or None where it stopped, problems, tree, end): by Trace, after checking that Cursor agrees."""
    plain, traced = Cursor(octets), Trace(octets)
    values = []
    for c in (plain, traced):
        value = None
        try:
            value = dissect(c, context)
        except Stop as stopped:
            c.problems += (stopped.problem,)
        values.append(value)
    assert values[0] == values[1]
    assert plain.problems == traced.problems
    assert plain.pos == traced.pos
    tree = traced.finish()
    check(tree, 0, len(octets))
    return values[1], traced.problems, tree, traced.pos


def check(nodes: Sequence[Node], start: int, end: int) -> None:
    """Nodes lie inside their parent, in order and apart."""
    at = start
    for node in nodes:
        assert at <= node.start <= node.end <= end, (node.field.code, node.start, node.end, start, end)
        check(node.children, node.start, node.end)
        at = node.end


def flat(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from flat(node.children)


def fields(nodes: Sequence[Node]) -> dict[str, Any]:
    """The tree as the JSON contract writes `fields`: encoding nodes left out."""
    out: dict[str, Any] = {}
    for node in nodes:
        if node.field.type != "encoding":
            out[node.field.key] = fields(node.children) if node.children else json_value(node.field, node.value)
    return out


def codes(problems: Sequence[Problem]) -> list[str]:
    return [problem.kind.code for problem in problems]
