"""Text of a followed association: its head, and each message as text, octets or tree. In the capture's turn all."""

from collections.abc import Callable, Mapping

from analyzer import export, lines, rows, trees, words
from analyzer.analysis import Analysis
from analyzer.conversation import Entry
from analyzer.detail import detail
from analyzer.model import Message
from tui.columns import Cells

FORMS = ("text", "octets", "tree")
APART = ("frame", "message")  # parts of a message's tree that speak of more than its APDU
AS_CAPTURED = ("frame", "packet", "apdu", "reassembled")  # beginnings of the names of buffers that frames carry


def head(cells: Cells, association: int, like: int) -> list[str]:
    """Who talks, what was agreed, how it ended: three lines. like: without an association, one of the messages."""
    a = cells.capture.analysis
    table = a.run.associations.table
    if not 0 < association <= len(table):
        m = a.message(like)
        p = m.pdu
        client, server = cells.sap(p.profile, p.client, True), cells.sap(p.profile, p.server, False, p.physical)
        hosts = " ".join(filter(None, rows.message_ends(m)))
        return [f"No association: the messages between {client} and {server} {hosts}", "", ""]
    found = table[association - 1]
    client = cells.sap(found.profile, found.client, True)
    server = cells.sap(found.profile, found.server, False, found.physical)
    result = found.aare.result_name if found.aare is not None else "no AARE seen"
    refused = found.aare is not None and not found.aare.accepted
    sides = (("client", found.client_title), ("server", found.server_title))
    titles = [f"{side} {title}" for side, title in sides if title]
    agreed = [
        found.context_name or "context not seen", found.mechanism_name or "mechanism not seen",
        result + (f": {found.aare.diagnostic_name}" if refused and found.aare is not None else ""),
        "titles " + ", ".join(titles) if titles else "",
    ]  # fmt: skip
    lasted = None if found.first_ns is None or found.last_ns is None else found.last_ns - found.first_ns
    end = f" to {found.end_frame}" if found.end_frame else " on"
    return [
        f"Association {association} of {len(table)} ({found.status})  {client} → {server}  {hosts_of(found)}",
        "  ".join(filter(None, agreed)),
        f"frames {found.first_frame}{end}, {found.messages} messages, {words.duration(lasted)}"
        + (f", ended by {found.ended_by}" if found.ended_by else ""),
    ]


def hosts_of(found: object) -> str:
    """ "10.0.0.1:5000 → 10.0.1.7:4059"; "" on a serial line."""
    ends = getattr(found, "client_address", None), getattr(found, "server_address", None)
    return " → ".join(end or "?" for end in ends) if any(ends) else ""


def frames_of(a: Analysis, entry: Entry) -> tuple[int, int]:
    """First and last frame of an entry, 0 where there are none."""
    first, last = a.links.frames_of_message(entry.first), a.links.frames_of_message(entry.message)
    return next(iter(first or last), 0), next(iter((last or first)[-1:]), 0)


def about(a: Analysis, entry: Entry, m: Message, form: str) -> str:
    """One line: what the message says, or its octets; of a block transfer how many blocks, and in which frames."""
    first, last = frames_of(a, entry)
    blocks = f"[{entry.blocks} blocks, frames {first}-{last}] " if entry.blocks > 1 else ""
    if form == "octets":
        octets = m.pdu.octets
        return blocks + export.as_hex(octets[:256]) + (" …" if len(octets) > 256 else "")
    return blocks + said(a, m)


def said(a: Analysis, m: Message) -> str:
    """What a message says: APDU, then value and object; of a request the object comes first."""
    name = m.apdu.name + (f" #{m.apdu.invoke_id}" if m.apdu.invoke_id >= 0 else "")
    value = lines.value(m, a.run) or m.apdu.result or ""
    parts = [f"= {value}" if value else "", lines.target(m.target)]
    if m.apdu.role != "response":
        parts.reverse()
    return "  ".join(filter(None, [name, *parts]))


def body(a: Analysis, m: Message, form: str) -> list[str]:
    """The message in full, in lines."""
    return BODIES[form](a, m)


def as_text(a: Analysis, m: Message) -> list[str]:
    found = [lines.about(m, a.run)]
    text = a.run.text(m)
    if text is not None:
        found = [found[0].partition("  = ")[0] + f"  = {words.printable(text)}"]
    security = a.run.security(m)
    if security is not None:
        parts = [lines.cell(security[name]) for name in ("status", "policy", "reason") if security.get(name)]
        found.append("protection: " + ", ".join(parts))
    for p in a.run.problems(m):
        clause = f"  [{p.kind.clause}]" if p.kind.clause else ""
        found.append(f"{lines.SEVERITY_MARKS[p.severity]} {p.kind.code}: {words.printable(p.text)}{clause}")
    return found


def as_octets(a: Analysis, m: Message) -> list[str]:
    found = dump("APDU", m.pdu.octets)
    for buffer in detail(a, "message", m.no).buffers:
        if not buffer.name.startswith(AS_CAPTURED):
            found += dump(buffer.name, buffer.octets)
    return found


def dump(name: str, octets: bytes) -> list[str]:
    return [f"{name}, {len(octets)} octets", *export.as_hexdump(octets).splitlines()]


def as_tree(a: Analysis, m: Message) -> list[str]:
    return trees.render(tuple(node for node in detail(a, "message", m.no).roots if node.field not in APART))


BODIES: Mapping[str, Callable[[Analysis, Message], list[str]]] = {"text": as_text, "octets": as_octets, "tree": as_tree}
