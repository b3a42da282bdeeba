"""The timing and conformance sections of the report's page."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from analyzer import timing_report, words
from analyzer.percentiles import percentile_interval
from analyzer.profile_doc import TEMPLATE
from analyzer.report_case import Case
from analyzer.report_plots import Series, svg
from analyzer.timing_column import Column
from analyzer.timing_rows import in_force, row
from analyzer.verdict import VERDICT_NAMES
from dissectors.profile import Profile
from dissectors.profile_types import RULES

PLOTS = 24
VERDICT_ORDER = ("fail", "undecidable", "pass", "unjudged", "not-observed", "not-applicable")
COUNTS = ("pass", "fail", "undecidable", "unjudged", "unanswered")
STATES = {"fail": "fail", "undecidable": "undecidable", "pass": "pass", "unjudged": "not judged"}


def timing_section(case: Case, number: int) -> dict[str, Any]:
    """rows: every rule that measured something, worst verdict first; quiet: rules that nothing spoke of, by
    profile; plots of the first PLOTS rows that have enough to draw."""
    found: list[tuple[dict[str, Any], list[Column]]] = []
    quiet: list[dict[str, Any]] = []
    book = case.timing.book
    for profile in in_force(book):
        plans = [p for p in book.plans.values() if p is not None and p.profile is profile]
        columns: dict[tuple[int, int, int], list[Column]] = {}
        for column in case.timing.columns():
            if column.key.profile == profile.name:
                columns.setdefault((column.key.rule, column.key.client, column.key.server), []).append(column)
        seen = set()
        for (index, client, server), own in columns.items():
            made = row(case.source, profile, index, client, server, own, plans)
            if made["count"] or made["unanswered"]:
                found.append((made, own))
                seen.add(made["rule"])
        rules = dict.fromkeys(t.rule for t in profile.timing if t.rule not in seen)
        quiet.append({"profile": profile.name, "rules": list(rules)})
    found.sort(key=lambda item: VERDICT_ORDER.index(item[0]["verdict"]))
    shown = [_row(made, own) for made, own in found]
    drawable = [i for i, (made, own) in enumerate(found) if sum(len(c.values) for c in own) > 1]
    for place, i in enumerate(drawable[:PLOTS]):
        image, notes = svg(series(case, *found[i]), number * 1000 + place)
        shown[i]["plot"], shown[i]["notes"] = image, notes
    totals = Counter[str]()
    for made, _ in found:
        totals.update({name: made[name] for name in COUNTS})
    return {
        "rows": shown,
        "quiet": quiet,
        "plots": min(len(drawable), PLOTS),
        "drawable": len(drawable),
        "totals": [(name, totals[name]) for name in COUNTS],
    }


def _row(made: dict[str, Any], columns: Sequence[Column]) -> dict[str, Any]:
    """A row of timing with its cells as text."""
    shown = {key: timing_report.value_text(made, key) for key in ("min_ns", "mean_ns", "p50_ns", "p90_ns", "p95_ns")}
    shown |= {key: timing_report.value_text(made, key) for key in ("p99_ns", "max_ns")}
    return {
        **made,
        "shown": shown,
        "limit": timing_report.limit_text(made),
        "between": p95_between(made, columns),
        "about": f"{RULES[made['rule']].start} → {RULES[made['rule']].end}",
        "plot": "",
        "notes": "",
    }


def p95_between(made: dict[str, Any], columns: Sequence[Column]) -> str:
    """Where the true 95th percentile lies with 95 % confidence; "" where the samples cannot say."""
    values = np.sort(np.concatenate([np.asarray(c.values, dtype=np.int64) for c in columns]))
    if made["unanswered"]:
        return ""
    ranks = percentile_interval(len(values), 95)
    if ranks is None:
        return ""
    low, high = (int(values[rank - 1]) for rank in ranks)
    return f"{low} to {high}" if made["kind"] == "count" else f"{words.duration(low)} to {words.duration(high)}"


def series(case: Case, made: dict[str, Any], columns: Sequence[Column]) -> Series:
    """The measurements of a row as vectors: seconds since the start of the capture, values, verdicts."""
    start = case.facts.first_ns
    at: list[float] = []
    values: list[float] = []
    verdicts: list[int] = []
    count = RULES[made["rule"]].unit != "ns"
    scale = 1.0 if count else 1e-9
    for column in columns:
        for m in column.measurements():
            when = m.end_ns if m.end_ns is not None else m.start_ns
            at.append(np.nan if when is None or start is None else (when - start) * 1e-9)
            values.append(np.nan if m.measured_ns is None else m.measured_ns * scale)
            verdicts.append(VERDICT_NAMES.index(m.verdict))
    low, high = (np.nan if made[key] is None else made[key] * scale for key in ("limit_min_ns", "limit_max_ns"))
    unit = RULES[made["rule"]].unit if count else "s"
    return Series(np.array(at), np.array(values), np.array(verdicts, dtype=np.intp), VERDICT_NAMES, low, high, unit)


# -- conformance --------------------------------------------------------------------------------------------


def profiles_in_force(case: Case) -> list[dict[str, Any]]:
    """The profiles of the traffic, with the clauses that the page refers to."""
    titles = dict(TEMPLATE)
    return [
        {
            "name": p.name,
            "title": p.title,
            "standard": p.head.standard + (f":{p.head.edition}" if p.head.edition else ""),
            "sha256": p.sha256,
            "clauses": [
                {"number": clause, "title": titles.get(clause, ""), "text": p.text.get(clause, "")}
                for clause in sorted({s.clause for s in p.statements} | set(p.text), key=_numbers)
            ],
        }
        for p in in_force(case.timing.book)
    ]


def _numbers(clause: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (1 << 30, part) for part in clause.split("."))


def conformance(case: Case, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each sentence of the conformance statements, and whether this capture keeps to it."""
    a = case.analysis
    frames = a.frames.array()
    profile_of = frames["profile"]
    broken: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], int] = {}
    for f in a.findings:
        name = a.words[int(profile_of[f.frame - 1])] if 0 < f.frame <= len(frames) else ""
        broken[name, f.code] += 1
        first.setdefault((name, f.code), f.frame)
    out = []
    for profile in in_force(case.timing.book):
        heard = _heard(case, profile)
        for s in profile.statements:
            if s.check == "not-observable":
                state, why = "not observable", "a passive analyzer cannot see it"
            elif s.check in RULES:
                state, why = _rule_state([r for r in found if r["rule"] == s.check and r["profile"] == profile.name])
            elif broken[profile.name, s.check]:
                state = "fail"
                why = f"{broken[profile.name, s.check]} times, first in frame {first[profile.name, s.check]}"
            else:
                layer = s.check.partition(".")[0]
                count, what = heard.get(layer, (0, "frames") if layer in LINK_LAYERS else heard["messages"])
                state = "pass" if count else "not observed"
                why = f"not broken in {count} {what}" if count else f"no {what} of this layer"
            out.append(
                {
                    "profile": profile.name, "id": s.id, "clause": s.clause, "verb": s.verb, "text": s.text,
                    "check": s.check, "state": state, "why": why,
                }
            )  # fmt: skip
    return out


LINK_LAYERS = frozenset({"hdlc", "wrapper", "tcp", "udp", "ip", "mbus", "iec62056-21", "signon", "plc"})


def _heard(case: Case, profile: Profile) -> dict[str, tuple[int, str]]:
    """How much of each layer the profile's traffic has."""
    a = case.analysis
    frames, messages = a.frames.array(), a.messages.array()
    word = a.words.find(profile.name)
    layers = frames["layer"][frames["profile"] == word]
    numbers, counts = np.unique(layers, return_counts=True)
    out = {a.words[int(n)]: (int(count), "frames") for n, count in zip(numbers, counts)}
    out["messages"] = (int((messages["profile"] == word).sum()), "messages")
    return out


def _rule_state(found: Sequence[dict[str, Any]]) -> tuple[str, str]:
    if not found:
        return "not observed", "nothing to measure"
    total = {name: sum(r[name] for r in found) for name in COUNTS}
    worst = min((r["verdict"] for r in found), key=VERDICT_ORDER.index)
    return STATES.get(worst, "not observed"), ", ".join(f"{n} {name}" for name, n in total.items() if n)
