"""The ? help: every command, its keys in force, found by typing, run by Enter; at 80x24 too."""

import pytest
from screens import SIZES, open_app, screen_text

from tui import bindings
from tui.app import CosemscopeApp
from tui.capture_screen import CaptureScreen
from tui.help import MARKS, MOUSE, HelpScreen


def texts(app: CosemscopeApp) -> list[str]:
    assert isinstance(app.screen, HelpScreen)
    return ["|".join(row.cells) for row in app.screen.list.rows.page(0, len(app.screen.list.rows))]


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_everything_is_there(size: tuple[int, int]) -> None:
    async with open_app(size=size) as (app, pilot):
        await pilot.press("question_mark")
        found = texts(app)
        for command in bindings.COMMANDS:
            row = f"  {bindings.shown(command.plain)}|{command.title}|{command.id}"
            assert row in found
        for word, meaning in (*MARKS, *MOUSE):
            assert f"  {word}|{meaning}" in found
        assert "app.help" in screen_text(app) and "Keys and what they do" in screen_text(app)


@pytest.mark.asyncio
async def test_typing_finds_and_enter_runs() -> None:
    async with open_app() as (app, pilot):
        assert isinstance(app.screen, CaptureScreen)
        packets = app.screen.packets
        await pilot.press("question_mark", *"rows level")
        assert texts(app) == ["Rows", "  e|Frames, messages or exchanges|rows.level"]
        await pilot.press("enter")
        await pilot.pause()
        assert packets.level == "message" and isinstance(app.screen, CaptureScreen)


@pytest.mark.asyncio
async def test_commands_of_the_focused_widget_run_on_it() -> None:
    async with open_app() as (app, pilot):
        assert isinstance(app.screen, CaptureScreen)
        rows = app.screen.packets.list
        await pilot.press("question_mark", *"list.bottom", "enter")
        await pilot.pause()
        assert rows.cursor == len(rows.rows) - 1


@pytest.mark.asyncio
async def test_what_cannot_run_here_has_a_mark_and_stays() -> None:
    async with open_app() as (app, pilot):
        await pilot.press("question_mark", *"start.browse")
        assert isinstance(app.screen, HelpScreen)
        assert app.screen.list.row(1).mark == "-"
        await pilot.press("down", "enter")
        assert isinstance(app.screen, HelpScreen)
        for _ in range(12):
            await pilot.press("backspace")
        await pilot.press("down", "down", "up", "pagedown")
        assert app.screen.list.cursor > 10
        await pilot.press("escape")
        assert isinstance(app.screen, CaptureScreen)


@pytest.mark.asyncio
async def test_a_double_click_runs_and_a_click_beside_closes() -> None:
    async with open_app(size=(120, 40)) as (app, pilot):
        assert isinstance(app.screen, CaptureScreen)
        packets = app.screen.packets
        await pilot.press("question_mark", *"rows.level")
        await pilot.click("#found", offset=(30, 2), times=2)
        await pilot.pause()
        assert packets.level == "message"
        await pilot.press("question_mark")
        await pilot.click(offset=(1, 20))
        await pilot.pause()
        assert isinstance(app.screen, CaptureScreen)
