"""Calibrating a tap: a second port sends octets at known times into its input, and the stamps are compared.

What is compared: the end of each octet as the recording has it, against when the sending port was given it plus one
character (a pseudo terminal, which has no line, without). The sender's own delay is part of the bias: with a good
adapter it is well below a millisecond.
"""

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from captures.calibration import Calibration
from captures.clock import Clock
from captures.pcapng import PcapngSource
from captures.recorder import Recorder, RecordPlan
from captures.serial.player import Due, played
from captures.serial.port import Port, list_ports
from captures.spec import SerialSpec
from captures.stream import OctetStream
from dissectors.errors import CaptureError, UsageError

PAUSES = 0.1  # share of octets that a pause stands before
PAUSE_CHARACTERS = 40
ARRIVAL_SECONDS = 5.0
LEAD_NS = 100_000_000


class Schedule:
    """Octets for a descriptor, back to back with pauses here and there, never closer than a character: what is late
    moves what follows. written() is told when each went."""

    def __init__(self, fd: int, count: int, character_ns: int, seed: int = 1) -> None:
        self.fd = fd
        self.count = count
        self.character_ns = character_ns
        self.random = random.Random(seed)
        self._after_ns = 0

    def __iter__(self) -> Iterator[Due]:
        for index in range(self.count):
            self._after_ns += self.character_ns
            if self.random.random() < PAUSES:
                self._after_ns += self.random.randrange(1, PAUSE_CHARACTERS) * self.character_ns
            yield self._after_ns, self.fd, bytes((index & 0x7F,))

    def written(self, after_ns: int) -> None:
        self._after_ns = max(self._after_ns, after_ns)


def feed(fd: int, count: int, character_ns: int) -> list[int]:
    """Sends count octets and gives when each was written, CLOCK_MONOTONIC."""
    schedule = Schedule(fd, count, character_ns)
    start = time.monotonic_ns() + LEAD_NS
    out = []
    for _, written in played(schedule, start):
        if written is None:
            raise CaptureError("the sending port takes no octets")
        schedule.written(written - start)
        out.append(written)
    return out


def calibrate(spec: SerialSpec, feeder: str, count: int, say: Callable[[str], None]) -> Calibration:
    """CaptureError: a port fails, or what was heard is not what was sent; UsageError: not one tap at one rate."""
    if len(spec.devices) != 1 or not spec.baud:
        raise UsageError("calibrate: expected one tap at one rate, such as serial:/dev/ttyUSB0?baud=9600")
    device = spec.devices[0]
    if os.path.realpath(feeder) == os.path.realpath(device):
        raise UsageError(
            f"calibrate: {feeder} is the tap itself: expected a second port, its TXD wired to the tap's RXD"
        )
    sender = Port(feeder, spec.baud, spec.format)
    line_ns = sender.character_ns if sender.driver not in ("", "pts") else 0
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "calibrate.pcapng")
            text = f"serial:{device}?baud={spec.baud}&format={spec.format}&signon=no"
            recorder = Recorder(RecordPlan((text,), path), say)
            try:
                clock = Clock()
                written = feed(sender.fd, count, sender.character_ns)
                end = time.monotonic() + ARRIVAL_SECONDS
                while sum(wire.octets for wire in recorder.health.wires) < count and time.monotonic() < end:
                    time.sleep(0.05)
            finally:
                recorder.close()
            if recorder.error is not None:
                raise CaptureError(recorder.error)
            stamps = read(path, sender.character_ns)
    finally:
        sender.close()
    if [octet for octet, _, _ in stamps] != [index & 0x7F for index in range(count)]:
        raise CaptureError(
            f"calibrate: the tap heard {len(stamps)} octets of {count} sent, or others: check the wiring "
            f"(TXD of {feeder} to RXD of {device}, and ground) and that nothing else talks on it"
        )
    known = next((port for port in list_ports() if os.path.realpath(port.device) == os.path.realpath(device)), None)
    errors, inside = compare(stamps, [clock.wall(ns) for ns in written], line_ns)
    ordered = sorted(errors)
    bias = ordered[len(ordered) // 2]
    off = sorted(abs(error - bias) for error in errors)
    return Calibration(
        device=device,
        driver=known.driver if known is not None else "",
        serial_number=known.serial_number if known is not None else "",
        baud=spec.baud,
        octets=count,
        bias_ns=bias,
        spread_ns=off[int((len(off) - 1) * 0.99)],
        coverage=inside / count,
        when=datetime.now(UTC).date().isoformat(),
    )


def read(path: str, character_ns: int) -> list[tuple[int, int, int]]:
    """(octet, the latest that it can have ended, how much earlier it may have) of each octet of a recording."""
    source = PcapngSource(OctetStream(path))
    out = []
    for r in source:
        if r.last_ns is not None and r.uncertainty_ns is not None:
            n = len(r.octets)
            out += [
                (octet, r.last_ns - (n - 1 - k) * character_ns, r.uncertainty_ns) for k, octet in enumerate(r.octets)
            ]
    source.close()
    return out


def compare(stamps: list[tuple[int, int, int]], written: list[int], line_ns: int) -> tuple[list[int], int]:
    """(errors in ns, how many true times lay within what the recording states)."""
    errors, inside, ended = [], 0, 0
    for (_, stamp, early), begun in zip(stamps, written):
        ended = max(ended, begun) + line_ns
        errors.append(stamp - ended)
        inside += stamp - early <= ended <= stamp + 1000
    return errors, inside
