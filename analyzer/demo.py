"""demo: the captures that ship, analyzed: who talked with whom, what was said, how long it took, what failed."""

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from analyzer import lines, report_case, rows, timing_report, words
from analyzer.model import Message
from analyzer.report_case import Case
from analyzer.session import Session
from dissectors.problem import SEVERITY_NAMES

Say = Callable[[str], None]
WIDTH = 100
ASSOCIATIONS, MESSAGES, RULES, FAILURES = 8, 8, 10, 5
SCALED = frozenset({3, 4, 5})  # classes whose other attributes only say how to read the value
VERDICTS = ("fail", "undecidable", "pass", "unjudged")


def show(session: Session, say: Say) -> None:
    """Analyzes every shipped capture and says what was found, at most about 60 lines of WIDTH columns each."""
    profiles = session.profiles()
    shown: list[str] = []
    with resources.as_file(resources.files("captures") / "demo") as folder:
        paths = sorted(folder.glob("*.pcapng"))
        for path, name in zip(paths, report_case.names([str(path) for path in paths])):
            case = report_case.load(session, str(path), name, profiles, "guarded")
            for line in summary(case):
                say(line)
            shown.append(_spec(path))
    if not shown:
        say("no capture ships with this installation")
        return
    for line in following(shown[-1]):
        say(line)


def _spec(path: Path) -> str:
    """The path as a person would type it: relative where the capture lies below the working directory."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def following(capture: str) -> Iterator[str]:
    """The commands to try next."""
    yield "Try next:"
    for arguments in (
        f"dump {capture}",
        f"dump {capture} --level exchange --filter 'latency > 100 ms'",
        f"timing {capture}",
        f"explain {capture}",
        f"report {capture} --out report/",
        "fields --level message",
        "profiles list",
    ):
        yield f"  cosemscope {arguments}"


def summary(case: Case) -> Iterator[str]:
    """What a capture holds, in lines."""
    a, facts = case.analysis, case.facts
    span = words.duration(facts.last_ns - facts.first_ns) if facts.first_ns and facts.last_ns else "no clock"
    yield f"── {Path(case.source).name} ".ljust(WIDTH, "─")
    yield (
        f"{facts.records} records, {span}: {len(a.frames)} frames, {len(a.messages)} messages, "
        f"{len(a.exchanges)} exchanges"
    )
    yield from _part("Associations", _associations(case))
    yield from _part("Values", _values(case))
    yield from _part("Timing", _timing(case))
    yield from _part("What failed", _failures(case))
    yield from _part("Findings", _findings(case))
    yield ""


def _part(title: str, found: Iterator[str]) -> Iterator[str]:
    first = True
    for line in found:
        if first:
            yield ""
            yield title
            first = False
        yield lines.shorten("  " + line, WIDTH)


def _more(shown: int, total: int, what: str) -> Iterator[str]:
    if total > shown:
        yield f"… {shown} of {total} {what}"


def _associations(case: Case) -> Iterator[str]:
    run = case.analysis.run
    table = run.associations.table
    told = []
    for association in table[:ASSOCIATIONS]:
        row = rows.row("association", association, run)
        shown = {name: "" if value in (None, "null") else lines.cell(value) for name, value in row.items()}
        client = f"{shown['client']} {shown['client_name']}"
        told.append(
            (shown["no"], shown["status"], client, shown["server"], shown["mechanism"], shown["diagnostic"],
             shown["context"])
        )  # fmt: skip
    if told:
        yield from timing_report.align(
            [("no", "status", "client", "server", "mechanism", "diagnostic", "context"), *told]
        )
    yield from _more(ASSOCIATIONS, len(table), "associations")


def _values(case: Case) -> Iterator[str]:
    """The last value of each object that was read or pushed, those with a meaning in words first."""
    a = case.analysis
    found: dict[Any, Message] = {}
    for no in range(1, len(a.messages) + 1):
        message = a.message(no)
        if message.apdu.data is None or message.apdu.role == "request":
            continue
        a.run.text(message)  # learns scalers, wherever in the capture they are read
        target = message.target
        if target is None or target.attribute == 2 or target.class_id not in SCALED:
            found.setdefault((message.pdu.server, target), message)
    chosen = sorted(found.values(), key=lambda m: (a.run.text(m) is None, m.no))[:MESSAGES]
    for m in sorted(chosen, key=lambda m: m.no):
        yield f"{lines.target(m.target) or m.apdu.name} = {lines.value(m, a.run)}"
    yield from _more(MESSAGES, len(found), "objects that were read or pushed")


def _timing(case: Case) -> Iterator[str]:
    found = [row for row in case.timing.rows(case.source) if row["count"] or row["unanswered"]]
    found.sort(key=lambda row: (VERDICTS.index(row["verdict"]), not row["rule"].startswith("app.")))
    if not found:
        return
    head = ("rule", "between", "limit", "count", "p50", "p95", "verdict")
    yield from timing_report.align(
        [
            head,
            *(
                (
                    row["rule"],
                    "-" if row["client"] is None else f"{row['client']} – {timing_report.shown(row['server'])}",
                    timing_report.limit_text(row),
                    str(row["count"]),
                    timing_report.value_text(row, "p50_ns"),
                    timing_report.value_text(row, "p95_ns"),
                    row["verdict"],
                )
                for row in found[:RULES]
            ),
        ]
    )
    yield from _more(RULES, len(found), "rules that measured something")


def _failures(case: Case) -> Iterator[str]:
    failed = [attempt for attempt in case.attempts if attempt.failed]
    for attempt in failed[:FAILURES]:
        yield from textwrap.wrap(
            words.printable(attempt.sentence), WIDTH - 2, subsequent_indent="     ", break_on_hyphens=False
        )
        if attempt.causes:
            yield f"   → {words.printable(attempt.causes[0].text)}"
    if not failed and case.attempts:
        yield f"nothing, in {len(case.attempts)} {'attempt' if len(case.attempts) == 1 else 'attempts'}"
    yield from _more(FAILURES, len(failed), "failed attempts")


def _findings(case: Case) -> Iterator[str]:
    counts = Counter((finding.severity, finding.code) for finding in case.analysis.findings)
    for severity in reversed(range(len(SEVERITY_NAMES))):
        told = [f"{code} {n}" for (level, code), n in sorted(counts.items()) if level == severity]
        if told:
            yield f"{SEVERITY_NAMES[severity]:<8} {', '.join(told)}"
