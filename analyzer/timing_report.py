"""timing: the rows of all sources as table, CSV, JSON or Parquet, and what the exit code says of them."""

import argparse
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from analyzer import words
from analyzer.lines import csv_cell
from analyzer.session import Session
from analyzer.timing import Timing
from analyzer.timing_rows import EACH_KEYS, ROW_KEYS
from captures.source import together
from dissectors.errors import CaptureError, UsageError
from dissectors.profile import Profile
from dissectors.profile_types import RULES

Write = Callable[[bytes], Any]
Rows = list[dict[str, Any]]
TABLE = (
    "rule", "subject", "client", "server", "limit", "count", "pass", "fail", "undec", "unansw", "p50", "p95", "max",
    "frame", "verdict",
)  # fmt: skip


def command(args: argparse.Namespace, session: Session, write: Write) -> int:
    """Analyzes every source, writes the rows, and gives 1 where --fail-on or --require is not met, else 0
    (3 where a source could not be read; the others are analyzed all the same)."""
    required = [requirement(text) for text in args.require]
    if args.format == "parquet" and not args.out:
        raise UsageError("timing --format parquet: expected --out FILE, Parquet is not for a terminal")
    profiles = session.profiles()
    rows: Rows = []
    each: Rows = []
    unreadable = False
    details = args.each or args.format == "parquet"
    for spec in together(args.source):
        try:
            found, single = one(session, spec, profiles, args.decision, details)
        except CaptureError as error:
            session.say(str(error))
            unreadable = True
            continue
        rows += found
        each += single
    if args.subject:
        rows = [row for row in rows if row["subject"] == args.subject]
        each = [row for row in each if row["subject"] == args.subject]
    emit(args, each if details else rows, write)
    code = judge(args, rows, required, session)
    return 3 if unreadable else code


def one(session: Session, spec: str, profiles: Sequence[Profile], decision: str, each: bool) -> tuple[Rows, Rows]:
    """(rows, rows of --each) of one source."""
    with session.source(spec) as source:
        timing = Timing({p.name: p for p in profiles}, source.channels, decision, keep=each)
        run = session.run(source, profiles, (timing,))
        run.associations.book.keep = False
        for _ in run.exchanges():
            pass
        timing.end()
        return timing.rows(spec), list(timing.each_rows(spec)) if each else []


def requirement(text: str) -> tuple[str, int]:
    """(rule, least number of decided measurements) of RULE[:N]."""
    rule, _, number = text.partition(":")
    if rule not in RULES:
        raise UsageError(f"--require {text}: no rule {rule!r}; expected one of {', '.join(RULES)}")
    if number and not number.isdigit():
        raise UsageError(f"--require {text}: expected RULE or RULE:N with a number N")
    return rule, int(number or 1)


def judge(args: argparse.Namespace, rows: Rows, required: Sequence[tuple[str, int]], session: Session) -> int:
    """Whether the user's conditions hold. A source without any verdict is never green."""
    code = 0
    for rule, least in required:
        decided = sum(row["pass"] + row["fail"] for row in rows if row["rule"] == rule)
        if decided < least:
            session.insist(f"--require {rule}:{least}: {decided} decided measurements")
            code = 1
    if args.fail_on == "never":
        return code
    for spec in together(args.source):
        own = [row for row in rows if row["source"] == spec]
        if not any(row["pass"] + row["fail"] + row["undecidable"] for row in own):
            session.insist(f"{spec}: no verdict: nothing in this capture could be judged")
            code = 1
    bad = {"fail"} if args.fail_on == "fail" else {"fail", "undecidable"}
    failed = [row for row in rows if row["verdict"] in bad or ("fail" in bad and row["fail"])]
    for row in failed:
        session.insist(
            f"{row['source']}: {row['rule']} (client {row['client']}, server {row['server']}): {row['verdict']}"
        )
    return 1 if failed else code


# -- output --------------------------------------------------------------------------------------------


def emit(args: argparse.Namespace, rows: Rows, write: Write) -> None:
    """Writes the rows to stdout or --out."""
    keys = EACH_KEYS if args.each or args.format == "parquet" else ROW_KEYS
    if args.format == "parquet":
        from analyzer.report import parquet

        parquet(rows, keys, args.out)
        return
    if args.format == "json":
        text = msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n"
    elif args.format == "csv":
        text = to_csv(rows, keys)
    else:
        text = each_table(rows) if args.each else table(rows)
    if args.out:
        try:
            Path(args.out).write_bytes(text)
        except OSError as error:
            raise UsageError(f"--out {args.out}: {error.strerror or error}") from None
    else:
        write(text)


def to_csv(rows: Rows, keys: Iterable[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    keys = list(keys)
    writer.writerow(keys)
    writer.writerows([csv_cell(row[key]) for key in keys] for row in rows)
    return out.getvalue().encode()


def limit_text(row: dict[str, Any]) -> str:
    """ "20.000 ms … 5.000 s", "≤ 5.000 s", "-" without a limit."""
    low, high = row["limit_min_ns"], row["limit_max_ns"]
    if row["kind"] == "count":
        show: Callable[[int], str] = str
    else:
        show = words.duration
    if low is None and high is None:
        return "-"
    if low is None:
        return f"≤ {show(high)}"
    return f"≥ {show(low)}" if high is None else f"{show(low)} … {show(high)}"


def value_text(row: dict[str, Any], key: str) -> str:
    value = row[key]
    if value is None:
        return "-"
    return str(value) if row["kind"] == "count" else words.duration(value)


def table(rows: Rows) -> bytes:
    """For a person: a block a source and profile, observed rules first."""
    out: list[str] = []
    groups: dict[tuple[str, str, str], Rows] = {}
    for row in rows:
        groups.setdefault((row["source"], row["profile"], row["profile_sha256"]), []).append(row)
    if not rows:
        out.append("no traffic of a known profile: nothing to measure")
    for (source, profile, digest), found in groups.items():
        out += [f"{source}  profile {profile} ({digest[:12]})", ""]
        seen = [row for row in found if row["count"] or row["unanswered"]]
        lines = [
            (
                row["rule"], row["subject"], shown(row["client"]), shown(row["server"]), limit_text(row),
                str(row["count"]), str(row["pass"]), str(row["fail"]), str(row["undecidable"]),
                str(row["unanswered"]), value_text(row, "p50_ns"), value_text(row, "p95_ns"),
                value_text(row, "max_ns"), shown(row["worst_frame"]), row["verdict"],
            )
            for row in seen
        ]  # fmt: skip
        out += align([TABLE, *lines]) if lines else ["nothing measured"]
        heard = {row["rule"] for row in seen}
        quiet = dict.fromkeys(row["rule"] for row in found if row["rule"] not in heard)
        if quiet:
            out += ["", "not observed: " + ", ".join(quiet)]
        out.append("")
    return "\n".join(out).rstrip().encode() + b"\n"


def each_table(rows: Rows) -> bytes:
    """One measurement a line."""
    head = (
        "rule",
        "client",
        "server",
        "from",
        "frame",
        "to",
        "frame",
        "measured",
        "lo",
        "hi",
        "limit",
        "verdict",
        "needs",
    )
    lines = [
        (
            row["rule"], shown(row["client"]), shown(row["server"]), row["start_event"], shown(row["start_frame"]),
            row["end_event"], shown(row["end_frame"]), value_text(row, "measured_ns"), value_text(row, "lo_ns"),
            value_text(row, "hi_ns"), limit_text(row), row["verdict"], shown(row["needs"]),
        )
        for row in rows
    ]  # fmt: skip
    return "\n".join(align([head, *lines])).encode() + b"\n"


def shown(value: Any) -> str:
    return "-" if value is None else str(value)


def align(lines: Sequence[Sequence[str]]) -> list[str]:
    """Columns of equal width."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
