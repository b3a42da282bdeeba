"""The program in a real terminal: tmux, keys typed, the screen read back."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST_S = 60.0
FREE = ("-u", "COLUMNS", "-u", "LINES")  # the size is the terminal's


class Terminal:
    """One tmux session with a server of its own. The shell in it stays when the program ends."""

    def __init__(self, tmux: str, folder: Path, size: tuple[int, int] = (100, 30), **environment: str) -> None:
        self.tmux = [tmux, "-S", str(folder / "tmux"), "-f", os.devnull]
        own: Mapping[str, str] = {
            "PS1": "$ ", "XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONPATH": str(ROOT), **environment,
        }  # fmt: skip
        sets = [f"{name}={value}" for name, value in own.items()]
        self("new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), "env", *FREE, *sets, "sh")
        self("set-option", "-g", "status", "off")
        self("resize-window", "-x", str(size[0]), "-y", str(size[1]))

    def __call__(self, *words: str) -> str:
        done = subprocess.run([*self.tmux, *words], capture_output=True, text=True, check=False)
        return done.stdout

    def type(self, *keys: str) -> None:
        """Keys by tmux's names: Enter, Escape, C-c, Down, NPage, or characters."""
        self("send-keys", *keys)

    def line(self, text: str) -> None:
        self("send-keys", "-l", text)
        self("send-keys", "Enter")

    def cosemscope(self, *words: str) -> None:
        """Types the command line."""
        self.line(shlex.join([sys.executable, "-m", "analyzer.cli", *words]))

    def screen(self) -> str:
        return self("capture-pane", "-p")

    def until(self, holds: Callable[[str], bool] | str, seconds: float = LONGEST_S) -> str:
        """The screen, once it holds (or has the text)."""
        test = holds if callable(holds) else lambda text: holds in text
        end = time.monotonic() + seconds
        while not test(screen := self.screen()):
            assert time.monotonic() < end, f"never came: {holds}\n{screen}"
            time.sleep(0.05)
        return screen

    def clean(self) -> None:
        """The shell is there again, with echo, cursor, and without the program's modes."""
        self.until(lambda _: self("display-message", "-p", "#{alternate_on}").strip() == "0")
        self.line("echo cl''ean $?")
        self.until("clean ")
        flags = self("display-message", "-p", "#{alternate_on}#{cursor_flag}#{mouse_any_flag}#{mouse_sgr_flag}")
        assert flags.strip() == "0100", f"alternate, cursor, mouse: {flags}"

    def close(self) -> None:
        self("kill-server")
