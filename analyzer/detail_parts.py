"""What the tree of a row says beside its octets: summaries, protection, meaning, tables, problems.

These nodes have no octets (buffer "", 0..0), or those of the whole thing they speak of.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from analyzer import rows, words
from analyzer.model import Exchange, Message
from analyzer.opening import Security, security_row
from analyzer.run import Run
from analyzer.table import Cell, Table
from analyzer.trees import TreeNode, problem_node
from dissectors.cosem import meaning
from dissectors.problem import Problem
from dissectors.protection import KEY_LABELS
from dissectors.record import DIRECTION_NAMES, Frame

SHOWN_ROWS = 1000  # rows of a table; the tree of the Data has them all
Place = tuple[str, int, int]  # buffer, start, end
NOWHERE: Place = ("", 0, 0)


def node(field: str, label: str, text: Any = "", children: Iterable[TreeNode] = (), place: Place = NOWHERE) -> TreeNode:
    """A node in words; text None gives an empty one."""
    buffer, start, end = place
    shown = "" if text is None else words.printable(str(text))
    return TreeNode(field, words.printable(label), start, end, buffer, shown, tuple(children))


def facts(prefix: str, found: Iterable[tuple[str, str, Any]]) -> tuple[TreeNode, ...]:
    """(last part of the field's code, label, value) as nodes; those without a value are left out."""
    return tuple([node(f"{prefix}.{code}", label, value) for code, label, value in found if value not in (None, "")])


def moment(ns: int | None, uncertainty_ns: int | None) -> str:
    """A time with how far it may be off."""
    if ns is None:
        return "no clock"
    off = "uncertainty unknown" if uncertainty_ns is None else f"± {words.duration(uncertainty_ns)}"
    return f"{words.iso(ns)} ({off})"


def span(ns: int | None) -> str | None:
    return None if ns is None else words.duration(ns)


def sap(number: int, name: str | None) -> str | None:
    return None if number < 0 else f"{number} ({name})" if name else str(number)


# -- summaries -----------------------------------------------------------------------------------------


def frame_title(f: Frame) -> str:
    kind = f.kind if f.kind.startswith(f.layer) else f"{f.layer} {f.kind}"
    return f"Frame {f.no}: {kind}, {len(f.octets)} octets"


def frame_summary(f: Frame, run: Run, place: Place) -> TreeNode:
    """What the capture and the link stage say of a frame."""
    known = run.channels[f.channel] if f.channel < len(run.channels) else None
    channel = f"{f.channel} ({known.name})" if known is not None and known.name != str(f.channel) else str(f.channel)
    on_line = f.last_ns - f.first_ns if f.last_ns is not None and f.first_ns is not None else None
    found = (
        ("no", "Number", f.no),
        ("records", "Packets" if len(f.records) > 1 else "Packet", numbers(f.records)),
        ("channel", "Channel", channel),
        ("time", "First octet", moment(f.first_ns, f.uncertainty_ns)),
        ("end", "End of the last octet", words.iso(f.last_ns) if on_line else None),
        ("duration", "On the line", span(on_line) if on_line else None),
        ("direction", "Direction", DIRECTION_NAMES[f.direction]),
        ("source", "Source", rows.address(f, f.source, f.path.source)),
        ("destination", "Destination", rows.address(f, f.destination, f.path.destination)),
        ("physical", "Physical device", rows.none_if(f.physical)),
        ("profile", "Profile", f.profile),
        ("layer", "Link layer", f.layer),
        ("kind", "Kind", f.kind),
        ("length", "Octets", f"{len(f.octets)}, and {len(f.carrier)} around them" if f.carrier else len(f.octets)),
    )
    return node("frame", frame_title(f), "", facts("frame", found), place)


def message_title(m: Message, run: Run) -> str:
    label = "" if m.target is None else ", " + meaning.label(m.target, run.meaning.extra(m.pdu.profile))
    return f"Message {m.no}: {m.apdu.name}{label}"


def message_summary(m: Message, run: Run) -> TreeNode:
    """Who sent a message, when, and in which association."""
    p, profile = m.pdu, m.pdu.profile
    found = (
        ("no", "Number", m.no),
        ("frames", "Frames" if len(m.frames) > 1 else "Frame", numbers(m.frames)),
        ("time", "First octet", moment(p.first_ns, p.uncertainty_ns)),
        ("direction", "Direction", DIRECTION_NAMES[p.direction]),
        ("association", "Association", m.association or None),
        ("client", "Client", sap(p.client, run.client_name(profile, p.client))),
        ("server", "Server", sap(p.server, run.server_name(profile, p.server))),
        ("physical", "Physical device", rows.none_if(p.physical)),
        ("profile", "Profile", profile),
        ("invoke-id", "Invoke id", rows.none_if(m.apdu.invoke_id)),
        ("result", "Result", m.apdu.result),
        ("request", "Answers", f"message {m.request}" if m.request else None),
        ("attempts", "Attempts", p.attempts if p.attempts > 1 else None),
        ("progress", "Block transfer", m.progress),
        ("length", "Octets", len(p.octets)),
    )
    return node("message", message_title(m, run), "", facts("message", found))


def exchange_title(e: Exchange, run: Run) -> str:
    label = "" if e.target is None else " " + meaning.label(e.target, run.meaning.extra(e.profile))
    return f"Exchange {e.no}: {e.service}{label}: {e.result or ('answered' if e.responses else 'no answer')}"


def exchange_summary(e: Exchange, run: Run) -> TreeNode:
    """The times of an exchange, and who held it up."""
    bounds = f" ({span(e.lo_ns)} to {span(e.hi_ns)})" if e.lo_ns is not None and e.hi_ns is not None else ""
    response = None if e.app_response_ns is None else words.duration(e.app_response_ns) + bounds
    first = rows.first_response(e) if e.attempts > 1 else None
    found = (
        ("no", "Number", e.no),
        ("service", "Service", e.service),
        ("object", "Object", e.target and meaning.label(e.target, run.meaning.extra(e.profile))),
        ("client", "Client", sap(e.client, run.client_name(e.profile, e.client))),
        ("server", "Server", sap(e.server, run.server_name(e.profile, e.server))),
        ("physical", "Physical device", rows.none_if(e.physical)),
        ("association", "Association", e.association or None),
        ("profile", "Profile", e.profile),
        ("asked", "Asked", words.iso(e.asked_ns)),
        ("answered", "Answered", words.iso(e.answered_ns)),
        ("app-response", "Response time", response),
        ("first-response", "Since the first attempt", span(first)),
        ("link-response", "Link response time", span(e.link_response_ns)),
        ("complete", "Complete after", span(e.complete_ns)),
        ("line", "Held by the line", span(e.line_ns)),
        ("server-time", "Held by the server", span(e.server_ns)),
        ("client-time", "Held by the client", span(e.client_ns)),
        ("waited", "Unanswered; the capture went on for", None if e.responses else span(e.waited_ns)),
        ("attempts", "Attempts", e.attempts),
        ("polls", "Polls", e.polls),
        ("blocks", "Blocks", e.blocks or None),
        ("result", "Result", e.result),
    )
    return node("exchange", exchange_title(e, run), "", facts("exchange", found))


def numbers(found: Sequence[int]) -> str:
    """ "3, 4, 7" ; a long run as "3 to 900 (412)"."""
    if len(found) > 16:
        return f"{found[0]} to {found[-1]} ({len(found)})"
    return ", ".join(map(str, found))


# -- what a message means -------------------------------------------------------------------------------


def security_node(security: Security, place: Place) -> TreeNode:
    """What protected an APDU, and what became of it."""
    row, result = security_row(security) or {}, security.result
    key = KEY_LABELS.get(result.key_kind)
    if key is not None and (result.key_name or result.key_number):
        key += f" of {result.key_name or f'key set {result.key_number}'}"
    found = (
        ("outer", "Outer APDU", row["outer"]),
        ("status", "Status", row["status"]),
        ("reason", "Reason", row["reason"]),
        ("policy", "Policy", row["policy"]),
        ("suite", "Security suite", row["suite"]),
        ("system_title", "System title", row["system_title"]),
        ("invocation_counter", "Invocation counter", row["invocation_counter"]),
        ("key", "Key" if result.plain is not None else "Key looked for", key),
        ("signature", "Signature", result.signature),
    )
    return node("security", "Security", f"{row['status']}, {row['policy']}", facts("security", found), place)


def meaning_nodes(m: Message, run: Run) -> tuple[TreeNode, ...]:
    """The value in words, and as a table where it is one."""
    out: tuple[TreeNode, ...] = ()
    text = run.text(m)
    if text:
        extra = run.meaning.extra(m.pdu.profile)
        out += (node("text", "Meaning" if m.target is None else meaning.label(m.target, extra), f"= {text}"),)
    table = run.meaning.table(m)
    return out if table is None else (*out, table_node(table))


def table_node(table: Table) -> TreeNode:
    """A row a node."""
    heads = [f"{column.name} [{column.unit}]" if column.unit else column.name for column in table.columns]
    shown = tuple(
        [
            node("table.row", f"row {i}", " | ".join(map(cell, row)))
            for i, row in enumerate(islice(table.rows, SHOWN_ROWS), 1)
        ]
    )
    more = len(table.rows) - len(shown)
    if more > 0:
        shown += (node("table.more", f"{more} more rows"),)
    columns = node("table.columns", "columns", " | ".join(heads))
    return node("table", "Table", f"{table.title}: {len(table.rows)} rows", (columns, *shown))


def cell(value: Cell) -> str:
    return "-" if value is None else str(value)


def problem_nodes(found: Iterable[Problem], shown: Sequence[TreeNode], place: Place) -> tuple[TreeNode, ...]:
    """The problems that the trees do not show already. place: what those of the octets at hand speak of; one that
    leaves it, or is about other octets, has none."""
    known = {(one.field, one.text) for one in _problems(shown)}
    buffer, start, end = place
    out = []
    for p in found:
        made = problem_node(p, buffer, start)
        if (made.field, made.text) in known:
            continue
        if not (buffer and start <= made.start <= made.end <= end) or p.frame:
            made = node(made.field, made.label, made.text)
        out.append(made)
    return tuple(out)


def _problems(nodes: Sequence[TreeNode]) -> Iterable[TreeNode]:
    """Problems stand below their layer."""
    for top in nodes:
        yield from (child for child in top.children if child.field.startswith("problem."))
