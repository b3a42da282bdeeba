from pathlib import Path
from typing import Any

import pytest
from screens import open_app, settled
from textual.pilot import Pilot
from textual.widgets import Input

from tui import clipboard
from tui.app import CosemscopeApp
from tui.capture_screen import CaptureScreen
from tui.choice_dialog import ChoiceDialog
from tui.export_dialog import ExportDialog


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No tool of this machine takes part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clipboard, "TOOLS", ())
    return tmp_path


async def said(app: CosemscopeApp, pilot: Pilot[Any], words: str) -> str:
    """What the status bar says, once it has these words."""
    bar = app.screen.query_one("#status")
    while words not in bar.said:  # type: ignore[attr-defined]
        await pilot.pause(0.02)
    return str(bar.said)  # type: ignore[attr-defined]


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_octets_as_hex(size: tuple[int, int]) -> None:
    async with open_app(size=size) as (app, pilot):
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(app.screen, ChoiceDialog)
        await pilot.press("h")
        await pilot.pause()
        octets = app.screen.capture.analysis.frame(1).octets  # type: ignore[attr-defined]
        assert app.clipboard == octets.hex(" ").upper()
        line = await said(app, pilot, "copied by")
        assert f"{len(app.clipboard)} characters" in line and "no local tool" in line


@pytest.mark.asyncio
async def test_the_tool_that_took_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    monkeypatch.setattr(clipboard, "by_tool", lambda text: taken.append(text) or "xclip")
    async with open_app() as (app, pilot):
        await pilot.press("y", "r")
        assert "terminal (OSC 52) and xclip" in await said(app, pilot, "copied by")
        assert taken == [app.clipboard]


@pytest.mark.asyncio
async def test_to_a_file_is_always_a_choice(folder: Path) -> None:
    async with open_app() as (app, pilot):
        await pilot.press("y", "F", "h")
        await pilot.pause()
        assert isinstance(app.screen, ExportDialog)
        app.screen.query_one("#path", Input).value = "frame.txt"
        await pilot.press("enter")
        while not isinstance(app.screen, CaptureScreen):
            await pilot.pause(0.02)
        assert (folder / "frame.txt").read_text().startswith("7E A0")
        assert "10 octets as hex written to frame.txt" in await said(app, pilot, "written")
        assert app.clipboard == ""


@pytest.mark.asyncio
async def test_what_terminals_drop_is_offered_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "LARGEST", 10)
    async with open_app() as (app, pilot):
        await pilot.press("y", "h")
        await pilot.pause()
        assert isinstance(app.screen, ChoiceDialog) and "29 octets" in app.screen.heading
        assert app.clipboard == ""
        await pilot.press("y")
        await pilot.pause()
        assert len(app.clipboard) == 29
        await pilot.press("y", "h", "f")
        await pilot.pause()
        assert isinstance(app.screen, ExportDialog)


@pytest.mark.asyncio
async def test_escape_copies_nothing() -> None:
    async with open_app() as (app, pilot):
        await pilot.press("y", "escape")
        await settled(pilot)
        assert isinstance(app.screen, CaptureScreen) and app.clipboard == ""
