import base64
from pathlib import Path
from typing import Any

import pytest
from textual.app import App

from tui import clipboard


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)


def around(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": str(folder), **more}


def test_the_first_tool_that_can_work_takes_it(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    program(tmp_path, "wl-copy", "exit 0\n")
    program(tmp_path, "xclip", f'/bin/cat > "{taken}"; echo "$@" >> "{taken}"\n')
    assert clipboard.by_tool("7E A0 é\n", around(tmp_path, DISPLAY=":0")) == "xclip"
    assert taken.read_text() == "7E A0 é\n-selection clipboard\n"
    assert clipboard.by_tool("7E", around(tmp_path, DISPLAY=":0", WAYLAND_DISPLAY="w")) == "wl-copy"


def test_a_tool_that_fails_gives_way_to_the_next(tmp_path: Path) -> None:
    program(tmp_path, "xclip", "exit 1\n")
    program(tmp_path, "xsel", "/bin/cat > /dev/null\n")
    assert clipboard.by_tool("7E", around(tmp_path, DISPLAY=":0")) == "xsel"
    assert clipboard.by_tool("7E", around(tmp_path)) == ""


def test_a_tool_that_hangs_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "TIMEOUT_SECONDS", 0.2)
    program(tmp_path, "pbcopy", "exec /bin/sleep 600\n")
    program(tmp_path, "clip.exe", f'/bin/cat > "{tmp_path}/taken"\n')
    assert clipboard.by_tool("é", around(tmp_path)) == "clip.exe"
    assert (tmp_path / "taken").read_bytes() == "é".encode("utf-16-le")


@pytest.mark.asyncio
async def test_the_terminal_is_asked_and_tmux_hands_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    app: App[Any] = App()
    async with app.run_test():
        written: list[str] = []
        monkeypatch.setattr(app._driver, "write", written.append)
        clipboard.by_terminal(app, "7E\udcff", {})
        assert app.clipboard == "7E?"
        code = base64.b64encode(b"7E?").decode()
        assert written == [f"\x1b]52;c;{code}\x07"]
        clipboard.by_terminal(app, "7E?", {"TMUX": "/tmp/tmux"})
        assert written[2:] == [f"\x1bPtmux;\x1b\x1b]52;c;{code}\x07\x1b\\"]
