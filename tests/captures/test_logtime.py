"""Times of logs: forms, zones, midnight and the hour that comes twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.logtime import DAY_NS, SECOND_NS, Clock, anywhere, at_start, date_alone

FIVE = 5 * 3600 + 3 * 60 + 11


@pytest.mark.parametrize(
    ("text", "date", "second", "resolution"),
    [
        ("2017-10-20T05:03:11", (2017, 10, 20), FIVE, 10**9),
        ("2017-10-20 05.03.11.875", (2017, 10, 20), FIVE + 0.875, 10**6),
        ("2017/10/20 05:03:11,875", (2017, 10, 20), FIVE + 0.875, 10**6),
        ("20.10.2017 05:03:11.5", (2017, 10, 20), FIVE + 0.5, 10**8),
        ("20/10/2017 05:03:11", (2017, 10, 20), FIVE, 10**9),
        ("10/20/2017 5:03:11 PM", (2017, 10, 20), FIVE + 43200, 10**9),
        ("03/04/2017 12:00:00 AM", (2017, 3, 4), 0, 10**9),
        ("05:03:11:875", None, FIVE + 0.875, 10**6),
        ("5:03:11", None, FIVE, 10**9),
    ],
)
def test_forms(text, date, second, resolution):
    moment, end = at_start(text + " TX")
    assert (moment.date, moment.day_ns, moment.resolution_ns) == (date, int(second * SECOND_NS), resolution)
    assert end == len(text)


@pytest.mark.parametrize(
    "text", ["12:34:56:78:9A", "25:00:00", "2017-13-40 05:03:11", "7E A0", "12345", "1:2:3", "12:61:00", "2017-10-20"]
)
def test_what_is_no_time(text):
    assert at_start(text) is None


def test_since_1970_and_since_the_start():
    assert Clock().nanoseconds(at_start("1508475791.875 x")[0]) == 1508475791_875_000_000
    assert Clock().nanoseconds(at_start("1508475791875 x")[0]) == 1508475791_875_000_000
    assert Clock().nanoseconds(at_start("0.000123 x")[0]) == 123_000


@pytest.mark.parametrize(
    ("zone", "text", "utc"),
    [
        (None, "2017-10-20 05:03:11", 1508475791),
        ("Europe/Vienna", "2017-10-20 05:03:11", 1508475791 - 7200),
        ("Europe/Vienna", "2017-10-20T05:03:11Z", 1508475791),
        (None, "2017-10-20T05:03:11+02:00", 1508475791 - 7200),
        (None, "2017-10-20T05:03:11-0330", 1508475791 + 12600),
    ],
)
def test_zones(zone, text, utc):
    clock = Clock(zone)
    assert clock.nanoseconds(at_start(text)[0]) == utc * SECOND_NS
    assert clock.assumed_utc == (zone is None and text[-1] == "1")


def test_midnight_without_a_date():
    clock = Clock("Europe/Vienna")  # without a date there is no summer time to know of
    times = [clock.nanoseconds(at_start(text)[0]) for text in ("23:59:59", "00:00:01", "00:00:00.5", "12:00:00")]
    assert times == [86399 * SECOND_NS, DAY_NS + SECOND_NS, DAY_NS + SECOND_NS // 2, DAY_NS + DAY_NS // 2]


def test_a_date_alone_holds_for_what_follows():
    clock = Clock()
    clock.new_date(date_alone("20.10.2017"))
    assert clock.nanoseconds(at_start("05:03:11")[0]) == 1508475791 * SECOND_NS
    clock.nanoseconds(at_start("23:00:00")[0])
    assert clock.nanoseconds(at_start("00:00:00")[0]) == (1508457600 + 86400) * SECOND_NS
    assert date_alone("2017-02-30") is None and date_alone("1.2.3") is None


def test_the_hour_that_comes_twice():
    clock = Clock("Europe/Vienna")
    texts = ("2017-10-29 02:30:00", "2017-10-29 02:59:59", "2017-10-29 02:00:01", "2017-10-29 03:00:00")
    times = [clock.nanoseconds(at_start(text)[0]) for text in texts]
    assert times == sorted(times) and times[2] - times[1] == 2 * SECOND_NS


def test_anywhere():
    assert anywhere("conn-3 at 05:03:11 said").day_ns == FIVE * SECOND_NS
    assert anywhere("nothing 12 here") is None


@given(st.text(alphabet="0123456789:.-/T ,APMZ+", max_size=40))
def test_any_text_gives_a_time_or_none(text):
    found = at_start(text)
    if found:
        for zone in (None, "Europe/Vienna"):
            assert -(2**63) <= Clock(zone).nanoseconds(found[0]) < 2**63
