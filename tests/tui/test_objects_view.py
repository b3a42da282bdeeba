from typing import Any

import pytest
from screens import DEMO, SERIAL, SIZES, brought, made, open_app, screen_text, settled
from textual.widgets import Input

from analyzer.table import Table, TableColumn
from tui.objects_view import Heading, ObjectRows, ObjectsView, TableRows
from tui.row_list import Row

TCP = str(DEMO / "wrapper-tcp.pcapng")


def rows(view: ObjectsView) -> list[Row]:
    return view.objects.rows.page(0, len(view.objects.rows))


def items(view: ObjectsView) -> list[Any]:
    assert isinstance(view.objects.rows, ObjectRows)
    return list(view.objects.rows.items)


def place(view: ObjectsView, obis: str, attribute: int) -> int:
    return next(
        n
        for n, item in enumerate(items(view))
        if not isinstance(item, Heading) and item[1].obis == obis and item[1].attribute == attribute
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_objects_with_their_last_values(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await brought(pilot, "objects")
        found = {(row.cells[8], row.cells[1]): row for row in rows(view)}
        voltage = found["1-0:32.7.0*255", "value"]
        assert voltage.cells[2] == "230.4 V" and voltage.cells[3] == "4"
        assert found["1-0:1.8.0*255", "value"].mark == "!"  # one read was refused
        text = screen_text(app)
        assert "1234567 Wh" in text and "scaler -1, unit V" in text
        assert all(len(line) <= size[0] for line in text.splitlines())


@pytest.mark.asyncio
async def test_all_rows_are_those_of_the_command_line() -> None:
    async with open_app(TCP) as (_, pilot):
        view = await brought(pilot, "objects")
        expected = {
            (o.obis, o.attribute, o.method, o.server_address): o.text for o in view.capture.analysis.objects.rows()
        }
        shown = {
            (item[1].obis, item[1].attribute, item[1].method, item[1].server_address): row.cells[2]
            for item, row in zip(items(view), rows(view))
        }
        assert shown.keys() == expected.keys()
        assert {key: text for key, text in shown.items() if expected[key]} == {k: t for k, t in expected.items() if t}


@pytest.mark.asyncio
async def test_enter_goes_to_the_message_of_the_last_value() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await brought(pilot, "objects")
        view.objects.move(place(view, "1-0:14.7.0*255", 2))
        level, no = view.selection()
        assert level == "message"
        await pilot.press("enter")
        await settled(pilot)
        packets = app.screen.packets  # type: ignore[attr-defined]
        links = view.capture.links
        assert packets.no == links.convert("message", no, "frame") == 114


@pytest.mark.asyncio
async def test_a_load_profile_is_a_table() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await brought(pilot, "objects")
        assert not view.table.display
        view.objects.move(place(view, "1-0:99.1.0*255", 2))
        await made(pilot, "objects")
        assert view.table.display and len(view.table.rows) == 4
        assert "2026-11-01 06:45:00" in screen_text(app)
        view.objects.move(0)
        await made(pilot, "objects")
        assert not view.table.display


@pytest.mark.asyncio
async def test_by_server_and_class_the_cursor_stays_and_headings_close() -> None:
    async with open_app(TCP) as (app, pilot):
        view = await brought(pilot, "objects")
        at = place(view, "1-0:99.1.0*255", 2)
        view.objects.move(at)
        key = view.objects.key
        await pilot.press("u")
        await made(pilot, "objects")
        assert view.objects.key == key and view.objects.cursor != at
        found = items(view)
        assert isinstance(found[0], Heading) and found[0].text == "server 1 127.0.0.1:4059"
        assert [item.key[1] for item in found[1:] if isinstance(item, Heading) and item.key[0] == found[0].key[0]] == [
            None if c is None else c for c in sorted({i[0][1] for i in found if not isinstance(i, Heading)})
        ]
        await pilot.press("home", "enter")
        await made(pilot, "objects")
        assert len(items(view)) == len([item for item in found if isinstance(item, Heading) and item.key[1] is None])
        assert screen_text(app).count("▸ server 1") == 1
        await pilot.press("enter")
        await made(pilot, "objects")
        assert len(items(view)) == len(found)


@pytest.mark.asyncio
async def test_only_those_with_a_text() -> None:
    async with open_app(SERIAL, (80, 24)) as (_, pilot):
        view = await brought(pilot, "objects")
        every = len(items(view))
        await pilot.press("U", *"disconn", "enter")
        await made(pilot, "objects")
        assert view.objects.has_focus
        assert {row.cells[0] for row in rows(view)} == {"Disconnect control"}
        assert view.query_one("#narrow", Input).display
        await pilot.press("escape")
        await made(pilot, "objects")
        assert len(items(view)) == every and not view.query_one("#narrow", Input).display


@pytest.mark.asyncio
async def test_a_value_that_changes_is_seen_for_a_while() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await brought(pilot, "objects")
        capture = view.capture
        objects = capture.analysis.objects
        key, seen = next((k, s) for k, s in objects.seen().items() if s.obis == "1-0:2.8.0*255" and s.attribute == 2)
        other = next(s for s in objects.seen().values() if s.obis == "1-0:32.7.0*255" and s.attribute == 2)
        capture.state = "live"
        assert other._message is not None and seen.message < other.message
        seen.keep(other._message, other._where)
        view.fill()
        await made(pilot, "objects")
        at = place(view, "1-0:2.8.0*255", 2)
        assert (rows(view)[at].style, rows(view)[at].mark) == ("changed", "Δ")
        assert [row.style for row in rows(view)].count("changed") == 1
        view._changed[key] -= 3
        assert rows(view)[at].mark == ""


def test_columns_of_a_table_fit_their_cells() -> None:
    table = Table("t", (TableColumn("a", "Wh"), TableColumn("text")), ((1, "x" * 90), (20000, None)))
    found = TableRows(table)
    assert [(c.title, c.width, c.right) for c in found.columns()] == [("a [Wh]", 6, True), ("text", 28, False)]
    assert [row.cells for row in found.page(0, 2)] == [["1", "x" * 90], ["20000", "-"]]
