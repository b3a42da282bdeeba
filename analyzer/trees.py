"""Trees: a frame or message dissected again, as nodes with ranges in named buffers."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from analyzer import words
from analyzer.model import Message
from analyzer.run import Run
from dissectors.context import EMPTY, Context
from dissectors.cursor import Node
from dissectors.field import json_value, text_value
from dissectors.layer import Dissected, walk
from dissectors.layers import LAYERS
from dissectors.link.packets import first_layer
from dissectors.record import Frame, Value

OWN = {
    "wrapper": "wrapper",
    "hdlc": "hdlc",
    "apdu": "apdu",
    "llc": "llc",
    "iec62056-21": "iec62056-21",
}  # layer or kind of a frame -> its first layer


class TreeNode(Value, frozen=True, gc=False):
    """A node as the JSON contract has it. field: code of the field (a layer's name at the top);
    start and end: octets of the buffer named; text: the value for a person."""

    field: str
    label: str
    start: int
    end: int
    buffer: str
    text: str
    children: tuple["TreeNode", ...]


def convert(node: Node, buffer: str) -> TreeNode:
    """A Trace's node; its own text before the field's default."""
    text = node.text if node.text is not None else text_value(node.field, node.value)
    children = tuple(convert(child, buffer) for child in node.children)
    return TreeNode(node.field.code, node.field.label, node.start, node.end, buffer, words.printable(text), children)


def layer_node(layer: Dissected, buffer: str) -> TreeNode:
    """One layer with its fields, and its problems as last children."""
    known = LAYERS.get(layer.layer)
    children = tuple(convert(node, buffer) for node in layer.tree)
    children += tuple(
        TreeNode("problem." + p.kind.code, p.kind.code, p.start, p.end, p.buffer, p.text, ()) for p in layer.problems
    )
    clause = known.clause if known is not None else ""
    return TreeNode(layer.layer, layer.layer, layer.start, layer.end, buffer, clause, children)


def octet_trees(octets: bytes, first: str, buffer: str, context: Context = EMPTY) -> tuple[TreeNode, ...]:
    """Octets dissected from a layer up."""
    return tuple(layer_node(d, buffer) for d in walk(octets, first, LAYERS, context, trace=True, buffer=buffer))


def _parts(frame: Frame, run: Run) -> Iterator[tuple[bytes, str, str, Context]]:
    """(octets, first layer, buffer, context): the packet around a frame, then the frame's own octets."""
    link = run.channels[frame.channel].link_type if frame.channel < len(run.channels) else -1
    lowest = first_layer(link)
    start = OWN.get(frame.kind) or OWN.get(frame.layer)
    packet = frame.carrier if start is not None or frame.carrier else frame.octets
    if lowest and packet:
        yield packet, lowest, "packet", EMPTY
    if start is not None:
        yield frame.octets, start, "frame", Context(direction=frame.direction)


def frame_tree(frame: Frame, run: Run) -> tuple[TreeNode, ...]:
    """The packet around a frame (buffer "packet"), then the frame's own layers (buffer "frame")."""
    out: tuple[TreeNode, ...] = ()
    for octets, first, buffer, context in _parts(frame, run):
        nodes = octet_trees(octets, first, buffer, context)
        if buffer == "packet" and frame.carrier:
            nodes = tuple(_without_truncation(node) for node in nodes)  # the payload is the other buffer
        out += nodes
    return out


def _without_truncation(node: TreeNode) -> TreeNode:
    kept = tuple(child for child in node.children if not child.field.startswith("problem."))
    return replace(node, children=kept)


def frame_nodes(frame: Frame, run: Run) -> list[Node]:
    """The same as Nodes with values, for filters."""
    return [
        node
        for octets, first, buffer, context in _parts(frame, run)
        for layer in walk(octets, first, LAYERS, context, trace=True, buffer=buffer)
        for node in layer.tree
    ]


def message_tree(m: Message, run: Run) -> tuple[TreeNode, ...]:
    """A message's APDU, dissected with what its association knew (buffer "apdu"); or the P1 telegram that was
    ciphered like one (customer ports of Luxembourg and Austria)."""
    first = "iec62056-21" if m.octets[:1] == b"/" else "apdu"
    return octet_trees(m.octets, first, "apdu", run.associations.contexts[m.context])


def message_nodes(m: Message, run: Run) -> list[Node]:
    """The same as Nodes with values, for filters."""
    context = run.associations.contexts[m.context]
    return [node for layer in walk(m.octets, "apdu", LAYERS, context, trace=True) for node in layer.tree]


def descend(nodes: Iterable[Node]) -> Iterator[Node]:
    """Every node, parents first."""
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children[::-1]


def comparable(node: Node) -> Iterator[Any]:
    """What a filter may compare with a field: its number, its name, its text."""
    value = node.value
    if value is not None and not isinstance(value, (bytes, bytearray)):
        yield value
    shown = json_value(node.field, value)
    if shown != value and shown is not None:
        yield from shown if isinstance(shown, list) else [shown]
    text = node.text if node.text is not None else text_value(node.field, value)
    if text and text != shown:
        yield text


def render(trees: tuple[TreeNode, ...], depth: int = 0) -> list[str]:
    """A node a line: indent, label, text, octet range."""
    out: list[str] = []
    for node in trees:
        text = f": {node.text}" if node.text else ""
        out.append(f"{'  ' * depth}{node.label}{text}  [{node.start}..{node.end}]")
        out += render(node.children, depth + 1)
    return out
