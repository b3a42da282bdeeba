from typing import Any

import pytest
from screens import SERIAL, SIZES, brought, open_app, screen_text, settled
from textual.pilot import Pilot

from analyzer.model import Finding
from tui.capture_screen import CaptureScreen
from tui.findings_view import FindingRows, FindingsView, words


async def shown(pilot: Pilot[Any]) -> FindingsView:
    view = await brought(pilot, "findings")
    assert isinstance(view, FindingsView)
    return view


def codes(view: FindingsView) -> list[str]:
    return [code for (_, code), _ in view.shown]


def test_words() -> None:
    assert words([40, 12, 1]) == "✗1 error  !12 warnings  ·40 notes"


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_groups_and_their_findings(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await shown(pilot)
        findings = view.capture.analysis.findings
        assert view.groups.counts == [11, 15, 2]
        assert codes(view)[:2] == ["hdlc.fcs", "apdu.lls-clear"]
        await pilot.press("down")
        await pilot.pause()
        assert isinstance(view.list.rows, FindingRows)
        assert [view.list.rows.finding(n) for n in range(len(view.list.rows))] == [
            f for f in findings if f.code == "apdu.lls-clear"
        ]
        text = screen_text(app)
        assert "✗2 errors  !15 warnings  ·11 notes" in text
        assert "password visible in clear" in text and "IEC 62056-5-3" in text


@pytest.mark.asyncio
async def test_only_some_severities() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await shown(pilot)
        everything = codes(view)
        await pilot.press("W")
        assert codes(view) == [code for code in everything if code in codes(view)] and "hdlc.retx" not in codes(view)
        await pilot.press("E")
        assert codes(view) == ["hdlc.fcs"]
        await pilot.press("asterisk")
        assert codes(view) == everything


@pytest.mark.asyncio
async def test_enter_looks_at_the_group_then_at_the_frame() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await shown(pilot)
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        await pilot.press("enter", "down")
        await pilot.pause()
        assert view.list.has_focus and view.selection() == ("frame", 14)
        await pilot.press("enter")
        await settled(pilot)
        assert screen.current == "packets" and screen.packets.selection() == ("frame", 14)


@pytest.mark.asyncio
async def test_groups_grow_and_the_cursor_stays() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await shown(pilot)
        await pilot.press("end")
        key = view.group_list.key
        assert key == (0, "hdlc.addr-res")
        with view.capture.turn():
            again = Finding(99, "x.new", 2, "\x1b[31m[red]new", "", 5)
            view.capture.analysis.findings += [again] * 100_000
        for _ in range(200):
            view.grown(view.capture.counts())
        assert view.groups.counts[2] == 100_002 and codes(view)[0] == "x.new"
        assert view.group_list.key == key


@pytest.mark.asyncio
async def test_wire_text_stays_text() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await shown(pilot)
        with view.capture.turn():
            view.capture.analysis.findings.append(Finding(99, "x.new", 2, "\x1b[31m[red]new", "", 0))
        await settled(pilot)
        view.fill()
        await pilot.press("end", "home", "down", "enter", "enter")
        await pilot.pause()
        assert "\\x1b[31m[red]new" in screen_text(app)
