"""The page of the report: what each section of analyzer/templates/report.html shows, from the Cases.

Everything from the wire is escaped twice over: control and format characters by words.printable,
markup by the template. Long tables are cut, and say so.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from analyzer import lines, rows, words
from analyzer.columns import NO_TIME
from analyzer.explain import MARKS
from analyzer.model import Exchange
from analyzer.report_case import Case
from analyzer.report_timing import conformance, profiles_in_force, timing_section
from dissectors.problem import SEVERITY_NAMES

ATTEMPTS, EXCHANGES, FINDINGS, OBJECTS, ASSOCIATIONS, ADDRESSES = 20, 50, 100, 200, 200, 200
VALUE_WIDTH = 160
GOOD = ("success", "accepted", "normal", "unconfirmed")


def page(cases: Sequence[Case], tables: bool = True) -> str:
    """The whole page: one HTML document that needs nothing else. tables: whether files beside it hold all rows."""
    rest = "the tables beside this page hold all" if tables else "report --formats csv writes all"
    return str(_template().render(cases=[_case(case, i) for i, case in enumerate(cases, 1)], rest=rest))


@cache
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("analyzer"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["wire"] = wire
    return environment.get_template("report.html")


def wire(value: Any) -> str:
    """Text from anywhere, fit to be shown: "–" for none."""
    return "–" if value is None or value == "" else words.printable(str(value))


def shown(items: Iterable[Any], total: int) -> dict[str, Any]:
    """A list with how much of the whole it is."""
    found = list(items)
    return {"rows": found, "shown": len(found), "total": total, "all": len(found) == total}


def _case(case: Case, number: int) -> dict[str, Any]:
    found = _findings(case)
    timing = timing_section(case, number)
    failed = [a for a in case.attempts if a.failed]
    return {
        "id": f"s{number}",
        "name": case.name,
        "source": case.source,
        "facts": _facts(case),
        "span": _span(case),
        "cut": case.facts.cut,
        "attempts": len(case.attempts),
        "failed": shown(({"attempt": a, "marks": MARKS} for a in failed[:ATTEMPTS]), len(failed)),
        "timing": timing,
        "statements": conformance(case, timing["rows"]),
        "addresses": _addresses(case),
        "associations": _associations(case),
        "exchanges": _exchanges(case),
        "findings": found,
        "objects": _objects(case),
        "profiles": profiles_in_force(case),
        "assumed": _assumed(case),
        "decision": case.decision,
    }


# -- the capture ---------------------------------------------------------------------------------------


def _span(case: Case) -> str:
    first, last = case.facts.first_ns, case.facts.last_ns
    return "no clock" if first is None or last is None else words.duration(last - first)


def _facts(case: Case) -> list[tuple[str, str]]:
    facts, a = case.facts, case.analysis
    channels = [
        f"{c.number}: {c.name or c.description or 'unnamed'}"
        + (f", {c.baud} bit/s" if c.baud else "")
        + f", link type {c.link_type}, time stamps to {words.duration(c.resolution_ns)}"
        for c in a.channels
    ]
    out = [
        ("source", f"{case.source} ({facts.kind})"),
        ("records", f"{facts.records} with {facts.octets} octets"),
        ("channels", "; ".join(channels) or "none"),
        ("first", words.iso(facts.first_ns) or "no clock"),
        ("last", words.iso(facts.last_ns) or "no clock"),
        ("duration", _span(case)),
        ("frames", str(len(a.frames))),
        ("messages", str(len(a.messages))),
        ("exchanges", str(len(a.exchanges))),
        ("whole", f"no: {facts.cut}" if facts.cut else "yes"),
    ]
    if facts.truncated:
        out.append(("truncated", f"{facts.truncated} records hold less than the wire had"))
    if facts.losses:
        out.append(("losses", f"at {facts.losses} records the capture says that something was lost before"))
    out += [("remark", remark) for remark in facts.remarks]
    return out


def _assumed(case: Case) -> list[str]:
    """What a person stated in the place of what the capture lacks."""
    return [f"channel {c.number}: {', '.join(c.assumed)}" for c in case.analysis.channels if c.assumed]


# -- the tables ------------------------------------------------------------------------------------------


def _addresses(case: Case) -> dict[str, Any]:
    found = sorted(
        case.analysis.addressing.rows.values(),
        key=lambda r: (r.profile, r.channel, ("client", "server", "physical").index(r.side), r.sap, r.host or ""),
    )
    return shown(found[:ADDRESSES], len(found))


def _associations(case: Case) -> dict[str, Any]:
    run = case.analysis.run
    table = run.associations.table
    found = sorted(table, key=lambda a: (a.status != "rejected", a.number))[:ASSOCIATIONS]
    return shown((rows.row("association", a, run) for a in found), len(table))


def _exchanges(case: Case) -> dict[str, Any]:
    """Worst first: unanswered, answered with an error, then by time to the response."""
    a = case.analysis
    e = a.exchanges.array()
    good = np.array([word in GOOD for word in a.words.words])
    response = np.where(e["app_response_ns"] == NO_TIME, -1, e["app_response_ns"])
    unanswered = (e["result"] == 0) & (e["request"] > 0)
    wrong = ~good[e["result"]] & (e["result"] > 0) & (e["responses"] > 0)  # a notification has no response
    rank = np.where(unanswered, 0, np.where(wrong, 1, 2))
    longest = np.where(unanswered & (e["waited_ns"] != NO_TIME), e["waited_ns"], response)
    order = np.lexsort((np.arange(len(e)), -longest, rank))[:EXCHANGES]
    found = shown((_exchange(a.exchange(int(i) + 1)) for i in order), len(e))
    found["unanswered"], found["errors"] = int(unanswered.sum()), int(wrong.sum())
    return found


def _exchange(e: Exchange) -> dict[str, Any]:
    answered = e.result is not None or not e.request
    return {
        "no": e.no,
        "frames": [frame for frame in e.frames if frame],
        "time": words.iso(e.asked_ns),
        "client": lines.sap(e.client),
        "server": lines.sap(e.server),
        "service": e.service,
        "object": lines.target(e.target),
        "response": words.duration(e.app_response_ns),
        "attempts": e.attempts,
        "result": e.result if answered else f"no answer in {words.duration(e.waited_ns)}",
        "state": "fail" if not answered else "warn" if e.responses and e.result not in GOOD else "pass",
    }


def _findings(case: Case) -> dict[str, Any]:
    """Counts by code, then single findings: of each code in turn, so that no code hides another."""
    found = case.analysis.findings
    codes: dict[tuple[int, str], list[Any]] = {}
    counts: dict[tuple[int, str], int] = {}
    for f in found:
        key = (f.severity, f.code)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= FINDINGS:
            codes.setdefault(key, []).append(f)
    order = sorted(codes, key=lambda key: (-key[0], -counts[key], key[1]))
    share = max(1, FINDINGS // max(1, len(order)))
    listed = sorted((f for key in order for f in codes[key][:share]), key=lambda f: (-f.severity, f.no))[:FINDINGS]
    out = shown((rows.row("finding", f, case.analysis.run) for f in listed), len(found))
    out["codes"] = [
        {
            "severity": SEVERITY_NAMES[severity], "code": code, "count": counts[severity, code],
            "first": codes[severity, code][0].frame, "clause": codes[severity, code][0].clause,
        }
        for severity, code in order
    ]  # fmt: skip
    by_severity = [sum(n for (level, _), n in counts.items() if level == s) for s in range(len(SEVERITY_NAMES))]
    out["severities"] = [(SEVERITY_NAMES[s], by_severity[s]) for s in reversed(range(len(SEVERITY_NAMES)))]
    return out


def _objects(case: Case) -> dict[str, Any]:
    found = sorted(
        case.analysis.objects.rows(),
        key=lambda o: (o.server_address or "", o.server, o.obis or "", o.class_id, o.attribute or 0, o.method or 0),
    )
    run = case.analysis.run
    out = []
    for seen in found[:OBJECTS]:
        row = rows.row("object", seen, run)
        text = seen.text if seen.text is not None else lines.plain(seen.value) if seen.value is not None else ""
        row["shown"] = lines.shorten(text, VALUE_WIDTH)
        out.append(row)
    return shown(out, len(found))
