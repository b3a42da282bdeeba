"""Background: what a view shows that takes too long for the screen's thread is made in one of its own.

self.rows = Background(self, self._make, self._show)
self.rows.ask()             # now; while it runs already: once more when it has ended
self.rows.ask(soon=False)   # when there is time: it rests as long as it ran
"""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from tui.loader import Capture
from tui.view import Say, View

T = TypeVar("T")
REST = 2.0  # a computation asked for by growth rests so many times as long as it took: the loader has its turns


class Background(Generic[T]):
    """make: runs in a thread, reads the capture within turns, and raises nothing a person should see. show: gets its
    result on the screen's thread, unless the view shows another capture by then."""

    def __init__(self, view: View, make: Callable[[Capture], T], show: Callable[[T], None]) -> None:
        self.view = view
        self.make = make
        self.show = show
        self.busy = False  # it runs, or waits to run again
        self._again = False
        self._took = 0.0
        self._ended = 0.0

    def ask(self, soon: bool = True) -> None:
        """Has it made anew."""
        if self.busy:
            self._again = True
            return
        self.busy = True
        wait = 0.0 if soon else self._ended + REST * self._took - time.monotonic()
        if wait > 0:
            self.view.set_timer(wait, self._start)
        else:
            self._start()

    def _start(self) -> None:
        self._again = False
        self.view.run_worker(self._run, thread=True, exit_on_error=False, name="background")

    def _run(self) -> None:
        began, capture = time.monotonic(), self.view.capture
        found: list[T] = []
        error = ""
        try:
            found.append(self.make(capture))
        except Exception as raised:  # a view that fails must not end the program
            error = f"{self.view.TITLE}: internal error: {type(raised).__name__}"
        self._took = time.monotonic() - began
        if self.view.is_attached:
            self.view.call_later(self._done, capture, found, error)

    def _done(self, capture: Capture, found: list[T], error: str) -> None:
        self._ended = time.monotonic()
        self.busy = False
        if capture is not self.view.capture:
            self.ask()
            return
        if error:
            self.view.post_message(Say(error, "error"))
        for one in found:
            self.show(one)
        if self._again:
            self.ask(soon=False)
