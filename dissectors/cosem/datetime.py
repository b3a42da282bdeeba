"""date-time, date and time as COSEM writes them: 12, 5 and 4 octets (IEC 62056-6-2, 4.1.6.1).

Every octet may be "not specified" (all ones). Deviation counts the minutes from local time to UTC:
local time + deviation = UTC, so that UTC+1 is -60. Many meters in the field have the sign reversed;
no octet tells, so the standard's sense is shown together with the octets' own number.
"""

from calendar import monthrange
from datetime import UTC, timedelta
from datetime import datetime as Moment

from dissectors.record import Value

UNSPECIFIED_DEVIATION = -0x8000
ANY = 0xFF
ANY_YEAR = 0xFFFF
MONTHS = {0xFD: "daylight-savings-end", 0xFE: "daylight-savings-begin"}
DAYS = {0xFD: "second last day", 0xFE: "last day"}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
STATUS_BITS = {
    0: "invalid value",
    1: "doubtful value",
    2: "different clock base",
    3: "invalid clock status",
    7: "daylight saving active",
}
LENGTHS = {12: "date-time", 5: "date", 4: "time"}


class Clock(Value, frozen=True, gc=False):
    """A decoded date-time, date or time. Parts that the layout lacks or leaves open are None.

    text: for a person. problems: what is out of range, in words; () for sound octets.
    unix_ns: the instant, None unless date, hour, minute, second and deviation are all given.
    """

    kind: str
    text: str
    problems: tuple[str, ...]
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    hundredths: int | None = None
    deviation: int | None = None
    status: int | None = None
    unix_ns: int | None = None


def status_text(status: int) -> str:
    """The bits set in a clock status octet, "not specified" for FF, "" for none."""
    if status == 0xFF:
        return "not specified"
    named = [STATUS_BITS.get(bit, f"reserved bit {bit}") for bit in range(8) if status >> bit & 1]
    return ", ".join(named)


def utc_text(deviation: int) -> str:
    """ "UTC+01:00" for a deviation of -60 minutes."""
    sign, minutes = ("-", deviation) if deviation > 0 else ("+", -deviation)
    return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _date(octets: bytes, wrong: list[str]) -> tuple[str, int | None, int | None, int | None, int | None]:
    year = octets[0] << 8 | octets[1]
    month, day, weekday = octets[2:5]
    if not (1 <= month <= 12 or month >= 0xFD):
        wrong.append(f"month {month}")
    if not (1 <= day <= 31 or day >= 0xFD):
        wrong.append(f"day of month {day}")
    if not (1 <= weekday <= 7 or weekday == ANY):
        wrong.append(f"day of week {weekday}")
    fixed = 1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= 31
    if fixed and day > monthrange(year, month)[1]:
        wrong.append(f"{year:04d}-{month:02d} has no day {day}")
    elif not fixed and 1 <= month <= 12 and 1 <= day <= 31 and day > (29 if month == 2 else monthrange(2001, month)[1]):
        wrong.append(f"month {month} has no day {day}")
    text = "-".join(
        (
            "****" if year == ANY_YEAR else f"{year:04d}",
            MONTHS.get(month) or ("**" if month == ANY else f"{month:02d}"),
            DAYS.get(day) or ("**" if day == ANY else f"{day:02d}"),
        )
    )
    if 1 <= weekday <= 7:
        text += " " + WEEKDAYS[weekday - 1]
    return (
        text,
        None if year == ANY_YEAR else year,
        month if 1 <= month <= 12 else None,
        day if 1 <= day <= 31 else None,
        weekday if 1 <= weekday <= 7 else None,
    )


_PARTS = (("hour", 23), ("minute", 59), ("second", 59), ("hundredths", 99))


def _time(octets: bytes, wrong: list[str]) -> tuple[str, tuple[int | None, ...]]:
    values: list[int | None] = []
    shown: list[str] = []
    for value, (name, most) in zip(octets, _PARTS):
        if value == ANY:
            values.append(None)
            shown.append("**")
            continue
        if value > most:
            wrong.append(f"{name} {value}")
        values.append(value)
        shown.append(f"{value:02d}")
    text = ":".join(shown[:3])
    if values[3] is not None:
        text += "." + shown[3]
    return text, tuple(values)


def decode(octets: bytes) -> Clock | None:
    """The 12, 5 or 4 octets as a Clock, None for any other number of octets."""
    kind = LENGTHS.get(len(octets))
    if kind is None:
        return None
    wrong: list[str] = []
    if kind == "time":
        text, (hour, minute, second, hundredths) = _time(octets, wrong)
        return Clock(kind, text, tuple(wrong), hour=hour, minute=minute, second=second, hundredths=hundredths)
    text, year, month, day, weekday = _date(octets, wrong)
    if kind == "date":
        return Clock(kind, text, tuple(wrong), year, month, day, weekday)
    words, (hour, minute, second, hundredths) = _time(octets[5:9], wrong)
    text = f"{text} {words}"
    deviation: int | None = int.from_bytes(octets[9:11], "big", signed=True)
    assert deviation is not None
    if deviation == UNSPECIFIED_DEVIATION:
        deviation = None
    else:
        text += " " + utc_text(deviation)
        if abs(deviation) > 840:  # -720 to 840 by the standard, the reverse by the meters with the other sign
            wrong.append(f"deviation {deviation} minutes")
    status = octets[11]
    if status != 0xFF:
        if status & 0x70:
            wrong.append(f"reserved bits of the clock status 0x{status:02X}")
        if status:
            text += ", " + status_text(status)
    unix_ns: int | None = None
    if not wrong and None not in (year, month, day, hour, minute, second, deviation):
        unix_ns = _instant(year, month, day, hour, minute, second, hundredths or 0, deviation)
    return Clock(
        kind,
        text,
        tuple(wrong),
        year,
        month,
        day,
        weekday,
        hour,
        minute,
        second,
        hundredths,
        deviation,
        None if status == 0xFF else status,
        unix_ns,
    )


_EPOCH = Moment(1970, 1, 1, tzinfo=UTC)


def _instant(
    year: int | None,
    month: int | None,
    day: int | None,
    hour: int | None,
    minute: int | None,
    second: int | None,
    hundredths: int,
    deviation: int | None,
) -> int | None:
    try:
        local = Moment(year or 0, month or 0, day or 0, hour or 0, minute or 0, second or 0, tzinfo=UTC)
    except ValueError:  # year 0 and years past 9999
        return None
    since = local - _EPOCH
    seconds = since // timedelta(seconds=1) + 60 * (deviation or 0)
    return seconds * 1_000_000_000 + hundredths * 10_000_000


def text(octets: bytes) -> str | None:
    """Words for 12, 5 or 4 octets; None for any other number of octets."""
    clock = decode(octets)
    return None if clock is None else clock.text


def problems(octets: bytes) -> tuple[str, ...]:
    """What is out of range, in words, for the problem apdu.datetime; () for other numbers of octets."""
    clock = decode(octets)
    return () if clock is None else clock.problems
