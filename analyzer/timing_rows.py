"""Rows of `timing` and `timing --each`, with the keys of cli.md in their order."""

from array import array
from collections.abc import Iterator
from typing import Any

from analyzer.interval import NO_CHANNEL
from analyzer.model import Measurement
from analyzer.percentiles import nearest_rank, statistics
from analyzer.timing_column import FOREVER, Column, Limit
from analyzer.timing_plan import Book, Plan
from analyzer.verdict import NOT_APPLICABLE, NOT_OBSERVED, PASS, UNDECIDABLE, VERDICT_NAMES, judge, margin, row_verdict
from dissectors.profile import Profile

ROW_KEYS = (
    "source", "profile", "profile_sha256", "rule", "kind", "subject", "clause", "client", "server", "limit_min_ns",
    "limit_max_ns", "limit_from", "count", "unjudged", "pass", "fail", "undecidable", "unanswered", "min_ns",
    "mean_ns", "p50_ns", "p90_ns", "p95_ns", "p99_ns", "max_ns", "worst_frame", "verdict",
)  # fmt: skip
EACH_KEYS = (
    "source", "profile", "rule", "kind", "subject", "clause", "edition", "channel", "client", "server",
    "start_event", "start_frame", "start_ns", "end_event", "end_frame", "end_ns", "measured_ns", "lo_ns", "hi_ns",
    "limit_min_ns", "limit_max_ns", "limit_from", "margin_ns", "decision_rule", "verdict", "confidence", "needs",
)  # fmt: skip
WHOLE_LINE = ("tcp.", "line.", "signon.", "radio.")  # rules of a connection or line: no SAPs


def in_force(book: Book) -> list[Profile]:
    """Profiles that some traffic was recognised as, in order of their names; the only one where one was named."""
    names = sorted({plan.profile.name for plan in book.plans.values() if plan is not None})
    if not names and len(book.profiles) == 1:
        names = list(book.profiles)
    return [book.profiles[name] for name in names]


def rows(book: Book, source: str) -> list[dict[str, Any]]:
    """One row a profile, rule, client and server; rules that nothing spoke of are not-observed."""
    return [
        row(source, profile, index, client, server, columns, plans)
        for profile, index, client, server, columns, plans in grouped(book)
    ]


def grouped(book: Book) -> Iterator[tuple[Profile, int, int, int, list[Column], list[Plan]]]:
    """What makes a row each: profile, index of the rule in it, client, server, columns, and plans of the profile."""
    for profile in in_force(book):
        plans = [p for p in book.plans.values() if p is not None and p.profile is profile]
        columns: dict[tuple[int, int, int], list[Column]] = {}
        pairs: set[tuple[int, int]] = set()
        for key, column in book.columns.items():
            if key.profile == profile.name:
                columns.setdefault((key.rule, key.client, key.server), []).append(column)
                if key.client >= 0 or key.server >= 0:
                    pairs.add((key.client, key.server))
        for index, timing in enumerate(profile.timing):
            whole = timing.rule.startswith(WHOLE_LINE)
            for client, server in [(-1, -1)] if whole or not pairs else sorted(pairs):
                yield profile, index, client, server, columns.get((index, client, server), []), plans


def row(
    source: str, profile: Profile, index: int, client: int, server: int, columns: list[Column], plans: list[Plan]
) -> dict[str, Any]:
    """One row; plans: how the profile was used in this capture."""
    timing = profile.timing[index]
    applicable = [rule for plan in plans for found in plan.rules.values() for rule in found if rule.index == index]
    limit: Limit | None
    if columns:
        limit = columns[-1].applied
    elif applicable:
        limit = applicable[0].limit
    else:
        stated = Plan(profile, plans[0].channel if plans else NO_CHANNEL, "text").rules.get(timing.rule, ())
        limit = next((rule.limit for rule in stated if rule.index == index), None)
    if columns:
        verdict = verdict_of(columns)
    else:
        verdict = NOT_OBSERVED if applicable or not plans else NOT_APPLICABLE
    counts = [sum(numbers) for numbers in zip(*(c.counts for c in columns))] or [0, 0, 0, 0, 0]
    by_name = dict(zip(VERDICT_NAMES, counts))
    values, waits = array("q"), array("q")
    for column in columns:
        values += column.values
        waits += column.waits
    low, high = (None, None) if limit is None else (limit.low, limit.high)
    worst = max(columns, key=_badness, default=None)
    told: dict[str, Any] = {
        "source": source,
        "profile": profile.name,
        "profile_sha256": profile.sha256,
        "rule": timing.rule,
        "kind": timing.kind,
        "subject": timing.subject,
        "clause": timing.clause,
        "client": _sap(client),
        "server": _sap(server),
        "limit_min_ns": low,
        "limit_max_ns": high,
        "limit_from": limit.source if limit is not None and (low, high) != (None, None) else None,
        "count": sum(counts),
        "unjudged": by_name["unjudged"],
        "pass": by_name["pass"],
        "fail": by_name["fail"],
        "undecidable": by_name["undecidable"],
        "unanswered": by_name["unanswered"],
    }
    told.update(statistics(values, waits))
    told["worst_frame"] = None if worst is None else worst.worst_frame()
    told["verdict"] = verdict
    return told


def _badness(column: Column) -> int:
    """How near to its limit, or how far beyond, a column's worst measurement is; its longest without limit."""
    limit = column.applied
    if not column.values:
        return -(1 << 63)
    margins = [margin(ns, limit.low, limit.high) for ns in (column.longest, column.shortest)]
    known = [m for m in margins if m is not None]
    return -min(known) if known else column.longest


def each_row(book: Book, source: str, m: Measurement, decision: str) -> dict[str, Any]:
    """One measurement with all that its verdict rests on.

    needs: what was missing; or, after "assumed", what a person stated in its place (--assume)."""
    profile = book.profiles[m.profile]
    timing = profile.timing[m.rule]
    limited = m.limit_min_ns is not None or m.limit_max_ns is not None
    needs = m.needs
    channel = next((c for c in book.channels if c.number == m.channel), NO_CHANNEL)
    if not needs and channel.assumed:
        needs = "assumed " + ",".join(channel.assumed)
    if not needs and channel.calibration:
        needs = channel.calibration
    return {
        "source": source,
        "profile": m.profile,
        "rule": timing.rule,
        "kind": timing.kind,
        "subject": timing.subject,
        "clause": timing.clause,
        "edition": profile.head.edition or None,
        "channel": str(m.channel),
        "client": _sap(m.client),
        "server": _sap(m.server),
        "start_event": m.start_event,
        "start_frame": m.start_frame or None,
        "start_ns": m.start_ns,
        "end_event": m.end_event,
        "end_frame": m.end_frame or None,
        "end_ns": m.end_ns,
        "measured_ns": m.measured_ns,
        "lo_ns": m.lo_ns,
        "hi_ns": m.hi_ns,
        "limit_min_ns": m.limit_min_ns,
        "limit_max_ns": m.limit_max_ns,
        "limit_from": m.limit_from if limited else None,
        "margin_ns": None if m.measured_ns is None else margin(m.measured_ns, m.limit_min_ns, m.limit_max_ns),
        "decision_rule": decision,
        "verdict": m.verdict,
        "confidence": timing.confidence,
        "needs": needs or None,
    }


def _sap(value: int) -> int | None:
    return value if value >= 0 else None


def verdict_of(columns: list[Column]) -> str:
    """The verdict of the row that these columns (one rule, client and server) make together."""
    counts = [sum(numbers) for numbers in zip(*(c.counts for c in columns))]
    overdue = sum(c.overdue for c in columns)
    limit, first = columns[-1].applied, columns[0]
    limited = limit.low is not None or limit.high is not None
    if first.single or not first.certain or not limited:
        return row_verdict(counts or (0, 0, 0, 0, 0), overdue, limited and first.certain)
    return as_a_whole(columns, limit)


def as_a_whole(columns: list[Column], limit: Limit) -> str:
    """The verdict on a percentile or mean: one interval, from the widest of all its samples.

    A shift of each sample by at most w shifts a percentile, and a mean, by at most w."""
    first = columns[0]
    import numpy as np  # only for rules that are judged as a whole

    values = np.sort(np.concatenate([np.asarray(c.values, dtype=np.int64) for c in columns]))
    waits = np.concatenate([np.asarray(c.waits, dtype=np.int64) for c in columns])
    n = len(values) + len(waits)
    if not n:
        return VERDICT_NAMES[UNDECIDABLE] if any(sum(c.counts) for c in columns) else NOT_OBSERVED
    if n < first.timing.min_samples or any(c.vague for c in columns):
        return "undecidable"
    wide = max(c.widest_ns for c in columns)
    if first.timing.per == "mean":
        if len(waits):
            return "undecidable"
        estimate = round(float(values.mean()))
        top = estimate
    else:
        percent = int(first.timing.per[1:])
        estimate = nearest_rank(values, percent, waits)
        # An unanswered request took longer than its wait: above all others at the worst.
        rank = -(-n * percent // 100)
        top = int(values[rank - 1]) if rank <= len(values) else FOREVER
    found = judge(estimate, max(0, estimate - wide), top + wide, limit.low, limit.high, first.guarded)
    if found is PASS and top == FOREVER:
        return VERDICT_NAMES[UNDECIDABLE]
    return VERDICT_NAMES[found]
