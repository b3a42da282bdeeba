"""What a client and a meter say to each other in the benchmarks: APDUs of IEC 62056-5-3, by a seeded generator.

One session is an association (AARQ, AARE), the scaler and unit of four registers, then reads at random of the
registers, the clock and ten rows of a load profile, and a release (RLRQ, RLRE). Everything is sound; the
values grow as a meter's do.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from struct import Struct

Turn = tuple[bytes, bytes]  # request, response

SECOND = 1_000_000_000
START = 1_795_428_904 * SECOND  # 2026-11-23T10:15:04Z
PERIOD = 900  # seconds from one row of the load profile to the next
ROWS = 10
INVOKE_IDS = 16
PRIORITY = 0xC0  # confirmed, high priority

AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F040000501F01F4")
AARE = bytes.fromhex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000501F01F40007")
RLRQ, RLRE = bytes.fromhex("6203800100"), bytes.fromhex("6303800100")
# Registers 1-0:1.8.0 to 1-0:1.8.3 (class 3), the clock (class 8), load profile 1 (class 7).
REGISTERS = [bytes.fromhex(f"0003 01000108{tariff:02X}FF") for tariff in range(4)]
CLOCK = bytes.fromhex("0008 0000010000FF")
PROFILE = bytes.fromhex("0007 0100630100FF")
VALUE, SCALER_UNIT = b"\x02\x00", b"\x03\x00"  # attribute, no selective access
# Attribute 2 by selector 1, a range descriptor: the clock as restricting object, from, to, all columns.
BY_RANGE = bytes.fromhex("02 01 01 0204 0204 120008 0906 0000010000FF 0F02 120000")
ALL_COLUMNS = b"\x01\x00"
WATT_HOURS = bytes.fromhex("0202 0FFF 161E")  # 10^-1 Wh

DATE_TIME = Struct(">HBBBBBBBHB")
NORMAL_TIME = 0  # clock status
COUNTER = Struct(">BI")
DOUBLE_LONG_UNSIGNED, UNSIGNED, ARRAY = 6, 0x11, 1
ROW = Struct(">2s2s12sBBBIBI")


def date_time(second: int) -> bytes:
    """The date-time of a second since 1970 UTC, deviation zero (IEC 62056-6-2, 4.1.6.1)."""
    t = datetime.fromtimestamp(second, UTC)
    return DATE_TIME.pack(t.year, t.month, t.day, t.isoweekday(), t.hour, t.minute, t.second, 0, 0, NORMAL_TIME)


class Meter:
    """One meter and its reader. Calls give request and response; times in nanoseconds since 1970 UTC."""

    def __init__(self, seed: int, profile_rows: int = ROWS) -> None:
        self.random = random.Random(seed)
        self.energy = [self.random.randrange(1 << 28) for _ in REGISTERS]
        self.rows = profile_rows
        self.turns = 0

    def open(self, now: int) -> Turn:
        self.turns = 0
        return AARQ, AARE

    def close(self, now: int) -> Turn:
        return RLRQ, RLRE

    def scaler(self, register: int) -> Turn:
        """Attribute 3 of a register."""
        return self.get(REGISTERS[register] + SCALER_UNIT, WATT_HOURS)

    def value(self, register: int) -> Turn:
        self.energy[register] += self.random.randrange(200)
        return self.get(REGISTERS[register] + VALUE, COUNTER.pack(DOUBLE_LONG_UNSIGNED, self.energy[register]))

    def clock(self, now: int) -> Turn:
        return self.get(CLOCK + VALUE, b"\x09\x0c" + date_time(now // SECOND))

    def profile(self, now: int) -> Turn:
        """The last rows of the load profile, each of date-time, status and two counters."""
        last = now // SECOND // PERIOD * PERIOD
        stamps = [date_time(last - PERIOD * back) for back in range(self.rows - 1, -1, -1)]
        low = self.energy[0] - 50 * self.rows
        rows = [
            ROW.pack(
                b"\x02\x04", b"\x09\x0c", stamp, UNSIGNED, 8 if at == 3 else 0, DOUBLE_LONG_UNSIGNED, low + 50 * at,
                DOUBLE_LONG_UNSIGNED, self.random.randrange(1 << 20),
            )
            for at, stamp in enumerate(stamps)
        ]  # fmt: skip
        selection = BY_RANGE + b"\x09\x0c" + stamps[0] + b"\x09\x0c" + stamps[-1] + ALL_COLUMNS
        return self.get(PROFILE + selection, bytes((ARRAY, self.rows)) + b"".join(rows))

    def get(self, attribute: bytes, data: bytes) -> Turn:
        """GET-Request-Normal and its response with data."""
        self.turns += 1
        invoke = PRIORITY | self.turns % INVOKE_IDS
        return bytes((0xC0, 1, invoke)) + attribute, bytes((0xC4, 1, invoke, 0)) + data

    def read(self, now: int) -> Turn:
        """A read at random: four registers, the clock and the profile are equally likely."""
        chosen = self.random.randrange(len(REGISTERS) + 2)
        if chosen < len(REGISTERS):
            return self.value(chosen)
        return self.clock(now) if chosen == len(REGISTERS) else self.profile(now)

    def session(self, reads: int, *, release: bool = True) -> list[Callable[[int], Turn]]:
        """The calls of one session in order, each to be made with the time of its request."""
        calls: list[Callable[[int], Turn]] = [self.open]
        calls += [lambda now, n=n: self.scaler(n) for n in range(len(REGISTERS))]  # type: ignore[misc]
        calls += [self.read] * reads
        return [*calls, self.close] if release else calls
