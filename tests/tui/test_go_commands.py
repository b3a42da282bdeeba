from typing import Any

import pytest
from screens import DEMO, SERIAL, open_app, settled
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from dissectors.errors import UsageError
from tui.capture_screen import CaptureScreen
from tui.line_dialog import LineDialog
from tui.status_bar import StatusBar


def screen_of(app: App[Any]) -> CaptureScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, CaptureScreen))


def said(screen: CaptureScreen) -> str:
    return screen.query_one(StatusBar).said


async def press(pilot: Pilot[Any], *keys: str) -> int:
    """The row selected after these keys."""
    await pilot.press(*keys)
    await settled(pilot)
    return screen_of(pilot.app).packets.no


async def at(pilot: Pilot[Any], level: str, no: int) -> CaptureScreen:
    screen = screen_of(pilot.app)
    if screen.packets.level != level:
        screen.packets.to_level(level)
    screen.packets.select(level, no)
    await settled(pilot)
    return screen


@pytest.mark.asyncio
async def test_a_row_by_its_number() -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        assert await press(pilot, "g", "4", "2", "enter") == 42
        message_frame = screen.capture.links.frames_of_message(12)[0]
        assert await press(pilot, "g", "m", "1", "2", "enter") == message_frame
        await press(pilot, "g", "x", "9", "9", "9", "enter")
        dialog = app.screen
        assert isinstance(dialog, LineDialog)
        assert "no exchange 999: there are exchanges 1 to 44" in str(dialog.query_one("#trouble").render())
        dialog.query_one(Input).value = "x44"
        await press(pilot, "enter")
        assert app.screen is screen and screen.packets.no == screen.capture.links.convert("exchange", 44, "frame")
        assert await press(pilot, "g", "7", "escape") == screen.packets.no
        for line in ("", "0", "-3", "12a", "137", "y3"):
            with pytest.raises(UsageError):
                screen.row_named(line)
        assert screen.row_named(" F7 ") == ("frame", 7)


@pytest.mark.asyncio
async def test_counterpart_and_back_and_forward() -> None:
    async with open_app() as (_, pilot):
        await at(pilot, "frame", 3)
        assert await press(pilot, "r") == 4
        assert await press(pilot, "r") == 3
        assert await press(pilot, "backspace") == 4
        assert await press(pilot, "backspace") == 3
        screen = screen_of(pilot.app)
        assert await press(pilot, "backspace") == 3 and said(screen) == "nothing to go back to"
        assert await press(pilot, "alt+right") == 4
        assert await press(pilot, "alt+right") == 3
        assert await press(pilot, "alt+right") == 3 and said(screen) == "nothing to go forward to"


@pytest.mark.asyncio
async def test_back_returns_to_the_level_too() -> None:
    async with open_app() as (_, pilot):
        screen = await at(pilot, "frame", 3)
        screen.jump("frame", 60)
        screen.packets.to_level("exchange")
        await settled(pilot)
        assert await press(pilot, "backspace") == 3 and screen.packets.level == "frame"
        await press(pilot, "alt+right")
        assert screen.packets.level == "exchange"


@pytest.mark.asyncio
async def test_why_there_is_no_counterpart() -> None:
    async with open_app() as (_, pilot):
        screen = await at(pilot, "frame", 1)
        assert await press(pilot, "r") == 1
        assert said(screen) == "this frame carries no APDU, so it is no request or response"
        await at(pilot, "exchange", 3)
        await press(pilot, "r")
        assert said(screen).startswith("an exchange is request and response in one")
    reasons = set()
    for capture in (SERIAL, *(str(DEMO / name) for name in ("wrapper-tcp.pcapng", "hdlc-tcp.pcapng"))):
        async with open_app(capture) as (_, pilot):
            screen = screen_of(pilot.app)
            for no in range(1, screen.counts.message + 1):
                if not screen.capture.links.counterpart("message", no):
                    await at(pilot, "message", no)
                    assert await press(pilot, "r") == no
                    reasons.add(said(screen))
    assert "no response: the request was not answered" in reasons
    assert "data-notification is sent unasked: it has no request" in reasons


@pytest.mark.asyncio
async def test_along_an_association_an_object_and_findings() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        links = screen.capture.links
        for level in ("frame", "message", "exchange"):
            await at(pilot, level, 10)
            wanted = links.same_association(level, 10, 1)
            assert wanted and await press(pilot, "a") == wanted
            assert await press(pilot, "A") == links.same_association(level, wanted, -1)
            await at(pilot, level, 10)
            wanted = links.next_finding(screen.capture.analysis.findings, level, 10, 1)
            assert wanted and await press(pilot, "right_square_bracket") == wanted
            assert await press(pilot, "left_square_bracket") < wanted
        rows = [n for n in range(1, screen.counts.message + 1) if links.same_object("message", n, 1)]
        await at(pilot, "message", rows[0])
        there = links.same_object("message", rows[0], 1)
        assert await press(pilot, "o") == there
        assert await press(pilot, "O") == rows[0]
        assert await press(pilot, "O") == rows[0] and said(screen) == "no earlier row of this object"


@pytest.mark.asyncio
async def test_a_row_without_association_or_object_says_so() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        alone = next(
            n for n in range(1, screen.counts.message + 1) if screen.capture.analysis.message(n).target is None
        )
        await at(pilot, "message", alone)
        assert await press(pilot, "o") == alone and said(screen) == "this message has no object"


@pytest.mark.asyncio
async def test_marks() -> None:
    async with open_app() as (_, pilot):
        screen = await at(pilot, "frame", 10)
        assert await press(pilot, "right_curly_bracket") == 10 and said(screen) == "no further mark"
        screen.packets.marked |= {20, 5, 90}
        assert await press(pilot, "right_curly_bracket") == 20
        assert await press(pilot, "right_curly_bracket") == 90
        assert await press(pilot, "left_curly_bracket", "left_curly_bracket") == 5
        await at(pilot, "message", 1)
        assert await press(pilot, "right_curly_bracket") == screen.capture.links.convert("frame", 5, "message")


@pytest.mark.asyncio
async def test_rows_that_the_filter_hides_are_passed_over_and_counted() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        screen.packets.marked |= {5, 20, 90}
        screen.filter("no < 4 or no > 80")
        await settled(pilot)
        await at(pilot, "frame", 1)
        assert await press(pilot, "right_curly_bracket") == 90
        assert screen.packets.shown.filter
        screen.filter("no < 4")
        await settled(pilot)
        await at(pilot, "frame", 1)
        assert await press(pilot, "right_curly_bracket") == 1
        assert said(screen) == "no further mark is shown: the filter hides 3"
