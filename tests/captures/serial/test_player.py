"""The player: in order, never early, without drift; in this process and in one of its own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from captures.serial import player

ROOT = Path(__file__).resolve().parents[3]
BAUD = 9600
CHARACTER_NS = 10 * 10**9 // BAUD


class Clock:
    """A clock that advances by being asked, and oversleeps."""

    def __init__(self, over_ns: int = 0) -> None:
        self.ns = 1_000
        self.over_ns = over_ns
        self.slept: list[float] = []

    def now(self) -> int:
        self.ns += 100
        return self.ns

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ns += int(seconds * 1e9) + self.over_ns


def test_a_run_is_due_at_the_end_of_each_stop_bit() -> None:
    due = list(player.run(1000, 7, b"\x01\x02\x03", BAUD))
    assert [at for at, _, _ in due] == [1000 + 10**10 * k // BAUD for k in (1, 2, 3)]
    assert [(fd, octets) for _, fd, octets in due] == [(7, b"\x01"), (7, b"\x02"), (7, b"\x03")]
    assert [at for at, _, _ in player.run(0, 7, b"\x01", 300, 11)] == [11 * 10**9 // 300]


def test_octets_come_out_in_order_and_not_before_their_time() -> None:
    reads, writes = os.pipe()
    try:
        before = time.monotonic_ns()
        done = player.play(player.run(0, writes, b"7 octets", 38400))
        assert os.read(reads, 100) == b"7 octets"
    finally:
        os.close(reads)
        os.close(writes)
    assert len(done) == 8
    for k, (due, written) in enumerate(done, 1):
        assert written is not None and written >= due >= before + k * 10**10 // 38400


def test_lateness_does_not_add_up() -> None:
    """A sleep that ends 5 ms late makes its own octet late and leaves the times of the others alone."""
    clock = Clock(over_ns=5_000_000)
    reads, writes = os.pipe()
    try:
        schedule = [(n * 10_000_000, writes, b"x") for n in range(1, 6)]
        done = list(player.played(schedule, now=clock.now, sleep=clock.sleep))
    finally:
        os.close(reads)
        os.close(writes)
    zero = done[0][0] - 10_000_000
    assert [due - zero for due, _ in done] == [n * 10_000_000 for n in range(1, 6)]
    assert all(written is not None and 0 <= written - due < 6_000_000 for due, written in done)
    assert len(clock.slept) == 5


def test_the_last_stretch_is_waited_for_awake() -> None:
    clock = Clock()
    reads, writes = os.pipe()
    try:
        ((due, written),) = player.played([(150_000, writes, b"x")], now=clock.now, sleep=clock.sleep)
    finally:
        os.close(reads)
        os.close(writes)
    assert clock.slept == []
    assert written is not None and 0 <= written - due <= 100


def test_what_nobody_takes_is_lost_and_said() -> None:
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    try:
        done = player.play([(0, writes, bytes(1 << 20)), (0, writes, b"x")])
    finally:
        os.close(reads)
        os.close(writes)
    assert [written for _, written in done] == [None, None]


def test_in_a_process_of_its_own() -> None:
    reads, writes = os.pipe()
    schedule = [[n * 2_000_000, writes, octets.hex()] for n, octets in enumerate((b"\x7e", b"\xa0\x07"), 1)]
    before = time.monotonic_ns()
    done = subprocess.run(
        [sys.executable, "-m", "captures.serial.player"],
        input="\n".join(map(json.dumps, schedule)) + "\n\n",
        pass_fds=[writes],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    os.close(writes)
    assert os.read(reads, 10) == b"\x7e\xa0\x07"
    os.close(reads)
    times = [json.loads(line) for line in done.stdout.splitlines()]
    assert [due - times[0][0] for due, _ in times] == [0, 2_000_000]
    assert times[0][0] >= before + player.LEAD_NS
    assert all(written >= due for due, written in times)
