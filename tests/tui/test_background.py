import threading
from typing import Any

import pytest
from screens import SERIAL, open_app, screen_text, settled

from tui.background import Background
from tui.loader import Capture, open_capture
from tui.view import View


class Numbers(View):
    """Shows how often it was computed."""

    TITLE = "Numbers"

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.gate = threading.Semaphore(0)
        self.started = threading.Event()
        self.ran: list[Any] = []
        self.shown: list[int] = []
        self.threads: set[int] = set()
        self.fails = False
        self.work = Background(self, self._make, self.shown.append)

    def _make(self, capture: Capture) -> int:
        self.started.set()
        self.gate.acquire()
        self.ran.append(capture)
        self.threads.add(threading.get_ident())
        if self.fails:
            raise ValueError("secret octets")
        return len(self.ran)


async def until(pilot: Any, true: Any) -> None:
    for _ in range(1000):
        await pilot.pause(0.01)
        if true():
            return
    raise AssertionError("it never came")


@pytest.mark.asyncio
async def test_it_runs_beside_the_screen_and_once_more_when_asked_meanwhile() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = Numbers(app.screen.capture)  # type: ignore[attr-defined]
        await app.screen.mount(view)
        for _ in range(5):
            view.work.ask()
        assert view.work.busy and not view.shown
        view.gate.release()
        await until(pilot, lambda: view.shown)
        assert view.shown == [1] and threading.get_ident() not in view.threads
        assert view.work.busy  # five were asked for: one ran, one more stands for the others
        view.gate.release()
        await until(pilot, lambda: not view.work.busy)
        assert view.shown == [1, 2]
        await settled(pilot)
        assert view.shown == [1, 2]


@pytest.mark.asyncio
async def test_what_was_made_of_another_capture_is_not_shown() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = Numbers(app.screen.capture)  # type: ignore[attr-defined]
        await app.screen.mount(view)
        view.work.ask()
        await until(pilot, view.started.is_set)
        other = open_capture(SERIAL)
        view.put(other)
        view.gate.release(2)
        await until(pilot, lambda: view.shown)
        assert view.shown == [2] and view.ran[1] is other
        other.close()


@pytest.mark.asyncio
async def test_a_view_that_fails_says_so_without_the_data() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = Numbers(app.screen.capture)  # type: ignore[attr-defined]
        await app.screen.mount(view)
        view.fails = True
        view.work.ask()
        view.gate.release()
        await until(pilot, lambda: not view.work.busy)
        await settled(pilot)
        text = screen_text(app)
        assert "Numbers: internal error: ValueError" in text and "secret" not in text
