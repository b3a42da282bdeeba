"""Columns: what is kept, what is reported, which frame is the worst."""

from typing import Any

import msgspec
import pytest

from analyzer.interval import Interval
from analyzer.timing_column import Column, Key, Limit
from analyzer.timing_rows import verdict_of
from analyzer.verdict import VERDICT_NAMES
from dissectors.duration import Duration
from dissectors.profile_types import Timing

TIMING = Timing(rule="app.response", kind="delay", subject="server", max=Duration("100 us"), clause="1", confidence="A")


def column(
    low: int | None = None, high: int | None = None, keep: bool = True, **change: Any
) -> tuple[Column, list[str]]:
    told: list[str] = []
    timing = msgspec.structs.replace(TIMING, **change)
    made = Column(
        Key("p", 0, 0, 16, 1),
        timing,
        Limit(low, high),
        True,
        keep,
        lambda c, verdict, *_: told.append(VERDICT_NAMES[verdict]),
    )
    return made, told


def exact(ns: int) -> Interval:
    return Interval(ns, ns, ns)


def test_measurements_come_back_as_they_were() -> None:
    c, _ = column(high=100)
    c.measure(Interval(50, 40, 60), 1000, 1, 1050, 2)
    c.measure(Interval(None, None, None, "time"), None, 3, None, 4)
    other = Limit(None, 40, "announced")
    c.measure(Interval(50, 45, 55), 2000, 5, 2050, 6, limit=other)
    c.silent(500, 3000, 7)
    found = list(c.measurements())
    assert [(m.measured_ns, m.lo_ns, m.hi_ns, m.start_ns, m.end_ns) for m in found] == [
        (50, 40, 60, 1000, 1050),
        (None, None, None, None, None),
        (50, 45, 55, 2000, 2050),
        (500, 500, None, 3000, None),
    ]
    assert [(m.start_frame, m.end_frame, m.verdict, m.needs) for m in found] == [
        (1, 2, "pass", ""),
        (3, 4, "undecidable", "time"),
        (5, 6, "fail", ""),
        (7, 0, "unanswered", ""),
    ]
    assert [m.limit_max_ns for m in found] == [100, 100, 40, 100]
    assert found[2].limit_from == "announced"
    assert found[0].start_event != found[0].end_event


def test_lean_columns_keep_values_only() -> None:
    c, _ = column(high=100, keep=False)
    c.measure(exact(50), 0, 1, 50, 2)
    assert (list(c.measurements()), list(c.values), c.counts) == ([], [50], [1, 0, 0, 0, 0])


def test_fail_and_undecidable_are_reported() -> None:
    c, told = column(high=100)
    for found in (exact(50), exact(101), Interval(100, 90, 110), Interval(5, None, None, "baud")):
        c.measure(found, 0, 1, 5, 2)
    c.silent(10_000, 0, 3)
    assert told == ["fail", "undecidable", "undecidable"]
    assert (c.counts, c.overdue) == ([1, 1, 2, 0, 1], 1)


def test_unjudged_tells_nothing() -> None:
    c, told = column()
    c.measure(Interval(5, None, None, "uncertainty"), 0, 1, 5, 2)
    assert (c.counts, told) == ([0, 0, 0, 1, 0], [])


def test_negative_lengths_are_no_statistics() -> None:
    c, _ = column(high=100)
    c.measure(Interval(-5, -9, -1), 10, 1, 5, 2)
    assert (c.counts, list(c.values)) == ([0, 0, 1, 0, 0], [])


@pytest.mark.parametrize(
    ("low", "high", "worst"), [(None, None, 3), (None, 100, 3), (20, None, 2), (20, 1000, 2), (1, 95, 3)]
)
def test_worst_frame(low: int | None, high: int | None, worst: int) -> None:
    c, _ = column(low, high)
    for frame, ns in ((1, 50), (2, 10), (3, 90)):
        c.measure(exact(ns), 0, 9, ns, frame)
    assert c.worst_frame() == worst


def test_worst_frame_of_nothing() -> None:
    assert column(high=1)[0].worst_frame() is None


def test_time_outs_go_by_the_reaction() -> None:
    c, told = column(100, 200, kind="timeout")
    c.reacted(exact(50), True, 0, 1, 50, 2)
    c.reacted(exact(150), True, 0, 1, 50, 2)
    c.reacted(exact(250), True, 0, 1, 50, 2)
    c.reacted(Interval(250, None, None, "baud"), True, 0, 1, 50, 2)
    assert (c.counts, told) == ([1, 1, 1, 0, 0], ["fail", "undecidable"])
    unjudged, _ = column(kind="timeout")
    unjudged.reacted(exact(50), True, 0, 1, 50, 2)
    assert unjudged.counts == [0, 0, 0, 1, 0]
    delay, _ = column(high=40)
    delay.reacted(exact(50), True, 0, 1, 50, 2)
    assert delay.counts == [0, 1, 0, 0, 0]


def test_uncertainty_widens_a_percentile() -> None:
    c, _ = column(high=100, per="p50", min_samples=2)
    for ns in (80, 90, 95):
        c.measure(Interval(ns, ns - 20, ns + 20), 0, 1, ns, 2)
    assert verdict_of([c]) == "undecidable"
    sure, _ = column(high=100, per="p50", min_samples=2)
    for ns in (80, 90, 95):
        sure.measure(exact(ns), 0, 1, ns, 2)
    assert verdict_of([sure]) == "pass"
    sure.measure(Interval(70, None, None, "uncertainty"), 0, 1, 70, 2)
    assert verdict_of([sure]) == "undecidable"
