"""Live tests on a machine that now and then stands still."""

import functools
import threading
import time
from collections.abc import Callable
from typing import Any

TRIES = 3
STALL_S = 0.03  # longer than a line of these tests is silent within a frame, or between a request and its answer
LOOK_S = 0.002


class Stalls:
    """While it lasts, how late a thread that sleeps wakes up, at the worst."""

    def __enter__(self) -> "Stalls":
        self.longest_s = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.is_set():
            began = time.monotonic()
            time.sleep(LOOK_S)
            self.longest_s = max(self.longest_s, time.monotonic() - began - LOOK_S)


def patient(test: Callable[..., None]) -> Callable[..., None]:
    """What fails while the machine stands still says nothing about the program: the test is run again, in a folder
    of its own. A failure without a standstill counts at once."""

    @functools.wraps(test)
    def tried(**given: Any) -> None:
        for n in range(1, TRIES + 1):
            own = dict(given)
            if "tmp_path" in given:
                own["tmp_path"] = given["tmp_path"] / str(n)
                own["tmp_path"].mkdir()
            with Stalls() as stalls:
                try:
                    return test(**own)
                except AssertionError:
                    if n == TRIES or stalls.longest_s < STALL_S:
                        raise

    return tried
