from pathlib import Path

import pytest
from screens import SIZES, open_app, screen_text, settled
from textual.widgets import Input

from tui.capture_screen import CaptureScreen
from tui.export_dialog import ExportDialog
from tui.loader import open_capture


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_frames_are_saved_and_told(size: tuple[int, int], folder: Path) -> None:
    async with open_app(size=size) as (app, pilot):
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(app.screen, ExportDialog)
        await pilot.press("enter")
        while not isinstance(app.screen, CaptureScreen):
            await pilot.pause(0.02)
        await settled(pilot)
        assert "136 frames written to hdlc-serial-shown.pcapng" in screen_text(app)
    again = open_capture(str(folder / "hdlc-serial-shown.pcapng"))
    again.start()
    again._thread.join()
    assert again.counts().frame == 136
    again.close()


@pytest.mark.asyncio
async def test_what_fails_is_one_line_and_leaves_nothing(folder: Path) -> None:
    async with open_app() as (app, pilot):
        capture = app.screen.capture  # type: ignore[attr-defined]
        await pilot.press("s")
        await pilot.pause()
        app.screen.query_one("#path", Input).value = "x.pcapng"
        Path(capture.spec).unlink()
        await pilot.press("enter")
        while not isinstance(app.screen, CaptureScreen):
            await pilot.pause(0.02)
        await settled(pilot)
        bar = app.screen.query_one("#status")
        assert bar.severity == "error" and "\n" not in bar.said and capture.spec in bar.said  # type: ignore[attr-defined]
    assert list(folder.iterdir()) == []
