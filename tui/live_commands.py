"""Commands of a capture that runs: hold the display, follow the newest row, stop, record again, put markers."""

import os
from pathlib import Path

from captures.health import RecordPlan, size
from captures.live import LiveSource, spool_folder, spool_path
from captures.spec import MARKER
from dissectors.errors import CaptureError, UsageError
from tui.capture_base import CaptureBase
from tui.choice_dialog import ChoiceDialog
from tui.line_dialog import LineDialog
from tui.loader import Capture

MARKERS = (("p", "power", "power"), ("b", "button", "button"), ("r", "relay", "relay"), ("n", "another name …", ""))


class LiveCommands(CaptureBase):
    """live.*, and what Ctrl-C ends."""

    _told_state = ""

    def action_live_pause(self) -> None:
        packets = self.packets
        packets.held = not packets.held
        if packets.held:
            self.say("the display is held, the capture goes on; Space shows what came")
        else:
            packets.grown(self.counts)
            self.say("the display goes on")

    def action_live_tail(self) -> None:
        rows = self.packets.list
        rows.tail = not rows.tail
        if rows.tail:
            rows.move(len(rows.rows) - 1)
        self.say("stays on the newest row" if rows.tail else "stays on this row")

    def action_live_stop(self) -> None:
        capture = self.capture
        if capture.state == "live":
            capture.stop()
            self.say(f"stopped: {recorded(capture)}; S records again, into another file")
        elif capture.is_live:
            self.say("starting to record again")
            self.app.run_worker(self._record_again, thread=True, exclusive=True, group="record")
        elif capture.state == "reading":
            capture.stop()
            self.say("reading was ended; Ctrl-R reads the whole")
        else:
            self.say("nothing is recorded: this is a file", "warning")

    def _record_again(self) -> None:
        try:
            capture = recording_again(self.capture)
        except (UsageError, CaptureError) as error:
            self.app.call_from_thread(self.say, str(error), "error")
            return
        self.app.call_from_thread(self._recording, capture)

    def _recording(self, capture: Capture) -> None:
        self.replace_capture(capture)
        self.say(f"recording to {capture.source.path}")

    def action_live_marker(self) -> None:
        if self._recorder() is None:
            self.say("no recording runs that a marker could be put into", "warning")
            return
        self.app.push_screen(ChoiceDialog("Marker into the recording, now", MARKERS), self._marker)

    def _marker(self, name: str | None) -> None:
        if name is None:
            return
        if not name:
            self.app.push_screen(LineDialog("Name of the marker", check=is_marker), self._put_marker)
            return
        self._put_marker(name)

    def _put_marker(self, name: str | None) -> None:
        source = self._recorder()
        if name and source is not None:
            source.recorder.mark(name)
            self.say(f"marker {name}")

    def _recorder(self) -> LiveSource | None:
        source = self.capture.source
        return source if isinstance(source, LiveSource) and self.capture.state == "live" else None

    def tell_state(self, state: str) -> None:
        """Says, once each, that the reading failed or that a recording ended, and why."""
        before, self._told_state = self._told_state, state
        if state == before:
            return
        if state == "failed":
            self.say(self.capture.error, "error")
        elif before == "live" and state == "ended":
            self.say(f"the recording has ended: {recorded(self.capture)}; S records again")

    def live_words(self) -> str:
        """How the recording goes, for the status bar."""
        source, packets = self.capture.source, self.packets
        words = "● live"
        if isinstance(source, LiveSource):
            recorder = source.recorder
            words += f" {size(recorder.health.octets)} {recorder.seconds:.0f} s"
            if len(recorder.files) > 1:
                words += f" file {len(recorder.files)}"
        return words + self.held_words() + (" tail" if packets.list.tail else "")

    def held_words(self) -> str:
        """What came while the display was held."""
        packets = self.packets
        if not packets.held:
            return ""
        return f" held, {self.counts.of(packets.level) - packets.shown.total} more"

    def cancel_running(self) -> str:
        """Ends the nearest thing that runs; what it was, "" where nothing runs."""
        stopped = self.stop_filter()
        if stopped:
            return stopped
        if self.stop_asked():
            return "a search or export was stopped"
        if self.capture.state == "live":
            self.capture.stop()
            return f"stopped: {recorded(self.capture)}"
        return ""


def is_marker(name: str) -> None:
    """UsageError: not the name of a marker."""
    if not MARKER.fullmatch(name):
        raise UsageError(f"{name!r}: expected small letters, digits and -, such as power-on")


def recorded(capture: Capture) -> str:
    """Where a recording is."""
    return f"recorded to {capture.source.path}"


def recording_again(capture: Capture) -> Capture:
    """The same spec anew, into a file of its own. UsageError, CaptureError: it cannot be opened any more."""
    source = capture.source
    assert isinstance(source, LiveSource)
    plan = source.recorder.plan
    plan = RecordPlan(source.specs, fresh(plan.path), plan.ring)
    return Capture(capture.session, capture.spec, LiveSource(source.specs, capture.session.assume(), plan))


def fresh(path: str) -> str:
    """A file beside this one that is not there yet."""
    if os.path.dirname(path) == spool_folder():
        path = spool_path()
    given = Path(path)
    number = 1
    while os.path.exists(path):
        number += 1
        path = str(given.with_stem(f"{given.stem}-{number}"))
    return path
