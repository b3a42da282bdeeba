"""The program in a test's terminal, recording a pseudo terminal that the test plays into."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from terminals import terminal
from textual.pilot import Pilot

from tui.app import CosemscopeApp
from tui.loader import open_capture, options

SNRM = bytes.fromhex("7EA0070321930F017E")


@asynccontextmanager
async def open_live(
    folder: Path, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[CosemscopeApp, Pilot[Any], Callable[[], None]]]:
    """(app, pilot, send): send() puts one SNRM on the line. The recording is folder/live.pcapng."""
    with terminal() as (wire, name):
        capture = open_capture(f"serial:{name}?baud=9600&write={folder}/live.pcapng")
        app = CosemscopeApp(options(), capture)
        try:
            async with app.run_test(size=size) as pilot:
                await pilot.pause(0.1)
                yield app, pilot, lambda: _send(wire)
        finally:
            app.close_all()


def _send(wire: int) -> None:
    os.write(wire, SNRM)


async def shown(app: CosemscopeApp, pilot: Pilot[Any], frames: int) -> None:
    """Until so many frames are in the list."""
    while True:
        screen: Any = app.screen
        if screen.packets.shown.total >= frames:
            return
        await pilot.pause(0.02)
