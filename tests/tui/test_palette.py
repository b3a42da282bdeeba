"""Commands by name: of whoever has the keys, of the screen, of the program; themes and recent sources."""

import pytest
from screens import SERIAL, open_app
from textual.command import CommandPalette

from tui import bindings, palette
from tui.capture_screen import CaptureScreen
from tui.palette import CommandProvider
from tui.row_list import RowList


@pytest.mark.asyncio
async def test_who_has_a_command() -> None:
    async with open_app() as (app, _):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        rows = screen.packets.list
        by_id = bindings.BY_ID
        assert palette.place(by_id["list.down"], screen, rows) is rows
        assert palette.place(by_id["list.down"], screen, None) is None
        assert palette.place(by_id["rows.level"], screen, rows) is screen
        assert palette.place(by_id["view.timing"], screen, rows) is screen
        assert palette.place(by_id["app.theme"], screen, rows) is app
        found = {command.id for command, _ in palette.available(screen, rows)}
        assert {"list.down", "rows.level", "app.theme"} <= found and "start.browse" not in found


async def names(provider: CommandProvider) -> list[str]:
    return [str(hit.display) async for hit in provider.discover()]


@pytest.mark.asyncio
async def test_what_the_palette_offers() -> None:
    async with open_app() as (app, _):
        app.settings.recent = [SERIAL, "/tmp/[/bold] a\x1b[31m.pcap"]  # names of files are data
        found = await names(CommandProvider(app.screen))
        assert "Rows: Frames, messages or exchanges  [e]" in found
        assert "Program: Plain or vim keys" in found
        assert "Theme: high-contrast" in found
        assert found[-1] == "Open recent: /tmp/[/bold] a\\x1b[31m.pcap"
        hits = [hit async for hit in CommandProvider(app.screen).search("bold")]
        assert found[-1] in [str(hit.match_display) for hit in hits]


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_a_command_is_typed_and_runs(key: str) -> None:
    async with open_app(size=(80, 24)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        app.settings.recent = ["/tmp/[/bold].pcap"]
        await pilot.press(key)
        await pilot.press(*"messages or exch")
        await app.workers.wait_for_complete()
        await pilot.pause(0.3)
        assert isinstance(app.screen, CommandPalette)
        await pilot.press("enter")
        await pilot.pause()
        assert screen.packets.level == "message"


@pytest.mark.asyncio
async def test_a_command_of_the_list_runs_on_the_list() -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen) and isinstance(screen.focused, RowList)
        hits = {hit.text: hit async for hit in CommandProvider(screen).search("Last row")}
        await hits["Lists: Last row  [End]"].command()
        await pilot.pause()
        assert screen.packets.list.cursor == len(screen.packets.list.rows) - 1
