"""Taps as the recorder drives them: rates that change, receivers that go and come back, edges of modem inputs, losses.

The ports are stood in for where a pseudo terminal has nothing to say.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminals import read, terminal

from captures.clock import Clock
from captures.recording import Recording
from captures.serial import taps as module
from captures.serial.port import Port
from captures.serial.taps import Taps
from captures.spec import SerialSpec, parse
from dissectors.record import Flag


class Bench:
    """Taps on a spec, pumped by hand."""

    def __init__(self, path: Path, spec: str) -> None:
        parsed = parse(spec)
        assert isinstance(parsed, SerialSpec)
        self.path = path
        self.recording = Recording(str(path))
        self.recording.begin()
        self.taps = Taps([parsed], self.recording, Clock(), {parsed.devices[0]: "calibrated so and so"})
        self.taps.start()

    def until(self, condition: Callable[[], Any]) -> None:
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, "nothing came of it"
            time.sleep(0.003)
            self.taps.pump(0)
            self.recording.settle(self.taps.floor_ns())

    def done(self) -> list[tuple[int, bytes, str]]:
        """(baud, octets, comment) of every record."""
        self.taps.close()
        self.recording.close()
        records, channels = read(self.path)
        return [(channels[r.channel].baud, r.octets, (r.comment or "").partition("\n")[0]) for r in records]


@pytest.fixture
def bench(tmp_path: Path) -> Callable[[str], Bench]:
    return lambda spec: Bench(tmp_path / "a.pcapng", spec)


class Follower:
    """A sign-on that changes the rate at certain octets, or after silence."""

    phase = "scripted"

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.silent = False

    def feed(self, direction: int, octets: bytes, ns: int) -> int | None:
        return {b"A": 9600, b"B": 300}.get(octets[-1:])

    def idle(self, ns: int) -> int | None:
        return 1200 if self.silent else None

    def doubt(self, errors: int) -> int | None:
        return None


def test_a_sign_on_changes_the_rate_of_every_receiver(
    bench: Callable[[str], Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SignOn", Follower)
    with terminal() as (up, up_name), terminal() as (down, down_name):
        b = bench(f"serial:{up_name},{down_name}?baud=300")
        (line,) = b.taps.lines
        os.write(up, b"..A")
        b.until(lambda: line.baud == 9600)
        assert [tap.port.baud for tap in b.taps.taps if tap.port] == [9600, 9600]
        assert line.line.character_ns == 1_041_666
        os.write(down, b"fast")
        b.until(lambda: b.taps.taps[1].octets == 4)
        os.write(down, b"B")
        b.until(lambda: line.baud == 300)
        line.signon.silent = True  # type: ignore[union-attr]
        b.until(lambda: line.baud == 1200)
        found = b.done()
    assert [(baud, octets) for baud, octets, _ in found if octets] == [(300, b"..A"), (9600, b"fast"), (9600, b"B")]
    assert [words for _, _, words in found if "->" in words] == [
        "baud rate 300 -> 9600 (by the sign-on of IEC 62056-21)",
        "baud rate 9600 -> 300 (by the sign-on of IEC 62056-21)",
        "baud rate 300 -> 1200 (after the time-out of IEC 62056-21)",
    ]
    _, channels = read(b.path)
    assert {c.line for c in channels} == {"+".join(tap.name for tap in b.taps.taps)}
    assert len({c.name for c in channels}) == 2
    assert channels[0].calibration == "calibrated so and so"


def test_a_receiver_that_comes_back_is_heard_again(
    bench: Callable[[str], Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COUNTS_NS", 0)
    with terminal() as (fd, name), terminal() as (again, again_name):
        b = bench(f"serial:{name}?reopen=yes")
        os.write(fd, b"before")
        b.until(lambda: b.taps.taps[0].octets == 6)
        os.close(fd)
        b.until(lambda: b.taps.taps[0].gone)
        assert b.taps.alive
        b.taps.taps[0].device = again_name  # the system gives the adapter another name only if the old one is taken
        b.until(lambda: not b.taps.taps[0].gone)
        os.write(again, b"after")
        b.until(lambda: b.taps.taps[0].octets == 11)
        found = b.done()
    assert b"".join(octets for _, octets, _ in found) == b"beforeafter"
    assert any(words.endswith("is back") for _, _, words in found)


def test_edges_of_modem_inputs_are_markers(bench: Callable[[str], Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    edges = iter([1, 1 | 4, 4, None])
    monkeypatch.setattr(Port, "inputs", lambda self: 0)
    monkeypatch.setattr(Port, "wait_inputs", lambda self: (time.sleep(0.02), next(edges))[1])
    with terminal() as (_, name):
        b = bench(f"serial:{name}?marker=cts:power")
        b.until(lambda: b.taps.taps[0].inputs == 4)
        found = b.done()
    assert [words for _, _, words in found[1:]] == ["marker power-on", "DSR on", "marker power-off"]


def test_what_a_driver_lost_is_a_record(bench: Callable[[str], Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([{"overrun": 3}, {"overrun": 3}, {"overrun": 5, "buffer_overrun": 4}])
    monkeypatch.setattr(module, "COUNTS_NS", 10_000_000)
    last: dict[str, int] = {}

    def counted(self: Port) -> dict[str, int]:
        last.update(next(counts, last))
        return dict(last)

    monkeypatch.setattr(Port, "counts", counted)
    with terminal() as (_, name):
        b = bench(f"serial:{name}")
        b.until(lambda: b.taps.taps[0].errors["overruns"])
        b.done()
    records, _ = read(b.path)
    assert [(r.lost, bool(r.flags & Flag.OVERRUN)) for r in records if r.lost] == [(6, True)]


def test_errors_are_counted_by_kind(bench: Callable[[str], Bench]) -> None:
    with terminal() as (_, name):
        b = bench(f"serial:{name}")
        b.taps.taps[0].count(b"a\0b", ((0, Flag.FRAMING_ERROR), (1, Flag.BREAK), (2, Flag.PARITY_ERROR)))
        assert b.taps.taps[0].errors == {"framing": 1, "parity": 1, "breaks": 1, "overruns": 0}
        b.done()
