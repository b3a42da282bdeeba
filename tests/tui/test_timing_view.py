from typing import Any

import pytest
from screens import SERIAL, SIZES, brought, made, open_app, screen_text, settled

from tui.row_list import Row
from tui.timing_view import MeasuredRows, Shape, TimingView, missing


def rows(view: TimingView) -> list[Row]:
    return view.rules.rows.page(0, len(view.rules.rows))


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_failures_come_first_and_all_fits(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await brought(pilot, "timing")
        found = rows(view)
        assert (found[0].cells[0], found[0].cells[1], found[0].mark) == ("link.inactivity", "fail", "✗")
        marks = [r.mark for r in found]
        assert marks == sorted(marks, key=["✗", "?", "✓", "·", " "].index)
        text = screen_text(app)
        assert "8.072 s" in text and "limit 120.0 s" in text and "█" in text
        assert all(len(line) <= size[0] for line in text.splitlines())


@pytest.mark.asyncio
async def test_what_a_rule_rests_on_follows_the_cursor_and_leads_to_the_frame() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await brought(pilot, "timing")
        assert isinstance(view.measured.rows, MeasuredRows)
        assert view.measured.rows.measurements[0].end_frame == 135
        await pilot.press("down")
        await made(pilot, "timing")
        assert "a time for each octet" in screen_text(app)
        shape = view.query_one(Shape)
        assert shape.row is not None and shape.row["rule"] == "link.inter-octet"
        await pilot.press("up")
        await made(pilot, "timing")
        await pilot.press("enter")
        assert view.measured.has_focus
        await pilot.press("enter")
        await settled(pilot)
        assert app.screen.query_one("#packets").display
        assert app.screen.packets.no == 135  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_filled_again_the_cursor_stays() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await brought(pilot, "timing")
        await pilot.press("down", "down")
        await made(pilot, "timing")
        key = view.rules.key
        await pilot.press("enter", "down")
        assert view.measured.cursor == 1
        view._rules = view._rules[2:]  # rows before it went: it is found by its key
        view.rules.put([k for k, _ in view._rules], view.rules.rows)
        assert view.rules.key == key and view.rules.cursor == 0
        view.fill()
        await made(pilot, "timing")
        assert view.rules.key == key and view.rules.cursor == 2
        assert view.measured.cursor == 1


@pytest.mark.asyncio
async def test_without_traffic_of_a_known_profile(tmp_path: Any) -> None:
    path = tmp_path / "one.log"
    path.write_text("2026-01-01 00:00:00.000 TX: 00 11 22\n")
    async with open_app(str(path), (80, 24)) as (app, pilot):
        view = await brought(pilot, "timing")
        assert not len(view.rules.rows)
        assert "nothing to measure" in screen_text(app)


def test_what_is_missing_is_said_in_words() -> None:
    assert missing("baud,stamp") == "the baud rate, what of a record its time is of"
    assert missing("") == "" and missing("assumed baud=9600") == "assumed baud=9600"
