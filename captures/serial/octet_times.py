"""When octets ended on the wire, from when a read delivered them: per wire, with a bound that holds on a busy machine.

A read at time `after` gave n octets; at time `before`, shortly before, nothing was there to be read. Octets are at
least one character time c apart. So octet i of n ended

    at the latest    after - (n - i) * c
    at the earliest  before - delivery + (i - 1) * c

which is the same width for all octets of a read: (after - before) + delivery - (n - 1) * c. The estimate is the late
end (a read can only be late): the uncertainty is one-sided. `delivery` bounds how long a driver may hold an
octet back (a USB adapter's latency timer) and how late the kernel's own worker may hand it over.

Where nobody read just before (an idle line), `before` lies one tick of the reader back. Most wake-ups are far
better than that: what the reader's own timers were late by lately (Lateness) bounds how late it woke up this time.
"""

from collections import deque

from dissectors.record import Value

BAUD_TOLERANCE_PERCENT = 2
WINDOW = 512  # how many wake-ups back Lateness looks
EVERY = 32  # of them between two looks
FLOOR_NS = 100_000  # the kernel's worker, two system calls and a context switch
MARGIN = 2  # times what 99 % of wake-ups stayed below


class Reading(Value, frozen=True, gc=False):
    """What one read gave. Times: CLOCK_MONOTONIC in ns. late_ns: how late a wake-up was lately, at the most;
    delivery_ns: how long the octets may have been under way from the wire to the terminal."""

    wire: int
    before_ns: int
    after_ns: int
    octets: bytes
    late_ns: int = 1 << 62
    delivery_ns: int = 0


def stamp(reading: Reading, octets: int, character_ns: int) -> tuple[int, int, int]:
    """(end of the first octet, end of the last, how much earlier both may be) of the octets of one read."""
    between = (octets - 1) * character_ns
    span = reading.after_ns - reading.before_ns
    late = MARGIN * reading.late_ns + FLOOR_NS
    if between < late < span:
        span = late
    early = max(span - between, 0) + FLOOR_NS + reading.delivery_ns + between * BAUD_TOLERANCE_PERCENT // 100
    return reading.after_ns - between, reading.after_ns, early


class Lateness:
    """How late timers fired lately: bound_ns is what `share` of the last WINDOW stayed below."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.bound_ns = 0
        self.most_ns = 0  # of the same window
        self._seen: deque[int] = deque(maxlen=WINDOW)
        self._since = 0

    def add(self, late_ns: int) -> None:
        self._seen.append(late_ns)
        self._since += 1
        if self._since >= EVERY or late_ns > 4 * self.bound_ns:
            self._since = 0
            ordered = sorted(self._seen)
            self.bound_ns = ordered[int((len(ordered) - 1) * self.share)]
            self.most_ns = ordered[-1]
