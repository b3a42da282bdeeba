"""Timers of the IEC 62056-21 sign-on and readout on a serial line.

| rule | start → end |
|---|---|
| signon.reaction | end of a message → start of the answer to it, in either direction |
| signon.inter-character | largest gap between characters of a message |
| signon.baud-change | end of the acknowledgement at the old rate → start of what comes next at the new one |
| signon.set-up | start of the request → start of the data message, or of the protocol signed on to |
| signon.inactivity | end of the last message → next request, which finds the device in its start state |

Messages are told apart by their first characters, so that a line of unknown direction has its timers too.
The mode that a rule may ask for is what the identification announces: the baud rate character is a digit
in C, with the sequence \\2 in E, a letter in B, anything else in A (IEC 62056-21, 6.3.2 and 6.4).
"""

from analyzer.interval import Edge, Interval, between
from analyzer.timing_column import Column
from analyzer.timing_plan import Book, Plan
from dissectors.record import Direction, Frame

NAMES = (
    "signon.reaction", "signon.inter-character", "signon.baud-change", "signon.set-up", "signon.inactivity",
)  # fmt: skip
REQUEST, IDENTIFICATION, ACKNOWLEDGEMENT, DATA, PROGRAMMING, OTHER = (
    "request", "identification", "acknowledgement", "data", "programming", "",
)  # fmt: skip
UNKNOWN = int(Direction.UNKNOWN)


def shape(octets: bytes) -> str:
    """What a message is, by its first characters (parity bits left out): IEC 62056-21, 6.3."""
    head = bytes(octet & 0x7F for octet in octets.lstrip(b"\0")[:2])
    if head == b"/?":
        return REQUEST
    if head[:1] == b"/":
        return IDENTIFICATION
    if head[:1] == b"\x06" and len(octets) >= 4:
        return ACKNOWLEDGEMENT
    return {b"\x01": PROGRAMMING, b"\x02": DATA}.get(head[:1], OTHER)


PHASES = {
    REQUEST: "sign-on",
    IDENTIFICATION: "sign-on",
    ACKNOWLEDGEMENT: "sign-on",
    DATA: "readout",
    PROGRAMMING: "programming",
}


def mode_of(identification: bytes) -> str:
    """The mode that an identification message announces."""
    text = bytes(octet & 0x7F for octet in identification)
    if b"\\2" in text:
        return "E"
    z = text[4:5]
    return "C" if z.isdigit() else "B" if z.isalpha() else "A"


class SignOn:
    """The sign-on timers of one line."""

    def __init__(self, book: Book, plan: Plan) -> None:
        self.reaction, self.inter_character, self.baud_change, self.set_up, self.inactivity = (
            book.of(plan, name, -1, -1) for name in NAMES
        )
        self.last: tuple[str, int, Edge] | None = None  # shape, direction and end of the message before
        self.begun: Edge | None = None
        self.mode = ""  # not known before an identification

    def _measure(self, columns: list[Column], start: Edge, end: Edge, kind: str) -> None:
        found = between(start, end)
        for column in columns:
            if self._holds(column, kind):
                column.measure(found, start.ns, start.frame, end.ns, end.frame)

    def _holds(self, column: Column, kind: str) -> bool:
        """Whether a rule's condition fits a message of this kind on a line in the mode announced."""
        when = column.timing.when
        return when.mode in (None, self.mode) and when.phase in (None, PHASES.get(kind))

    def frame(self, f: Frame, plan: Plan) -> None:
        """A message of the line, or the first frame of the protocol that it signed on to."""
        start, end = plan.start(f), plan.end(f)
        is_signon = f.layer == "iec62056-21"
        kind = shape(f.octets) if is_signon else OTHER
        if kind == IDENTIFICATION:
            self.mode = mode_of(f.octets)
        last = self.last
        if last is not None:
            same = last[1] == f.direction != UNKNOWN
            if kind == REQUEST:
                if last[0] != REQUEST:
                    self._idle(last[2], start)
            elif not same:
                self._measure(self.baud_change if last[0] == ACKNOWLEDGEMENT else [], last[2], start, kind)
                self._measure(self.reaction if is_signon else [], last[2], start, kind)
        if kind == REQUEST:
            self.begun = start
        elif self.begun is not None and (kind in (DATA, PROGRAMMING) or not is_signon):
            self._measure(self.set_up, self.begun, start, kind)
            self.begun = None
        if is_signon:
            self._inside(f, end, kind)
        self.last = (kind, f.direction, end) if is_signon else None

    def _idle(self, before: Edge, start: Edge) -> None:
        """A new request after other traffic: it went back to its start state, if it then answers."""
        found = between(before, start)
        for column in self.inactivity:
            if not column.timeout:
                column.measure(found, before.ns, before.frame, start.ns, start.frame)

    def _inside(self, f: Frame, end: Edge, kind: str) -> None:
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
            if self._holds(column, kind):
                column.measure(found, None, f.no, end.ns, f.no)
