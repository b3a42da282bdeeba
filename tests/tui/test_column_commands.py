import pytest
from screens import open_app, settled

from tui import columns
from tui.columns_dialog import ColumnsDialog
from tui.settings import Settings


@pytest.mark.asyncio
async def test_the_field_of_the_tree_becomes_a_column_and_goes_again() -> None:
    async with open_app() as (app, pilot):
        packets = app.screen.packets  # type: ignore[attr-defined]
        packets.list.move(2)
        await settled(pilot)
        await pilot.press("enter")
        assert packets.tree_pane.find("Control")
        name = packets.tree_pane.selected.field
        await pilot.press("i")
        assert packets.names["frame"][-2:] == (name, "info")
        assert app.settings.columns["frame"][-2:] == [name, "info"]
        assert packets.list.row(2).cells[-2]
        await pilot.press("i")
        assert packets.names["frame"] == columns.DEFAULTS["frame"]
        assert app.settings.columns == {}


@pytest.mark.asyncio
async def test_what_is_no_field_is_said() -> None:
    async with open_app() as (app, pilot):
        packets = app.screen.packets  # type: ignore[attr-defined]
        await pilot.press("i")  # the first node is the frame itself
        assert packets.names["frame"] == columns.DEFAULTS["frame"]
        assert "becomes a column" in app.screen.query_one("#status").said  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_columns_are_remembered_by_level(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = Settings(columns={"frame": ["no", "hdlc.ns", "gone.for.good"], "message": ["gone"]})
    monkeypatch.setattr("tui.settings.load", lambda: remembered)
    async with open_app() as (app, _):
        packets = app.screen.packets  # type: ignore[attr-defined]
        assert packets.names["frame"] == ("no", "hdlc.ns")
        assert [column.key for column in packets.list.columns] == ["no", "hdlc.ns"]
        assert packets.names["message"] == columns.DEFAULTS["message"]


@pytest.mark.asyncio
async def test_a_title_opens_the_dialog_at_its_column() -> None:
    async with open_app() as (app, pilot):
        await pilot.click("#rows", offset=(40, 0))
        await pilot.pause()
        assert isinstance(app.screen, ColumnsDialog)
        assert app.screen.names[app.screen.chosen.cursor] == app.screen.at == "destination"
