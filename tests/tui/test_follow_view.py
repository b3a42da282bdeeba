from pathlib import Path
from typing import Any

import pytest
from encode import xdlms
from screens import DEMO, SERIAL, SIZES, brought, made, open_app, screen_text, settled
from scripts import DOWN, GET, UP, Script, opened, over_udp
from textual.pilot import Pilot

from tui.capture_screen import CaptureScreen
from tui.follow_view import EntryRows, FollowView, Target

RAW = b"\x09\x08" + bytes(range(8))
BLOCKS = over_udp(
    *opened(),
    (UP, GET),
    (DOWN, xdlms.get_response_with_datablock(0xC1, False, 1, RAW[:4])),
    (UP, bytes.fromhex("C002C100000001")),
    (DOWN, xdlms.get_response_with_datablock(0xC1, True, 2, RAW[4:])),
)
PUSH = bytes.fromhex("0F0000000100020209060100010800FF0600012345")


async def shown(pilot: Pilot[Any], frame: int = 0) -> FollowView:
    """The view, following the association of a frame."""
    screen = pilot.app.screen
    assert isinstance(screen, CaptureScreen)
    if frame:
        await brought(pilot, "packets")
        screen.packets.select("frame", frame)
    view = await brought(pilot, "follow")
    assert isinstance(view, FollowView)
    return view


async def looked(pilot: Pilot[Any]) -> None:
    await made(pilot, "follow")


def frames(view: FollowView) -> list[str]:
    return [row.cells[0] for row in view.list.rows.page(0, len(view.list.rows))]


def abouts(view: FollowView) -> list[str]:
    return [row.cells[-1] for row in view.list.rows.page(0, len(view.list.rows))]


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_messages_of_the_selected_row(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await shown(pilot, 9)
        assert view.target == Target(1) and view.entry is not None and view.entry.message == 6
        assert frames(view) == ["3", "4", "5", "6", "7", "9", "10", "13", "15", "16", "21", "22"]
        text = screen_text(app)
        assert "Association 1 of 6 (released)" in text and "LLS password" in text and "ended by RLRE" in text
        assert "= 1234567 Wh" in text and "1.241 ms ←" in text
        rows = view.list.rows.page(0, 2)
        assert [(row.style, row.mark) for row in rows] == [("client", "!"), ("server", "!")]


@pytest.mark.asyncio
async def test_a_row_without_a_message_belongs_to_its_neighbours() -> None:
    async with open_app(SERIAL) as (_, pilot):
        assert (await shown(pilot, 1)).target == Target(1)  # SNRM
        assert (await shown(pilot, 23)).target == Target(1)  # DISC
        assert (await shown(pilot, 25)).target == Target(2)
        assert (await shown(pilot, 39)).target == Target(3)  # SNRM of a client that had an association before


@pytest.mark.asyncio
async def test_enter_previous_and_next() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await shown(pilot, 109)
        assert view.target == Target(4)
        await pilot.press("greater_than_sign")
        await looked(pilot)
        assert view.target == Target(5) and frames(view) == ["123", "124"]
        await pilot.press("greater_than_sign", "greater_than_sign")
        await looked(pilot)
        assert view.target == Target(6)
        await pilot.press("less_than_sign")
        await looked(pilot)
        await pilot.press("end", "enter")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        assert screen.current == "packets" and screen.packets.selection() == ("frame", 124)


@pytest.mark.asyncio
async def test_forms() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await shown(pilot, 6)
        await pilot.press("u")
        await pilot.pause()
        assert abouts(view)[3] == "C4 01 C1 00 12 09 00"
        assert "00000000  c4 01 c1 00 12 09 00" in screen_text(app)
        await pilot.press("u")
        await pilot.pause()
        assert "Data: long-unsigned 2304" in screen_text(app)
        await pilot.press("home")
        await pilot.pause()
        assert "Charstring: ••••••••" in screen_text(app)


@pytest.mark.asyncio
async def test_text_is_all_of_it() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await shown(pilot, 6)
        text = view.text()
        assert text.startswith("Association 1 of 6")
        assert sum(line[11:13] == "17" for line in text.splitlines()) == 12
        assert "= 10 rows from 2026-11-01 06:00:00.00 UTC+00:00 to" in text and "apdu.lls-clear" in text
        view.form = "tree"
        assert "Initiate" not in view.text() and "Invoke id: 1" in view.text() and "••••" in view.text()


@pytest.mark.asyncio
async def test_blocks_are_one_entry(tmp_path: Path) -> None:
    async with open_app(str(BLOCKS.save(tmp_path / "blocks.pcap"))) as (_, pilot):
        view = await shown(pilot, 5)
        assert frames(view) == ["1", "2", "3", "4"]
        assert abouts(view)[3].startswith("[2 blocks, frames 4-6] get-response-with-datablock")
        assert view.list.rows.page(3, 4)[0].cells[2] == "10.000 ms"  # from the request to the first block


@pytest.mark.asyncio
async def test_without_an_association(tmp_path: Path) -> None:
    script = Script()
    for _ in range(3):
        script.add(over_udp((DOWN, PUSH)).records[0].octets)
    async with open_app(str(script.save(tmp_path / "push.pcap"))) as (app, pilot):
        view = await shown(pilot, 2)
        assert view.target == Target(0, 2) and frames(view) == ["1", "2", "3"]
        assert "No association" in screen_text(app)
        await pilot.press("less_than_sign")
        assert view.target == Target(0, 2)
        assert "data-notification" in view.text()


@pytest.mark.asyncio
async def test_nothing_to_follow() -> None:
    async with open_app(str(DEMO / "wrapper-tcp.pcapng")) as (_, pilot):
        view = await shown(pilot)
        view.put(view.capture)
        assert view.text() == "" and view.selection() == ("", 0)
        await pilot.press("enter", "u")
        view.fill()
        await looked(pilot)
        assert isinstance(view.list.rows, EntryRows)
