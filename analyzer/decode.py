"""decode: octets that a person pasted, through every layer, with a reason for what did not decode."""

import re
import sys
from pathlib import Path
from typing import Any

import msgspec

from analyzer import rows, trees, words
from analyzer.run import Run
from dissectors import problem as P
from dissectors.apdus import dissect
from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop, Trace
from dissectors.data import build
from dissectors.errors import CaptureError, UsageError
from dissectors.keys import KeyRing
from dissectors.layer import walk
from dissectors.layers import LAYERS
from dissectors.link import recognise
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.record import Channel, Direction, Record
from dissectors.tags import TAGS

FRAMED = ("auto", "hdlc", "wrapper", "iec62056-21", "llc", "apdu", "xdlms", "acse")
KINDS = (*FRAMED, "data", *(name for name in LAYERS if name not in FRAMED))
TEXT_LINK = -1
LLC = (b"\xe6\xe6\x00", b"\xe6\xe7\x00")


def read_text(arguments: list[str]) -> str:
    """The pasted text: the arguments, a file named with @, or stdin for "-"."""
    if arguments == ["-"]:
        return sys.stdin.read()
    if len(arguments) == 1 and arguments[0].startswith("@"):
        name = arguments[0][1:]
        try:
            octets = Path(name).read_bytes()
        except OSError as error:
            raise CaptureError(f"{name}: {error.strerror or error}") from None
        return octets.decode("latin-1")
    return " ".join(arguments)


def octets_of(text: str) -> bytes:
    """Hex in any usual notation: spaces, commas, colons, dashes, 0x, \\x, line breaks, quotes, braces."""
    stripped = re.sub(r"0[xX]|\\x|[\s,;:\-_\"'{}\[\]()]+", " ", text)
    digits = "".join(f"0{token}" if len(token) == 1 else token for token in stripped.split())
    wrong = re.search(r"[^0-9A-Fa-f]", digits)
    if wrong:
        raise UsageError(f"decode: {wrong.group()!r} is no hex digit; expected octets such as 7E A0 07 …")
    if not digits:
        raise UsageError("decode: nothing to decode; expected octets such as 7E A0 07 …")
    if len(digits) % 2:
        raise UsageError(f"decode: {len(digits)} hex digits are no whole number of octets")
    return bytes.fromhex(digits)


class Decoded(msgspec.Struct):
    """What `decode --format json` prints."""

    layers: list[str]
    frames: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    data: Any
    rest: str
    problems: list[dict[str, Any]]
    tree: tuple[trees.TreeNode, ...] | None = None


def decode(text: str, kind: str, profiles: list[Profile], tree: bool = False, ring: KeyRing | None = None) -> Decoded:
    """Decodes pasted text as auto, hdlc, wrapper, llc, apdu or data."""
    if kind not in KINDS:
        raise UsageError(f"decode --as {kind}: expected one of {', '.join(KINDS)}")
    octets = octets_of(text)
    if kind == "data":
        return _data(octets, tree)
    if kind not in FRAMED:
        return _layers(octets, kind, profiles, tree, ring)
    carrier, parts, rest = _split(octets, kind)
    channel = Channel(0, "pasted", TEXT_LINK)
    records = [Record(i + 1, 0, int(Direction.UNKNOWN), None, None, None, part) for i, part in enumerate(parts)]
    run = Run(records, [channel], profiles, carrier=carrier, ring=ring)
    out = Decoded([], [], [], None, rest.hex().upper(), [])
    frames: dict[int, Any] = {}

    class Collect:
        def frames(self, it: Any) -> Any:
            for frame in it:
                frames[frame.no] = frame
                yield frame

        def messages(self, it: Any) -> Any:
            return it

        def exchanges(self, it: Any) -> Any:
            return it

    run.taps = (Collect(),)
    carried: dict[int, list[int]] = {}
    nodes: tuple[trees.TreeNode, ...] = ()
    apdus: list[str] = []
    for message in run.messages():
        out.messages.append(rows.row("message", message, run))
        for number in message.pdu.frames:
            carried.setdefault(number, []).append(message.no)
        apdus.append("acse" if b"\x60" <= message.octets[:1] <= b"\x63" else "xdlms")
        if tree and len(message.pdu.frames) > 1:
            nodes += trees.message_tree(message, run)
    for frame in frames.values():
        run.carry(frame.no, carried.get(frame.no, []))
        out.frames.append(rows.row("frame", frame, run))
        if frame.layer in LAYERS:
            out.layers += [d.layer for d in walk(frame.octets, frame.layer, LAYERS, EMPTY) if d.layer not in out.layers]
        elif frame.layer not in out.layers:
            out.layers.append(frame.layer)
        if tree:
            nodes += trees.frame_tree(frame, run)
        if frame.layer == "noise" or (frame.layer == "text" and frame.kind == "other"):
            out.rest += frame.octets.hex().upper()
    out.layers += [name for name in dict.fromkeys(apdus) if name not in out.layers]
    known = [problem for message in out.messages for problem in message["problems"]]
    out.problems = [p for frame in out.frames for p in frame["problems"]]
    out.problems += [p for p in known if p not in out.problems]
    if rest:
        out.problems.append(rows.problem_row(Problem(P.APDU_TRAIL, 0, len(rest), (len(rest),)), 0))
    if not out.messages and out.rest and all(p["code"] == P.PROFILE_NONE.code for p in out.problems):
        why = Problem(P.PROFILE_NONE, 0, len(octets), (_why(octets),))
        out.problems = [rows.problem_row(why, 0)]
    if tree:
        out.tree = nodes
    return out


def _split(octets: bytes, kind: str) -> tuple[str | None, list[bytes], bytes]:
    """(carrier to use, parts, rest that no APDU took)."""
    if kind in ("hdlc", "wrapper", "iec62056-21"):
        return kind, [octets], b""
    if kind == "auto":
        look = recognise.content(octets)
        if look is not None and look.kind in ("hdlc", "wrapper", "iec62056-21"):
            return look.kind, [octets], b""
        if octets[:3] not in LLC and octets[0] not in TAGS:
            return None, [octets], b""
    if kind == "llc" or (kind == "auto" and octets[:3] in LLC):
        octets = octets[3:]
    parts: list[bytes] = []
    at = 0
    while at < len(octets):
        if parts and octets[at] not in TAGS:
            break
        c = Cursor(octets, at, buffer="apdu")
        dissect(c, EMPTY)
        end = _before_trail(octets, c)
        if end <= at:
            break
        parts.append(octets[at:end])
        at = end
    return "apdu", parts or [octets], octets[at:]


def _before_trail(octets: bytes, c: Cursor) -> int:
    """End of the APDU where octets follow it: the trailing part may be the next one pasted."""
    for p in c.problems:
        if p.kind is P.APDU_TRAIL:
            return p.start if p.start < len(octets) and octets[p.start] in TAGS else len(octets)
    return len(octets)


def _why(octets: bytes) -> str:
    """Why nothing was recognised."""
    first = octets[0]
    return (
        f"first octet 0x{first:02X} is neither an HDLC flag (7E), nor a wrapper header (00 01), "
        "nor the tag of an APDU; try --as hdlc, wrapper, apdu or data"
    )


def _layers(octets: bytes, kind: str, profiles: list[Profile], tree: bool, ring: KeyRing | None) -> Decoded:
    """One unit of any layer, and the APDU that it carries."""
    found = walk(octets, kind, LAYERS, EMPTY, trace=True)
    out = Decoded([], [], [], None, "", [])
    end = 0
    nodes: tuple[trees.TreeNode, ...] = ()
    for layer in found:
        out.problems += [rows.problem_row(p, 0) for p in layer.problems]
        nodes += (trees.layer_node(layer, "frame"),)
        end = max(end, *(node.end for node in layer.tree)) if layer.tree else end
        if layer.layer in ("acse", "xdlms"):
            carried = decode(octets[layer.start : layer.end].hex(), "apdu", profiles, ring=ring)
            out.messages = carried.messages
        out.layers.append(layer.layer)
    out.rest = octets[end:].hex().upper()
    if tree:
        out.tree = nodes
    return out


def _data(octets: bytes, tree: bool) -> Decoded:
    out = Decoded(["data"], [], [], None, "", [])
    c = Trace(octets, buffer="data")
    values = []
    problems: tuple[Problem, ...] = ()
    while c.left():
        try:
            values.append(msgspec.to_builtins(build(c)))
        except Stop as stopped:
            problems = (stopped.problem,)
            out.rest = octets[c.pos :].hex().upper()
            break
    out.data = values[0] if len(values) == 1 else values or None
    out.problems = [rows.problem_row(p, 0) for p in (*c.problems, *problems)]
    nodes = c.finish()
    if tree:
        out.tree = tuple(trees.convert(node, "data") for node in nodes)
    return out


def to_json(d: Decoded) -> bytes:
    shown = msgspec.to_builtins(d)
    if d.tree is None:
        del shown["tree"]
    return msgspec.json.encode(shown) + b"\n"


def to_text(d: Decoded) -> bytes:
    """For a person: the layers, each message in a few lines, and what is wrong."""
    out = [f"layers: {' / '.join(d.layers) or 'none'}"]
    for frame in d.frames:
        out.append(f"frame {frame['no']}: {frame['layer']} {frame['kind']}, {len(frame['octets']) // 2} octets")
        if frame["layer"] in ("hdlc", "wrapper"):
            out.append(f"  {frame['source']} → {frame['destination']}, {frame['direction']}")
    for m in d.messages:
        out.append(
            f"message {m['no']}: {m['apdu']}" + ("" if m["invoke_id"] is None else f", invoke id {m['invoke_id']}")
        )
        out += _about(m["fields"], 1)
    if d.data is not None:
        out.append("data: " + words.printable(msgspec.json.encode(d.data).decode()))
    if d.tree:
        out += ["tree:", *("  " + line for line in trees.render(d.tree))]
    if d.rest:
        out.append(f"rest that no layer took: {d.rest}")
    for p in d.problems:
        out.append(f"{p['severity']} {p['code']} at {p['buffer']} octet {p['start']}: {words.printable(p['text'])}")
    return ("\n".join(out) + "\n").encode("utf-8", "replace")


def _about(fields: Any, depth: int) -> list[str]:
    indent = "  " * depth
    out: list[str] = []
    for name, value in fields.items():
        if isinstance(value, dict) and not ({"type", "value"} <= set(value)):
            out.append(f"{indent}{name}:")
            out += _about(value, depth + 1)
        elif value is not None:
            shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            out.append(f"{indent}{name}: {words.printable(shown)}")
    return out
