"""Timers of the IEC 62056-21 sign-on, readout and telegrams on a serial line.

| rule | start → end |
|---|---|
| signon.reaction | end of a message → start of the answer to it, in either direction |
| signon.inter-character | largest gap between characters of a message |
| signon.baud-change | end of the acknowledgement at the old rate → start of what comes next at the new one |
| signon.set-up | start of the request → start of the data message, or of the protocol signed on to |
| signon.inactivity | end of the last message → next request, which finds the device in its start state |
| signon.wake-up | start → end of a wake-up message |
| signon.wake-up-wait | end of a wake-up message → start of the request |
| signon.period | start of a telegram that nobody asked for → start of the next one |

What a message is, and the mode and reaction time that an identification announces, its layer says (IEC 62056-21,
6.3 and 6.4), so that a line of unknown direction has its timers too.
"""

from analyzer.interval import Edge, Interval, between
from analyzer.timing_column import Column
from analyzer.timing_plan import Book, Plan
from dissectors.link.iec62056_21 import Iec21, read
from dissectors.record import Direction, Frame

NAMES = (
    "signon.reaction", "signon.inter-character", "signon.baud-change", "signon.set-up", "signon.inactivity",
    "signon.wake-up", "signon.wake-up-wait", "signon.period",
)  # fmt: skip
UP, DOWN, UNKNOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)
SIDES = {"client": UP, "server": DOWN}
TELEGRAMS = frozenset(("p1", "mode-d"))
# What follows a sign-on goes on in the phase before it.
PHASES = {
    "request": "sign-on", "identification": "sign-on", "option-select": "sign-on", "wake-up": "sign-on",
    "data": "readout", "command": "programming", "break": "programming", "p1": "push", "mode-d": "push",
}  # fmt: skip


def value_of(f: Frame) -> Iec21 | None:
    """The layer's value of a frame: as the link stage made it, or read again."""
    return f.value if isinstance(f.value, Iec21) else read(f.octets)[0]


class SignOn:
    """The sign-on timers of one line."""

    def __init__(self, book: Book, plan: Plan) -> None:
        (
            self.reaction, self.inter_character, self.baud_change, self.set_up, self.inactivity, self.wake_up,
            self.wake_up_wait, self.period,
        ) = (book.of(plan, name, -1, -1) for name in NAMES)  # fmt: skip
        self.last: tuple[str, int, Edge] | None = None  # kind, direction and end of the message before
        self.begun: Edge | None = None
        self.telegram: Edge | None = None  # start of the last one
        self.mode = ""  # not known before an identification
        self.third_letter = ""
        self.phase = ""

    def _measure(self, columns: list[Column], start: Edge, end: Edge, direction: int = UNKNOWN) -> None:
        """direction: of what ends the time, where a rule may blame one side for it."""
        found = between(start, end)
        for column in columns:
            if self._holds(column) and direction in (UNKNOWN, SIDES.get(column.timing.subject, direction)):
                column.measure(found, start.ns, start.frame, end.ns, end.frame)

    def _holds(self, column: Column) -> bool:
        """Whether a rule's condition fits the message at hand on a line in the mode announced."""
        when = column.timing.when
        return (
            when.mode in (None, self.mode)
            and when.phase in (None, self.phase)
            and when.third_letter in (None, self.third_letter)
        )

    def frame(self, f: Frame, plan: Plan) -> None:
        """A message of the line, or the first frame of the protocol that it signed on to, or noise between."""
        start, end = plan.start(f), plan.end(f)
        value = value_of(f) if f.layer == "iec62056-21" else None
        if value is None:
            self._other(f, start)
            return
        self._learn(value)
        kind, last = value.kind, self.last
        if kind == "request":
            if last is not None and last[0] == "wake-up":
                self._measure(self.wake_up_wait, last[2], start)
            elif last is not None and last[0] != "request":
                self._idle(last[2], start)
            self.begun = start
        elif kind in TELEGRAMS:
            if self.telegram is not None:
                self._measure(self.period, self.telegram, start)
            self.telegram = start
        elif kind == "wake-up":
            self._measure(self.wake_up, start, end)
            if last is not None:
                self._idle(last[2], start)
        elif last is not None and not last[1] == f.direction != UNKNOWN:
            if last[0] == "option-select" and last[1] != DOWN:  # the device confirms at the new rate
                self._measure(self.baud_change, last[2], start)
            self._measure(self.reaction, last[2], start, f.direction)
        if self.begun is not None and kind in ("data", "command"):
            self._measure(self.set_up, self.begun, start)
            self.begun = None
        self._inside(f, end)
        self.last = (kind, f.direction, end)

    def _learn(self, value: Iec21) -> None:
        """What a message says of the dialogue: mode, reaction time, phase."""
        if value.kind == "identification":
            self.mode = value.mode
            self.third_letter = "lower" if value.fast else "upper"
        elif value.kind in TELEGRAMS:
            self.mode = "D"
        programs = self.phase == "programming" and value.kind == "data"
        if not programs:
            self.phase = PHASES.get(value.kind, self.phase)

    def _other(self, f: Frame, start: Edge) -> None:
        """The first frame of HDLC, or octets that form no message: a receiver at the old rate hears such."""
        last = self.last
        if last is not None and last[0] == "option-select" and last[1] != DOWN:
            self._measure(self.baud_change, last[2], start)
        if f.layer == "hdlc" and self.begun is not None:
            self._measure(self.set_up, self.begun, start)
            self.begun = None
        self.last = None

    def _idle(self, before: Edge, start: Edge) -> None:
        """A new request after other traffic: it went back to its start state, if it then answers."""
        found = between(before, start)
        for column in self.inactivity:
            if not column.timeout:
                column.measure(found, before.ns, before.frame, start.ns, start.frame)

    def _inside(self, f: Frame, end: Edge) -> None:
        if not self.inter_character:
            return
        gap = f.gap_ns
        if gap is None:
            found = Interval(None, None, None, "octet-times")
        elif end.needs:
            found = Interval(gap, None, None, end.needs)
        else:
            wide = end.early_ns + end.late_ns
            found = Interval(gap, max(0, gap - wide), gap + wide)
        for column in self.inter_character:
            if self._holds(column):
                column.measure(found, None, f.no, end.ns, f.no)
