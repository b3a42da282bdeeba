"""Calibrating with a second port: what is known comes out, and a wrong wiring is told."""

import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from terminals import terminal

from captures.serial.calibrate import Schedule, calibrate, compare
from captures.spec import SerialSpec
from dissectors.errors import CaptureError, UsageError


@contextmanager
def wired(spoil: int = -1) -> Iterator[tuple[str, str]]:
    """(tap, sending port): what is sent into one is heard in the other; octet number `spoil` is lost."""
    with terminal() as (tap, tap_name), terminal() as (sender, sender_name):
        ended, passed = threading.Event(), [0]

        def wire() -> None:
            while not ended.is_set():
                if select.select([sender], [], [], 0.05)[0]:
                    for octet in os.read(sender, 256):
                        if passed[0] != spoil:
                            os.write(tap, bytes((octet,)))
                        passed[0] += 1

        thread = threading.Thread(target=wire)
        thread.start()
        yield tap_name, sender_name
        ended.set()
        thread.join()


def test_a_tap_is_measured() -> None:
    with wired() as (tap, sender):
        found = calibrate(SerialSpec((tap,), 38400), sender, 300, lambda line: None)
    assert (found.device, found.baud, found.octets) == (tap, 38400, 300)
    assert found.bias_ns > 0  # a read is late, and so is the thread between
    assert found.coverage > 0.5
    assert "calibrated" in found.text


def test_a_wrong_wiring_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("captures.serial.calibrate.ARRIVAL_SECONDS", 0.3)
    with wired(spoil=40) as (tap, sender), pytest.raises(CaptureError, match="heard 59 octets of 60 sent"):
        calibrate(SerialSpec((tap,), 38400), sender, 60, lambda line: None)


def test_one_tap_at_one_rate() -> None:
    for spec in (SerialSpec(("/dev/a", "/dev/b"), 9600), SerialSpec(("/dev/a",), 0)):
        with pytest.raises(UsageError, match="expected one tap at one rate"):
            calibrate(spec, "/dev/c", 10, lambda line: None)
    with pytest.raises(UsageError, match="is the tap itself"):
        calibrate(SerialSpec(("/dev/a",), 9600), "/dev/a", 10, lambda line: None)


def test_octets_never_come_closer_than_a_character() -> None:
    schedule = Schedule(3, 200, 1000)
    before = 0
    for index, (due, fd, octets) in enumerate(schedule):
        assert due - before >= 1000 and fd == 3 and octets == bytes((index & 0x7F,))
        late = due + (5000 if index == 100 else 0)
        schedule.written(late)
        before = late


def test_what_is_compared() -> None:
    stamps = [(0, 2000, 500), (1, 3500, 100), (2, 9000, 6000)]
    assert compare(stamps, [700, 1000, 3000], 1000) == ([300, 800, 5000], 2)
