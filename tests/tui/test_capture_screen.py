"""The screen of a capture: counts, a capture replaced, settings that come back."""

import pytest
from screens import DEMO, SERIAL, open_app, screen_text, settled

from tui.app import CosemscopeApp
from tui.capture_screen import CaptureScreen
from tui.loader import open_capture, options
from tui.packets_view import PacketsView
from tui.view import Jump


@pytest.mark.asyncio
async def test_honest_counts() -> None:
    async with open_app(size=(160, 40)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        found = screen.capture.analysis.findings
        errors = sum(f.severity == 2 for f in found)
        assert screen_text(app).splitlines()[-1].rstrip().endswith("136 frames")
        assert f"✗{errors} " in screen_text(app)
        screen.packets.apply('kind == "I"')
        await settled(pilot)
        shown = len(screen.packets.shown)
        screen.tick()
        await pilot.pause()
        assert f"{shown} of 136 frames" in screen_text(app).splitlines()[-1]


@pytest.mark.asyncio
async def test_another_analysis_keeps_filter_and_row() -> None:
    async with open_app(str(DEMO / "wrapper-tcp-ciphered.pcapng")) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        screen.packets.to_level("message")
        screen.packets.select("message", 5)
        await settled(pilot)
        assert screen.packets.detail is not None and "deciphered" not in {b.name for b in screen.packets.detail.buffers}
        screen.replace_capture(screen.capture.again(keys=[str(DEMO / "keys.toml")]))
        await settled(pilot)
        await pilot.pause(0.2)
        assert screen.packets.selection() == ("message", 5)
        assert screen.packets.detail is not None and "deciphered" in {b.name for b in screen.packets.detail.buffers}


@pytest.mark.asyncio
async def test_a_view_asks_for_a_row_and_back_goes_where_it_was() -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        screen.show_view("findings")
        await settled(pilot)
        screen.view.post_message(Jump("frame", 77))
        await settled(pilot)
        assert (screen.current, screen.packets.no) == ("packets", 77)
        await pilot.press("backspace")
        await settled(pilot)
        assert screen.current == "findings"


@pytest.mark.asyncio
async def test_settings_come_back() -> None:
    capture = open_capture(SERIAL)
    app = CosemscopeApp(options(), capture)
    app.settings.autopsy_first = False
    app.settings.layout, app.settings.share = "right", 30
    app.settings.time, app.settings.raw, app.settings.level = "start", True, "exchange"
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        packets = app.screen.query_one(PacketsView)
        assert (packets.layout_name, packets.share, packets.time, packets.level) == ("right", 30, "start", "exchange")
        assert packets.cells.raw and packets.list.region.width < 120 * 0.35
        assert packets.list.row(0).cells[1] == "0.000000"
    capture.close()
