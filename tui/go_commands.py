"""Commands that go to another row: by number, to what belongs to the selected one, back and forward."""

import re
from collections.abc import Callable

from dissectors.errors import UsageError
from tui.capture_base import CaptureBase
from tui.line_dialog import LineDialog

LEVEL_OF = {"": "frame", "f": "frame", "m": "message", "x": "exchange"}
NUMBER = re.compile(r"([fmx]?)\s*(\d{1,9})", re.IGNORECASE)
STEPS = 2_000  # rows looked at for one that the filter shows

Next = Callable[[str, int, int], int]  # (level, number, step 1 or -1) -> number, 0 for none


class GoCommands(CaptureBase):
    """go.*"""

    # -- by number -------------------------------------------------------------------------------------------

    def action_go_frame(self) -> None:
        def typed(line: str | None) -> None:
            if line is not None:
                self.jump(*self.row_named(line))

        self.app.push_screen(
            LineDialog("Go to frame (12), message (m12) or exchange (x12)", check=self.row_named), typed
        )

    def row_named(self, line: str) -> tuple[str, int]:
        """The row that "12", "m12" or "x3" means. UsageError: none."""
        match = NUMBER.fullmatch(line.strip())
        if match is None:
            raise UsageError(f"{line.strip()!r} is no row: expected a frame number, or m12 or x12")
        level, number = LEVEL_OF[match[1].lower()], int(match[2])
        count = self.counts.of(level)
        if not 1 <= number <= count:
            raise UsageError(f"no {level} {number}: there are {level}s 1 to {count}" if count else f"no {level}s yet")
        return level, number

    # -- what belongs to the selected row ---------------------------------------------------------------------

    def action_go_counterpart(self) -> None:
        packets = self.packets
        level, no = packets.level, packets.no
        if not no:
            return
        with self.capture.turn():
            found = self.capture.links.counterpart(level, no)
            why = "" if found else self._why_alone(level, no)
        if found:
            self.jump(level, found)
        else:
            self.say(why, "warning")

    def _why_alone(self, level: str, no: int) -> str:
        """Why a row has no counterpart. In the capture's turn."""
        if level == "exchange":
            return "an exchange is request and response in one; e shows its messages"
        links, analysis = self.capture.links, self.capture.analysis
        numbers = links.messages_of_frame(no) if level == "frame" else (no,)
        if not numbers:
            return "this frame carries no APDU, so it is no request or response"
        m = analysis.message(numbers[0])
        if m.apdu.role == "unsolicited":
            return f"{m.apdu.name} is sent unasked: it has no request"
        if m.apdu.role == "response":
            return "no request: it is not in the capture"
        if m.apdu.role == "request":
            if not m.apdu.confirmed:
                return "no response: the request is unconfirmed, it asks for none"
            still = " so far" if self.capture.state in ("reading", "live") else ""
            return f"no response: the request was not answered{still}"
        return f"no counterpart: {m.apdu.name} is not known as a request or a response"

    def action_go_next_association(self) -> None:
        self._along("association", self.capture.links.same_association, 1)

    def action_go_previous_association(self) -> None:
        self._along("association", self.capture.links.same_association, -1)

    def action_go_next_object(self) -> None:
        self._along("object", self.capture.links.same_object, 1)

    def action_go_previous_object(self) -> None:
        self._along("object", self.capture.links.same_object, -1)

    def _along(self, what: str, next_of: Next, step: int) -> None:
        """To the next row that has the same association, or object, as this one, and that the filter shows."""
        if not self.packets.no:
            return
        with self.capture.turn():
            why = "" if self._has(what) else f"this {self.packets.level} has no {what}"
        if why:
            self.say(why, "warning")
        else:
            self._step(f"row of this {what}", next_of, step)

    def _has(self, what: str) -> bool:
        """Whether the selected row has an association, or an object. In the capture's turn."""
        packets, analysis = self.packets, self.capture.analysis
        level, no = packets.level, packets.no
        if level == "exchange":
            e = analysis.exchange(no)
            return bool(e.association) if what == "association" else e.target is not None
        if level == "frame":
            return True  # one without an APDU stands between those of some association
        m = analysis.message(no)
        return bool(m.association) if what == "association" else m.target is not None

    def action_go_next_finding(self) -> None:
        self._step("finding", self._next_finding, 1)

    def action_go_previous_finding(self) -> None:
        self._step("finding", self._next_finding, -1)

    def _next_finding(self, level: str, no: int, step: int) -> int:
        return self.capture.links.next_finding(self.capture.analysis.findings, level, no, step)

    def action_go_next_mark(self) -> None:
        self._step("mark", self._next_mark, 1)

    def action_go_previous_mark(self) -> None:
        self._step("mark", self._next_mark, -1)

    def _next_mark(self, level: str, no: int, step: int) -> int:
        convert = self.capture.links.convert
        rows = [row for frame in self.packets.marked if ((row := convert("frame", frame, level)) - no) * step > 0]
        return min(rows, key=lambda row: abs(row - no), default=0)

    def _step(self, what: str, next_of: Next, step: int) -> None:
        """To the nearest such row that is shown; says so where there is none."""
        packets = self.packets
        level, shown = packets.level, packets.shown
        hidden, no = 0, packets.no
        with self.capture.turn():
            no = next_of(level, no, step)
            while no and not shown.has(no) and hidden < STEPS:
                hidden += 1
                no = next_of(level, no, step)
        way = "further" if step > 0 else "earlier"
        if no and shown.has(no):
            self.jump(level, no)
        elif not hidden:
            self.say(f"no {way} {what}", "warning")
        elif no:
            self.say(f"no {way} {what} among the next {hidden}: the filter hides them", "warning")
        else:
            self.say(f"no {way} {what} is shown: the filter hides {hidden}", "warning")

    # -- where a person came from ------------------------------------------------------------------------------

    def action_go_back(self) -> None:
        self._return(self.history, self.future, "nothing to go back to")

    def action_go_forward(self) -> None:
        self._return(self.future, self.history, "nothing to go forward to")

    def _return(self, from_: list[tuple[str, str, int]], to: list[tuple[str, str, int]], why: str) -> None:
        if not from_:
            self.say(why, "warning")
            return
        to.append(self.here())
        view, level, no = from_.pop()
        self.show_view(view)
        if view == "packets" and no:
            if level != self.packets.level:
                self.packets.to_level(level)
                self.settings.level = level
            self.packets.select(level, no)
