"""What every group of commands of the capture screen has at hand; the groups are mixed into CaptureScreen."""

from collections.abc import Mapping
from typing import Any

from textual.screen import Screen

from tui import bindings
from tui.loader import Capture, Counts
from tui.packets_view import PacketsView
from tui.settings import Settings
from tui.view import Jump, Say, View

ASKED = FIND, EXPORT = "find", "export"  # groups of workers


class CaptureBase(Screen[Any]):
    """capture: what is looked at. counts: how far it was read at the last tick. settings: what is remembered."""

    capture: Capture
    counts: Counts
    settings: Settings
    history: list[tuple[str, str, int]]  # view, level, number of the rows a person came from
    future: list[tuple[str, str, int]]

    @property
    def keys_in_force(self) -> Mapping[str, str]:
        """Commands with their keys, a person's own among them."""
        own: Mapping[str, str] | None = getattr(self.app, "keys_in_force", None)  # an app of the tests has none
        return own or bindings.keys(self.settings.keys)

    def stop_asked(self) -> bool:
        """Stops what a person asked for that takes long (a search, an export); what a view computes is not meant."""
        running = [worker for worker in self.app.workers if worker.group in ASKED and worker.is_running]
        for worker in running:
            worker.cancel()
        return bool(running)

    def stop_filter(self) -> str:
        """Stops a filter under way; what is said of it, "" where none was."""
        shown = self.packets.shown
        if not shown.busy:
            return ""
        shown.cancel()
        return f"filter stopped: {shown.looked} of {shown.total} {shown.level}s looked at"

    @property
    def packets(self) -> PacketsView:
        return self.query_one(PacketsView)

    @property
    def view(self) -> View:
        """The view that is seen."""
        raise NotImplementedError

    def show_view(self, name: str) -> None:
        """Brings a view up ("packets", "timing", …)."""
        raise NotImplementedError

    def replace_capture(self, capture: Capture) -> None:
        """Puts another analysis in the place of this one."""
        raise NotImplementedError

    def toggle_reference(self, frame: int) -> str:
        """Makes a frame a time reference, or none; gives "", or why that is not kept, for the end of a line."""
        raise NotImplementedError

    def say(self, text: str, severity: str = "information") -> None:
        """One line for the status bar."""
        self.post_message(Say(text, severity))

    def here(self) -> tuple[str, str, int]:
        """Where a person is: view, level and number of the row."""
        return (self.view.id or "", *self.view.selection())

    def jump(self, level: str, no: int) -> None:
        """Shows a row in the packet view, and remembers where one came from."""
        if not no:
            return
        self.history.append(self.here())
        self.future.clear()
        self.show_view("packets")
        self.packets.select(level, no)

    def on_jump(self, event: Jump) -> None:
        event.stop()
        self.jump(event.level, event.no)
