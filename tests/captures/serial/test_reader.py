"""The reader thread: every octet once, in order, with bounds that hold; and what happens to a wire that goes."""

import itertools
import os
import time

from terminals import terminal

from captures.serial.octet_times import Reading
from captures.serial.reader import Gone, Reader


def wait_for(reader: Reader, octets: int, seconds: float = 20) -> list[Reading | Gone]:
    out: list[Reading | Gone] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and sum(len(item.octets) for item in out if isinstance(item, Reading)) < octets:
        time.sleep(0.005)
        out += reader.take()
    return out


def test_octets_of_two_wires_with_their_bounds() -> None:
    with terminal() as (up, up_name), terminal() as (down, down_name):
        fds = [os.open(name, os.O_RDONLY | os.O_NOCTTY) for name in (up_name, down_name)]
        reader = Reader()
        for wire, fd in enumerate(fds):
            reader.add(wire, fd, 1000 * wire)
        reader.start()
        written = []
        for k in range(200):
            wire = k % 2
            before = time.monotonic_ns()
            os.write((up, down)[wire], bytes((k,)))
            written.append((wire, k, before, time.monotonic_ns()))
            time.sleep(0.001)
        found = wait_for(reader, 200)
        reader.stop()
        assert reader.waiting() == 0
        readings = [item for item in found if isinstance(item, Reading)]
        for wire in (0, 1):
            octets = b"".join(item.octets for item in readings if item.wire == wire)
            assert octets == bytes(k for w, k, _, _ in written if w == wire)
        assert all(a.after_ns <= b.after_ns for a, b in itertools.pairwise(readings))
        assert all(item.before_ns < item.after_ns for item in readings)
        starts = {(wire, octet): before for wire, octet, before, _ in written}
        assert all(item.after_ns >= starts[item.wire, octet] for item in readings for octet in item.octets)
        assert {item.delivery_ns - reader.late.bound_ns for item in readings} == {0, 1000}
        assert reader.late.bound_ns >= 0
        for fd in fds:
            os.close(fd)


def test_a_wire_that_goes_is_told_once_and_the_other_goes_on() -> None:
    with terminal() as (up, up_name), terminal() as (down, down_name):
        fds = [os.open(name, os.O_RDONLY | os.O_NOCTTY) for name in (up_name, down_name)]
        reader = Reader()
        reader.add(0, fds[0], 0)
        reader.start()
        reader.add(1, fds[1], 0)
        os.write(up, b"abc")
        found = wait_for(reader, 3)
        os.close(up)
        end = time.monotonic() + 20
        while not any(isinstance(item, Gone) for item in found) and time.monotonic() < end:
            time.sleep(0.005)
            found += reader.take()
        os.write(down, b"still")
        found += wait_for(reader, 5)
        reader.stop()
        assert [item.wire for item in found if isinstance(item, Gone)] == [0]
        assert b"".join(item.octets for item in found if isinstance(item, Reading) and item.wire == 1) == b"still"
        for fd in fds:
            os.close(fd)
