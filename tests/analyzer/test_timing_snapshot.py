import argparse
from pathlib import Path

import pytest

from analyzer.session import Session
from analyzer.timing import Timing
from analyzer.timing_snapshot import Snapshot
from analyzer.verdict import margin

SERIAL = str(Path(__file__).resolve().parents[2] / "captures" / "demo" / "hdlc-serial.pcapng")

OPTIONS = argparse.Namespace(profile=None, assume=[], keys=[], key=[], objects=None, quiet=True)


@pytest.fixture(scope="module")
def timing() -> Timing:
    session = Session(OPTIONS, print)
    profiles = session.profiles()
    with session.source(SERIAL) as source:
        timing = Timing({p.name: p for p in profiles}, source.channels, keep=True)
        for _ in session.run(source, profiles, (timing,)).exchanges():
            pass
        timing.end()
    return timing


def test_rows_are_those_of_timing_and_unheard_rules_have_one_row_each(timing: Timing) -> None:
    full = timing.rows("x")
    found = [row for _, row in Snapshot(timing, "x").rows()]
    assert [r for r in found if r["count"] or r["unanswered"]] == [r for r in full if r["count"] or r["unanswered"]]
    quiet = [r["rule"] for r in found if not r["count"] and not r["unanswered"]]
    assert quiet and all(
        r["verdict"] in ("not-observed", "not-applicable") for r in found if not r["count"] and not r["unanswered"]
    )


def test_only_rows_that_grew_are_made_again(timing: Timing) -> None:
    shot = Snapshot(timing, "x")
    first, again = dict(shot.rows()), dict(shot.rows())
    measured = [key for key, row in first.items() if row["count"]]
    assert all(first[key] is again[key] for key in measured)
    key = measured[0]
    column = next(c for k, c in timing.book.columns.items() if (k.profile, k.rule, k.client, k.server) == key)
    column.counts[3] += 1
    try:
        third = dict(shot.rows())
        assert third[key]["count"] == first[key]["count"] + 1
        assert all(third[k] is first[k] for k in measured[1:])
    finally:
        column.counts[3] -= 1


def test_worst_come_first(timing: Timing) -> None:
    shot = Snapshot(timing, "x")
    for key, row in shot.rows():
        behind = shot.behind(key, 5)
        assert behind is not None
        assert behind.timing.rule == row["rule"]
        assert behind.count == row["count"]
        assert len(behind.worst) == min(5, behind.count)
        if row["fail"]:
            assert [m.verdict for m in behind.worst][: min(5, row["fail"])] == ["fail"] * min(5, row["fail"])
        passed = [m for m in behind.worst if m.verdict == "pass" and m.measured_ns is not None]
        margins = [margin(m.measured_ns or 0, m.limit_min_ns, m.limit_max_ns) or 0 for m in passed]
        if row["kind"] == "timeout":  # it passes far below its limit: the longest is the nearest
            margins = [abs(m) for m in margins]
        assert margins == sorted(margins)
    failed = next(key for key, row in shot.rows() if row["fail"])
    worst = shot.behind(failed, 1)
    assert worst is not None and worst.worst[0].end_frame == 135


def test_what_was_missing_is_counted(timing: Timing) -> None:
    shot = Snapshot(timing, "x")
    key = next(key for key, row in shot.rows() if row["rule"] == "link.inter-octet")
    behind = shot.behind(key, 1)
    assert behind is not None
    assert behind.needs == {"octet-times": behind.count}
    assert shot.behind(("none", 0, -1, -1), 1) is None


def test_the_same_measurements_as_timing_gives(timing: Timing) -> None:
    shot = Snapshot(timing, "x")
    every = [m for key, _ in shot.rows() for m in (shot.behind(key, 10**6) or pytest.fail()).worst]
    assert sorted(map(repr, every)) == sorted(map(repr, timing.measurements()))
