"""The start screen: what there is to look at, for a person who named no source."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input, Static

from tui import bindings, start_list
from tui.row_list import FixedRows, ListColumn, Row, RowList
from tui.serial_dialog import SerialDialog
from tui.settings import Settings
from tui.start_list import Entry
from tui.text import safe

WELCOME = "cosemscope: traffic of meters (DLMS/COSEM, IEC 62056), decoded and timed"
KEYS = "Enter opens  / types a source  b folders  ? keys  : commands  q quits"
PLACEHOLDER = "a file, serial:/dev/ttyUSB0?baud=9600, ip:eth0, tshark:FILE, hexlog:FILE"
HEADING_STYLE = "note"


class StartScreen(Screen[Any]):
    """folder: what is looked through, None on the first page."""

    BINDINGS = bindings.of("start")
    DEFAULT_CSS = """
    StartScreen #welcome { height: 1; background: $panel; text-style: bold; padding: 0 1; }
    StartScreen #source { height: 1; border: none; margin: 0 1; }
    StartScreen #about { height: 2; padding: 0 1; color: $text-muted; }
    StartScreen #said { height: auto; max-height: 4; background: $panel; padding: 0 1; }
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.here = Path.cwd()
        self.folder: Path | None = None
        self.entries: list[Entry] = []
        self.live: Sequence[Entry] = ()

    def compose(self) -> ComposeResult:
        yield Static(WELCOME, id="welcome", markup=False)
        yield RowList([ListColumn("text", "What to open", 36), ListColumn("about", "", 0)], id="entries")
        yield Static("", id="about", markup=False)
        yield Input(placeholder=PLACEHOLDER, id="source")
        yield Static(KEYS, id="said", markup=False)

    def on_mount(self) -> None:
        self.show(cursor=1)
        self.list.focus()
        self.run_worker(self._find_live, thread=True, exclusive=True, group="ports")

    @property
    def list(self) -> RowList:
        return self.query_one("#entries", RowList)

    def say(self, text: str, severity: str = "information") -> None:
        """At the bottom; wrapped, since the reason stands behind the name of a file."""
        mark = {"error": "✗ ", "warning": "! "}.get(severity, "")
        self.query_one("#said", Static).update(safe(mark + text))

    # -- what is listed -------------------------------------------------------------------------------------

    def show(self, cursor: int | None = None) -> None:
        """Lists the first page, or the folder at hand."""
        if self.folder is None:
            self.entries = start_list.first_page(self.settings.recent, self.here, self.live)
        else:
            self.entries = start_list.folder_page(self.folder)
        rows = [
            Row((f"  {entry.text}" if entry.kind else entry.text, entry.about), "" if entry.kind else HEADING_STYLE)
            for entry in self.entries
        ]
        self._fit()
        self.list.show(FixedRows(rows), cursor=cursor)
        self._about()

    def _fit(self) -> None:
        """Names get what is left of the line: a half of it where something is said about them."""
        longest = max((len(entry.text) + 2 for entry in self.entries if entry.kind), default=20)
        half = self.size.width // 2
        about = any(entry.about for entry in self.entries)
        self.list.columns[0] = ListColumn("text", "What to open", max(20, min(longest, half) if about else longest))

    def on_resize(self) -> None:
        self._fit()
        self.list.again()

    def _find_live(self) -> None:
        found = [*start_list.serial_ports(), *start_list.network_interfaces()]
        self.app.call_from_thread(self._found_live, found)

    def _found_live(self, found: Sequence[Entry]) -> None:
        self.live = found
        if self.folder is None:
            self.show()

    def _enter(self, folder: Path, came_from: str = "") -> None:
        """Looks into a folder; one that cannot be read is said."""
        before, self.folder = self.folder, folder
        try:
            self.show(cursor=1)
        except OSError as error:
            self.folder = before
            self.say(f"{folder}: cannot be read ({error.strerror})", "error")
            return
        at = next((n for n, entry in enumerate(self.entries) if entry.target == came_from), 0)
        if at:
            self.list.move(at)
        self.say(KEYS)

    @property
    def selected(self) -> Entry:
        cursor = self.list.cursor
        return self.entries[cursor] if 0 <= cursor < len(self.entries) else start_list.heading("")

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self._about()

    def _about(self) -> None:
        entry = self.selected
        path = f"{entry.target}\n" if entry.kind in ("demo", "recent", "file") else ""
        self.query_one("#about", Static).update(
            safe(path.rstrip()) + ("\n" if path else "") + start_list.HELP[entry.kind]
        )

    # -- opening --------------------------------------------------------------------------------------------

    @on(RowList.Activated)
    def _activated(self, event: RowList.Activated) -> None:
        event.stop()
        entry = self.selected
        if entry.kind in ("demo", "recent", "file"):
            self.open(entry.target)
        elif entry.kind in ("folder", "browse"):
            came_from = str(self.folder) if entry.text == "../" else ""
            self._enter(Path(entry.target), came_from)
        elif entry.kind == "serial":
            others = [other.target for other in self.live if other.kind == "serial" and other != entry]
            self.app.push_screen(SerialDialog(entry.target, others), self._listen)
        elif entry.kind == "interface":
            source = self.query_one("#source", Input)
            source.value = f"ip:{entry.target}?filter=port 4059"
            source.focus()

    def _listen(self, spec: str | None) -> None:
        if spec:
            self.open(spec)

    @on(Input.Submitted, "#source")
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        spec = event.value.strip()
        path = Path(os.path.expanduser(spec))
        if spec and path.is_dir():
            self.list.focus()
            self._enter(path.absolute())
        elif spec:
            self.open(str(path) if path.exists() else spec)

    def open(self, spec: str) -> None:
        """Asks the program for it; what is wrong comes back by `say`."""
        app: Any = self.app
        app.open_spec(spec)

    # -- commands ---------------------------------------------------------------------------------------------

    def action_start_source(self) -> None:
        self.query_one("#source", Input).focus()

    def action_start_browse(self) -> None:
        self._enter(self.folder or self.here)

    def action_start_up(self) -> None:
        if self.folder is not None and self.folder.parent != self.folder:
            self._enter(self.folder.parent, came_from=str(self.folder))

    def action_start_again(self) -> None:
        self.show()
        self.run_worker(self._find_live, thread=True, exclusive=True, group="ports")

    def action_start_back(self) -> None:
        """From the typed source to the list, from a folder to the first page, from there to the capture behind."""
        if not self.list.has_focus:
            self.list.focus()
        elif self.folder is not None:
            self.folder = None
            self.show(cursor=1)
        elif len(self.app.screen_stack) > 2:
            self.app.pop_screen()
