"""What tests of live taps share: pseudo terminals, octets at a line's pace, a recorder's file read back."""

import os
import pty
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from traffic import Sent

from captures.serial.player import played
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
    """A dialogue at the pace of a line: what the client sends into one descriptor, the server's into another. A player
    that is late delays what follows, as a line would: octets never come closer than a character."""
    character = 10_000_000_000 // baud
    at = 20_000_000
    start = time.monotonic_ns()

    def schedule() -> Iterator[tuple[int, int, bytes]]:
        nonlocal at
        for unit in units:
            for octet in unit.octets:
                at += character
                yield at, up if unit.up else down, bytes((octet,))
            at += pause_ns

    for _, written in played(schedule(), start):
        assert written is not None
        at = max(at, written - start)


def read(path: str | Path) -> tuple[list[Record], list[Channel]]:
    """Records and channels of a capture that was written."""
    source = open_source(str(path))
    records = list(source)
    source.close()
    assert source.cut is None
    return records, source.channels
