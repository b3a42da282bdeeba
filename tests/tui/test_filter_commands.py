from typing import Any

import pytest
from screens import open_app, settled
from textual.app import App
from textual.pilot import Pilot

from analyzer import completion
from tui.capture_screen import CaptureScreen
from tui.choice_dialog import ChoiceDialog
from tui.line_dialog import LineDialog
from tui.status_bar import StatusBar
from tui.view import FilterBy


def screen_of(app: App[Any]) -> CaptureScreen:
    """The capture's screen, whatever dialog is above it."""
    return next(screen for screen in app.screen_stack if isinstance(screen, CaptureScreen))


def numbers(screen: CaptureScreen) -> list[int]:
    return screen.packets.shown.numbers().tolist()


def said(screen: CaptureScreen) -> str:
    return screen.query_one(StatusBar).said


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()
    await settled(pilot)


async def on_cell(pilot: Pilot[Any], no: int, column: str) -> CaptureScreen:
    """The cursor on a cell of the list."""
    screen = screen_of(pilot.app)
    list_ = screen.packets.list
    list_.focus()
    list_.move(screen.packets.shown.place(no), [c.key for c in list_.columns].index(column))
    await settled(pilot)
    return screen


@pytest.mark.asyncio
async def test_a_cell_becomes_a_filter_and_more_tests_are_added() -> None:
    async with open_app() as (app, pilot):
        screen = await on_cell(pilot, 2, "kind")
        await press(pilot, "f")
        dialog = app.screen
        assert isinstance(dialog, ChoiceDialog)
        assert [value for _, _, value in dialog.choices] == ["apply", "prepare", "exclude"]  # nothing to add to
        await press(pilot, "a")
        assert screen.packets.shown.filter == 'kind == "UA"' == screen.bar.text
        every = numbers(screen)
        await on_cell(pilot, 2, "no")
        await press(pilot, "f", "t")
        assert numbers(screen) == [no for no in every if no != 2]
        await on_cell(pilot, every[1], "no")
        await press(pilot, "f", "n")
        assert numbers(screen) == [every[1]]
        await on_cell(pilot, every[1], "kind")
        await press(pilot, "f", "x")
        assert screen.packets.shown.filter == 'not kind == "UA"' and 2 not in numbers(screen)
        await press(pilot, "f", "o")
        assert screen.packets.shown.filter.startswith('not kind == "UA" or ')


@pytest.mark.asyncio
async def test_prepare_only_types_it_and_escape_does_nothing() -> None:
    async with open_app() as (app, pilot):
        screen = await on_cell(pilot, 2, "kind")
        await press(pilot, "f", "escape")
        assert screen.packets.shown.filter == "" and screen.bar.text == ""
        await press(pilot, "f", "p")
        assert screen.packets.shown.filter == "" and screen.bar.text == 'kind == "UA"'
        assert screen.bar.input.has_focus and app.screen is screen


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "label, test",
    [("N(S)", "hdlc.ns == 0"), ("Kind", 'kind == "I"'), ("Packet", "records == 3"), ("Format type", "hdlc.type == 10")],
)
async def test_a_field_of_the_tree_filters_too(label: str, test: str) -> None:
    async with open_app() as (_, pilot):
        screen = await on_cell(pilot, 3, "kind")
        tree = screen.packets.tree_pane
        tree.focus()
        await pilot.pause()
        assert tree.find(label)
        await press(pilot, "f", "a")
        assert screen.packets.shown.filter == test
        assert 3 in numbers(screen)


@pytest.mark.asyncio
async def test_every_cell_makes_a_filter_that_its_row_passes() -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        for level in ("frame", "message", "exchange"):
            screen.packets.to_level(level)
            await settled(pilot)
            for no in (1, 8, 20, 33):
                for column in screen.packets.list.columns:
                    await on_cell(pilot, no, column.key)
                    name, value = screen.packets.cell()
                    if name:
                        test = completion.quote(name, value)
                        assert completion.check(test, level) is None, (level, no, column.key, test)
                        assert no in screen.capture.analysis.select(level, test), (level, no, column.key, test)


@pytest.mark.asyncio
async def test_a_level_that_knows_the_field_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        monkeypatch.setattr(type(screen.packets), "cell", lambda self: ("latency", 1))
        await press(pilot, "f")
        dialog = app.screen
        assert isinstance(dialog, ChoiceDialog) and "frames have no field latency" in dialog.heading
        await press(pilot, "y", "a")
        assert screen.packets.level == "message" and screen.packets.shown.filter == "latency == 1 ns"


@pytest.mark.asyncio
async def test_what_no_filter_knows_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        monkeypatch.setattr(type(screen.packets), "cell", lambda self: ("problem.fcs", "error"))
        await press(pilot, "f")
        assert said(screen) == "no filter knows problem.fcs"
        monkeypatch.setattr(type(screen.packets), "cell", lambda self: ("", None))
        await press(pilot, "f")
        assert "nothing here" in said(screen) and app.screen is screen


@pytest.mark.asyncio
async def test_the_right_button_asks_how_to_filter_by_what_is_under_it() -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        await pilot.click("#rows", offset=(40, 5))
        await pilot.pause()
        assert app.screen is screen and screen.packets.no == 5
        await pilot.click("#rows", offset=(40, 2), button=3)
        await pilot.pause()
        assert isinstance(app.screen, ChoiceDialog)
        assert screen.packets.no == 2
        await press(pilot, "a")
        assert 2 in numbers(screen) and screen.packets.shown.filter
        screen.filter("")
        await settled(pilot)
        tree = screen.packets.tree_pane
        tree._rows.open(tree._rows.lines[0])  # what the frame is, closed at first
        node = next(y for y, row in enumerate(tree._rows.lines) if row.node is not None and row.node.label == "Kind")
        await pilot.click("#tree", offset=(6, node - tree.scroll_offset.y), button=3)
        await pilot.pause()
        assert isinstance(app.screen, ChoiceDialog)
        await press(pilot, "a")
        assert screen.packets.shown.filter.startswith("kind ==")
        await pilot.click("#rows", offset=(40, 0), button=3)  # a title is no cell
        await pilot.pause()
        assert app.screen is screen


@pytest.mark.asyncio
async def test_toggle_and_clear() -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        await press(pilot, "x")
        assert "no filter yet" in said(screen)
        screen.filter("kind == UA")
        await press(pilot, "x")
        assert screen.packets.shown.filter == "" and screen.bar.text == "kind == UA"
        await press(pilot, "x")
        assert screen.packets.shown.filter == "kind == UA"
        await press(pilot, "X")
        assert screen.packets.shown.filter == "" == screen.bar.text
        await press(pilot, "x")  # the last one, though it is typed no more
        assert screen.packets.shown.filter == "kind == UA" == screen.bar.text


@pytest.mark.asyncio
async def test_the_selected_row_stays_and_its_details_with_it() -> None:
    async with open_app() as (_, pilot):
        screen = await on_cell(pilot, 13, "kind")
        screen.filter("no > 12")
        await settled(pilot)
        assert screen.packets.no == 13
        screen.filter("no < 4")
        await settled(pilot)
        detail = screen.packets.detail
        assert detail is not None and detail.no == screen.packets.no <= 3


@pytest.mark.asyncio
async def test_escape_stops_a_filter_that_runs() -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        with screen.capture.turn():  # the filter's thread waits for its turn
            screen.filter("no > 3")
            await pilot.pause()
            assert screen.packets.shown.busy
            await pilot.press("escape")
            await pilot.pause()
        assert not screen.packets.shown.busy and screen.packets.shown.cancelled
        assert said(screen).startswith("filter stopped: 0 of 136 frames looked at")
        await settled(pilot)


@pytest.mark.asyncio
async def test_another_view_asks_for_a_filter() -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        screen.post_message(FilterBy('service == "get"', "apply", "exchange"))
        await settled(pilot)
        assert screen.packets.level == "exchange" and screen.packets.shown.filter == 'service == "get"'
        screen.post_message(FilterBy("attempts > 1", "and"))
        await settled(pilot)
        assert screen.packets.shown.filter == 'service == "get" and attempts > 1'
        screen.post_message(FilterBy("nonsense ==", "apply"))
        await settled(pilot)
        assert "filter: at character" in said(screen) and screen.packets.shown.filter.endswith("attempts > 1")


@pytest.mark.asyncio
async def test_bookmarks_are_kept_used_renamed_and_deleted() -> None:
    async with open_app() as (app, pilot):
        screen = screen_of(app)
        kept = screen.settings.bookmarks
        kept.clear()
        await press(pilot, "b")
        assert "no bookmarks" in said(screen)
        screen.bar.text = "kind == UA"
        await press(pilot, "b", "a")
        dialog = app.screen
        assert isinstance(dialog, LineDialog) and dialog.value == "kind == UA"
        dialog.query_one("#line", type(screen.bar.input)).value = "answers"
        await press(pilot, "enter")
        assert kept == {"answers": "kind == UA"}
        kept["short"] = "length < 20"
        screen.filter("")
        await press(pilot, "b", "1")
        assert screen.packets.shown.filter == "kind == UA"
        await press(pilot, "b", "r", "enter")
        dialog = app.screen
        assert isinstance(dialog, LineDialog)
        line = dialog.query_one("#line", type(screen.bar.input))
        line.value = "short"
        await press(pilot, "enter")
        assert app.screen is dialog  # the name is taken
        line.value = "replies"
        await press(pilot, "enter")
        assert list(kept.items()) == [("replies", "kind == UA"), ("short", "length < 20")]
        await press(pilot, "b", "d", "down", "enter")
        assert list(kept) == ["replies"]
