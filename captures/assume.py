"""What a person states about a capture that lacks it: `--assume baud=9600,format=8E1,stamp=end`.

    STATEMENTS = ITEM *("," ITEM)        ITEM = [CHANNEL ":"] KEY "=" VALUE

| key | value |
|---|---|
| baud | bit/s of the line, 50 to 4000000 |
| format | data bits, parity (N E O M S) and stop bits of a character: 8N1, 7E1, 8E1 |
| stamp | what a time stamp is the time of: start or end of a record's octets, packet, unknown |
| uncertainty | how far a stamp may be off: a number with ns, us, ms or s |
| at | where the tap is: client, server or network |
| adapter | family of a USB serial adapter that the capture does not name: ftdi, cp210x, ch34x, pl2303, cdc-acm |
| tz | zone of the clock of a text log, an IANA name such as Europe/Vienna, or UTC |
| swap | yes: directions of a serial line are the other way round (the pair is wired wrongly); no |

A channel number before a key restricts it and everything after it up to the next channel number.
swap=yes exchanges what the records state; where they state nothing, what was resolved. Two wires of one line
are swapped together when either is.
What was stated is kept as written in Channel.assumed and printed with each verdict that used it.
"""

import re
from zoneinfo import ZoneInfo

import msgspec

from dissectors.errors import UsageError
from dissectors.record import Channel, Value

STAMPS = ("start", "end", "packet", "unknown")
PLACES = ("client", "server", "network")
UNITS_NS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
BAUD_RANGE = (50, 4_000_000)
FAMILIES = ("ftdi", "cp210x", "ch34x", "pl2303", "cdc-acm")
KEYS = ("baud", "format", "stamp", "uncertainty", "at", "adapter", "tz", "swap")
YES_NO = {"yes": True, "no": False}
EXAMPLE = "for example baud=9600,format=8E1,stamp=end,uncertainty=16ms,at=client,tz=Europe/Vienna"


class Stated(Value, frozen=True):
    """What was stated for one channel; None where nothing was. written: the items as written."""

    baud: int | None = None
    format: str | None = None
    character_bits: int | None = None
    stamp: str | None = None
    uncertainty_ns: int | None = None
    at: str | None = None
    adapter: str | None = None
    tz: str | None = None
    swap: bool | None = None
    written: tuple[str, ...] = ()

    def over(self, other: "Stated") -> "Stated":
        """This, completed by other where this says nothing; both are kept as written."""
        names = ("baud", "format", "character_bits", "stamp", "uncertainty_ns", "at", "adapter", "tz", "swap")
        own = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return msgspec.structs.replace(other, **own, written=other.written + self.written)


class Assume(Value, frozen=True):
    """All that was stated: for every channel, and for single channels by number."""

    common: Stated = Stated()
    channels: dict[int, Stated] = {}

    def stated(self, channel: int) -> Stated:
        """What holds for this channel: its own statements before the common ones."""
        own = self.channels.get(channel)
        return self.common if own is None else own.over(self.common)

    def apply(self, channel: Channel) -> Channel:
        """The channel with baud, character_bits, stamp, swap and assumed as stated."""
        stated = self.stated(channel.number)
        if not stated.written:
            return channel
        return msgspec.structs.replace(
            channel,
            baud=channel.baud if stated.baud is None else stated.baud,
            character_bits=channel.character_bits if stated.character_bits is None else stated.character_bits,
            stamp=channel.stamp if stated.stamp is None else stated.stamp,
            assumed=stated.written,
            swap=channel.swap if stated.swap is None else stated.swap,
        )


NOTHING = Assume()


def parse(text: str) -> Assume:
    """The statements of one --assume option. UsageError names the item and what was expected."""
    gathered: dict[int | None, dict[str, object]] = {}
    written: dict[int | None, list[str]] = {}
    channel: int | None = None
    for item in text.split(","):
        item = item.strip()
        if not item:
            continue
        prefix = re.match(r"(\d{1,6}):(?=[A-Za-z])", item)
        bare = item
        if prefix:
            channel, bare = int(prefix[1]), item[prefix.end() :]
        key, equals, value = (part.strip() for part in bare.partition("="))
        if not equals or key not in _VALUES:
            raise UsageError(f"--assume {item}: expected one of {', '.join(KEYS)} with a value, {EXAMPLE}")
        gathered.setdefault(channel, {}).update(_VALUES[key](item, value))
        written.setdefault(channel, []).append(bare if channel is None else f"{channel}:{bare}")
    if not gathered:
        raise UsageError(f"--assume: nothing is stated, {EXAMPLE}")
    made = {at: msgspec.convert({**stated, "written": tuple(written[at])}, Stated) for at, stated in gathered.items()}
    return Assume(made.pop(None, Stated()), {at: stated for at, stated in made.items() if at is not None})


def character_bits(text: str) -> int:
    """Bits on the line of one character of a format such as 8E1: start, data, parity, stop. ValueError unless one."""
    match = re.fullmatch(r"([5-8])([NEOMS])([12])", text.upper())
    if match is None:
        raise ValueError(text)
    return 1 + int(match[1]) + (match[2] != "N") + int(match[3])


def duration_ns(text: str) -> int:
    """Nanoseconds of a text such as 16ms or 1.5 s; ValueError unless a number with a unit."""
    match = re.fullmatch(r"(\d{1,12})(?:\.(\d{1,9}))?\s*(ns|us|µs|ms|s)", text)
    if match is None:
        raise ValueError(text)
    unit = UNITS_NS[match[3]]
    fraction = match[2] or ""
    return int(match[1]) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)


def _baud(item: str, value: str) -> dict[str, object]:
    low, high = BAUD_RANGE
    if not re.fullmatch(r"[0-9]{1,7}", value) or not low <= int(value) <= high:
        raise UsageError(f"--assume {item}: expected a baud rate from {low} to {high}")
    return {"baud": int(value)}


def _format(item: str, value: str) -> dict[str, object]:
    try:
        return {"format": value.upper(), "character_bits": character_bits(value)}
    except ValueError:
        raise UsageError(f"--assume {item}: expected data bits, parity and stop bits such as 8N1, 7E1 or 8E1") from None


def _stamp(item: str, value: str) -> dict[str, object]:
    if value not in STAMPS:
        raise UsageError(f"--assume {item}: expected one of {', '.join(STAMPS)}")
    return {"stamp": value}


def _uncertainty(item: str, value: str) -> dict[str, object]:
    try:
        return {"uncertainty_ns": duration_ns(value)}
    except ValueError:
        raise UsageError(f"--assume {item}: expected a number with ns, us, ms or s, such as 16ms") from None


def _at(item: str, value: str) -> dict[str, object]:
    if value not in PLACES:
        raise UsageError(f"--assume {item}: expected one of {', '.join(PLACES)}")
    return {"at": value}


def _adapter(item: str, value: str) -> dict[str, object]:
    if value not in FAMILIES:
        raise UsageError(f"--assume {item}: expected one of {', '.join(FAMILIES)}")
    return {"adapter": value}


def _tz(item: str, value: str) -> dict[str, object]:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"--assume {item}: expected the IANA name of a time zone such as Europe/Vienna") from None
    return {"tz": value}


def _swap(item: str, value: str) -> dict[str, object]:
    if value not in YES_NO:
        raise UsageError(f"--assume {item}: expected yes or no")
    return {"swap": YES_NO[value]}


_VALUES = {
    "baud": _baud,
    "format": _format,
    "stamp": _stamp,
    "uncertainty": _uncertainty,
    "at": _at,
    "adapter": _adapter,
    "tz": _tz,
    "swap": _swap,
}
