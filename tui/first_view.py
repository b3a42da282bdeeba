"""The view that a capture opens with: the autopsy where an attempt to reach a meter failed, else the packets."""

from textual import events
from textual.message import Message

from tui import bindings
from tui.capture_base import CaptureBase
from tui.loader import Capture


class FirstView(CaptureBase):
    """Asks once, when a file has been read: a live capture never changes its view by itself, and neither does a
    screen that a person has touched, who is told only."""

    class Failures(Message):
        """How many of the attempts failed."""

        def __init__(self, capture: Capture, failed: int, attempts: int) -> None:
            super().__init__()
            self.capture = capture
            self.failed = failed
            self.attempts = attempts

    touched = False
    _asked = False

    def on_key(self) -> None:
        self.touched = True

    def on_mouse_down(self) -> None:
        self.touched = True

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self.touched = True

    def look_for_failures(self) -> None:
        """Called at every tick."""
        capture = self.capture
        if self._asked or capture.state != "ended" or capture.running or capture.is_live:
            return
        self._asked = True
        if self.settings.autopsy_first:
            self.run_worker(lambda: self._count_failures(capture), thread=True, group="failures")

    def _count_failures(self, capture: Capture) -> None:
        attempts = capture.attempts()
        self.post_message(self.Failures(capture, sum(bool(a.failed) for a in attempts), len(attempts)))

    def on_first_view_failures(self, event: Failures) -> None:
        event.stop()
        if event.capture is not self.capture or not event.failed:
            return
        other = "autopsy" if self.touched else "packets"
        key = bindings.shown(self.keys_in_force[f"view.{other}"])
        if not self.touched:
            self.show_view("autopsy")
        self.say(f"{event.failed} of {event.attempts} attempts failed; {key} shows the {other}")
