"""Octets written to descriptors at scheduled times, as a line would deliver them; and when they really were.

An octet is readable at the END of its stop bit, as on a real UART: octet k of a run that starts at t is due at
t + (k + 1) × character time. Times are absolute, so no octet's lateness moves the next one.

In a process of its own (its clock is the system's CLOCK_MONOTONIC, the same in every process):

    python -m captures.serial.player < schedule        a line each: [due_ns, descriptor, "octets in hex"]
                                       > times         a line each: [due_ns, written_ns or null]

The schedule's times are relative, those that come out are absolute. Descriptors are inherited (pass_fds).
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator

Due = tuple[int, int, bytes]  # when, after the start; to which descriptor; what
Done = tuple[int, int | None]  # when it was due and when it was written, CLOCK_MONOTONIC; None: nobody took it

SPIN_NS = 200_000  # a sleep may end this much late: the rest is waited for awake
LEAD_NS = 50_000_000  # from the start of a process of its own to time zero of its schedule


def run(start_ns: int, fd: int, octets: bytes, baud: int, character_bits: int = 10) -> Iterator[Due]:
    """The octets of a run without pauses: each due at the end of its stop bit."""
    character = character_bits * 1_000_000_000
    for k in range(len(octets)):
        yield start_ns + (k + 1) * character // baud, fd, octets[k : k + 1]


def played(
    schedule: Iterable[Due],
    start_ns: int | None = None,
    now: Callable[[], int] = time.monotonic_ns,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Done]:
    """Writes what is due, in the order given, and tells of each once it is written.

    start_ns: time zero of the schedule on the monotonic clock, None: when its first entry is there. What is due
    already is written at once. written_ns is taken just before the write: a reader cannot have had the octets
    earlier. A descriptor that does not block and takes no more (nobody reads) loses octets, as a line does.
    """
    zero = start_ns
    for after_ns, fd, octets in schedule:
        if zero is None:
            zero = now()  # not before: a schedule may be long in the making
        due = zero + after_ns
        left = due - now()
        if left > SPIN_NS:
            sleep((left - SPIN_NS) / 1e9)
        at = now()
        while at < due:
            at = now()
        yield due, at if _write(fd, octets) else None


def play(schedule: Iterable[Due], start_ns: int | None = None) -> list[Done]:
    """The whole schedule: when each was due and when it was written."""
    return list(played(schedule, start_ns))


def _write(fd: int, octets: bytes) -> bool:
    """Whether all of them were taken."""
    try:
        while octets:
            octets = octets[os.write(fd, octets) :]
    except BlockingIOError:
        return False
    return True


def main() -> None:
    """Reads the whole schedule first and tells all times last: nothing but the line is served in between."""
    lines = (json.loads(line) for line in sys.stdin if line.strip())
    schedule = [(due, fd, bytes.fromhex(octets)) for due, fd, octets in lines]
    for done in play(schedule, time.monotonic_ns() + LEAD_NS):
        sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
