"""Times as people and tools write them in text logs, as nanoseconds.

ISO 8601 and its cousins (2017-10-20 05.03.11.875), 20.10.2017 05:03:11,875, 10/20/2017 5:03:11 AM, time of day
alone, seconds since 1970 or since the start with a fraction, and milliseconds since 1970.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from dissectors.record import Value

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_CLOCK = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9})|:(?P<milli>\d{3}))?"
_AFTER = r"(?!\w|:\w|\.\d)"
_PATTERNS = (
    re.compile(
        r"(?P<year>\d{4})[-/.](?P<month>\d{2})[-/.](?P<day>\d{2})(?:[T_]|[ \t]{1,3}|, )"
        + _CLOCK
        + r"\s?(?P<zone>Z|[+-]\d{2}:?\d{2}(?=\W|$))?"
        + _AFTER
    ),
    re.compile(
        r"(?P<a>\d{1,2})(?P<mark>[./-])(?P<b>\d{1,2})[./-](?P<year>\d{4}|\d{2})(?:,?[ \t]{1,3}|_)"
        + _CLOCK
        + r"(?:\s?(?P<half>[AaPp]\.?[Mm]\b\.?))?"
        + _AFTER
    ),
    re.compile(_CLOCK.replace("[:.]", ":") + r"(?:\s?(?P<half>[AaPp]\.?[Mm]\b\.?))?" + _AFTER),
    re.compile(r"(?P<epoch>\d{1,10})[.](?P<fraction>\d{3,9})" + _AFTER),
    re.compile(r"(?P<ms>\d{13})" + _AFTER),
)
DATE_ALONE = re.compile(
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d{2})[-/.](?P<day>\d{2})|(?P<a>\d{1,2})(?P<mark>[./])(?P<b>\d{1,2})[./](?P<y>\d{4}))"
)


class Moment(Value, frozen=True):
    """A time as written. date: year, month, day, or None; day_ns: since midnight, or since 1970 where date is
    None and absolute; zone_s: offset from UTC where written; resolution_ns: of its last digit."""

    day_ns: int
    resolution_ns: int
    date: tuple[int, int, int] | None = None
    zone_s: int | None = None
    absolute: bool = False


def at_start(text: str, at: int = 0) -> tuple[Moment, int] | None:
    """The time that begins at this place, and where it ends."""
    if at >= len(text) or not text[at].isdigit():
        return None
    for pattern in _PATTERNS:
        match = pattern.match(text, at)
        if match:
            moment = _moment({name: value for name, value in match.groupdict().items() if value is not None})
            if moment is not None:
                return moment, match.end()
    return None


def anywhere(text: str) -> Moment | None:
    """The first time in a text."""
    for match in re.finditer(r"(?<![\w.:])\d", text):
        found = at_start(text, match.start())
        if found:
            return found[0]
    return None


def date_alone(text: str) -> tuple[int, int, int] | None:
    """Year, month, day of a line that holds a date and nothing else."""
    match = DATE_ALONE.fullmatch(text)
    if match is None:
        return None
    part = {name: value for name, value in match.groupdict().items() if value is not None}
    part.setdefault("year", part.get("y", ""))
    return _date(part)


def _moment(part: dict[str, str]) -> Moment | None:
    if "ms" in part:
        return Moment(int(part["ms"]) * 1_000_000, 1_000_000, absolute=True)
    fraction = part.get("fraction") or part.get("milli") or ""
    rest_ns = int(fraction.ljust(9, "0")) if fraction else 0
    resolution = 10 ** (9 - len(fraction))
    if "epoch" in part:
        return Moment(int(part["epoch"]) * SECOND_NS + rest_ns, resolution, absolute=True)
    hour, minute, second = int(part["hour"]), int(part["minute"]), int(part["second"])
    if "half" in part and 1 <= hour <= 12:
        hour = hour % 12 + (12 if part["half"][0] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None
    date = None
    if "year" in part:
        date = _date(part)
        if date is None:
            return None
    zone = part.get("zone")
    zone_s = None
    if zone is not None:
        digits = zone[1:].replace(":", "")
        zone_s = 0 if zone == "Z" else (int(digits[:2]) * 60 + int(digits[2:])) * (-60 if zone[0] == "-" else 60)
    return Moment((hour * 3600 + minute * 60 + second) * SECOND_NS + rest_ns, resolution, date, zone_s)


def _date(part: dict[str, str]) -> tuple[int, int, int] | None:
    year = int(part["year"])
    if len(part["year"]) == 2:
        year += 2000
    if "month" in part:
        month, day = int(part["month"]), int(part["day"])
    else:
        a, b = int(part["a"]), int(part["b"])
        # with slashes tools write the month first (English locales), unless that cannot be
        day, month = (b, a) if part["mark"] == "/" and a <= 12 else (a, b)
        if month > 12:
            day, month = month, day
    try:
        datetime(year, month, day)
    except ValueError:
        return None
    return (year, month, day) if 1970 <= year <= 2261 else None


class Clock:
    """Turns the Moments of one log, in order, into nanoseconds since 1970 UTC.

    Without a zone in the text: the zone stated, else UTC. Without a date: the last date alone on a line, else
    1970-01-01; a time of day that goes back by more than twelve hours is the next day.
    """

    def __init__(self, zone: str | None = None) -> None:
        self.zone: tzinfo = UTC if zone is None else ZoneInfo(zone)
        self.stated = zone is not None
        self.assumed_utc = False  # a date without a zone was read as UTC
        self.date: tuple[int, int, int] | None = None
        self._days = 0
        self._last_ns: int | None = None
        self._last_local: int | None = None

    def new_date(self, date: tuple[int, int, int]) -> None:
        """A date alone on a line: it holds for the times of day after it."""
        self.date = date
        self._days = 0
        self._last_local = None

    def nanoseconds(self, moment: Moment) -> int:
        if moment.absolute:
            return moment.day_ns
        date = moment.date or self.date
        if moment.date is None:
            if self._last_local is not None and moment.day_ns < self._last_local - DAY_NS // 2:
                self._days += 1
            self._last_local = moment.day_ns
        if date is None:
            return self._days * DAY_NS + moment.day_ns
        days = self._days if moment.date is None else 0
        if moment.zone_s is not None:
            ns = _utc_ns(date, days, moment.day_ns, UTC, 0) - moment.zone_s * SECOND_NS
        else:
            self.assumed_utc |= not self.stated
            ns = _utc_ns(date, days, moment.day_ns, self.zone, 0)
            if self._last_ns is not None and ns < self._last_ns:
                # the hour that comes twice in autumn: the second one where the first would go back
                again = _utc_ns(date, days, moment.day_ns, self.zone, 1)
                ns = again if again >= self._last_ns else ns
        self._last_ns = ns
        return ns


def _utc_ns(date: tuple[int, int, int], days: int, day_ns: int, zone: tzinfo, fold: int) -> int:
    seconds, rest = divmod(day_ns, SECOND_NS)
    local = datetime(*date) + timedelta(days=days, seconds=seconds)
    since = local.replace(tzinfo=zone, fold=fold) - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_NS + rest
