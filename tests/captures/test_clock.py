"""The recorder's clock: a step of the wall clock moves no interval, and is told."""

from captures.clock import Clock


class Times:
    def __init__(self) -> None:
        self.mono, self.wall = 5_000_000_000, 1_700_000_000_000_000_000

    def monotonic(self) -> int:
        self.mono += 1000
        self.wall += 1000
        return self.mono

    def wall_clock(self) -> int:
        return self.wall


def test_a_step_is_told_once_and_changes_nothing() -> None:
    times = Times()
    clock = Clock(times.monotonic, times.wall_clock)
    before = clock.wall(times.mono)
    assert abs(before - times.wall) < 2000
    assert clock.step_ns() == 0
    times.wall += 3_600_000_000_000
    assert abs(clock.step_ns() - 3_600_000_000_000) < 10_000
    assert clock.step_ns() == 0
    assert clock.wall(times.mono) - before < 100_000
    times.wall -= 3_600_000_000_000
    assert clock.step_ns() < -3_599_000_000_000


def test_a_slewed_clock_is_no_step() -> None:
    times = Times()
    clock = Clock(times.monotonic, times.wall_clock)
    for _ in range(100):
        times.wall += 30_000_000  # 500 ppm of a minute
        assert clock.step_ns() == 0


def test_the_real_clock() -> None:
    clock = Clock()
    assert clock.now() <= clock.now()
