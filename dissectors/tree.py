"""Projections of a traced tree: the JSON `fields` object, lines of text, and JSON nodes.

A tree comes from dissecting with Trace. In the `fields` object the nodes of a container are keyed by
the last part of their field's code, the name of the ASN.1 component; nodes of type "encoding" are left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dissectors import data
from dissectors.cursor import Node
from dissectors.data_types import Data
from dissectors.field import json_value, text_value

SHOWN = 8  # octets of a node in its line


def fields(nodes: Iterable[Node]) -> dict[str, Any]:
    """The components of an APDU by name: SEQUENCE and CHOICE as objects, SEQUENCE OF as lists, Data as
    {"type", "value"}, enumerations by name, octets as hex, null where an optional one is absent."""
    return {node.field.key: component(node) for node in nodes if node.field.type != "encoding"}


def component(node: Node) -> Any:
    """One node as JSON. A Data that was not understood to its end is null: half a value is none."""
    kind = node.field.type
    if kind == "data":
        return data.builtins(node.value) if isinstance(node.value, Data) else None
    if kind == "list":
        return [component(child) for child in node.children if child.field.type != "encoding"]
    inner = fields(node.children)
    if inner:
        return inner
    return json_value(node.field, _value(node))


def text(node: Node) -> str:
    """What a person reads behind the label: the dissector's own words, else the value's."""
    return node.text if node.text is not None else text_value(node.field, _value(node))


def _value(node: Node) -> Any:
    """The node's value; the bit of a boolean field as a boolean."""
    return bool(node.value) if node.field.type == "bool" and isinstance(node.value, int) else node.value


def printable(words: str) -> str:
    """One line of printable characters: control characters from the wire as \\x0a."""
    return "".join(ch if ch.isprintable() else ch.encode("unicode_escape").decode("ascii") for ch in words)


def render(nodes: Iterable[Node], octets: bytes) -> list[str]:
    """The tree as text, a node a line: range, first octets in hex, label and value, indented by depth."""
    return [
        f"{'  ' * depth}{node.start}-{node.end} [{_hex(octets, node)}] {node.field.label}{_words(node)}"
        for depth, node in walk(nodes)
    ]


def _hex(octets: bytes, node: Node) -> str:
    shown = octets[node.start : min(node.end, node.start + SHOWN)].hex().upper()
    return f"{shown}…" if node.end - node.start > SHOWN else shown


def _words(node: Node) -> str:
    words = printable(text(node))
    return f": {words}" if words else ""


def walk(nodes: Iterable[Node], depth: int = 0) -> Iterator[tuple[int, Node]]:
    """Every node with its depth, parents first."""
    for node in nodes:
        yield depth, node
        yield from walk(node.children, depth + 1)


def to_json(nodes: Sequence[Node], buffer: str = "frame") -> list[dict[str, Any]]:
    """The tree as JSON nodes: field, label, start, end, buffer, text, children."""
    return [
        {
            "field": node.field.code,
            "label": node.field.label,
            "start": node.start,
            "end": node.end,
            "buffer": buffer,
            "text": text(node),
            "children": to_json(node.children, buffer),
        }
        for node in nodes
    ]
