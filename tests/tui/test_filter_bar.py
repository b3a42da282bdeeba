from typing import Any

import pytest
from screens import SIZES, open_app, screen_text, settled
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from tui.capture_screen import CaptureScreen
from tui.filter_bar import FilterBar
from tui.status_bar import StatusBar


def bar_of(app: App[Any]) -> FilterBar:
    return app.screen.query_one(FilterBar)


def shown(bar: FilterBar, id: str) -> str:
    return str(bar.query_one(f"#{id}", Static).render()).strip()


async def type_in(pilot: Pilot[Any], text: str) -> FilterBar:
    bar = bar_of(pilot.app)
    bar.input.focus()
    await pilot.pause()
    for character in text:
        await pilot.press(character)
    await pilot.pause()
    return bar


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_a_filter_that_cannot_be_read_is_not_applied_and_says_where_and_why(size: tuple[int, int]) -> None:
    async with open_app(size=size) as (app, pilot):
        bar = await type_in(pilot, "length > )")
        assert bar.trouble is not None and bar.trouble.at == 9
        assert shown(bar, "filter-mark") == "✗"
        assert shown(bar, "filter-reason").startswith("character 10: expected ")
        await pilot.press("enter")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        assert screen.packets.shown.filter == "" and bar.input.has_focus
        assert screen.query_one(StatusBar).severity == "information"  # the reason stands beside the text already
        assert bar.size.height == 2
        assert all(len(line) <= size[0] for line in screen_text(app).splitlines())


@pytest.mark.asyncio
async def test_the_part_that_is_wrong_is_reversed() -> None:
    async with open_app() as (_, pilot):
        bar = await type_in(pilot, "kindd == I")
        await pilot.press("escape")
        await pilot.pause()
        assert [(s.start, s.end, str(s.style)) for s in bar.input._value.spans] == [(0, 5, "reverse")]
        await type_in(pilot, "")
        bar.text = "kind == I"
        assert bar.input._value.spans == []


@pytest.mark.asyncio
async def test_enter_applies_and_goes_back_to_the_rows() -> None:
    async with open_app() as (app, pilot):
        bar = await type_in(pilot, "kind == UA")
        assert bar.trouble is None and shown(bar, "filter-mark") == "✓"
        assert shown(bar, "filter-state") == "not applied"
        await pilot.press("enter")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        assert screen.packets.shown.filter == "kind == UA"
        assert screen.packets.shown.number(0) == 2
        assert screen.packets.list.has_focus and shown(bar, "filter-state") == ""
        assert bar.size.height == 1  # the reason is seen only while typing
        assert screen.settings.filters[-1] == "kind == UA"


@pytest.mark.asyncio
async def test_completions_are_taken_by_tab_by_enter_on_one_and_by_mouse() -> None:
    async with open_app() as (app, pilot):
        bar = await type_in(pilot, "leng")
        assert bar.list.display and bar.offered.choices[0].text == "length"
        assert "length" in screen_text(app) and bar.list.size.height <= 9
        await pilot.press("tab")
        await pilot.pause()
        assert bar.input.value == "length " and bar.list.display  # operators now
        assert bar.offered.choices[0].text == "=="
        await pilot.press("down", "down", "enter")
        await pilot.pause()
        assert bar.input.value == "length !=" and bar.input.has_focus
        await type_in(pilot, " 4")
        await pilot.press("escape", "home", "delete", "l")
        await pilot.pause()
        bar.text = ""
        await type_in(pilot, "layer == ")
        assert bar.list.display
        await pilot.click("#completions", offset=(3, 1))
        await pilot.pause()
        assert bar.input.value == f"layer == {bar.input.value[9:].strip()} " and bar.input.has_focus
        assert bar.trouble is None


@pytest.mark.asyncio
async def test_enter_applies_while_completions_are_offered_but_none_is_chosen() -> None:
    async with open_app() as (app, pilot):
        bar = await type_in(pilot, "no")
        assert bar.list.display
        await pilot.press("enter")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        assert screen.packets.shown.filter == "no" and not bar.list.display


@pytest.mark.asyncio
async def test_escape_closes_the_completions_then_leaves() -> None:
    async with open_app() as (app, pilot):
        bar = await type_in(pilot, "ki")
        assert bar.list.display
        await pilot.press("escape")
        await pilot.pause()
        assert not bar.list.display and bar.input.has_focus
        await pilot.press("escape")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        assert screen.packets.list.has_focus and screen.packets.shown.filter == ""
        assert bar.text == "ki" and shown(bar, "filter-state") == "not applied"


@pytest.mark.asyncio
async def test_up_and_down_recall_earlier_filters_and_what_was_typed() -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        screen.settings.filters = ["kind == I", "no < 9"]
        bar = await type_in(pilot, "le")
        await pilot.press("escape", "up")
        assert bar.input.value == "no < 9"
        await pilot.press("up", "up")
        assert bar.input.value == "kind == I"
        await pilot.press("down")
        assert bar.input.value == "no < 9"
        await pilot.press("down")
        assert bar.input.value == "le" and not bar.list.display
        await pilot.press("down")
        assert bar.list.display


@pytest.mark.asyncio
async def test_another_level_checks_the_text_again() -> None:
    async with open_app() as (_, pilot):
        bar = await type_in(pilot, "kind == UA")
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("e")
        await settled(pilot)
        assert bar.level == "message" and bar.text == "kind == UA"
        assert bar.trouble is not None and shown(bar, "filter-mark") == "✗"
        assert shown(bar, "filter-state") == "not applied"
        assert shown(bar, "filter-reason").endswith("(frames can be filtered by it)")


@pytest.mark.asyncio
async def test_text_put_in_is_escaped() -> None:
    async with open_app() as (app, _):
        bar = bar_of(app)
        assert shown(bar, "filter-mark") == "/"
        bar.text = 'kind == "[red]\x1b\u202e"'
        assert bar.text == 'kind == "[red]\\x1b\\u202e"'
