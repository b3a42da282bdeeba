from datetime import UTC, timedelta, timezone
from datetime import datetime as Moment

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cosem import datetime


def octets_of(moment: Moment, deviation: int, status: int = 0, weekday: int = 0xFF) -> bytes:
    return b"".join(
        (
            moment.year.to_bytes(2, "big"),
            bytes((moment.month, moment.day, weekday)),
            bytes((moment.hour, moment.minute, moment.second, moment.microsecond // 10_000)),
            deviation.to_bytes(2, "big", signed=True),
            bytes((status,)),
        )
    )


@given(st.datetimes(min_value=Moment(1900, 1, 1), max_value=Moment(2200, 1, 1)), st.integers(-840, 720))
def test_instant_against_the_standard_library(moment: Moment, deviation: int) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 10_000 * 10_000)
    clock = datetime.decode(octets_of(moment, deviation))
    # local time + deviation = UTC, so the zone lies deviation minutes west
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=-deviation)))
    assert clock is not None and not clock.problems and clock.unix_ns is not None
    since = aware - Moment(1970, 1, 1, tzinfo=UTC)
    assert clock.unix_ns == since // timedelta(microseconds=1) * 1000


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        ("07E60C1F06173B3B00FFC400", "2022-12-31 Sat 23:59:59.00 UTC+01:00"),
        ("07E60C1F06173B3BFFFF8880", "2022-12-31 Sat 23:59:59 UTC+02:00, daylight saving active"),
        ("07E60C1FFF173B3BFF800000", "2022-12-31 23:59:59"),
        ("07E60C1FFF173B3BFF003CFF", "2022-12-31 23:59:59 UTC-01:00"),
        ("07E60C1FFF173B3BFF800003", "2022-12-31 23:59:59, invalid value, doubtful value"),
        ("FFFFFFFFFFFFFFFFFF8000FF", "****-**-** **:**:**"),
        ("FFFFFDFE0702000000", None),
        ("FFFFFDFE07", "****-daylight-savings-end-last day Sun"),
        ("FFFF01FDFF", "****-01-second last day"),
        ("17000000", "23:00:00.00"),
        ("FFFFFFFF", "**:**:**"),
        ("", None),
    ],
)
def test_text(octets: str, text: str | None) -> None:
    assert datetime.text(bytes.fromhex(octets)) == text


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        ("07E60D1FFF173B3BFF800000", "month 13"),
        ("07E60020FF173B3BFF800000", "month 0"),
        ("07E60C00FF173B3BFF800000", "day of month 0"),
        ("07E60C1F08173B3BFF800000", "day of week 8"),
        ("07E60C1FFF183B3BFF800000", "hour 24"),
        ("07E60C1FFF173C3BFF800000", "minute 60"),
        ("07E60C1FFF173B3CFF800000", "second 60"),
        ("07E60C1FFF173B3B64800000", "hundredths 100"),
        ("07E60C1FFF173B3B00034900", "deviation 841 minutes"),
        ("07E60C1FFF173B3B00000010", "reserved bits of the clock status 0x10"),
        ("07E7021DFF", "2023-02 has no day 29"),
        ("FFFF021EFF", "month 2 has no day 30"),
        ("18000000", "hour 24"),
    ],
)
def test_out_of_range(octets: str, words: str) -> None:
    assert words in datetime.problems(bytes.fromhex(octets))
    clock = datetime.decode(bytes.fromhex(octets))
    assert clock is not None and clock.unix_ns is None


def test_sound_ones_have_no_problem() -> None:
    for octets in ("07E8021DFF", "FFFF021DFF", "FFFFFEFEFF", "07E60C1FFF173B3B00034800", "07E60C1FFF173B3B00FCB880"):
        assert datetime.problems(bytes.fromhex(octets)) == ()


def test_year_that_no_calendar_has() -> None:
    for year in ("0000", "FFFE"):
        clock = datetime.decode(bytes.fromhex(year + "0101FF00000000000000"))
        assert clock is not None and clock.unix_ns is None and not clock.problems


def test_status_in_words() -> None:
    assert datetime.status_text(0xFF) == "not specified" and datetime.status_text(0) == ""
    assert datetime.status_text(0x14) == "different clock base, reserved bit 4"


@given(st.binary(max_size=14))
def test_any_octets(octets: bytes) -> None:
    clock = datetime.decode(octets)
    assert (clock is None) == (len(octets) not in (4, 5, 12))
    assert datetime.text(octets) == (clock.text if clock else None)
