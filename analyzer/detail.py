"""Detail: everything that tree and octets show of one row: its nodes, and every buffer that they lie in.

Buffers are named "packet" (what a network carried around the frame) and "frame" (both as captured), "apdu",
"reassembled" (from several frames), "general blocks", "deciphered", "joined" (the value of a block transfer). In the
detail of a message or exchange those of frames have their number: "frame 12". A node lies in one of them, or has no
octets (buffer "", 0..0). Secrets are masked in the tree, and zeroed in buffers that no capture shows.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from analyzer import trees
from analyzer.analysis import Analysis
from analyzer.detail_parts import (
    NOWHERE,
    Place,
    exchange_summary,
    exchange_title,
    frame_summary,
    frame_title,
    meaning_nodes,
    message_summary,
    message_title,
    node,
    problem_nodes,
    security_node,
)
from analyzer.model import Message
from analyzer.trees import TreeNode
from dissectors import apdus, data
from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop, Trace
from dissectors.problem import APDU_UNDISSECTED, INTERNAL, Problem
from dissectors.record import Frame, Value

LOG = logging.getLogger(__name__)
SHOWN_FRAMES = 64  # of a message: a load profile may come in thousands
SHOWN_MESSAGES = 64  # of an exchange

Nodes = tuple[TreeNode, ...]
Range = tuple[int, int]


class Buffer(Value, frozen=True, gc=False):
    """Octets that nodes lie in."""

    name: str
    octets: bytes


class Detail(Value, frozen=True, gc=False):
    """One row of a level ("frame", "message", "exchange"), as a tree over buffers."""

    level: str
    no: int
    title: str
    roots: Nodes
    buffers: tuple[Buffer, ...]


def detail(analysis: Analysis, level: str, no: int, messages: Sequence[int] = ()) -> Detail:
    """Row no (from 1) of a level. messages: of a frame, those that it carries; without them it shows its APDU as it
    stands in the frame, and does not know what a response means.

    Never raises for any octets: a part that fails is a node that says so. KeyError for another level."""
    sheet = _Sheet(analysis)
    title, roots = _MAKERS[level](sheet, no, messages)
    return Detail(level, no, title, roots, tuple([Buffer(*item) for item in sheet.buffers.items()]))


class _Sheet:
    """The buffers of one Detail as they are gathered."""

    def __init__(self, analysis: Analysis) -> None:
        self.a = analysis
        self.run = analysis.run
        self.buffers: dict[str, bytes] = {}

    def add(self, name: str, octets: bytes, owner: str) -> str:
        """The name that the octets are known under: with their owner where another's have the name."""
        if self.buffers.setdefault(name, octets) != octets:
            name = f"{name} of {owner}"
            self.buffers[name] = octets
        return name

    # -- frames ------------------------------------------------------------------------------------------

    def frame_layers(self, frame: Frame, suffix: str = "", m: Message | None = None) -> Nodes:
        """The packet and the frame, all octets of it in a buffer. m: a message that it carries, whose APDU is shown
        apart, with what its association knew."""
        owner = f"frame {frame.no}"
        left = {"packet": frame.carrier, "frame": frame.octets}
        for octets, _, name, _ in trees.parts(frame, self.run):
            self.add(name + suffix, octets, owner)
            left = {key: rest for key, rest in left.items() if rest is not octets}
        for name, octets in left.items():
            if octets:
                self.add(name + suffix, octets, owner)
        if m is not None:
            text = m.octets[:1] == b"/" and frame.layer == "iec62056-21"
            return () if text else trees.frame_tree(frame, self.run, suffix, trees.BELOW)
        nodes = trees.frame_tree(frame, self.run, suffix)
        if "frame" in left and frame.octets:
            nodes += (node(frame.layer, frame.kind, "octets", (), ("frame" + suffix, 0, len(frame.octets))),)
        return nodes

    def frame(self, no: int, messages: Sequence[int]) -> tuple[str, Nodes]:
        frame = self.a.frame(no)
        own = [self.a.message(number) for number in messages]
        layers = _guarded("frame", self.frame_layers, frame, "", own[0] if own else None)
        name = "frame" if "frame" in self.buffers else "packet"
        whole: Place = (name, 0, len(frame.octets)) if frame.octets else NOWHERE
        out = _guarded("summary", frame_summary, frame, self.run, whole)
        out += layers
        out += _guarded("problems", problem_nodes, frame.problems, layers, whole)
        for m in own:
            if m.pdu.frames[-1] != no:
                text = f"frames {', '.join(map(str, m.pdu.frames[:16]))}" + ("…" if len(m.pdu.frames) > 16 else "")
                out += (node("message", f"Part of message {m.no}: {m.apdu.name}", text),)
                continue
            if len(own) > 1:
                out += _guarded("summary", message_summary, m, self.run)
            out += self.apdu(m, _place(frame, m, layers, "frame"))
        return frame_title(frame), out

    # -- messages ----------------------------------------------------------------------------------------

    def message(self, no: int, messages: Sequence[int] = ()) -> tuple[str, Nodes]:
        m = self.a.message(no)
        out = _guarded("summary", message_summary, m, self.run)
        found: Place | None = None
        for number in m.frames[:SHOWN_FRAMES]:
            frame = self.a.frame(number)
            suffix = f" {number}"
            layers = _guarded("frame", self.frame_layers, frame, suffix, m)
            if m.pdu.frames == (number,):
                found = _place(frame, m, layers, "frame" + suffix)
            name = "frame" + suffix if "frame" + suffix in self.buffers else "packet" + suffix
            where = (name, 0, len(self.buffers[name])) if name in self.buffers else NOWHERE
            out += (node("frame", frame_title(frame), "", layers, where),)
        more = len(m.frames) - SHOWN_FRAMES
        if more > 0:
            out += (node("frame", f"{more} more frames", f"up to frame {m.frames[-1]}"),)
        return message_title(m, self.run), out + self.apdu(m, found)

    def apdu(self, m: Message, place: Place | None) -> Nodes:
        """The APDU of a message, where it lies in a frame (place) or in a buffer of its own; what protected it, what
        was inside, its value and meaning, its problems."""
        octets, owner = m.pdu.octets, f"message {m.no}"
        if place is None:
            name = self.add("reassembled" if len(m.pdu.frames) > 1 else "apdu", octets, owner)
            place = (name, 0, len(octets))
        mask = trees.hidden(m, self.run)
        context = self.run.associations.contexts[m.context]
        shown = _guarded("apdu", trees.apdu_trees, octets, place[0], context, place[1], mask)
        inner = place
        if m.security is not None:
            shown += _guarded("security", security_node, m.security, place)
        plain = m.plain
        if plain is None and m.security is not None:
            plain = m.security.result.plain  # of an InitiateRequest inside an AARQ
        if plain is not None:
            shown = _opened(shown)
            hide = _secret_ranges(m, plain) if mask or m.plain is None else []
            name = self.add("deciphered" if m.security is not None else "general blocks", blank(plain, hide), owner)
            shown += _guarded(name, trees.apdu_trees, plain, name, context, 0, mask)
            inner = (name, 0, len(plain)) if m.plain is not None else place
        if m.joined is not None:
            joined, ranges = m.joined, _value_ranges(m)
            value = self.add("joined", blank(joined, ranges) if mask else joined, owner)
            shown += _guarded(value, _values, joined, ranges, value, mask)
        shown += _guarded("meaning", meaning_nodes, m, self.run)
        return shown + _guarded("problems", self.message_problems, m, shown, inner)

    def message_problems(self, m: Message, shown: Nodes, place: Place) -> Nodes:
        return problem_nodes(self.run.problems(m), shown, place)

    # -- exchanges ---------------------------------------------------------------------------------------

    def exchange(self, no: int, messages: Sequence[int] = ()) -> tuple[str, Nodes]:
        e = self.a.exchange(no)
        out = _guarded("summary", exchange_summary, e, self.run)
        out += _guarded("problems", problem_nodes, e.problems, (), NOWHERE)
        for label, number in [("Request", e.request), *[("Response", n) for n in e.responses[:SHOWN_MESSAGES]]]:
            if number:
                title, roots = self.message(number)
                out += (node("message", f"{label}: {title}", "", roots),)
        more = len(e.responses) - SHOWN_MESSAGES
        if more > 0:
            out += (node("message", f"{more} more responses", f"up to message {e.responses[-1]}"),)
        return exchange_title(e, self.run), out


_MAKERS: dict[str, Callable[[_Sheet, int, Sequence[int]], tuple[str, Nodes]]] = {
    "frame": _Sheet.frame,
    "message": _Sheet.message,
    "exchange": _Sheet.exchange,
}


def _guarded(part: str, make: Callable[..., TreeNode | Nodes], *given: Any) -> Nodes:
    """What make gives as nodes, or one that tells of an error of ours: the other parts stand."""
    try:
        made = make(*given)
        return (made,) if isinstance(made, TreeNode) else made
    except Exception as error:
        LOG.exception("detail: %s", part)
        return (trees.problem_node(Problem(INTERNAL, 0, 0, (part, type(error).__name__)), ""),)


def _opened(nodes: Nodes) -> Nodes:
    """The trees of a protected APDU whose inside is shown as well: not undissected any more."""
    code = trees.PROBLEM + APDU_UNDISSECTED.code
    return tuple([replace(top, children=tuple([n for n in top.children if n.field != code])) for top in nodes])


def _place(frame: Frame, m: Message, layers: Nodes, buffer: str) -> Place | None:
    """Where the APDU of a message of one frame lies in it; None where it does not as it stands."""
    octets = m.pdu.octets
    if len(m.pdu.frames) > 1 or not octets:
        return None
    for part in layers[-1].children if layers else ():  # the payload of the layer below it
        if part.buffer == buffer and frame.octets[part.start : part.end] == octets:
            return (buffer, part.start, part.end)
    at = frame.octets.find(octets)
    return None if at < 0 else (buffer, at, at + len(octets))


def blank(octets: bytes, ranges: Iterable[Range]) -> bytes:
    """The octets with zeros in these ranges."""
    out = bytearray(octets)
    for start, end in ranges:
        out[start:end] = bytes(len(out[start:end]))
    return bytes(out)


def _value_ranges(m: Message) -> list[Range]:
    """Where the values of a message lie in m.values."""
    found = [m.apdu.data, *[item.data for item in m.apdu.items or ()]]
    return [where for where in found if where is not None]


def _secret_ranges(m: Message, plain: bytes) -> list[Range]:
    """What of a deciphered APDU must not be seen: its values, or its block of a value, or a dedicated key."""
    apdu = m.apdu if m.plain is not None else apdus.dissect(Cursor(plain, buffer="apdu"), EMPTY)
    found = [getattr(apdu.detail, "dedicated_key", None), apdu.block.data if apdu.block is not None else None]
    values = _value_ranges(m) if m.plain is not None and m.joined is None else []
    return [where for where in found if where is not None] + values


def _values(octets: bytes, ranges: Sequence[Range], buffer: str, mask: bool) -> Nodes:
    """The Data of a block transfer."""
    out: Nodes = ()
    for start, end in ranges:
        c = Trace(octets, start, end, buffer=buffer)
        try:
            data.build(c)
        except Stop as stopped:
            c.problems += (stopped.problem,)
        out += tuple([trees.convert(found, buffer, 0, mask) for found in c.finish()])
        out += tuple([trees.problem_node(p, buffer) for p in c.problems])
    return out or (node("apdu.raw-data", "Joined value", "octets", (), (buffer, 0, len(octets))),)
