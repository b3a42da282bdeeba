from typing import Any

import pytest
from screens import SERIAL, SIZES, brought, made, open_app, screen_text, settled
from textual.pilot import Pilot

from tui.capture_screen import CaptureScreen
from tui.exchanges_view import ExchangeRows, ExchangesView, in_order
from tui.status_bar import StatusBar


async def shown(pilot: Pilot[Any], *keys: str) -> ExchangesView:
    """The view after keys, everything sorted."""
    view = await brought(pilot, "exchanges")
    assert isinstance(view, ExchangesView)
    if keys:
        await pilot.press(*keys)
        await settled(pilot)
    if pilot.app.screen.query_one(f"#{view.id}").has_class("hidden"):
        return view
    await made(pilot, "exchanges")
    return view


def numbers(view: ExchangesView) -> list[int]:
    rows = view.list.rows
    assert isinstance(rows, ExchangeRows)
    return [rows.number(n) for n in range(len(rows))]


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_table_and_ladder(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await shown(pilot, "down", "down")
        assert view.no == 3 and numbers(view) == list(range(1, 45))
        text = screen_text(app)
        assert "silence 1.473 s" in text and "1/17 management logical device" in text and "1.241 ms" in text
        assert all(len(line) <= size[0] for line in text.splitlines())
        assert view.list.virtual_size.width <= size[0]


@pytest.mark.asyncio
async def test_orders() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await shown(pilot, "R")
        exchanges = [view.capture.analysis.exchange(no) for no in numbers(view)]
        took = [e.app_response_ns for e in exchanges]
        measured = [ns for ns in took if ns is not None]
        assert measured == sorted(measured, reverse=True) and took[len(measured) :] == [None] * (44 - len(measured))
        assert view.list.cursor == 0 and view.no == 38
        view = await shown(pilot, "U")
        assert numbers(view) == [44, *range(1, 44)] and view.no == 44
        view = await shown(pilot, "U")
        assert numbers(view) == list(range(1, 45)) and view.no == 44
        assert list(in_order(view.capture, "unanswered")) == [44, *range(1, 44)]


@pytest.mark.asyncio
async def test_enter_and_r_and_the_ladder_go_to_frames() -> None:
    async with open_app(SERIAL) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        await shown(pilot, "down", "down", "enter")
        assert screen.current == "packets" and screen.packets.selection() == ("frame", 7)
        view = await shown(pilot, "r")
        assert screen.packets.selection() == ("frame", 9)
        await shown(pilot)
        view.ladder_list.focus()
        await pilot.press("home", "down", "enter")
        await settled(pilot)
        assert screen.packets.selection() == ("frame", 8)


@pytest.mark.asyncio
async def test_no_response_is_said() -> None:
    async with open_app(SERIAL) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        await shown(pilot, "end", "r")
        assert screen.current == "exchanges"
        assert screen.query_one(StatusBar).said == "the capture holds no response"


@pytest.mark.asyncio
async def test_another_analysis() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await shown(pilot, "end")
        view.put(view.capture)
        assert view.no == 0 and view.selection() == ("", 0)
        view.fill()
        assert view.no == 1
