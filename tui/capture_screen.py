"""The screen of one capture: its views, the filter bar above them, the status bar below."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import AwaitMount
from textual.widgets import Input, Static

from dissectors.problem import Severity
from tui import bindings, columns, times
from tui.colour_rules import SHIPPED, ColourRule, ColourRules
from tui.column_commands import ColumnCommands
from tui.copy_commands import CopyCommands
from tui.decode_commands import DecodeCommands
from tui.filter_bar import FilterBar
from tui.filter_commands import FilterCommands
from tui.find_commands import FindCommands
from tui.first_view import FirstView
from tui.go_commands import GoCommands
from tui.live_commands import LiveCommands
from tui.loader import Capture, Counts
from tui.mark_commands import MarkCommands
from tui.packets_view import PacketsView
from tui.row_commands import RowCommands
from tui.settings import Settings
from tui.status_bar import StatusBar
from tui.view import Say, View

NARROW = 106  # cells: below, the names of the views have four letters
TICK_SECONDS = 0.05
CALM_AFTER, CALM = 40, 4  # ticks; of a file that is still read then every fourth counts
FILL_TICKS = 8  # a view that shows the whole capture is filled again after so many ticks
# view -> the module of its class, imported when it is first seen
VIEWS: dict[str, str] = {
    "packets": "packets_view", "autopsy": "autopsy_view", "follow": "follow_view", "exchanges": "exchanges_view",
    "timing": "timing_view", "findings": "findings_view", "objects": "objects_view", "addresses": "addresses_view",
    "line": "line_view", "profile": "profile_view", "health": "health_view",
}  # fmt: skip


class CaptureScreen(
    RowCommands, ColumnCommands, FilterCommands, FindCommands, GoCommands, MarkCommands, CopyCommands, LiveCommands,
    DecodeCommands, FirstView,
):  # fmt: skip
    """One capture. It ticks twenty times a second: rows that came are shown, and nothing else is ever waited for."""

    BINDINGS = bindings.of("capture")
    DEFAULT_CSS = """
    CaptureScreen { layout: vertical; }
    CaptureScreen #views { height: 1fr; }
    CaptureScreen #tabs { height: 1; background: $panel; }
    CaptureScreen .hidden { display: none; }
    """

    def __init__(self, capture: Capture, settings: Settings, rules: Sequence[ColourRule] = SHIPPED) -> None:
        super().__init__()
        self.capture = capture
        self.rules = rules
        self.settings = settings
        self.counts = Counts()
        self.history = []
        self.future = []
        self.current = self._wanted = "packets"
        self._ticks = 0
        self._levels = [0, 0, 0]

    def compose(self) -> ComposeResult:
        yield Static("", id="tabs", markup=False)
        yield FilterBar(self.capture, self.settings)
        with Container(id="views"):
            yield PacketsView(self.capture)
        yield StatusBar()

    def on_mount(self) -> None:
        packets, settings = self.packets, self.settings
        packets.colours = ColourRules(self.capture, self.rules)
        packets.layout_name, packets.share = settings.layout, settings.share
        packets.cells.raw = settings.raw
        if settings.level in columns.LEVELS:
            packets.to_level(settings.level)
        if settings.time in times.BY_NAME:
            packets.set_time(settings.time)
        packets.lay_out()
        self.load_columns()
        self.load_marks()
        self.capture.start()
        self.show_tabs()
        self.set_focus(packets.list)
        self.set_interval(TICK_SECONDS, self.tick)

    def on_resize(self) -> None:
        self.show_tabs()

    # -- views --------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        return self.query_one(f"#{self.current}", View)

    def show_view(self, name: str) -> None:
        self._wanted = name
        if name == self.current:
            return
        found = list(self.query(f"#{name}").results(View))
        if found:
            if found[0].is_mounted:
                self._bring(found[0])
            return
        module = import_module(f"tui.{VIEWS[name]}")
        made: View = getattr(module, f"{name.capitalize()}View")(self.capture)
        made.add_class("hidden")
        self.call_later(self._bring_mounted, made, self.query_one("#views").mount(made))

    async def _bring_mounted(self, view: View, mounting: AwaitMount) -> None:
        await mounting  # with all that it is composed of
        if self._wanted == view.id:  # else a person is in another one by now
            self._bring(view)

    def _bring(self, view: View) -> None:
        self.view.add_class("hidden")
        view.remove_class("hidden")
        self.current = view.id or ""
        self.show_tabs()
        if view.stale:
            view.stale = False
            view.fill()
        widget = view.start()
        if widget is not None and not isinstance(self.focused, Input):  # there a person types by now
            self.set_focus(widget)

    def show_tabs(self) -> None:
        """The views with their keys, the one that is seen marked."""
        line = Text(no_wrap=True, overflow="ellipsis")
        narrow = self.size.width < NARROW
        keys = self.keys_in_force
        for name in VIEWS:
            key = bindings.shown(keys[f"view.{name}"].split(",")[0])
            style = "reverse bold" if name == self.current else ""
            line.append(f"{key} {name[:4]} " if narrow else f" {key} {name} ", style)
        self.query_one("#tabs", Static).update(line)

    def __getattr__(self, name: str) -> Any:
        """action_view_timing, …: one for each view."""
        if name.startswith("action_view_") and name[12:] in VIEWS:
            return lambda: self.show_view(name[12:])
        raise AttributeError(name)

    # -- rows that come -------------------------------------------------------------------------------------

    def tick(self) -> None:
        self._ticks += 1
        if self.capture.state == "reading" and self._ticks > CALM_AFTER and self._ticks % CALM:
            return  # a long file: the screen is full of rows by now, and reading it should have the processor
        before, state = self.counts, self.capture.state
        self.counts = self.capture.counts()
        self.tell_state(state)
        changed = self.counts != before
        self.packets.grown(self.counts)
        self.find_marks()
        self.bar.now(self.capture, self.packets.level, self.packets.shown.filter)
        if changed:
            for view in self.query(View):
                view.stale = True
        view = self.view
        if view is not self.packets:
            view.grown(self.counts)
            if view.stale and self._ticks % FILL_TICKS == 0:
                view.stale = False
                view.fill()
        self._count(state)
        self.look_for_failures()

    def _count(self, state: str) -> None:
        packets, shown, counts = self.packets, self.packets.shown, self.counts
        parts = []
        if state == "reading":
            parts.append("reading" if counts.progress is None else f"reading {counts.progress:.0%}")
        elif state == "live":
            parts.append(self.live_words())
        elif state == "failed":
            parts.append("✗ failed")
        if state != "live" and packets.held:
            parts.append(self.held_words().strip())
        levels = self._severities()
        parts.append(f"✗{levels[Severity.ERROR]} !{levels[Severity.WARNING]} ·{levels[Severity.NOTE]}")
        if shown.filter:
            stopped = shown.looked < shown.total and shown.cancelled
            share = f"{shown.looked / max(1, shown.total):.0%} looked at"
            looked = f", {share}" if shown.busy else f", stopped at {share}" if stopped else ""
            parts.append(f"{len(shown)} of {shown.total} {packets.level}s{looked}")
        else:
            parts.append(f"{shown.total} {packets.level}s")
        self.query_one(StatusBar).count("  ".join(parts))

    def _severities(self) -> list[int]:
        """How many notes, warnings and errors there are; those that came since the last time are counted."""
        found = self.capture.analysis.findings
        for finding in found[sum(self._levels) :]:
            self._levels[finding.severity] += 1
        return self._levels

    @on(Say)
    def _said(self, event: Say) -> None:
        self.query_one(StatusBar).say(event.text, event.severity)

    # -- another analysis -----------------------------------------------------------------------------------

    def replace_capture(self, capture: Capture) -> None:
        self.capture = capture
        app: Any = self.app
        app.capture = capture  # the one that is closed in the end
        self.counts = Counts()
        self._levels = [0, 0, 0]
        for view in self.query(View):
            view.put(capture)
        self.place_marks()
        capture.start()
