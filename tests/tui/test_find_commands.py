from typing import Any

import pytest
from screens import open_app, settled
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from tui.capture_screen import CaptureScreen
from tui.find_commands import Run
from tui.find_dialog import FindDialog, Query
from tui.status_bar import StatusBar


def screen_of(app: App[Any]) -> CaptureScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, CaptureScreen))


def said(screen: CaptureScreen) -> str:
    return screen.query_one(StatusBar).said


async def found(pilot: Pilot[Any]) -> CaptureScreen:
    """The screen once its search has ended."""
    screen = screen_of(pilot.app)
    await pilot.app.workers.wait_for_complete()
    while screen.searching is not None:
        await pilot.pause(0.01)
    await settled(pilot)
    return screen


@pytest.mark.asyncio
async def test_ctrl_f_finds_and_n_goes_on_around_the_end_and_back() -> None:
    async with open_app() as (app, pilot):
        await pilot.press("ctrl+f")
        await pilot.pause()
        assert isinstance(app.screen, FindDialog)
        app.screen.query_one(Input).value = "aar"
        await pilot.press("enter")
        screen = await found(pilot)
        assert screen.packets.no == 3 and screen.settings.searches[-1] == "text row aar"
        assert said(screen) == "'aar' is in frame 3"
        rows = [3]
        while True:
            await pilot.press("n")
            await found(pilot)
            if screen.packets.no == 3:
                break
            rows.append(screen.packets.no)
        assert said(screen) == "'aar' is in frame 3, around the end"
        assert rows == sorted(rows) and rows[1] == 4 and len(rows) > 2
        await pilot.press("N")
        await found(pilot)
        assert screen.packets.no == rows[-1]
        await pilot.press("backspace")  # each find can be gone back from
        await settled(pilot)
        assert screen.packets.no == 3


@pytest.mark.asyncio
async def test_n_asks_where_nothing_was_searched_yet_and_knows_the_last_session() -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        screen.settings.searches = []
        await pilot.press("n")
        await pilot.pause()
        assert isinstance(app.screen, FindDialog)
        await pilot.press("escape")
        await pilot.pause()
        screen.settings.searches = ["filter row kind == UA"]
        await pilot.press("n")
        await found(pilot)
        assert screen.packets.no == 2


@pytest.mark.asyncio
async def test_what_is_not_there_is_said_with_how_much_was_looked_at() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        screen.search(Query("text", "[b]nowhere", "row"))
        await found(pilot)
        assert said(screen) == "'[b]nowhere' not found in 136 frames" and screen.packets.no == 1
        screen.filter("no < 10")
        await settled(pilot)
        screen.search(Query("text", "nowhere", "details"))
        await found(pilot)
        assert said(screen) == "'nowhere' not found in 9 frames shown"


@pytest.mark.asyncio
async def test_without_wrapping_it_stops_at_the_end() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        screen.packets.select("frame", 130)
        screen.search(Query("filter", "no == 3", "row", 1, False))
        await found(pilot)
        assert screen.packets.no == 130 and said(screen) == "'no == 3' not found in the 6 frames up to the end"
        screen.search(Query("filter", "no == 3", "row", -1, False))
        await found(pilot)
        assert screen.packets.no == 3
        screen.packets.select("frame", 136)
        screen.search(Query("text", "aarq", "row", 1, False))
        await found(pilot)
        assert said(screen) == "'aarq' not found in the 0 frames up to the end"


@pytest.mark.asyncio
async def test_details_select_the_field_and_octets_are_marked() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        screen.search(Query("text", "segmentation", "details"))
        await found(pilot)
        node = screen.packets.tree_pane.selected
        assert node is not None and node.label == "Segmentation"
        screen.search(Query("hex", "52 65 61 64 65 72", "octets"))
        await found(pilot)
        pane = screen.packets.octets_pane
        assert pane.active == "frame" and pane._highlight[0] == "frame"
        start, end = pane._highlight[1:]
        detail = screen.packets.detail
        assert detail is not None
        assert {b.name: b.octets for b in detail.buffers}["frame"][start:end] == b"Reader"
        node = screen.packets.tree_pane.selected
        assert node is not None and node.start <= start < node.end


@pytest.mark.asyncio
async def test_rows_are_searched_as_they_are_shown_at_every_level() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        for level in ("message", "exchange"):
            screen.packets.to_level(level)
            await settled(pilot)
            place = len(screen.packets.shown) - 1
            text = "  ".join(screen.packets.list.rows.page(place, place + 1)[0].cells[1:3])
            screen.packets.select(level, 1)
            screen.search(Query("text", text, "row"))
            await found(pilot)
            assert screen.packets.no == place + 1, (level, text, said(screen))


@pytest.mark.asyncio
async def test_a_filter_of_another_level_is_said() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        screen.search(Query("filter", "attempts > 1", "row"))
        await found(pilot)
        assert "no field 'attempts' at level frame" in said(screen)


@pytest.mark.asyncio
async def test_escape_stops_it() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        with screen.capture.turn():  # the search waits for its turn
            screen.search(Query("text", "nowhere", "details"))
            await pilot.pause()
            await pilot.press("escape")
            await pilot.pause()
        await found(pilot)
        assert said(screen).startswith("find stopped: ") and "nowhere" in said(screen)
        assert screen.packets.no == 1


@pytest.mark.asyncio
async def test_it_stops_when_other_rows_are_shown() -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        with screen.capture.turn():
            screen.search(Query("filter", "no == 99", "row"))
            screen.packets.to_level("message")
        await found(pilot)
        assert said(screen).startswith("find stopped: 0 of 136 rows looked at")
        assert screen.packets.no != 99


@pytest.mark.asyncio
async def test_an_error_of_ours_is_said_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_app() as (_, pilot):
        screen = screen_of(pilot.app)
        monkeypatch.setattr(Run, "text", lambda self, no: [][no])
        screen.search(Query("text", "aarq", "row"))
        await found(pilot)
        assert said(screen).startswith("find: internal error: IndexError")
