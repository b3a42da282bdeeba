"""The reader: a thread that does nothing but wait for octets, read and stamp them.

It asks twice: first without waiting, so that it knows until when nothing was there (Reading.before_ns), then for at
most a tick. Readings go into a deque,
which threads may share; everything else is done by whoever takes them out.
"""

import errno
import os
import select
import sys
import threading
import time
from collections import deque
from contextlib import suppress

from captures.serial.octet_times import Lateness, Reading
from dissectors.record import Value

TICK_SECONDS = 0.001
READ_OCTETS = 4096
GIL_SECONDS = 0.0001  # another thread gives the interpreter back after so long at the most


class Gone(Value, frozen=True, gc=False):
    """A wire cannot be read any more: unplugged, or its other end is closed."""

    wire: int
    at_ns: int
    reason: str


class Reader(threading.Thread):
    """add(wire, fd, delivery_ns) before or after start(); take() gives what was read since."""

    def __init__(self) -> None:
        super().__init__(name="reader", daemon=True)
        self.late = Lateness(0.98)  # of an ordinary thread, as the kernel's worker is one: told by who takes
        self.urgent = False  # whether the system granted real time priority
        self._queue: deque[Reading | Gone] = deque()
        self._wires: dict[int, int] = {}  # descriptor → wire
        self._delivery: dict[int, int] = {}  # wire → ns
        self._ending = False

    def add(self, wire: int, fd: int, delivery_ns: int) -> None:
        os.set_blocking(fd, False)
        self._delivery[wire] = delivery_ns
        self._wires[fd] = wire

    def delivery(self, wire: int, delivery_ns: int) -> None:
        """The wire's rate has changed, and with it how long its driver may hold octets back."""
        self._delivery[wire] = delivery_ns

    def remove(self, fd: int) -> None:
        self._wires.pop(fd, None)

    def waiting(self) -> int:
        """Readings that nobody has taken."""
        return len(self._queue)

    def take(self) -> list[Reading | Gone]:
        """What was read since, oldest first."""
        queue = self._queue
        return [queue.popleft() for _ in range(len(queue))]

    def stop(self) -> None:
        """Ends the thread; what it read stays to be taken."""
        self._ending = True
        if self.is_alive():
            self.join()

    def run(self) -> None:
        self.urgent = hurry()
        sys.setswitchinterval(GIL_SECONDS)
        now, wires = time.monotonic_ns, self._wires
        before: dict[int, int] = {}  # wire → when nothing of it was there
        while not self._ending:
            fds = list(wires)
            asked = now()
            ready = select.select(fds, (), (), 0)[0]
            if not ready:
                for wire in wires.values():
                    before[wire] = asked
                ready = select.select(fds, (), (), TICK_SECONDS)[0]
            heard = set()
            for fd in ready:
                wire = wires.get(fd, -1)
                heard.add(wire)
                begun = now()
                try:
                    octets = os.read(fd, READ_OCTETS)
                except BlockingIOError:
                    continue
                except OSError as error:
                    octets = b""
                    reason = error.strerror or "cannot be read"
                    if error.errno == errno.EBADF:
                        reason = "was closed"
                else:
                    reason = "its other end was closed"
                after = now()
                if not octets:
                    self.remove(fd)
                    self._queue.append(Gone(wire, after, reason))
                    continue
                delivery = self.late.bound_ns + self._delivery.get(wire, 0)
                self._queue.append(Reading(wire, before.get(wire, begun), after, octets, delivery))
                before[wire] = begun
            for wire in wires.values():
                if wire not in heard:
                    before[wire] = asked


def hurry() -> bool:
    """Asks for real time priority for the calling thread, else for a better one; whether real time was granted."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except (AttributeError, OSError):
        with suppress(AttributeError, OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)
        return False
    return True
