"""Trees: a frame or message dissected again, as nodes with ranges in named buffers."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from analyzer import secrets, words
from analyzer.model import Message
from analyzer.run import Run
from dissectors.context import EMPTY, Context
from dissectors.cursor import Node
from dissectors.field import json_value, text_value
from dissectors.layer import Dissected, Layer, walk
from dissectors.layers import LAYERS
from dissectors.link.packets import first_layer
from dissectors.problem import SEVERITY_NAMES, Problem, Severity
from dissectors.record import Frame, Value

BELOW = {name: layer for name, layer in LAYERS.items() if name not in ("apdu", "xdlms", "acse")}  # no APDU
PROBLEM = "problem."  # and the problem's code: field of its node
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


def convert(node: Node, buffer: str, at: int = 0, mask: bool = False) -> TreeNode:
    """A Trace's node; its own text before the field's default. at: where in the buffer the octets begin. mask: the
    APDU carries a secret, so every Data and raw data keeps its type and size only."""
    if mask and (node.field.type == "data" or node.field.key == "raw-data"):
        text = secrets.masked_text(node.value, node.end - node.start)
    else:
        text = node.text if node.text is not None else text_value(node.field, node.value)
    children = tuple([convert(child, buffer, at, mask) for child in node.children])
    start, end = node.start + at, node.end + at
    return TreeNode(node.field.code, node.field.label, start, end, buffer, words.printable(text), children)


def layer_node(layer: Dissected, buffer: str, at: int = 0, mask: bool = False) -> TreeNode:
    """One layer with its fields, and its problems as last children."""
    known = LAYERS.get(layer.layer)
    children = tuple([convert(node, buffer, at, mask) for node in layer.tree])
    children += tuple([problem_node(p, buffer, at) for p in layer.problems])
    clause = known.clause if known is not None else ""
    return TreeNode(layer.layer, layer.layer, layer.start + at, layer.end + at, buffer, clause, children)


def problem_node(p: Problem, buffer: str, at: int = 0) -> TreeNode:
    """A problem as a node of the field "problem.CODE": "error: what is wrong [clause]"."""
    clause = f" [{p.kind.clause}]" if p.kind.clause else ""
    text = words.printable(f"{SEVERITY_NAMES[p.severity]}: {p.text}{clause}")
    return TreeNode(PROBLEM + p.kind.code, p.kind.code, p.start + at, p.end + at, buffer, text, ())


def severity(node: TreeNode) -> Severity | None:
    """How bad the problem is that a node tells of; None for any other node."""
    if not node.field.startswith(PROBLEM):
        return None
    return Severity(SEVERITY_NAMES.index(node.text.partition(":")[0]))


def octet_trees(
    octets: bytes,
    first: str,
    buffer: str,
    context: Context = EMPTY,
    at: int = 0,
    mask: bool = False,
    layers: Mapping[str, Layer] = LAYERS,
) -> tuple[TreeNode, ...]:
    """Octets dissected from a layer up. at: where in the buffer they begin. mask: as convert has it."""
    found = walk(octets, first, layers, context, trace=True, buffer=buffer)
    return tuple([layer_node(d, buffer, at, mask or secrets.carries(d.value)) for d in found])


def parts(frame: Frame, run: Run) -> Iterator[tuple[bytes, str, str, Context]]:
    """(octets, first layer, buffer, context): the packet around a frame, then the frame's own octets."""
    link = run.channels[frame.channel].link_type if frame.channel < len(run.channels) else -1
    lowest = first_layer(link)
    start = OWN.get(frame.kind) or OWN.get(frame.layer)
    packet = frame.carrier if start is not None or frame.carrier else frame.octets
    if lowest and packet:
        yield packet, lowest, "packet", EMPTY
    if start is not None:
        yield frame.octets, start, "frame", Context(direction=frame.direction)


def frame_tree(frame: Frame, run: Run, suffix: str = "", layers: Mapping[str, Layer] = LAYERS) -> tuple[TreeNode, ...]:
    """The packet around a frame (buffer "packet"), then the frame's own layers (buffer "frame"). suffix: of the names
    of both buffers, where those of several frames stand side by side. An APDU that carries a secret is masked where
    it says so itself, as requests do; of a response only message_tree knows."""
    out: tuple[TreeNode, ...] = ()
    for octets, first, buffer, context in parts(frame, run):
        nodes = octet_trees(octets, first, buffer + suffix, context, layers=layers)
        if buffer == "packet" and frame.carrier:
            nodes = tuple(_without_truncation(node) for node in nodes)  # the payload is the other buffer
        out += nodes
    return out


def _without_truncation(node: TreeNode) -> TreeNode:
    kept = tuple(child for child in node.children if not child.field.startswith(PROBLEM))
    return replace(node, children=kept)


def frame_nodes(frame: Frame, run: Run) -> list[Node]:
    """The same as Nodes with values, for filters."""
    return [
        node
        for octets, first, buffer, context in parts(frame, run)
        for layer in walk(octets, first, LAYERS, context, trace=True, buffer=buffer)
        for node in layer.tree
    ]


def apdu_trees(octets: bytes, buffer: str, context: Context, at: int = 0, mask: bool = False) -> tuple[TreeNode, ...]:
    """An APDU; or the P1 telegram that was ciphered like one (customer ports of Luxembourg and Austria)."""
    return octet_trees(octets, "iec62056-21" if octets[:1] == b"/" else "apdu", buffer, context, at, mask)


def message_tree(m: Message, run: Run) -> tuple[TreeNode, ...]:
    """A message's APDU, dissected with what its association knew (buffer "apdu"), secrets masked."""
    return apdu_trees(m.octets, "apdu", run.associations.contexts[m.context], mask=hidden(m, run))


def hidden(m: Message, run: Run) -> bool:
    """Whether a message carries a password, a key or another secret."""
    extra = run.meaning.extra(m.pdu.profile)
    if m.apdu.items is None:
        return secrets.secret(m.target, extra)
    return any(secrets.secret(item, extra) for item in run.meaning.items(m))


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
    """A node a line: indent, label, text, octet range where it has one."""
    out: list[str] = []
    for node in trees:
        text = f": {node.text}" if node.text else ""
        place = f"  [{node.start}..{node.end}]" if node.buffer else ""
        out.append(f"{'  ' * depth}{node.label}{text}{place}")
        out += render(node.children, depth + 1)
    return out
