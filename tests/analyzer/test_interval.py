"""Intervals: what was true always lies inside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.interval import Edge, Interval, between, bounds, drift, missing
from dissectors.record import Channel

MS = 1_000_000
TAP = Channel(0, "tap", 250, 1000, 9600, 10, "start")
USB = Channel(1, "usb", 250, 1000, 9600, 10, "end", True)


def test_both_ends_count_and_the_offset_of_the_clock_does_not() -> None:
    a, b = (Edge(ns, *bounds(TAP, MS), frame=n) for n, ns in ((1, 5 * MS), (2, 105 * MS)))
    assert between(a, b) == Interval(100 * MS, 98 * MS - 5001, 102 * MS + 5001)
    shifted = [Edge((e.ns or 0) + 3_600_000 * MS, e.early_ns, e.late_ns) for e in (a, b)]
    assert between(*shifted) == between(a, b)


def test_one_sided_stamps_bound_once() -> None:
    # Each stamp may be 16 ms late and never early: the difference is off by 16 ms, not by 32.
    a, b = (Edge(ns, *bounds(USB, 16 * MS)) for ns in (0, 100 * MS))
    found = between(a, b)
    assert found.lo_ns == 84 * MS - 1000 - drift(100 * MS)
    assert found.hi_ns == 116 * MS + 1000 + drift(100 * MS)


def test_computed_moments_of_one_sided_stamps_keep_the_baud_tolerance() -> None:
    assert bounds(USB, 16 * MS, -98 * MS) == (16 * MS, 1000 + 2 * MS)


def test_resolution_bounds_what_may_be_stated() -> None:
    assert bounds(Channel(0, "log", 147, 1_000_000_000), 0) == (1_000_000_000, 1_000_000_000)


def test_one_record_says_nothing_of_what_went_on_in_it() -> None:
    assert between(Edge(0, 1, 1, 1, 7), Edge(MS, 1, 1, 2, 7)) == Interval(MS, None, None, "octet-times")
    assert between(Edge(0, 1, 1, 1, 7), Edge(MS, 1, 1, 2, 8)).lo_ns is not None


def test_what_is_missing_is_handed_on() -> None:
    assert between(Edge(None), Edge(5)) == Interval(None, None, None, "time")
    assert between(Edge(0, needs="baud"), Edge(5)) == Interval(5, None, None, "baud")
    assert between(Edge(0), Edge(5, needs="stamp")) == Interval(5, None, None, "stamp")


def test_lower_bound_of_what_follows_is_not_negative() -> None:
    assert between(Edge(0, 10, 10), Edge(5, 10, 10)).lo_ns == 0
    assert between(Edge(5, 10, 10), Edge(0, 10, 10)).lo_ns == -26


@pytest.mark.parametrize(
    ("channel", "serial", "uncertainty", "expected"),
    [
        (TAP, True, 0, ""),
        (TAP, True, None, "uncertainty"),
        (Channel(0, "x", 250), True, 1, "baud,stamp"),
        (Channel(0, "x", 250, stamp="end"), True, None, "baud,uncertainty"),
        (Channel(0, "x", 250, baud=300, stamp="unknown"), True, 1, "stamp"),
        (Channel(0, "x", 1), False, 1, ""),
        (Channel(0, "x", 1), False, None, "uncertainty"),
    ],
)
def test_missing(channel: Channel, serial: bool, uncertainty: int | None, expected: str) -> None:
    assert missing(channel, serial, uncertainty) == expected


@given(
    true=st.integers(0, 10**13),
    offset=st.integers(-(10**15), 10**15),
    u=st.integers(0, 10**9),
    v=st.integers(0, 10**9),
    early=st.floats(-1, 1),
    late=st.floats(-1, 1),
    ppm=st.floats(-50, 50),
    one_sided=st.booleans(),
    resolution=st.integers(1, 10**9),
)
def test_the_truth_lies_inside(
    true: int,
    offset: int,
    u: int,
    v: int,
    early: float,
    late: float,
    ppm: float,
    one_sided: bool,
    resolution: int,
) -> None:
    """A clock off by any offset and 50 ppm, stamps off by what they admit: lo <= truth <= hi."""
    channel = Channel(0, "x", 1, resolution, one_sided=one_sided)
    stamps = []
    for moment, uncertainty, error in ((0, u, early), (true, v, late)):
        shown = offset + round(moment * (1 + ppm / 1_000_000))
        # A one-sided stamp is late by up to its uncertainty; both are cut to the file's resolution.
        off = int(abs(error) * uncertainty) if one_sided else int(error * max(uncertainty, resolution))
        ns = shown + off if not one_sided else min(shown + uncertainty, (shown + off) // resolution * resolution)
        stamps.append(Edge(ns, *bounds(channel, uncertainty)))
    found = between(*stamps)
    assert found.ns is not None and found.lo_ns is not None and found.hi_ns is not None
    if found.ns < 0:
        return  # judged undecidable
    assert found.lo_ns - 2 <= true <= found.hi_ns + 2  # rounding of the scripted clock
    assert found.lo_ns <= found.ns <= found.hi_ns
