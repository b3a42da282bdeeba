"""The clipboard: by the terminal (OSC 52; in tmux by its passthrough too), and by the first local tool that takes it.

Terminals drop OSC 52 silently when they do not know it, or when it is long; so a tool is tried as well.
"""

import base64
import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import msgspec
from textual.app import App

LARGEST = 100_000  # octets; more is dropped by many terminals
TIMEOUT_SECONDS = 2.0


class Tool(msgspec.Struct, frozen=True):
    """A program that takes the clipboard's text on its input. needs: a variable without which it cannot work."""

    command: tuple[str, ...]
    needs: str = ""
    encoding: str = "utf-8"


TOOLS = (
    Tool(("wl-copy",), "WAYLAND_DISPLAY"),
    Tool(("xclip", "-selection", "clipboard"), "DISPLAY"),
    Tool(("xsel", "--clipboard", "--input"), "DISPLAY"),
    Tool(("pbcopy",)),
    Tool(("clip.exe",), encoding="utf-16-le"),
)


def by_tool(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Name of the tool that took the text, "" where none did. May wait for TIMEOUT_SECONDS for each: for a thread."""
    for tool in TOOLS:
        program = shutil.which(tool.command[0], path=environment.get("PATH"))
        if program is None or (tool.needs and not environment.get(tool.needs)):
            continue
        try:
            subprocess.run(
                [program, *tool.command[1:]], input=text.encode(tool.encoding, "replace"), check=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, start_new_session=True,
            )  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            continue
        return tool.command[0]
    return ""


def by_terminal(app: App[Any], text: str, environment: Mapping[str, str] = os.environ) -> None:
    """Asks the terminal to take it; whether it did, nobody says."""
    text = text.encode("utf-8", "replace").decode()
    app.copy_to_clipboard(text)
    if environment.get("TMUX") and app._driver is not None:  # Textual has no public way to write to the terminal
        app._driver.write(passed_through(text))


def passed_through(text: str) -> str:
    """OSC 52 as tmux hands it on to the terminal around it (where allow-passthrough is on)."""
    wanted = f"\x1b]52;c;{base64.b64encode(text.encode('utf-8')).decode()}\x07"
    return "\x1bPtmux;" + wanted.replace("\x1b", "\x1b\x1b") + "\x1b\\"
