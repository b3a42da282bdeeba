import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from dialogs import NOTHING, DialogApp
from screens import SIZES, open_app, screen_text
from textual.pilot import Pilot

from dissectors.errors import CaptureError
from tui.progress_dialog import ProgressDialog, Steps


async def until(pilot: Pilot[Any], holds: Callable[[], bool]) -> None:
    while not holds():
        await pilot.pause(0.01)


def endless(closed: threading.Event) -> Steps:
    try:
        while True:
            yield 0, None
    finally:
        closed.set()


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_how_far_it_is_and_what_it_says_at_the_end(size: tuple[int, int]) -> None:
    go = threading.Event()

    def work() -> Steps:
        yield 1, 4
        go.wait()
        yield 4, 4

    app = DialogApp(ProgressDialog("Saving x.csv", work, "4 rows written"))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "25%" in screen_text(app))  # type: ignore[arg-type]
        assert "Saving x.csv" in screen_text(app) and app.got is NOTHING  # type: ignore[arg-type]
        go.set()
        await until(pilot, lambda: app.got is not NOTHING)
        assert app.got == ("4 rows written", "information")


@pytest.mark.asyncio
@pytest.mark.parametrize("by", ["escape", "#cancel"])
async def test_cancelled_work_is_closed(by: str) -> None:
    closed = threading.Event()
    app = DialogApp(ProgressDialog("Saving", partial(endless, closed), "done"))
    async with app.run_test() as pilot:
        await pilot.pause()
        await (pilot.press(by) if by == "escape" else pilot.click(by))
        await until(pilot, lambda: app.got is not NOTHING)
        assert app.got == ("cancelled, nothing was written", "warning")
        assert closed.is_set()


@pytest.mark.asyncio
async def test_a_program_that_ends_cancels() -> None:
    closed = threading.Event()
    app = DialogApp(ProgressDialog("Saving", partial(endless, closed), "done"))
    async with app.run_test() as pilot:
        await pilot.pause()
    await asyncio.to_thread(closed.wait)


@pytest.mark.asyncio
@pytest.mark.parametrize("error, said", [
    (CaptureError("x: no space left on device"), "x: no space left on device"),
    (KeyError("own fault"), "internal error: KeyError: 'own fault'"),
])  # fmt: skip
async def test_what_went_wrong_is_one_line(error: Exception, said: str) -> None:
    def work() -> Steps:
        raise error

    app = DialogApp(ProgressDialog("Saving", work, "done"))
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.got is not NOTHING)
        assert app.got == (said, "error")


@pytest.mark.asyncio
async def test_ctrl_c_cancels_and_the_program_goes_on() -> None:
    closed = threading.Event()
    async with open_app() as (app, pilot):
        got: list[tuple[str, str] | None] = []
        app.push_screen(ProgressDialog("Saving", partial(endless, closed), "done"), got.append)
        await pilot.pause()
        await pilot.press("ctrl+c")
        await until(pilot, lambda: bool(got))
        assert got == [("cancelled, nothing was written", "warning")] and not app.leaving
