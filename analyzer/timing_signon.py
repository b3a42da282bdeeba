"""Timers of the IEC 62056-21 sign-on and readout on a serial line.

| rule | start → end |
|---|---|
| signon.reaction | end of a message → start of the answer to it, in either direction |
| signon.inter-character | largest gap between characters of a message |
| signon.baud-change | end of the acknowledgement at the old rate → start of what comes next at the new one |
| signon.set-up | start of the request → start of the data message, or of the protocol signed on to |
| signon.inactivity | end of the last message → next request, which finds the device in its start state |

Messages are told apart by their first characters, so that a line of unknown direction has its timers too.
"""

from analyzer.interval import Edge, Interval, between
from analyzer.timing_column import Column
from analyzer.timing_plan import Book, Plan
from dissectors.record import Direction, Frame

NAMES = (
    "signon.reaction", "signon.inter-character", "signon.baud-change", "signon.set-up", "signon.inactivity",
)  # fmt: skip
REQUEST, IDENTIFICATION, ACKNOWLEDGEMENT, DATA, OTHER = "request", "identification", "acknowledgement", "data", ""
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
    return DATA if head[:1] in (b"\x01", b"\x02") else OTHER


class SignOn:
    """The sign-on timers of one line."""

    def __init__(self, book: Book, plan: Plan) -> None:
        self.reaction, self.inter_character, self.baud_change, self.set_up, self.inactivity = (
            book.of(plan, name, -1, -1) for name in NAMES
        )
        self.last: tuple[str, int, Edge] | None = None  # shape, direction and end of the message before
        self.begun: Edge | None = None

    def frame(self, f: Frame, plan: Plan) -> None:
        """A message of the line, or the first frame of the protocol that it signed on to."""
        start, end = plan.start(f), plan.end(f)
        is_signon = f.layer == "iec62056-21"
        kind = shape(f.octets) if is_signon else OTHER
        last = self.last
        if last is not None:
            same = last[1] == f.direction != UNKNOWN
            if kind == REQUEST:
                if last[0] != REQUEST:
                    self._idle(last[2], start)
            elif not same:
                _measure(self.baud_change if last[0] == ACKNOWLEDGEMENT else [], last[2], start)
                _measure(self.reaction if is_signon else [], last[2], start)
        if kind == REQUEST:
            self.begun = start
        elif self.begun is not None and (kind == DATA or not is_signon):
            _measure(self.set_up, self.begun, start)
            self.begun = None
        if is_signon:
            self._inside(f, end)
        self.last = (kind, f.direction, end) if is_signon else None

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
            column.measure(found, None, f.no, end.ns, f.no)


def _measure(columns: list[Column], start: Edge, end: Edge) -> None:
    found = between(start, end)
    for column in columns:
        column.measure(found, start.ns, start.frame, end.ns, end.frame)
