"""Ladder: the sequence diagram of one exchange: client and server as life lines, each frame an arrow between them.

frame  before                      32 client                       1/17 management
    7  client 24.273 ms            │── I S=2 R=2 P/F  get-request-normal ─────────▶│
    8  silence 1.469 s             │── I S=2 R=2 P/F ─────────────────────────────▶│
    9  server 1.241 ms             │◀─ I S=2 R=3 P/F  get-response-normal ─────────│
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len

from analyzer import lines, words
from analyzer.links import Links
from analyzer.model import Exchange, Finding
from dissectors.problem import SEVERITY_NAMES
from dissectors.record import Direction, Frame
from tui.columns import Cells, control, frame_info
from tui.follow_text import said
from tui.paragraph import wrapped
from tui.row_list import ListColumn, Row
from tui.text import safe

FRAME_WIDTH, BEFORE_WIDTH = 7, 18
SHOWN = 40  # frames of an exchange that are drawn: as many of its beginning as of its end
SPAN = 100_000  # frames between the first and the last of an exchange that are searched for polls and repeats
AFTER = 64  # frames after an unanswered request that are searched
TO_CLIENT, TO_SERVER = int(Direction.TO_CLIENT), int(Direction.TO_SERVER)
SEARCHED = 1000  # frames among them that may be of another exchange
BEGINS = frozenset({"SNRM", "tcp.syn"})  # what an unanswered request does not last beyond
ENDS = frozenset({"DISC", "DM", "FRMR", "tcp.fin", "tcp.rst"})
POLLS = frozenset({"RR", "RNR"})
UNSEEN = frozenset({"tcp.ack"})


class Rung(NamedTuple):
    """A row of the ladder. frame: the one it draws, 0 for none."""

    row: Row
    frame: int = 0


def columns(cells: Cells, e: Exchange, width: int) -> list[ListColumn]:
    """The columns of the ladder; the last is headed by the two life lines. width: of the drawing, in cells."""
    client, server = cells.sap(e.profile, e.client, True), cells.sap(e.profile, e.server, False, e.physical)
    left = safe(client, width // 2)
    right = safe(server, max(0, width - cell_len(left) - 1))
    title = left + " " * (width - cell_len(left) - cell_len(right)) + right
    return [
        ListColumn("frame", "Frame", FRAME_WIDTH, True), ListColumn("before", "Before", BEFORE_WIDTH),
        ListColumn("drawing", title, width),
    ]  # fmt: skip


def numbers(cells: Cells, e: Exchange) -> list[int]:
    """The frames from the request to the end of the response that go between the same two, polls and repeats too; of
    an unanswered request those until something else begins."""
    a, links = cells.capture.analysis, cells.capture.links
    own = links.frames_of_exchange(e.no)
    if not own or own[-1] - own[0] > SPAN:
        return list(own)
    last = own[-1] if e.responses else min(len(a.frames), own[-1] + AFTER)
    rows = a.frames.part(own[0] - 1, last)
    path = a.paths[rows["path"][0]].number
    between = np.isin(rows["path"], [n for n, other in enumerate(a.paths) if other.number == path])
    for one, other in (("source", "destination"), ("destination", "source")):
        known = rows[one] >= 0
        between &= ~known | np.isin(rows[one], (e.client, e.server)) & (rows[other] != rows[one])
    between &= ~np.isin(rows["kind"], [a.words.find(kind) for kind in UNSEEN])
    between &= (rows["physical"] < 0) | (rows["physical"] == e.physical)
    found = (np.flatnonzero(between) + own[0]).tolist()
    kept, during = set(own), [n for n in found if n <= own[-1]]
    if len(during) - len(kept) <= SEARCHED:
        during = [n for n in during if n in kept or not _others(links, e, n)]
    kept.update(during)
    for n in found:
        if n <= own[-1]:
            continue
        kind = a.frame(n).kind
        if kind in BEGINS or _others(links, e, n):
            break
        kept.add(n)
        if kind in ENDS:
            break
    return sorted(kept)


def _others(links: Links, e: Exchange, frame: int) -> bool:
    """Whether a frame carries a message of another exchange."""
    return any(links.exchange_of_message(message) != e.no for message in links.messages_of_frame(frame))


def rungs(cells: Cells, e: Exchange, frames: Sequence[int], width: int, findings: Sequence[Finding] = ()) -> list[Rung]:
    """The ladder of an exchange. frames: its numbers; width: of the drawing, in cells; findings: those about its
    frames; cells: of frames. In the capture's turn."""
    worst: dict[int, int] = {}
    for finding in findings:
        worst[finding.frame] = max(worst.get(finding.frame, 0), finding.severity)
    shown = frames if len(frames) <= SHOWN else [*frames[: SHOWN // 2], 0, *frames[-SHOWN // 2 :]]
    found: list[Rung] = []
    before: Frame | None = None
    for number in shown:
        if not number:
            found.append(_hidden(cells, frames[SHOWN // 2 : -SHOWN // 2], width))
            before = cells.item(frames[-SHOWN // 2 - 1])
            continue
        f = cells.item(number)
        drawing = arrow(label(cells, f), width, f.direction)
        style, mark = _look(f, worst.get(number))
        found.append(Rung(Row([str(number), held(f, before), drawing], style, mark), number))
        before = f
    if e.request and not e.responses and not e.result:
        text = f"no answer in {words.duration(e.waited_ns)}"
        found.append(Rung(Row(["", "", beside(text, width)], "error", "✗")))
    told = [(text, "", "") for text in summary(e)]
    told += [(words_of(f), SEVERITY_NAMES[f.severity], lines.SEVERITY_MARKS[f.severity]) for f in findings]
    for text, style, mark in told:
        for n, line in enumerate(wrapped(text, width)):
            found.append(Rung(Row(["", "", line], style, "" if n else mark)))
    return found


def label(cells: Cells, f: Frame) -> str:
    """What a frame is, and what the messages in it say."""
    messages = cells.messages(f)
    if not messages:
        return frame_info(cells, f)
    parts = [control(f)] if f.layer == "hdlc" else []
    return "  ".join([*parts, *(said(cells.capture.analysis, m) for m in messages)])


def _look(f: Frame, worst: int | None) -> tuple[str, str]:
    if worst:  # a note is no reason for a colour
        return SEVERITY_NAMES[worst], lines.SEVERITY_MARKS[worst]
    if f.kind in POLLS:
        return "muted", "·"
    return {TO_SERVER: "client", TO_CLIENT: "server"}.get(f.direction, "muted"), ""


def _hidden(cells: Cells, frames: Sequence[int], width: int) -> Rung:
    """What stands for frames in the middle."""
    first, last = cells.item(frames[0]).first_ns, cells.item(frames[-1]).last_ns
    took = "" if first is None or last is None else f", {words.duration(last - first)}"
    return Rung(Row(["…", "", beside(f"… {len(frames)} more frames{took}", width)], "muted"))


def held(f: Frame, before: Frame | None) -> str:
    """Who held the line before a frame, and for how long: who sends it, or nobody where the other side was asked."""
    if before is None or f.first_ns is None or before.last_ns is None:
        return ""
    took = words.duration(f.first_ns - before.last_ns)
    if f.direction == before.direction == TO_SERVER and f.layer == "hdlc":
        return f"silence {took}"
    return f"{ {TO_SERVER: 'client', TO_CLIENT: 'server'}.get(f.direction, '?') } {took}"


def arrow(text: str, width: int, direction: int) -> str:
    """A frame between the life lines, width cells wide."""
    room = max(0, width - 7)
    shown = safe(text, room)
    line = "─" * (room - cell_len(shown))
    if direction == TO_SERVER:
        return f"│── {shown} {line}▶│"
    if direction == TO_CLIENT:
        return f"│◀─ {shown} {line}─│"
    return f"│·· {shown} {'·' * len(line)}·│"


def beside(text: str, width: int) -> str:
    """Words between the life lines."""
    shown = safe(text, max(0, width - 4))
    return f"│  {shown}{' ' * (width - 4 - cell_len(shown))}│"


def summary(e: Exchange) -> list[str]:
    """What was measured of an exchange."""
    found = []
    if e.app_response_ns is not None:
        known = e.lo_ns is not None and e.hi_ns is not None
        bounds = f"{words.duration(e.lo_ns)} .. {words.duration(e.hi_ns)}" if known else "bounds unknown"
        whole = words.duration(e.complete_ns)
        found.append(f"response {words.duration(e.app_response_ns)} [{bounds}], complete in {whole}")
    spent = (
        ("link response", e.link_response_ns), ("line", e.line_ns), ("server", e.server_ns), ("client", e.client_ns),
    )  # fmt: skip
    if any(ns is not None for _, ns in spent):
        found.append(", ".join(f"{name} {words.duration(ns)}" for name, ns in spent if ns is not None))
    counts = (("tries", e.attempts, 1), ("polls", e.polls, 0), ("blocks", e.blocks, 0))
    if any(count > usual for _, count, usual in counts):
        found.append(", ".join(f"{count} {name}" for name, count, usual in counts if count > usual))
    what = " ".join(filter(None, (e.service, lines.target(e.target))))
    found.append(f"{what}: {lines.outcome(e)}" if e.request else f"{what}: the request was not captured")
    return found


def words_of(f: Finding) -> str:
    where = f"frame {f.frame}: " if f.frame else ""
    clause = f"  [{f.clause}]" if f.clause else ""
    return f"{where}{f.code}: {f.text}{clause}"
