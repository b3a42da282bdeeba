"""Verdicts: guarded never passes what broke the limit and never fails what kept it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.verdict import (
    FAIL,
    PASS,
    UNDECIDABLE,
    UNJUDGED,
    VERDICT_NAMES,
    Verdict,
    judge,
    margin,
    react,
    row_verdict,
)

LIMITS = st.tuples(st.none() | st.integers(0, 1000), st.none() | st.integers(0, 1000)).filter(
    lambda two: two[0] is None or two[1] is None or two[0] <= two[1]
)


@pytest.mark.parametrize(
    ("ns", "lo", "hi", "low", "high", "guarded", "simple"),
    [
        (50, 40, 60, None, 100, "pass", "pass"),
        (50, 40, 60, None, 60, "pass", "pass"),  # a limit itself is allowed
        (50, 40, 60, 40, None, "pass", "pass"),
        (50, 40, 60, None, 59, "undecidable", "pass"),
        (50, 40, 60, None, 45, "undecidable", "fail"),
        (50, 40, 60, None, 40, "undecidable", "fail"),
        (50, 40, 60, None, 39, "fail", "fail"),
        (50, 40, 60, 61, None, "fail", "fail"),
        (50, 40, 60, 60, 100, "undecidable", "fail"),
        (50, 40, 60, 45, 55, "undecidable", "pass"),
        (-1, -5, 5, None, 100, "undecidable", "undecidable"),
        (50, 40, 60, None, None, "unjudged", "unjudged"),
    ],
)
def test_decision_rules(
    ns: int, lo: int, hi: int, low: int | None, high: int | None, guarded: str, simple: str
) -> None:
    assert VERDICT_NAMES[judge(ns, lo, hi, low, high)] == guarded
    assert VERDICT_NAMES[judge(ns, lo, hi, low, high, guarded=False)] == simple


@given(st.integers(0, 1000), st.integers(0, 200), st.integers(0, 200), st.floats(0, 1), LIMITS)
def test_guarded_is_never_wrong(
    ns: int, below: int, above: int, where: float, limits: tuple[int | None, int | None]
) -> None:
    low, high = limits
    lo, hi = ns - below, ns + above
    true = lo + round(where * (hi - lo))
    kept = (low is None or true >= low) and (high is None or true <= high)
    found = judge(ns, lo, hi, low, high)
    assert not (found is PASS and not kept)
    assert not (found is FAIL and kept)


@pytest.mark.parametrize(
    ("lo", "hi", "alive", "low", "high", "expected"),
    [
        (40, 60, True, 100, 200, PASS),
        (40, 60, False, 100, 200, FAIL),
        (240, 260, True, 100, 200, FAIL),
        (240, 260, False, 100, 200, PASS),
        (140, 160, True, 100, 200, None),
        (140, 160, False, 100, 200, None),
        (190, 210, True, 100, 200, UNDECIDABLE),
        (190, 210, False, 100, 200, None),
        (90, 110, False, 100, 200, UNDECIDABLE),
        (90, 110, True, 100, 200, None),
        (90, 110, True, 100, 100, UNDECIDABLE),
        (90, 110, False, 100, 100, UNDECIDABLE),
        (40, 60, True, None, 100, None),  # no gap long enough
        (40, 60, True, None, None, UNJUDGED),
    ],
)
def test_time_outs(lo: int, hi: int, alive: bool, low: int | None, high: int | None, expected: Verdict | None) -> None:
    assert react((lo + hi) // 2, lo, hi, alive, low, high) is expected


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 50), st.floats(-1, 1))
def test_a_time_out_within_its_bounds_never_fails(timer: int, gap: int, wide: int, error: float) -> None:
    """A receiver whose timer is 100 to 200 is alive just when the true gap is not longer than the timer."""
    shown = gap + round(error * wide)
    found = react(shown, shown - wide, shown + wide, gap <= timer, 100, 200)
    if 100 <= timer <= 200:
        assert found is not FAIL
    elif found is PASS:
        assert gap < 100 or gap > 200


@pytest.mark.parametrize(
    ("ns", "low", "high", "expected"),
    [(50, None, None, None), (50, 10, None, 40), (50, None, 40, -10), (50, 45, 90, 5), (95, 45, 100, 5)],
)
def test_margin(ns: int, low: int | None, high: int | None, expected: int | None) -> None:
    assert margin(ns, low, high) == expected


@pytest.mark.parametrize(
    ("counts", "overdue", "limited", "expected"),
    [
        ((5, 1, 1, 0, 0), 0, True, "fail"),
        ((5, 0, 1, 0, 0), 0, True, "undecidable"),
        ((5, 0, 0, 0, 1), 1, True, "undecidable"),
        ((5, 0, 0, 0, 1), 0, True, "pass"),
        ((0, 0, 0, 3, 0), 0, False, "unjudged"),
        ((0, 0, 0, 0, 2), 0, False, "unjudged"),
        ((0, 0, 0, 0, 2), 0, True, "undecidable"),
        ((0, 0, 0, 0, 0), 0, True, "not-observed"),
    ],
)
def test_rows(counts: tuple[int, ...], overdue: int, limited: bool, expected: str) -> None:
    assert row_verdict(counts, overdue, limited) == expected
