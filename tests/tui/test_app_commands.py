"""Commands of the program: themes, keys, help, palette, picture, stop, quit."""

import threading
from pathlib import Path

import pytest
from live_app import open_live
from screens import SIZES, open_app, screen_text
from textual.command import CommandPalette

from tui.app_commands import THEMES
from tui.capture_screen import CaptureScreen
from tui.choice_dialog import ChoiceDialog
from tui.help import HelpScreen
from tui.status_bar import StatusBar


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_every_theme_shows_everything(size: tuple[int, int]) -> None:
    """Light, dark, high contrast and the terminal's own colours: the same text, round and round."""
    async with open_app(size=size) as (app, pilot):
        texts = set()
        for name in (*THEMES[1:], THEMES[0]):
            await pilot.press("ctrl+t")
            await pilot.pause()
            assert (app.theme, app.settings.theme) == (name, name)
            texts.add("\n".join(screen_text(app).splitlines()[:-1]))
        assert len(texts) == 1
        await pilot.press("question_mark")
        await pilot.press("escape")


@pytest.mark.asyncio
async def test_colours_of_the_high_contrast_theme() -> None:
    async with open_app() as (app, _):
        app.choose_theme("high-contrast")
        variables = app.get_css_variables()
        assert variables["surface"] == "#000000"
        assert variables["text-muted"] == "#e0e0e0"


@pytest.mark.asyncio
async def test_vim_keys_and_back() -> None:
    async with open_app() as (app, pilot):
        assert isinstance(app.screen, CaptureScreen)
        rows = app.screen.packets.list
        before = rows.cursor
        await pilot.press("j")
        assert rows.cursor == before
        app.action_app_keys()
        await pilot.press("j", "j", "k", "G")
        assert app.settings.keys == "vim" and rows.cursor == len(rows.rows) - 1
        await pilot.press("g")
        assert rows.cursor == 0


@pytest.mark.asyncio
async def test_a_picture_of_the_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_app() as (app, pilot):
        app.action_app_screenshot()
        await pilot.pause()
        found = list(tmp_path.glob("cosemscope-*.svg"))
        assert len(found) == 1 and "<svg" in found[0].read_text()
        assert str(found[0]) in app.screen.query_one(StatusBar).said
        found[0].unlink()
        monkeypatch.setattr(type(app), "save_screenshot", _no_room)
        app.action_app_screenshot()
        await pilot.pause()
        assert "cannot be written (No space left" in app.screen.query_one(StatusBar).said


def _no_room(*given: object) -> str:
    raise OSError(28, "No space left on device")


@pytest.mark.asyncio
async def test_help_and_palette_open_once() -> None:
    async with open_app() as (app, pilot):
        await pilot.press("f1", "f1")
        assert isinstance(app.screen, HelpScreen) and len(app.screen_stack) == 3
        await pilot.press("escape")
        await pilot.press("colon")
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)
        app.action_app_palette()
        assert len(app.screen_stack) == 3
        await pilot.press("escape")


@pytest.mark.asyncio
async def test_ctrl_c_stops_the_nearest_thing_first() -> None:
    """A filter, then the program."""
    async with open_app() as (app, pilot):
        assert isinstance(app.screen, CaptureScreen)
        packets = app.screen.packets
        packets.apply("kind == I")
        packets.shown._more.clear()
        packets.shown.total += 10**9  # never looked at: it stays busy
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert packets.shown.cancelled and app.return_code is None
        assert "filter stopped: " in app.screen.query_one(StatusBar).said
        packets.shown.total -= 10**9
        await pilot.press("ctrl+c")
    assert app.return_code == 0


@pytest.mark.asyncio
async def test_ctrl_c_stops_a_search_first() -> None:
    async with open_app() as (app, pilot):
        ended = threading.Event()
        worker = app.screen.run_worker(lambda: ended.wait(), thread=True, group="find")
        await pilot.press("ctrl+c")
        await pilot.pause()
        ended.set()
        assert worker.is_cancelled and app.return_code is None
        assert "search or export was stopped" in app.screen.query_one(StatusBar).said


@pytest.mark.asyncio
async def test_ctrl_c_is_not_about_what_nobody_asked_for() -> None:
    """The autopsy of a capture just opened is computed by itself."""
    async with open_app() as (app, pilot):
        ended = threading.Event()
        app.screen.run_worker(lambda: ended.wait(), thread=True, group="failures")
        await pilot.press("ctrl+c")
        await pilot.pause()
        ended.set()
    assert app.return_code == 0


@pytest.mark.asyncio
async def test_q_leaves_a_file_at_once() -> None:
    async with open_app() as (app, pilot):
        await pilot.press("q")
    assert app.return_code == 0


@pytest.mark.asyncio
async def test_q_asks_before_a_recording_ends(tmp_path: Path) -> None:
    async with open_live(tmp_path) as (app, pilot, _):
        await pilot.press("q")
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press("n")
        assert app.capture is not None and app.capture.state == "live"
        await pilot.press("q", "y")
        await pilot.pause()
    assert app.return_code == 0


@pytest.mark.asyncio
async def test_ctrl_c_stops_a_recording_before_the_program(tmp_path: Path) -> None:
    async with open_live(tmp_path) as (app, pilot, _):
        capture = app.capture
        assert capture is not None
        await pilot.press("ctrl+c")
        while capture.state == "live":
            await pilot.pause(0.02)
        assert app.return_code is None and capture.state == "ended"
        await pilot.pause(0.1)
        assert str(tmp_path) in app.screen.query_one(StatusBar).said
        await pilot.press("ctrl+c")
    assert app.return_code == 0


@pytest.mark.asyncio
async def test_another_source_while_a_recording_runs_is_asked_for(tmp_path: Path) -> None:
    async with open_live(tmp_path) as (app, pilot, _):
        capture = app.capture
        app.open_spec("nowhere.pcapng")
        await pilot.pause()
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press("n")
        assert app.capture is capture and capture is not None and capture.state == "live"
