"""Commands of the packet view that change how rows look; what they set is remembered."""

import pytest
from screens import open_app, settled

from tui import times
from tui.capture_screen import CaptureScreen


@pytest.mark.asyncio
async def test_what_is_set_is_remembered() -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        await pilot.press("e", "t", "v", "L", "ctrl+up")
        await settled(pilot)
        settings = app.settings
        assert (settings.level, settings.raw, settings.layout, settings.share) == ("message", True, "right", 45)
        assert settings.time == times.FORMATS[1].name == screen.packets.time
        assert screen.packets.list.row(0).cells[4:5] == ["1/17"]  # raw at the next level too
        await pilot.press("e", "e", "e")
        await settled(pilot)
        assert screen.packets.cells.raw
        await pilot.press("V")
        assert not screen.packets.colours.on
        assert {screen.packets.list.row(n).style for n in range(10)} == {""}


@pytest.mark.asyncio
async def test_sizes_have_ends() -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        await pilot.press(*["ctrl+down"] * 20)
        assert screen.packets.share == 85
        await pilot.press(*["ctrl+up"] * 30)
        assert screen.packets.share == 15
