"""What tests of live taps share: pseudo terminals, octets at a line's pace, a recorder's file read back."""

import os
import pty
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from traffic import Sent

from captures.serial.player import play, run
from captures.source import open_source
from dissectors.record import Channel, Record


@contextmanager
def terminal() -> Iterator[tuple[int, str]]:
    """(descriptor to play into, name of the terminal that a tap opens)."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        yield master, os.ttyname(slave)
    finally:
        for fd in (slave, master):
            with suppress(OSError):  # the test closed it
                os.close(fd)


def send(units: list[Sent], up: int, down: int, baud: int, pause_ns: int = 20_000_000) -> None:
    """A dialogue at the pace of a line: what the client sends into one descriptor, the server's into another."""
    at, schedule = 0, []
    for unit in units:
        schedule += run(at, up if unit.up else down, unit.octets, baud)
        at += len(unit.octets) * 10_000_000_000 // baud + pause_ns
    play(schedule, time.monotonic_ns() + 20_000_000)


def read(path: str | Path) -> tuple[list[Record], list[Channel]]:
    """Records and channels of a capture that was written."""
    source = open_source(str(path))
    records = list(source)
    source.close()
    assert source.cut is None
    return records, source.channels
