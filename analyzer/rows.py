"""Rows: the columns of every table, declared once for JSON lines, CSV, filters, DataFrames and `fields`.

A Column's get takes the row (a Frame, Message, Exchange, …) and the Run that it came from. The
order of columns is the order of the JSON keys (cli.md). Values are JSON-ready.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from analyzer import words
from analyzer.model import Exchange, Finding, Message
from analyzer.run import Run
from analyzer.secrets import DOT, mask_builtins, secret
from dissectors.apdus import dissect
from dissectors.cursor import Cursor, Stop, Trace
from dissectors.data import build
from dissectors.problem import SEVERITY_NAMES, Problem
from dissectors.record import DIRECTION_NAMES, Direction, Frame
from dissectors.tree import fields as tree_fields

TO_CLIENT = int(Direction.TO_CLIENT)


class Column(msgspec.Struct, frozen=True):
    """type: "int", "text", "time" (ns), "duration" (ns), "bool", "json". unit and clause for `fields`."""

    name: str
    type: str
    get: Callable[[Any, Run], Any]
    about: str
    unit: str = ""
    clause: str = ""


def problem_row(p: Problem, frame: int) -> dict[str, Any]:
    """One problem as the JSON contract has it."""
    return {
        "code": p.kind.code,
        "severity": SEVERITY_NAMES[p.severity],
        "text": p.text,
        "clause": p.kind.clause,
        "layer": p.kind.layer,
        "frame": p.frame or frame,
        "buffer": p.buffer,
        "start": p.start,
        "end": p.end,
    }


def none_if(value: int, absent: int = -1) -> int | None:
    return None if value == absent else value


# -- messages ------------------------------------------------------------------------------------------


def data_of(m: Message) -> Any:
    """The message's Data as {"type", "value"}, None without."""
    found = data_at(m.values, m.apdu.data)
    return mask_builtins(found) if found is not None and secret(m.target) else found


def data_at(octets: bytes, where: tuple[int, int] | None) -> Any:
    if where is None:
        return None
    c = Cursor(octets, where[0], where[1], buffer="apdu")
    try:
        return msgspec.to_builtins(build(c))
    except Stop:
        return None


def fields_of(m: Message, run: Run) -> dict[str, Any]:
    """The APDU's components under their ASN.1 names: dissected again, with the message's context."""
    c = Trace(m.octets, buffer="apdu")
    dissect(c, run.associations.contexts[m.context])
    found = tree_fields(c.finish())
    hidden = secret(m.target) or (m.apdu.items is not None and any(secret(item) for item in m.apdu.items))
    return masked(found) if hidden else found


def masked(fields: Any) -> Any:
    """Fields of an APDU that carries a secret: every Data and raw data without its content."""
    if isinstance(fields, list):
        return [masked(element) for element in fields]
    if not isinstance(fields, dict):
        return fields
    if set(fields) >= {"type", "value"}:
        return mask_builtins(fields)
    return {name: DOT if name == "raw-data" else masked(value) for name, value in fields.items()}


def items_of(m: Message) -> Any:
    items = m.apdu.items
    if items is None:
        return None
    return [
        {
            "class_id": none_if(i.class_id),
            "obis": words.obis(i.obis),
            "attribute": i.attribute,
            "method": i.method,
            "variable": none_if(i.variable),
            "result": i.result,
            "data": mask_builtins(data_at(m.values, i.data)) if secret(i) else data_at(m.values, i.data),
        }
        for i in items
    ]


def target_of(m: Message) -> tuple[int | None, str | None, int | None, int | None]:
    t = m.target
    if t is None:
        return None, None, None, None
    return t.class_id, words.obis(t.obis), t.attribute, t.method


def message_ends(m: Message) -> tuple[str | None, str | None]:
    path = m.pdu.path
    if m.pdu.direction == TO_CLIENT:
        return path.destination, path.source
    return path.source, path.destination


def message_problems(m: Message, run: Run) -> list[dict[str, Any]]:
    last = m.pdu.frames[-1] if m.pdu.frames else 0
    return [problem_row(p, last) for p in run.problems(m)]


MESSAGE: tuple[Column, ...] = (
    Column("no", "int", lambda m, r: m.no, "number of the message, from 1"),
    Column("frames", "json", lambda m, r: list(m.frames), "numbers of its frames"),
    Column("time", "text", lambda m, r: words.iso(m.pdu.first_ns), "first octet, ISO 8601 UTC"),
    Column("time_ns", "time", lambda m, r: m.pdu.first_ns, "first octet, since 1970 UTC", "ns"),
    Column("end_ns", "time", lambda m, r: m.pdu.last_ns, "end of the last octet", "ns"),
    Column("uncertainty_ns", "duration", lambda m, r: m.pdu.uncertainty_ns, "how far its times may be off", "ns"),
    Column("profile", "text", lambda m, r: m.pdu.profile or None, "communication profile in force"),
    Column("channel", "text", lambda m, r: str(m.pdu.channel), "capture interface or wire"),
    Column("direction", "text", lambda m, r: DIRECTION_NAMES[m.pdu.direction], "who sent it"),
    Column("association", "int", lambda m, r: m.association or None, "number of the association, from 1"),
    Column("client", "int", lambda m, r: none_if(m.pdu.client), "SAP of the client"),
    Column("server", "int", lambda m, r: none_if(m.pdu.server), "SAP of the server (logical device)"),
    Column("physical", "int", lambda m, r: none_if(m.pdu.physical), "HDLC lower address of the server"),
    Column("client_address", "text", lambda m, r: message_ends(m)[0], "host and port of the client"),
    Column("server_address", "text", lambda m, r: message_ends(m)[1], "host and port of the server"),
    Column("apdu", "text", lambda m, r: m.apdu.name, "ASN.1 choice of the APDU"),
    Column("invoke_id", "int", lambda m, r: none_if(m.apdu.invoke_id), "invoke id, or long invoke id"),
    Column("class_id", "int", lambda m, r: target_of(m)[0], "interface class of the object"),
    Column("obis", "text", lambda m, r: target_of(m)[1], "logical name of the object"),
    Column("attribute", "int", lambda m, r: target_of(m)[2], "attribute"),
    Column("method", "int", lambda m, r: target_of(m)[3], "method"),
    Column("items", "json", lambda m, r: items_of(m), "the objects of a list service"),
    Column("result", "text", lambda m, r: m.apdu.result, "result by name"),
    Column("data", "json", lambda m, r: data_of(m), "the Data, with its type"),
    Column("text", "text", lambda m, r: r.text(m), "the value's meaning in words"),
    Column("security", "json", lambda m, r: r.security(m), "protection of a ciphered APDU"),
    Column("fields", "json", fields_of, "the APDU's components under their ASN.1 names"),
    Column("problems", "json", lambda m, r: message_problems(m, r), "what is wrong or unusual"),
)

# -- frames --------------------------------------------------------------------------------------------


def address(f: Frame, sap: int, host: str | None) -> int | str | None:
    """A SAP where the frame has one, else the host."""
    return sap if sap >= 0 else host


FRAME: tuple[Column, ...] = (
    Column("no", "int", lambda f, r: f.no, "number of the frame, from 1"),
    Column("records", "json", lambda f, r: list(f.records), "packet numbers, as Wireshark's frame.number"),
    Column("time", "text", lambda f, r: words.iso(f.first_ns), "first octet, ISO 8601 UTC"),
    Column("time_ns", "time", lambda f, r: f.first_ns, "first octet, since 1970 UTC", "ns"),
    Column("end_ns", "time", lambda f, r: f.last_ns, "end of the last octet", "ns"),
    Column("uncertainty_ns", "duration", lambda f, r: f.uncertainty_ns, "how far its times may be off", "ns"),
    Column("profile", "text", lambda f, r: f.profile or None, "communication profile in force"),
    Column("channel", "text", lambda f, r: str(f.channel), "capture interface or wire"),
    Column("direction", "text", lambda f, r: DIRECTION_NAMES[f.direction], "who sent it"),
    Column("layer", "text", lambda f, r: f.layer, "link layer: hdlc, wrapper, tcp, udp, …"),
    Column("source", "text", lambda f, r: address(f, f.source, f.path.source), "SAP, or host and port"),
    Column("destination", "text", lambda f, r: address(f, f.destination, f.path.destination), "SAP, or host and port"),
    Column("kind", "text", lambda f, r: f.kind, "I, RR, SNRM, wrapper, tcp.ack, noise, …"),
    Column("octets", "text", lambda f, r: f.octets.hex().upper(), "the octets, as hex"),
    Column("messages", "json", lambda f, r: r.messages_of(f.no), "numbers of the messages it carries"),
    Column("problems", "json", lambda f, r: [problem_row(p, f.no) for p in f.problems], "what is wrong or unusual"),
)

# -- exchanges -----------------------------------------------------------------------------------------


def exchange_problems(e: Exchange) -> list[dict[str, Any]]:
    return [problem_row(p, e.frames[1] or e.frames[0]) for p in e.problems]


EXCHANGE: tuple[Column, ...] = (
    Column("no", "int", lambda e, r: e.no, "number of the exchange, from 1"),
    Column("request", "int", lambda e, r: e.request or None, "number of the request message"),
    Column("responses", "json", lambda e, r: list(e.responses), "numbers of the response messages"),
    Column("frames", "json", lambda e, r: list(e.frames), "first frame of the request and of the response (0: none)"),
    Column("service", "text", lambda e, r: e.service, "get, set, action, association, …"),
    Column("association", "int", lambda e, r: e.association or None, "number of the association"),
    Column("profile", "text", lambda e, r: e.profile or None, "communication profile in force"),
    Column("channel", "text", lambda e, r: str(e.channel), "capture interface or wire"),
    Column("client", "int", lambda e, r: none_if(e.client), "SAP of the client"),
    Column("server", "int", lambda e, r: none_if(e.server), "SAP of the server"),
    Column("physical", "int", lambda e, r: none_if(e.physical), "HDLC lower address of the server"),
    Column("client_address", "text", lambda e, r: e.client_address, "host and port of the client"),
    Column("server_address", "text", lambda e, r: e.server_address, "host and port of the server"),
    Column("class_id", "int", lambda e, r: e.target and e.target.class_id, "interface class of the object"),
    Column("obis", "text", lambda e, r: e.target and words.obis(e.target.obis), "logical name of the object"),
    Column("attribute", "int", lambda e, r: e.target and e.target.attribute, "attribute"),
    Column("method", "int", lambda e, r: e.target and e.target.method, "method"),
    Column("time", "text", lambda e, r: words.iso(e.asked_ns), "end of the last attempt of the request"),
    Column("time_ns", "time", lambda e, r: e.asked_ns, "the same, since 1970 UTC", "ns"),
    Column("link_response_ns", "duration", lambda e, r: e.link_response_ns, "P = 1 to the server's next frame", "ns"),
    Column("app_response_ns", "duration", lambda e, r: e.app_response_ns, "request to first octet of response", "ns"),
    Column("lo_ns", "duration", lambda e, r: e.lo_ns, "its lower bound", "ns"),
    Column("hi_ns", "duration", lambda e, r: e.hi_ns, "its upper bound", "ns"),
    Column("first_response_ns", "duration", lambda e, r: first_response(e), "the same from the first attempt", "ns"),
    Column("complete_ns", "duration", lambda e, r: e.complete_ns, "request to the end of the last block", "ns"),
    Column("line_ns", "duration", lambda e, r: e.line_ns, "time on the line", "ns"),
    Column("server_ns", "duration", lambda e, r: e.server_ns, "time the server took", "ns"),
    Column("client_ns", "duration", lambda e, r: e.client_ns, "time the client took in between", "ns"),
    Column("polls", "int", lambda e, r: e.polls, "RR and RNR frames while it waited"),
    Column("attempts", "int", lambda e, r: e.attempts, "how often the request was sent"),
    Column("blocks", "int", lambda e, r: e.blocks, "blocks of a block transfer"),
    Column("result", "text", lambda e, r: e.result, "result by name, null when unanswered"),
    Column("waited_ns", "duration", lambda e, r: e.waited_ns, "unanswered: how long the capture waited", "ns"),
    Column("problems", "json", lambda e, r: exchange_problems(e), "what is wrong or unusual"),
)


def first_response(e: Exchange) -> int | None:
    if e.answered_ns is None or e.first_asked_ns is None:
        return None
    return e.answered_ns - e.first_asked_ns


# -- the other tables ------------------------------------------------------------------------------------


FINDING: tuple[Column, ...] = (
    Column("no", "int", lambda f, r: f.no, "number of the finding, from 1"),
    Column("severity", "text", lambda f, r: SEVERITY_NAMES[f.severity], "error, warning or note"),
    Column("code", "text", lambda f, r: f.code, "rule that it broke, as filters name it"),
    Column("text", "text", lambda f, r: f.text, "what was seen and what was expected"),
    Column("clause", "text", lambda f, r: f.clause, "clause of the standard"),
    Column("time", "text", lambda f, r: words.iso(f.time_ns), "when, ISO 8601 UTC"),
    Column("time_ns", "time", lambda f, r: f.time_ns, "when, since 1970 UTC", "ns"),
    Column("channel", "text", lambda f, r: str(f.channel), "capture interface or wire"),
    Column("frame", "int", lambda f, r: f.frame or None, "frame to look at"),
    Column("message", "int", lambda f, r: f.message or None, "message to look at"),
    Column("exchange", "int", lambda f, r: f.exchange or None, "exchange to look at"),
    Column("association", "int", lambda f, r: f.association or None, "association"),
    Column("measured", "int", lambda f, r: f.measured, "measured value, in unit"),
    Column("limit", "int", lambda f, r: f.limit, "the limit, in unit"),
    Column("unit", "text", lambda f, r: f.unit or None, "unit of measured and limit"),
)


def _attribute(*path: str) -> Callable[[Any, Run], Any]:
    def get(row: Any, run: Run) -> Any:
        for name in path:
            row = getattr(row, name, None)
        return row

    return get


ASSOCIATION: tuple[Column, ...] = (
    Column("no", "int", _attribute("number"), "number of the association, from 1"),
    Column("status", "text", _attribute("status"), "how far it got"),
    Column("time", "text", lambda a, r: words.iso(a.first_ns), "first message, ISO 8601 UTC"),
    Column("time_ns", "time", _attribute("first_ns"), "first message, since 1970 UTC", "ns"),
    Column("end_ns", "time", _attribute("last_ns"), "last message", "ns"),
    Column("profile", "text", lambda a, r: a.profile or None, "communication profile in force"),
    Column("channel", "text", lambda a, r: str(a.channel), "capture interface or wire"),
    Column("client", "int", lambda a, r: none_if(a.client), "SAP of the client"),
    Column("client_name", "text", lambda a, r: r.client_name(a.profile, a.client), "its name in the profile"),
    Column("server", "int", lambda a, r: none_if(a.server), "SAP of the server"),
    Column("server_name", "text", lambda a, r: r.server_name(a.profile, a.server), "its name in the profile"),
    Column("physical", "int", lambda a, r: none_if(a.physical), "HDLC lower address of the server"),
    Column("client_address", "text", _attribute("client_address"), "host and port of the client"),
    Column("server_address", "text", _attribute("server_address"), "host and port of the server"),
    Column("context", "text", lambda a, r: a.context_name, "application context"),
    Column("mechanism", "text", lambda a, r: a.mechanism_name, "authentication mechanism"),
    Column("result", "text", _attribute("aare", "result_name"), "answer to the AARQ"),
    Column("diagnostic", "text", _attribute("aare", "diagnostic_name"), "diagnostic of the AARE"),
    Column("client_title", "text", lambda a, r: a.client_title, "system title of the client"),
    Column("server_title", "text", lambda a, r: a.server_title, "system title of the server"),
    Column("conformance", "json", lambda a, r: a.conformance, "services agreed"),
    Column("client_max_pdu", "int", _attribute("context", "client_max_pdu"), "what the client can receive", "octets"),
    Column("server_max_pdu", "int", _attribute("context", "server_max_pdu"), "what the server can receive", "octets"),
    Column("messages", "int", _attribute("messages"), "number of messages"),
    Column("frame", "int", lambda a, r: a.first_frame or None, "first frame"),
    Column("end_frame", "int", lambda a, r: a.end_frame or None, "frame that ended it"),
    Column("ended_by", "text", lambda a, r: a.ended_by or None, "what ended it"),
)

ADDRESS: tuple[Column, ...] = (
    Column("profile", "text", _attribute("profile"), "communication profile"),
    Column("channel", "text", lambda a, r: str(a.channel), "capture interface or wire"),
    Column("side", "text", _attribute("side"), "client, server or physical"),
    Column("address", "int", _attribute("sap"), "SAP or HDLC lower address"),
    Column("name", "text", _attribute("name"), "its name in the profile"),
    Column("use", "text", _attribute("use"), "reserved, mandatory, free, or undefined"),
    Column("host", "text", _attribute("host"), "host and port"),
    Column("system_title", "text", _attribute("title"), "system title, where seen"),
    Column("sent", "int", _attribute("sent"), "frames sent"),
    Column("received", "int", _attribute("received"), "frames received"),
    Column("time_ns", "time", _attribute("first_ns"), "first seen", "ns"),
    Column("end_ns", "time", _attribute("last_ns"), "last seen", "ns"),
)

OBJECT: tuple[Column, ...] = (
    Column("profile", "text", _attribute("profile"), "communication profile"),
    Column("server", "int", _attribute("server"), "SAP of the server"),
    Column("physical", "int", lambda o, r: none_if(o.physical), "HDLC lower address of the server"),
    Column("server_address", "text", _attribute("server_address"), "host and port of the server"),
    Column("class_id", "int", _attribute("class_id"), "interface class"),
    Column("class_name", "text", _attribute("class_name"), "its name"),
    Column("obis", "text", _attribute("obis"), "logical name"),
    Column("name", "text", _attribute("name"), "name of the logical name"),
    Column("attribute", "int", _attribute("attribute"), "attribute"),
    Column("attribute_name", "text", _attribute("attribute_name"), "its name"),
    Column("method", "int", _attribute("method"), "method"),
    Column("reads", "int", _attribute("reads"), "answered reads"),
    Column("writes", "int", _attribute("writes"), "writes and actions"),
    Column("pushes", "int", _attribute("pushes"), "notifications"),
    Column("errors", "int", _attribute("errors"), "answers other than success"),
    Column("value", "json", _attribute("value"), "last Data"),
    Column("text", "text", _attribute("text"), "its meaning in words"),
    Column("time_ns", "time", _attribute("first_ns"), "first seen", "ns"),
    Column("end_ns", "time", _attribute("last_ns"), "last seen", "ns"),
)


def latency(m: Message) -> int | None:
    """From the end of the request's last attempt to the first octet of this response."""
    if m.asked_ns is None or m.pdu.first_ns is None:
        return None
    return m.pdu.first_ns - m.asked_ns


def worst(problems: Iterable[Problem]) -> str | None:
    """The gravest severity among problems."""
    found = max((p.severity for p in problems), default=None)
    return None if found is None else SEVERITY_NAMES[found]


SEVERITY = "its gravest problem: error, warning or note"
# What filters may name beside the columns above.
ONLY_FILTERS: Mapping[str, tuple[Column, ...]] = {
    "message": (
        Column("latency", "duration", lambda m, r: latency(m), "a response: time since its request", "ns"),
        Column("octets", "text", lambda m, r: m.octets.hex().upper(), "the APDU, as hex"),
        Column("length", "int", lambda m, r: len(m.octets), "octets of the APDU", "octets"),
        Column("service", "text", lambda m, r: m.apdu.service, "get, set, action, association, …"),
        Column("role", "text", lambda m, r: m.apdu.role, "request, response or unsolicited"),
        Column("severity", "text", lambda m, r: worst(r.problems(m)), SEVERITY),
    ),
    "frame": (
        Column("length", "int", lambda f, r: len(f.octets), "octets of the frame", "octets"),
        Column("client_address", "text", lambda f, r: f.path.source, "host and port of the sender"),
        Column("server_address", "text", lambda f, r: f.path.destination, "host and port of the receiver"),
        Column("severity", "text", lambda f, r: worst(f.problems), SEVERITY),
    ),
    "exchange": (
        Column("latency", "duration", lambda e, r: e.app_response_ns, "the same as app_response_ns", "ns"),
        Column(
            "unanswered",
            "bool",
            lambda e, r: e.request > 0 and not e.responses and not e.result,
            "no answer in the capture",
        ),
        Column("severity", "text", lambda e, r: worst(e.problems), SEVERITY),
    ),
}

LEVELS: Mapping[str, tuple[Column, ...]] = {
    "frame": FRAME,
    "message": MESSAGE,
    "exchange": EXCHANGE,
    "finding": FINDING,
    "association": ASSOCIATION,
    "address": ADDRESS,
    "object": OBJECT,
}


def row(level: str, item: Any, run: Run) -> dict[str, Any]:
    """One row as the JSON contract has it."""
    return {column.name: column.get(item, run) for column in LEVELS[level]}


__all__ = ["LEVELS", "Column", "Finding", "row"]
