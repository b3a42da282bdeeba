from typing import Any

import pytest
from screens import SIZES, open_app, screen_text, settled
from textual.pilot import Pilot

from tui import columns
from tui.app import CosemscopeApp
from tui.columns_dialog import ColumnsDialog, about


async def opened(app: CosemscopeApp, pilot: Pilot[Any]) -> ColumnsDialog:
    await pilot.press("C")
    await pilot.pause()
    assert isinstance(app.screen, ColumnsDialog)
    return app.screen


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_names_are_found_added_ordered_and_removed(size: tuple[int, int]) -> None:
    async with open_app(size=size) as (app, pilot):
        packets = app.screen.packets  # type: ignore[attr-defined]
        dialog = await opened(app, pilot)
        assert "Done" in screen_text(app) and "Cancel" in screen_text(app)
        await pilot.press("tab", *"no such field")
        assert dialog.found == []
        dialog.query_one("#typed").value = ""  # type: ignore[attr-defined]
        await pilot.press(*"hdlc.n")
        assert dialog.found == ["hdlc.ns", "hdlc.nr"]
        await pilot.press("down", "enter")
        assert dialog.names == ["no", "hdlc.nr", "time", "source", "destination", "kind", "length", "info"]
        await pilot.press("shift+tab", "ctrl+down", "up", "delete")
        assert dialog.names == ["no", "hdlc.nr", "source", "destination", "kind", "length", "info"]
        await pilot.press("enter")
        await settled(pilot)
        assert packets.names["frame"] == tuple(dialog.names)
        assert app.settings.columns == {"frame": dialog.names}
        assert "N(R)" in screen_text(app)


@pytest.mark.asyncio
async def test_escape_changes_nothing_and_reset_gives_the_first_columns() -> None:
    async with open_app() as (app, pilot):
        await opened(app, pilot)
        await pilot.press("delete", "escape")
        assert app.screen.packets.names["frame"] == columns.DEFAULTS["frame"]  # type: ignore[attr-defined]
        dialog = await opened(app, pilot)
        await pilot.press("delete", "delete", "ctrl+r")
        assert tuple(dialog.names) == columns.DEFAULTS["frame"]
        await pilot.press("enter")
        assert app.settings.columns == {}


@pytest.mark.asyncio
async def test_the_last_column_stays() -> None:
    async with open_app() as (app, pilot):
        dialog = await opened(app, pilot)
        await pilot.press(*["delete"] * 12)
        assert len(dialog.names) == 1


@pytest.mark.asyncio
async def test_all_of_it_works_by_mouse() -> None:
    async with open_app(size=(80, 24)) as (app, pilot):
        dialog = await opened(app, pilot)
        await pilot.click("#chosen", offset=(4, 2))
        await pilot.click("#down")
        assert dialog.names[:3] == ["no", "source", "time"]
        await pilot.click("#remove")
        assert dialog.names[:2] == ["no", "source"]
        await pilot.click("#found", offset=(4, 2), times=2)  # "time": the second of all names
        assert "time" in dialog.names
        await pilot.click("#accept")
        assert app.screen.packets.names["frame"] == tuple(dialog.names)  # type: ignore[attr-defined]


@pytest.mark.parametrize("level", columns.LEVELS)
def test_every_name_says_what_it_is(level: str) -> None:
    assert all(about(level, name) for name in columns.known(level))
