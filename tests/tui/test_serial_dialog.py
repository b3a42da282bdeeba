"""How to listen to a port: choices become a source, which may be edited."""

import pytest
from dialogs import NOTHING, DialogApp
from screens import screen_text
from textual.widgets import Input, Select

from captures import spec
from tui.serial_dialog import SerialDialog


def app() -> DialogApp:
    return DialogApp(SerialDialog("/dev/ttyUSB0", ["/dev/tty[red]"]))


def source(shown: DialogApp) -> str:
    return shown.screen.query_one(Input).value


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_choices_become_a_source(size: tuple[int, int]) -> None:
    shown = app()
    async with shown.run_test(size=size) as pilot:
        await pilot.pause()
        assert source(shown) == "serial:/dev/ttyUSB0?baud=9600&format=8N1"
        assert "Second wire" in screen_text(shown) and "Listen" in screen_text(shown)
        for name, value in (("baud", "find"), ("format", "7E1"), ("profile", "hdlc"), ("second", "/dev/tty[red]")):
            shown.screen.query_one(f"#{name}", Select).value = value
        await pilot.pause()
        assert source(shown) == "serial:/dev/ttyUSB0,/dev/tty[red]?baud=find&format=7E1&profile=hdlc"
        await pilot.click("#listen")
        assert shown.got == source_of(shown)


def source_of(shown: DialogApp) -> str:
    given = str(shown.got)
    found = spec.parse(given)
    assert isinstance(found, spec.SerialSpec) and found.wiring == "pair" and found.baud == 0
    return given


@pytest.mark.asyncio
async def test_by_keys_alone() -> None:
    shown = app()
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", "up", "enter")  # a rate less
        await pilot.pause()
        assert source(shown) == "serial:/dev/ttyUSB0?baud=4800&format=8N1"
        await pilot.press("tab", "tab", "tab", "tab")
        assert isinstance(shown.screen.focused, Input)
        await pilot.press("end", *"&reopen=maybe", "enter")
        assert shown.got == NOTHING and "reopen=maybe" in screen_text(shown)
        for _ in "maybe":
            await pilot.press("backspace")
        await pilot.press(*"yes", "enter")
        assert shown.got == "serial:/dev/ttyUSB0?baud=4800&format=8N1&reopen=yes"


@pytest.mark.asyncio
async def test_escape_and_back() -> None:
    shown = app()
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        assert shown.got is None
    shown = app()
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.click("#back")
        assert shown.got is None
