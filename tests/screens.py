"""Drives the program in a terminal of the tests' own: an app on a capture that was read to its end."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.strip import Strip

from tui import bindings
from tui.app import CosemscopeApp
from tui.background import Background
from tui.capture_screen import CaptureScreen
from tui.loader import Capture, open_capture, options

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "captures" / "demo"
SERIAL = str(DEMO / "hdlc-serial.pcapng")
SIZES = ((80, 24), (120, 40), (200, 60))


def read(source: Capture | str) -> Capture:
    """A capture read to its end, without an app."""
    capture = open_capture(source) if isinstance(source, str) else source
    capture.start()
    while capture.running:
        time.sleep(0.005)
    capture.counts()
    return capture


@asynccontextmanager
async def open_app(
    path: str = SERIAL, size: tuple[int, int] = (120, 40), autopsy_first: bool = False, **given: Any
) -> AsyncIterator[tuple[CosemscopeApp, Pilot[Any]]]:
    """The app with the packet view on the screen, everything read and shown. autopsy_first: or the autopsy, where
    something failed, as a person has it. given: options of the command line.

    A demo is copied first: what is marked is kept beside the capture."""
    with tempfile.TemporaryDirectory() as folder:
        if Path(path).parent == DEMO:
            path = shutil.copy(path, folder)
        capture = open_capture(path, **given)
        app = CosemscopeApp(options(**given), capture)
        app.settings.autopsy_first = autopsy_first
        try:
            async with app.run_test(size=size) as pilot:
                await settled(pilot, capture)
                yield app, pilot
        finally:
            capture.close()


async def settled(pilot: Pilot[Any], capture: Capture | None = None) -> None:
    """Until everything was read, filtered and drawn."""
    screen = pilot.app.screen
    for _ in range(2000):
        await pilot.pause(0.01)
        if isinstance(screen, CaptureScreen):
            capture = screen.capture
            if not capture.running and screen.counts == capture.counts() and not screen.packets.shown.busy:
                break
        elif capture is None or not capture.running:
            break
    await pilot.pause(0.05)
    await asyncio.sleep(0)


async def brought(pilot: Pilot[Any], name: str) -> Any:
    """The view of that name, brought up by its key, filled and drawn, with what it makes in the background."""
    await pilot.press(bindings.BY_ID[f"view.{name}"].plain)
    return await made(pilot, name)


async def made(pilot: Pilot[Any], name: str) -> Any:
    """The view of that name when it is seen and has nothing more to make."""
    screen = pilot.app.screen
    assert isinstance(screen, CaptureScreen)
    for _ in range(2000):
        await settled(pilot)
        if screen.current == name:
            view = screen.view
            works = [work for work in vars(view).values() if isinstance(work, Background)]
            if (name == "packets" or not view.stale) and not any(work.busy for work in works):
                break
    await settled(pilot)
    return screen.view


class Watched:
    """Mixed in before a widget that draws lines: knows which of them were drawn."""

    drawn: set[int]

    def render_line(self, y: int) -> Strip:
        self.drawn.add(y)
        strip: Strip = super().render_line(y)  # type: ignore[misc]
        return strip


def screen_text(app: App[Any]) -> str:
    """What the screen shows, a line a row."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
