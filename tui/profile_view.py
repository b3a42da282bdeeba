"""Profile: the descriptor in force, clause by clause, with its contents beside it."""

import os

import numpy as np
import numpy.typing as npt
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget

from analyzer.profile_doc import document
from dissectors.profile import Profile
from tui import markdown_lines
from tui.background import Background
from tui.keyed_list import KeyedList
from tui.loader import Capture
from tui.row_list import GUTTER, REST, FixedRows, ListColumn, Row, RowList
from tui.view import View

PART = 65536  # frames counted within one turn
CONTENTS = 24  # cells
MOST_SHOWN = 5  # profiles at a time
PROFILE_COLUMNS = (
    ListColumn("name", "Profile", 14), ListColumn("frames", "Frames", 8, True), ListColumn("title", "Title", 0),
    ListColumn("file", "File", 20), ListColumn("sha256", "SHA-256", 64), ListColumn("path", "Path", 60),
)  # fmt: skip


class ProfileView(View):
    """`profiles`: those of the session, the ones in use first; `contents` and `text` of the selected one."""

    TITLE = "Profile"
    DEFAULT_CSS = """
    ProfileView { layout: vertical; }
    ProfileView Horizontal { height: 1fr; border-top: solid $panel; }
    ProfileView #contents { width: 32; border-right: solid $panel; }
    ProfileView #text { width: 1fr; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.work = Background(self, self._count, self._show)
        self.profiles: list[Profile] = []
        self._frames: npt.NDArray[np.int64] = np.zeros(0, np.int64)  # by number of the profile's name
        self._counted = 0
        self._picked = False  # a person chose one
        self._shown: Profile | None = None
        self._document = ""

    def compose(self) -> ComposeResult:
        yield KeyedList(PROFILE_COLUMNS, id="profiles", empty="no profile")
        with Horizontal():
            yield KeyedList([ListColumn("clause", "Contents", CONTENTS)], id="contents", empty="")
            yield KeyedList([ListColumn("text", "", 0)], id="text", empty="")

    @property
    def choice(self) -> KeyedList:
        return self.query_one("#profiles", KeyedList)

    @property
    def contents(self) -> KeyedList:
        return self.query_one("#contents", KeyedList)

    @property
    def text(self) -> KeyedList:
        return self.query_one("#text", KeyedList)

    def put(self, capture: Capture) -> None:
        super().put(capture)
        self._frames, self._counted, self._shown = np.zeros(0, np.int64), 0, None

    def fill(self) -> None:
        self.work.ask(soon=False)

    def _count(self, capture: Capture) -> dict[str, int]:
        """Frames by profile."""
        frames = capture.analysis.frames
        while True:
            with capture.turn():
                part = frames.part(self._counted, self._counted + PART)["profile"]
            if not len(part):
                break
            self._counted += len(part)
            found = np.bincount(part, minlength=len(self._frames))
            found[: len(self._frames)] += self._frames
            self._frames = found
        return {capture.analysis.words[n]: int(count) for n, count in enumerate(self._frames) if n and count}

    def _show(self, frames: dict[str, int]) -> None:
        self.profiles = sorted(self.capture.profiles, key=lambda p: -frames.get(p.name, 0))
        rows = [
            Row(
                [p.name, str(frames.get(p.name, "")), p.head.title, os.path.basename(p.path), p.sha256, p.path],
                "" if p.name in frames else "muted",
                "●" if p.name in frames else "",
            )
            for p in self.profiles
        ]
        self.choice.styles.height = min(len(rows), MOST_SHOWN) + 2  # its head, and a scroll bar
        self.choice.put([p.name for p in self.profiles], FixedRows(rows))
        if not self._picked:
            self.choice.move(0)
        self._look()

    def _look(self) -> None:
        """Shows the selected profile."""
        if not 0 <= self.choice.cursor < len(self.profiles):
            return
        profile = self.profiles[self.choice.cursor]
        if profile is self._shown:
            return
        self._shown = profile
        self._document = document(profile)
        found = markdown_lines.headings(self._document)
        rows = [Row([" " * (level - 1) + text]) for _, level, text in found]
        self.contents.put([block for block, _, _ in found], FixedRows(rows), top=True)
        self._draw(top=True)

    def _draw(self, top: bool = False) -> None:
        width = max(REST, self.text.scrollable_content_region.width - GUTTER - 1)
        found = markdown_lines.lines(self._document, width)
        places: dict[int, int] = {}
        keys = []
        for line in found:
            places[line.block] = places.get(line.block, -1) + 1
            keys.append((line.block, places[line.block]))
        self.text.put(keys, FixedRows([Row([line.text], "heading" if line.level else "") for line in found]), top=top)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @on(RowList.Moved, "#profiles")
    def _chosen(self, event: RowList.Moved) -> None:
        event.stop()
        self._picked = self._picked or self.choice.has_focus
        self._look()

    @on(RowList.Activated, "#profiles")
    def _opened(self, event: RowList.Activated) -> None:
        event.stop()
        self.contents.focus()

    @on(RowList.Moved, "#contents")
    def _turned(self, event: RowList.Moved) -> None:
        event.stop()
        self._turn_to(event.index)

    @on(RowList.Activated, "#contents")
    def _read(self, event: RowList.Activated) -> None:
        event.stop()
        self._turn_to(event.index)
        self.text.focus()

    def _turn_to(self, index: int) -> None:
        """The heading goes to the top of the text."""
        block = self.contents.keys[index]
        place = next((n for n, key in enumerate(self.text.keys) if key[0] == block), 0)  # type: ignore[index]
        rows = self.text.rows
        if isinstance(rows, FixedRows) and rows.rows[place].style != "heading":
            place += 1  # the empty line before it
        self.text.move(place)
        self.text.scroll_to(y=place, animate=False, force=True)

    def start(self) -> Widget | None:
        return self.contents
