"""A capture whose every text is hostile, through every view, row and tree: only cells reach the terminal."""

import unicodedata
from pathlib import Path
from typing import Any

import hostile_capture
import pytest
from rich.cells import cell_len
from screens import brought, open_app, screen_text
from textual.app import App

from tui.capture_screen import VIEWS, CaptureScreen

NEVER = ("Cc", "Cf", "Zl", "Zp", "Mn", "Me", "Cs", "Co")  # control, format, separators, combining, none of ours


def check(app: App[Any], width: int, where: str) -> None:
    for line in screen_text(app).splitlines():
        assert not [c for c in line if unicodedata.category(c) in NEVER], (where, line)
        assert cell_len(line) <= width, (where, line)


@pytest.mark.asyncio
async def test_every_view(tmp_path: Path) -> None:
    path = hostile_capture.write(tmp_path)
    async with open_app(str(path), (80, 24)) as (app, pilot):
        for name in VIEWS:
            await brought(pilot, name)
            check(app, 80, name)
            for key in ("down", "end", "tab", "end", "shift+tab", "home"):
                await pilot.press(key)
                check(app, 80, f"{name} {key}")


@pytest.mark.asyncio
async def test_every_message_and_its_tree(tmp_path: Path) -> None:
    path = hostile_capture.write(tmp_path)
    async with open_app(str(path), (100, 30)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        packets = screen.packets
        packets.to_level("message")
        nodes = 0
        assert len(packets.shown) == 92
        for index in (*range(3, 20, 2), 87, 89, 90, 91):  # the values, the last block of each long one, what follows
            packets.list.move(index)
            await pilot.pause(0.05)
            check(app, 100, f"message {packets.no}")
            packets.tree_pane.action_last()
            packets.tree_pane.action_expand_all()
            packets.tree_pane.action_last()
            await pilot.pause()
            check(app, 100, f"tree of message {packets.no}")
            nodes = max(nodes, sum(1 for _ in packets.tree_pane.text().splitlines()))
        assert nodes > 100
