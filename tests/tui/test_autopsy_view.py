from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from screens import DEMO, SERIAL, SIZES, brought, open_app, screen_text, settled
from textual.pilot import Pilot

from analyzer.explain import LADDER, Attempt, Step
from tui import autopsy_view
from tui.autopsy_view import AutopsyView, ladder, order, summary
from tui.capture_screen import CaptureScreen

FINE = str(DEMO / "wrapper-tcp-ciphered.pcapng")


def attempt(no: int, failed: str = "", text: str = "no answer") -> Attempt:
    steps = [Step(name, "failed" if name == failed else "ok", text, [7, 9]) for name in LADDER]
    return Attempt(no, "", 0, 16, 1, 17, None, None, 1, None, steps, failed=failed, sentence=f"attempt {no} " + text)


async def shown(pilot: Pilot[Any]) -> AutopsyView:
    view = await brought(pilot, "autopsy")
    assert isinstance(view, AutopsyView)
    return view


def test_failures_come_first() -> None:
    attempts = [attempt(1), attempt(2, "link"), attempt(3), attempt(4, "value")]
    assert [a.no for a in order(attempts)] == [2, 4, 1, 3]
    assert summary(attempts) == "2 of 4 attempts failed"
    assert summary(attempts[:1]) == "nothing failed in 1 attempts"
    assert "doctor" in summary([])


def test_ladder_fits_and_evidence_stands_under_its_step() -> None:
    found = ladder(attempt(1, "link", "a long story " * 12), 60, [(7, "frame 7"), (9, "frame 9")])
    assert all(len(line.row.cells[0]) <= 60 for line in found)
    at = next(n for n, line in enumerate(found) if line.row.mark == "✗")
    last = max(n for n, line in enumerate(found) if line.step == "link")
    assert [(line.frame, line.row.cells[0].strip()) for line in found[last - 1 : last + 1]] == [
        (7, "frame 7"),
        (9, "frame 9"),
    ]
    assert at < last - 1
    assert [line.row.mark for line in found if line.row.mark] == list("✓✗✓✓✓✓")


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_list_and_ladder(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await shown(pilot)
        assert [a.no for a in view.attempts] == [2, 3, 5, 6, 7, 1, 4]
        await pilot.press("down", "down")
        await pilot.pause()
        text = screen_text(app)
        assert view.attempt is not None and view.attempt.no == 5
        assert "5 of 7 attempts" in text and "✗ association" in text and "cause 1" in text and "frame 123" in text


@pytest.mark.asyncio
async def test_enter_goes_to_the_evidence() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await shown(pilot)
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        await pilot.press("down", "down", "enter")
        await settled(pilot)
        assert screen.current == "packets" and screen.packets.selection() == ("frame", 123)
        await pilot.press("2")
        await settled(pilot)
        view.ladder_list.focus()
        second = next(n for n, line in enumerate(view.lines) if line.frame == 124)
        view.ladder_list.move(second)
        await pilot.press("enter")
        await settled(pilot)
        assert screen.packets.selection() == ("frame", 124)


@pytest.mark.asyncio
async def test_the_selected_attempt_stays_selected() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await shown(pilot)
        await pilot.press("end")
        assert view.attempt is not None and view.attempt.no == 4
        view._take(list(reversed(view.attempts)))
        assert view.attempt.no == 4 and view.list.cursor == 0


@contextmanager
def without_attempts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("tui.loader.Capture.attempts", lambda self: [])
    yield


@pytest.mark.asyncio
async def test_no_attempt_says_where_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    with without_attempts(monkeypatch):
        async with open_app(FINE, (140, 40)) as (app, pilot):
            view = await shown(pilot)
            assert view.attempt is None and autopsy_view.NONE in screen_text(app)
            await pilot.press("enter")


@pytest.mark.asyncio
async def test_nothing_failed() -> None:
    async with open_app(FINE, (140, 40)) as (app, pilot):
        await shown(pilot)
        assert "nothing failed in 1 attempts" in screen_text(app)
