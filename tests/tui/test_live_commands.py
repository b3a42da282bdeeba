"""A recording in the terminal interface: held, followed, marked, stopped, started again."""

from pathlib import Path
from typing import Any

import pytest
from live_app import open_live, shown
from screens import open_app, screen_text
from textual.widgets import Input

from captures.live import spool_path
from captures.source import open_source
from dissectors.errors import UsageError
from tui import live_commands
from tui.app import CosemscopeApp
from tui.capture_screen import CaptureScreen
from tui.status_bar import StatusBar


def screen(app: CosemscopeApp) -> CaptureScreen:
    assert isinstance(app.screen, CaptureScreen)
    return app.screen


def said(app: CosemscopeApp) -> str:
    return app.screen.query_one(StatusBar).said


async def until(pilot: Any, condition: Any) -> None:
    while not condition():
        await pilot.pause(0.02)


@pytest.mark.asyncio
async def test_what_comes_while_the_display_is_held_is_counted(tmp_path: Path) -> None:
    async with open_live(tmp_path) as (app, pilot, send):
        send()
        await shown(app, pilot, 1)
        await pilot.press("space")
        before = screen(app).packets.shown.total
        send()
        send()
        await until(pilot, lambda: screen(app).counts.frame > before)
        await pilot.pause(0.1)
        more = screen(app).counts.frame - before
        assert screen(app).packets.shown.total == before
        assert f"held, {more} more" in screen_text(app) and "● live" in screen_text(app)
        await pilot.press("space")
        await shown(app, pilot, before + more)
        assert "held" not in screen_text(app).splitlines()[-1]


@pytest.mark.asyncio
async def test_the_newest_row_is_followed(tmp_path: Path) -> None:
    async with open_live(tmp_path) as (app, pilot, send):
        send()
        await shown(app, pilot, 1)
        await pilot.press("F")
        count = screen(app).packets.shown.total
        send()
        await shown(app, pilot, count + 1)
        await pilot.pause(0.1)
        rows = screen(app).packets.list
        assert rows.cursor == len(rows.rows) - 1 and "tail" in screen_text(app)
        await pilot.press("F")
        assert not rows.tail


@pytest.mark.asyncio
async def test_markers_by_key_and_by_name(tmp_path: Path) -> None:
    async with open_live(tmp_path) as (app, pilot, _):
        await pilot.press("M", "p")
        assert said(app) == "marker power"
        await pilot.press("M", "n", *"Not", "enter")
        assert "expected small letters" in screen_text(app)
        app.screen.query_one(Input).value = "my-switch"
        await pilot.press("enter")
        assert said(app) == "marker my-switch"
        await pilot.press("M", "escape")
        assert app.capture is not None
        app.capture.stop()
        await until(pilot, lambda: app.capture is not None and app.capture.state == "ended")
        await pilot.pause(0.2)
        await pilot.press("M")
        assert "no recording runs" in said(app)
    source = open_source(str(tmp_path / "live.pcapng"))
    comments = [record.comment.splitlines()[0] for record in source if record.comment]
    source.close()
    assert comments[-2:] == ["marker power", "marker my-switch"]


@pytest.mark.asyncio
async def test_stopped_and_recorded_again_into_another_file(tmp_path: Path) -> None:
    async with open_live(tmp_path) as (app, pilot, send):
        send()
        await shown(app, pilot, 1)
        first = app.capture
        assert first is not None
        await pilot.press("S")
        await until(pilot, lambda: first.state == "ended")
        await pilot.pause(0.1)
        assert str(tmp_path / "live.pcapng") in said(app)
        await pilot.press("S")
        await until(pilot, lambda: app.capture is not first)
        assert app.capture is not None and app.capture.state == "live" and screen(app).capture is app.capture
        assert app.capture.source.path == str(tmp_path / "live-2.pcapng")
        send()
        await shown(app, pilot, 1)
    for name in ("live.pcapng", "live-2.pcapng"):
        source = open_source(str(tmp_path / name))
        assert any(record.octets for record in source)
        source.close()


@pytest.mark.asyncio
async def test_a_port_that_is_gone_is_said_and_what_was_recorded_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_live(tmp_path) as (app, pilot, send):
        send()
        await shown(app, pilot, 1)
        await pilot.press("S")
        await until(pilot, lambda: app.capture is not None and app.capture.state == "ended")
        capture = app.capture
        assert capture is not None
        monkeypatch.setattr(capture.source, "specs", ("serial:/dev/ttyGONE?baud=9600",))
        await pilot.press("S")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "/dev/ttyGONE" in said(app) and app.capture is capture and screen(app).packets.shown.total


@pytest.mark.asyncio
async def test_a_recorder_that_dies_is_said(tmp_path: Path) -> None:
    async with open_live(tmp_path) as (app, pilot, _):
        capture: Any = app.capture
        capture.source.recorder._process.kill()
        await until(pilot, lambda: capture.state == "failed")
        await pilot.pause(0.2)
        assert "recorder ended unexpectedly" in said(app) and "✗ failed" in screen_text(app)


@pytest.mark.asyncio
async def test_a_file_is_no_recording() -> None:
    async with open_app() as (app, pilot):
        for key, words in (("M", "no recording runs"), ("S", "this is a file")):
            await pilot.press(key)
            await pilot.pause()
            assert words in said(app)
        assert screen(app).cancel_running() == ""


def test_another_file_beside_one_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    assert live_commands.fresh(str(path)) == str(path)
    path.touch()
    assert live_commands.fresh(str(path)) == str(tmp_path / "a-2.pcapng")
    (tmp_path / "a-2.pcapng").touch()
    assert live_commands.fresh(str(path)) == str(tmp_path / "a-3.pcapng")
    spooled = Path(spool_path())
    again = Path(live_commands.fresh(str(spooled.with_name("live-1.pcapng"))))
    assert again.parent == spooled.parent and not again.exists() and again.name != "live-1.pcapng"


def test_names_of_markers() -> None:
    live_commands.is_marker("power-2")
    with pytest.raises(UsageError):
        live_commands.is_marker("a b")
