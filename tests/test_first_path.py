"""A newcomer in a real terminal: from `cosemscope` to the reason of a failed read, as docs/tui.md writes it; and every
view in terminals of every size."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hostile_capture
import pytest
from screens_tmux import ROOT, Terminal

from tui.bindings import BY_ID
from tui.capture_screen import VIEWS

SERIAL = str(ROOT / "captures" / "demo" / "hdlc-serial.pcapng")
PATH = re.compile(r"^\| `(?P<key>[^`]+)` \| (?P<what>.*?) \| `(?P<seen>[^`]+)` \|$", re.MULTILINE)
MOST_KEYS = 12
ESCAPE_S = 0.3  # after which a terminal's Escape is no beginning of another key


@pytest.fixture
def terminal(tmux: str, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def new(width: int = 100, height: int = 30, **environment: str) -> Terminal:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Terminal(tmux, folder, (width, height), **environment))
        return made[-1]

    yield new
    for one in made:
        one.close()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_the_first_path(terminal: Callable[..., Terminal], size: tuple[int, int]) -> None:
    steps = PATH.findall((ROOT / "docs" / "tui.md").read_text(encoding="utf-8"))
    assert 0 < len(steps) <= MOST_KEYS
    t = terminal(*size)
    t.cosemscope()
    t.until("Captures to learn with")
    for key, _, seen in steps:
        t.type(key)
        t.until(seen)
    t.type("q")
    t.clean()


@pytest.mark.parametrize("size", [(80, 24), (132, 43), (200, 60)])
def test_every_view_in_a_terminal(terminal: Callable[..., Terminal], size: tuple[int, int]) -> None:
    t = terminal(*size)
    t.cosemscope("open", SERIAL)
    t.until("136 frames")
    for name in VIEWS:
        t.type(BY_ID[f"view.{name}"].plain)
        screen = t.until(lambda text: "computing" not in text and "136 frames" in text)
        assert len(screen.rstrip("\n").splitlines()) <= size[1]
        for key in ("Down", "NPage", "End", "Home", "Tab", "Down", "Escape"):  # Tab may come to the filter
            t.type(key)
        time.sleep(ESCAPE_S)
    t.type("1")
    t.until("Octets")
    t.type("q")
    t.clean()


def test_the_window_changes_its_size(terminal: Callable[..., Terminal]) -> None:
    t = terminal(80, 24)
    t.cosemscope("open", SERIAL)
    t.until("136 frames")
    t.type("1")
    for width, height in ((200, 60), (40, 12), (132, 43), (80, 24)):
        t("resize-window", "-x", str(width), "-y", str(height))
        t.until(lambda text, height=height: len(text.rstrip("\n").splitlines()) == height and "136 fra" in text)
    t.type("q")
    t.clean()


def test_hostile_texts_stay_in_their_cells(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    """In a real terminal, which counts the cells of characters by itself: no line moves, no mode is set."""
    path = hostile_capture.write(tmp_path).rename(tmp_path / "hostile.pcapng")
    t = terminal(100, 30)
    t.cosemscope("open", str(path))
    t.until("97 frames")
    for name in VIEWS:
        t.type(BY_ID[f"view.{name}"].plain)
        lines = t.until(lambda text: "computing" not in text and "97 frames" in text).rstrip("\n").splitlines()
        assert "pack" in lines[0] and "97 frames" in lines[-1] and len(lines) == 30
    t.type("1")
    for _ in range(24):
        t.type("Down")
        lines = t.until("97 frames").rstrip("\n").splitlines()
        assert "pack" in lines[0] and len(lines) == 30
    t.type("q")
    t.clean()
