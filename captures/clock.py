"""The recorder's clock: CLOCK_MONOTONIC laid beside the wall clock, so that a step of the latter moves no interval."""

import time
from collections.abc import Callable

STEP_NS = 100_000_000  # a slewed clock moves 30 ms a minute at most (500 ppm); more than this is a step


class Clock:
    """wall(mono_ns): ns since 1970 UTC, on the time line that the recording began with."""

    def __init__(
        self, monotonic: Callable[[], int] = time.monotonic_ns, wall: Callable[[], int] = time.time_ns
    ) -> None:
        self._monotonic, self._wall = monotonic, wall
        self.offset_ns = self._seen = self._measured()

    def wall(self, monotonic_ns: int) -> int:
        return monotonic_ns + self.offset_ns

    def now(self) -> int:
        return self.wall(self._monotonic())

    def step_ns(self) -> int:
        """By how much the wall clock was set since it was last asked; 0 for what is only its drift."""
        offset = self._measured()
        step = offset - self._seen
        self._seen = offset
        return step if abs(step) > STEP_NS else 0

    def _measured(self) -> int:
        """The closest of a few pairs: another process may run between the two."""
        best = (1 << 62, 0)
        for _ in range(5):
            before = self._monotonic()
            wall = self._wall()
            after = self._monotonic()
            best = min(best, (after - before, wall - (before + after) // 2))
        return best[1]
