"""When octets ended on the wire, from when a read delivered them: per wire, with a bound that holds on a busy machine.

A read at time `after` gave n octets; at time `before`, shortly before, nothing was there to be read. Octets are at
least one character time c apart. So octet i of n ended

    at the latest    after - (n - i) * c
    at the earliest  before - delivery + (i - 1) * c

which is the same width for all octets of a read: (after - before) + delivery - (n - 1) * c. The estimate is the late
end (a read can only be late): the uncertainty is one-sided. `delivery` bounds how long a driver may hold an
octet back (a USB adapter's latency timer) and how late the kernel's own worker may hand it over.

The reader looks at every wire once a tick, so that `before` is never far back, and what the machine delays (a busy
processor, a stopped virtual machine) widens the bound of just the octets that it delayed. Two things happen before
an octet can be read, and the reader cannot see them: the adapter's latency timer, which is known, and the kernel's own
worker, an ordinary thread. How late another ordinary thread was lately (Lateness) stands for it.
"""

from collections import deque

from captures.stamps import BAUD_TOLERANCE_PERCENT
from dissectors.record import Value

WINDOW = 512  # how many wake-ups back Lateness looks
EVERY = 32  # of them between two looks
FLOOR_NS = 100_000  # the kernel's worker, two system calls and a context switch


class Reading(Value, frozen=True, gc=False):
    """What one read gave. Times: CLOCK_MONOTONIC in ns. delivery_ns: how long the octets may have been under way from
    the wire to the terminal."""

    wire: int
    before_ns: int
    after_ns: int
    octets: bytes
    delivery_ns: int = 0


def stamp(reading: Reading, octets: int, character_ns: int) -> tuple[int, int, int]:
    """(end of the first octet, end of the last, how much earlier both may be) of the octets of one read."""
    between = (octets - 1) * character_ns
    span = reading.after_ns - reading.before_ns + reading.delivery_ns
    early = max(span - between, 0) + FLOOR_NS + between * BAUD_TOLERANCE_PERCENT // 100
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
