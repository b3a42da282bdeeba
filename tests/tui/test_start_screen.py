"""The start screen, by keys and mouse: demo captures, recent ones, folders, ports, a typed source, errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from screens import SERIAL, SIZES, screen_text, settled
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tui import start_list
from tui.app import CosemscopeApp
from tui.capture_screen import CaptureScreen
from tui.loader import options
from tui.serial_dialog import SerialDialog
from tui.start_list import Entry
from tui.start_screen import StartScreen

PORT = Entry("serial", "/dev/ttyNONE", "an adapter", "/dev/ttyNONE")
OTHER = Entry("serial", "/dev/ttyOTHER", "", "/dev/ttyOTHER")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same ports, interfaces and files on every machine."""
    monkeypatch.setattr(start_list, "serial_ports", lambda: [PORT, OTHER])
    monkeypatch.setattr(start_list, "network_interfaces", lambda: [Entry("interface", "eth9", "", "eth9")])
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "work"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "copy.pcapng").write_bytes(Path(SERIAL).read_bytes())
    (folder / "bad.log").write_text("")
    monkeypatch.chdir(folder)


@asynccontextmanager
async def start(size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[CosemscopeApp, StartScreen, Pilot[Any]]]:
    app = CosemscopeApp(options())
    try:
        async with app.run_test(size=size) as pilot:
            await app.workers.wait_for_complete()
            await pilot.pause()
            assert isinstance(app.screen, StartScreen)
            yield app, app.screen, pilot
    finally:
        app.close_all()


def said(screen: StartScreen) -> str:
    return str(screen.query_one("#said", Static).content)


def go(screen: StartScreen, target: str) -> None:
    screen.list.move(next(n for n, entry in enumerate(screen.entries) if entry.target == target and entry.kind))


async def opened(app: CosemscopeApp, pilot: Pilot[Any]) -> None:
    await app.workers.wait_for_complete()
    await pilot.pause()
    await settled(pilot)


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_a_newcomer_sees_the_demo_first_and_enter_opens_it(size: tuple[int, int]) -> None:
    async with start(size) as (app, _, pilot):
        text = screen_text(app)
        assert text.index("Captures to learn with") < text.index("wrapper-tcp.pcapng") < text.index("Serial ports")
        assert "/dev/ttyNONE" in text and "eth9" in text and "learn it here" in text and "q quits" in text
        await pilot.press("enter")
        await opened(app, pilot)
        assert isinstance(app.screen, CaptureScreen) and "229 frames" in screen_text(app)
        assert app.settings.recent[0].endswith("wrapper-tcp.pcapng")


@pytest.mark.asyncio
async def test_folders_are_walked() -> None:
    async with start() as (app, screen, pilot):
        here = screen.here
        await pilot.press("b")
        assert screen.folder == here
        go(screen, str(here / "inner"))
        await pilot.press("enter")
        assert screen.folder == here / "inner" and "copy.pcapng" in screen_text(app)
        await pilot.press("backspace")
        assert screen.folder == here and screen.selected.target == str(here / "inner")
        await pilot.press("enter", "up", "up", "up", "down", "enter")  # ../
        assert screen.folder == here and screen.selected.target == str(here / "inner")
        await pilot.press("escape")
        assert screen.folder is None
        await pilot.press("b")
        go(screen, str(here / "inner"))
        await pilot.press("enter")
        go(screen, str(here / "inner" / "copy.pcapng"))
        await pilot.press("enter")
        await opened(app, pilot)
        assert "136 frames" in screen_text(app)


@pytest.mark.asyncio
async def test_a_folder_that_cannot_be_read_is_said() -> None:
    async with start() as (_, screen, pilot):
        await pilot.press("b")
        (screen.here / "inner" / "copy.pcapng").unlink()
        (screen.here / "inner").rmdir()
        go(screen, str(screen.here / "inner"))
        await pilot.press("enter")
        assert "cannot be read (No such file or directory)" in said(screen) and screen.folder == screen.here


@pytest.mark.asyncio
async def test_errors_are_one_line_and_the_screen_stays() -> None:
    async with start() as (app, screen, pilot):
        go(screen, str(screen.here / "bad.log"))
        await pilot.press("enter")
        await opened(app, pilot)
        assert app.screen is screen and "is empty, expected a capture" in said(screen)
        assert "expected a capture" in screen_text(app)  # at 80 cells, behind a long path
        await pilot.press("slash", *"tshark", "enter")
        await opened(app, pilot)
        assert "✗ tshark: no such file" in said(screen)
        assert app.settings.recent == []


@pytest.mark.asyncio
async def test_a_source_is_typed() -> None:
    async with start() as (app, screen, pilot):
        await pilot.press("slash", *"q?:")  # no commands while one types
        assert screen.query_one(Input).value == "q?:"
        screen.query_one(Input).value = str(screen.here / "inner")
        await pilot.press("enter")
        assert screen.folder == screen.here / "inner" and screen.list.has_focus
        await pilot.press("slash")
        screen.query_one(Input).value = "inner/copy.pcapng"
        await pilot.press("enter")
        await opened(app, pilot)
        assert "136 frames" in screen_text(app)


@pytest.mark.asyncio
async def test_an_interface_becomes_a_source_to_edit() -> None:
    async with start() as (_, screen, pilot):
        go(screen, "eth9")
        await pilot.press("enter")
        source = screen.query_one(Input)
        assert source.has_focus and source.value == "ip:eth9?filter=port 4059"
        await pilot.press("escape")
        assert screen.list.has_focus


@pytest.mark.asyncio
async def test_a_port_is_asked_about_and_its_error_said() -> None:
    async with start() as (app, screen, pilot):
        go(screen, PORT.target)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, SerialDialog) and list(app.screen.others) == [OTHER.target]
        app.screen.query_one(Input).focus()
        await pilot.press("enter")
        await opened(app, pilot)
        assert app.screen is screen and "/dev/ttyNONE" in said(screen) and said(screen).startswith("✗")


@pytest.mark.asyncio
async def test_the_mouse_opens_too_and_again_looks_again() -> None:
    async with start() as (app, screen, pilot):
        (screen.here / "new.pcapng").write_bytes(Path(SERIAL).read_bytes())
        await pilot.press("ctrl+r")
        await app.workers.wait_for_complete()
        await pilot.pause()
        row = next(n for n, entry in enumerate(screen.entries) if entry.text == "new.pcapng")
        await pilot.click("#entries", offset=(6, row + 1), times=2)
        await opened(app, pilot)
        assert "136 frames" in screen_text(app)


@pytest.mark.asyncio
async def test_q_leaves() -> None:
    async with start() as (app, _, pilot):
        await pilot.press("q")
    assert app.return_code == 0
