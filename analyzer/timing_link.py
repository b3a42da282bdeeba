"""Timers of the HDLC and M-Bus link: who has the turn, since when, and what came of it.

One Link a pair of addresses of a conversation; several links share a two-wire line. All moments are
those of profile-format.md: end of a frame = end of its closing flag, start = its last opening flag.

| rule | start → end |
|---|---|
| link.response | end of a frame with P = 1 → start of any frame from the server, RR and RNR included |
| link.turn-around | end of the server's frame with F = 1 → start of the client's next frame |
| link.set-up | end of the first SNRM of an attempt → start of UA or DM |
| link.retry-interval | start of a frame with P = 1 → start of its repetition, nothing from the server between |
| link.retries | repetitions of one frame in a row |
| link.idle | end of a frame that stayed without answer → start of the next frame of its side |
| link.frame-gap, link.segment-gap | end of a frame with P/F = 0 (of a segment) → start of the side's next frame |
| link.window-stall | end of the I frame that fills the window → start of the frame that acknowledges it |
| link.inter-octet | largest gap inside a frame; as a time-out of the meter, inside a frame of the client |
| link.inactivity | end of the client's last frame → its next frame, judged by what the server then does |
| app.session | start of the first SNRM → end of the UA or DM that answers DISC |
"""

from typing import Any

from analyzer.interval import DRIFT, Edge, Interval, between
from analyzer.timing_column import Column
from analyzer.timing_plan import Book, Plan, Port
from dissectors.record import Direction, Frame

TO_SERVER, TO_CLIENT = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
CONNECTING = ("SNRM", "DISC")
DATA = frozenset(("I", "RR", "RNR"))  # what a server answers with DM once its link has timed out
NAMES = (
    "link.response", "link.turn-around", "link.set-up", "link.retry-interval", "link.retries", "link.idle",
    "link.frame-gap", "link.segment-gap", "link.window-stall", "link.inter-octet", "link.inactivity",
)  # fmt: skip


def measure(columns: list[Column], start: Edge, end: Edge) -> None:
    """The length from start to end, to each column. What is known of both ends takes the short way."""
    a, b = start.ns, end.ns
    if a is None or b is None:
        found = between(start, end)
        for column in columns:
            column.measure(found, a, start.frame, b, end.frame)
        return
    ns = b - a
    if start.needs or end.needs or (start.record == end.record and start.record):
        needs = start.needs or end.needs or "octet-times"
        for column in columns:
            column.vaguely(ns, needs, a, start.frame, b, end.frame)
        return
    both = -(-abs(ns) // DRIFT)
    lo, hi = ns - end.early_ns - start.late_ns - both, ns + end.late_ns + start.early_ns + both
    for column in columns:
        column.span(ns, lo, hi, a, start.frame, b, end.frame)


class Link:
    """One link as far as the capture shows it."""

    def __init__(self, book: Book, plan: Plan, client: int, server: int, port: Port) -> None:
        def columns(name: str, *phases: str | None) -> list[Column]:
            return [
                book.column(plan, rule, client, server)
                for rule in plan.rules.get(name, ())
                if rule.timing.when.phase in (None, *phases)
            ]

        self.book = book
        self.plan = plan
        self.port = port

        def of_side(name: str) -> tuple[list[Column], list[Column]]:
            """(client's, server's): the columns that speak of each side's own octets."""
            found = columns(name)
            return tuple([c for c in found if c.timing.subject in (side, "network")] for side in ("client", "server"))  # type: ignore[return-value]

        self.response = {True: columns(NAMES[0], "link-set-up"), False: columns(NAMES[0], "data", "association")}
        self.turn_around, self.set_up, self.retry_interval, self.retries, self.idle = map(columns, NAMES[1:6])
        self.frame_gap, self.segment_gap, stalls = map(of_side, NAMES[6:9])
        self.stall = (stalls[1], stalls[0])  # whose full window waits: the other side is to acknowledge it
        inside = columns("link.inter-octet")
        # A time-out is the receiver's: of the server, it bears the gaps of the client's octets.
        self.octet_timeout = [c for c in inside if c.timeout and c.timing.subject != "client"]
        self.octet_delay = tuple(
            [c for c in inside if not c.timeout and c.timing.subject in (side, "network")]
            for side in ("client", "server")
        )
        delays = self.octet_delay[TO_SERVER]
        self.unseen_up = {False: delays, True: delays + self.octet_timeout}  # by whether the frame gives the turn
        self.inactivity = columns("link.inactivity")
        self.session = columns("app.session")
        self.windows = [plan.profile.integer("hdlc", name, 1) for name in ("window_rx", "window_tx")]  # of each sender
        self.forget()
        self.session_start: Edge | None = None

    def forget(self) -> None:
        """Nothing that was under way can be measured any more."""
        self.pending: Edge | None = None  # end of a client frame that gave the turn
        self.pending_start: Edge | None = None
        self.pending_octets = b""
        self.pending_kind = ""
        self.repeats = 0
        self.turn: Edge | None = None  # end of a server frame that gave it back
        self.burst: tuple[int, bool, Edge] | None = None  # side, S bit, end of the last frame, where it kept the turn
        self.heard: Edge | None = None  # end of the client's last frame
        self.gap: tuple[Edge, Edge, Edge] | None = None  # end of a client frame; start and end of its next
        self.octet_gap: tuple[Edge, Interval] | None = None
        self.asked: Edge | None = None  # end of the first SNRM
        self.closing = False  # DISC is on its way
        self.filled: list[tuple[int, Edge] | None] = [None, None]  # (N(R) that acknowledges, end of the I frame)
        self.acknowledged = [0, 0]  # N(R) that the other side said last

    # -- client ----------------------------------------------------------------------------------------

    def from_client(self, f: Frame, start: Edge, end: Edge, passes: bool) -> None:
        kind, value = f.kind, f.value
        again = False
        if self.pending is not None:
            again = f.octets == self.pending_octets
            self._no_answer(self.pending, start, again)
        if self.burst is not None:
            self._same_side(self.burst, start, TO_SERVER)
        self.burst = None if passes else (TO_SERVER, value.segmented, end)
        if self.turn is not None:
            if self.turn_around:
                measure(self.turn_around, self.turn, start)
            self.turn = None
        if self.inactivity:
            heard, before = self.heard, self.gap
            if before is not None:
                self._silence_of_client(before)
            self.gap = (heard, start, end) if heard is not None and kind in DATA else None
        if f.gap_ns is None or not self.plan.serial:
            for column in self.unseen_up[passes]:
                column.unseen(end.ns, f.no)
        elif self.unseen_up[passes]:
            self._inside(f.gap_ns, end, passes, TO_SERVER)
        if kind == "SNRM":
            self.asked = self.asked or end
            self.acknowledged, self.filled = [0, 0], [None, None]
            self.session_start = self.session_start or start
        else:
            self._windows(kind, value, start, end, again, TO_SERVER)
        self.closing = kind == "DISC"
        if passes:
            if not again:
                self.repeats = 0
            self.pending, self.pending_start = end, start
            self.pending_octets, self.pending_kind = f.octets, kind
        self.heard = end

    def _no_answer(self, pending: Edge, start: Edge, again: bool) -> None:
        """The client sends although it waits: silence so far, and perhaps a repetition."""
        measure(self.idle, pending, start)
        self.silent(start.ns)
        if again:
            self.repeats += 1
            if self.pending_start is not None:
                measure(self.retry_interval, self.pending_start, start)
        else:
            self._count_retries(start)
        self.pending = None
        if self.octet_gap is not None:
            self._react_octets(False, start)

    def silent(self, until_ns: int | None) -> None:
        """The frame that gave the turn got no answer until then."""
        pending = self.pending
        if pending is not None:
            waited = None if until_ns is None or pending.ns is None else until_ns - pending.ns
            for column in self.response[self.pending_kind in CONNECTING]:
                column.silent(waited, pending.ns, pending.frame)

    def finish(self, now_ns: int | None) -> None:
        """The capture is over."""
        self.silent(now_ns)
        if self.pending is not None:
            self._count_retries(self.pending)
        self.forget()

    def _count_retries(self, at: Edge) -> None:
        if self.repeats:
            found = Interval(self.repeats, self.repeats, self.repeats)
            for column in self.retries:
                column.measure(found, None, 0, at.ns, at.frame)
            self.repeats = 0

    def _silence_of_client(self, before: tuple[Edge, Edge, Edge]) -> None:
        """The frame after the gap got no answer: closed, if the gap was long enough."""
        gap = between(before[0], before[1])
        for column in self.inactivity:
            limit = self.book.limit(column, self.port)
            if limit.high is not None and gap.lo_ns is not None and gap.lo_ns > limit.high:
                column.reacted(gap, False, before[0].ns, before[0].frame, before[1].ns, before[1].frame, limit)

    def _react(self, gap: tuple[Edge, Edge, Edge], alive: bool) -> None:
        """The server answered the first frame after a gap of the client, or said that the link is closed."""
        heard, sent, end = gap
        self.gap = None
        a, b = heard.ns, sent.ns
        same = heard.record == sent.record and heard.record
        if a is None or b is None or end.ns is None or heard.needs or sent.needs or same:
            found = between(heard, sent)
            for column in self.inactivity:
                limit = self.book.limit(column, self.port)
                if found.ns is not None and found.lo_ns is None and limit is column.limit:
                    column.doubtfully(found.ns, found.needs, a, heard.frame, b, sent.frame)
                else:
                    column.reacted(found, alive, a, heard.frame, b, sent.frame, limit)
            return
        ns = b - a
        both = -(-abs(ns) // DRIFT)
        lo, hi = ns - sent.early_ns - heard.late_ns - both, ns + sent.late_ns + heard.early_ns + both
        if lo < 0 <= ns:
            lo = 0
        if end.ns > b:
            hi += end.ns - b  # the receiver's timer stops somewhere in this frame
        for column in self.inactivity:
            limit = self.book.limit(column, self.port)
            if alive:
                column.alive(ns, lo, hi, a, heard.frame, b, sent.frame, limit)
            else:
                column.reacted(Interval(ns, lo, hi), False, a, heard.frame, b, sent.frame, limit)

    def _windows(self, kind: str, value: Any, start: Edge, end: Edge, again: bool, side: int) -> None:
        """Full windows: one of the other side that this frame acknowledges, one of its own that it fills."""
        filled = self.filled
        there, nr = 1 - side, value.nr
        other = filled[there]
        if other is not None and nr == other[0]:
            if self.stall[there]:
                measure(self.stall[there], other[1], start)
            filled[there] = None
        if nr >= 0:
            self.acknowledged[there] = nr
        if kind == "I" and self.stall[side]:
            after = (value.ns + 1) & 7
            if (after - self.acknowledged[side]) & 7 >= self.windows[side] and not again:
                filled[side] = (after, end)

    def _inside(self, gap: int, end: Edge, passes: bool, side: int) -> None:
        """The largest gap between octets: what a receiver's inter-octet time-out had to bear."""
        if end.needs:
            found = Interval(gap, None, None, end.needs)
        else:
            wide = end.early_ns + end.late_ns
            found = Interval(gap, max(0, gap - wide), gap + wide)
        if side == TO_SERVER and passes and self.octet_timeout:
            self.octet_gap = (end, found)
        for column in self.octet_delay[side]:
            limit = self.book.limit(column, self.port)
            column.measure(found, None, end.frame, end.ns, end.frame, 0, limit)

    def _react_octets(self, alive: bool, at: Edge) -> None:
        assert self.octet_gap is not None
        end, found = self.octet_gap
        self.octet_gap = None
        for column in self.octet_timeout:
            limit = self.book.limit(column, self.port)
            if not alive and (found.lo_ns is None or limit.high is None or found.lo_ns <= limit.high):
                continue  # silence has many causes: only a gap beyond the limit explains it
            column.reacted(found, alive, None, end.frame, at.ns, at.frame, limit)

    # -- server ----------------------------------------------------------------------------------------

    def from_server(self, f: Frame, start: Edge, end: Edge, passes: bool) -> None:
        kind, value = f.kind, f.value
        pending = self.pending
        if pending is not None:
            measure(self.response[self.pending_kind in CONNECTING], pending, start)
            if self.repeats:
                self._count_retries(start)
            self.pending = None
        if self.burst is not None:
            self._same_side(self.burst, start, TO_CLIENT)
        self.burst = None if passes else (TO_CLIENT, value.segmented, end)
        if self.gap is not None:
            self._react(self.gap, kind != "DM")
        if self.octet_gap is not None:
            self._react_octets(True, start)
        if self.asked is not None and kind in ("UA", "DM"):
            measure(self.set_up, self.asked, start)
            self.asked = None
            told = value.detail
            agreed = (getattr(told, "window_rx", -1), getattr(told, "window_tx", -1))
            self.windows = [new if new > 0 else old for new, old in zip(agreed, self.windows)]
        if f.gap_ns is None or not self.plan.serial:
            for column in self.octet_delay[TO_CLIENT]:
                column.unseen(end.ns, f.no)
        elif self.octet_delay[TO_CLIENT]:
            self._inside(f.gap_ns, end, passes, TO_CLIENT)
        self._windows(kind, value, start, end, False, TO_CLIENT)
        if kind == "UA" or kind == "DM":
            passes = self._answered(kind, end) and passes
        self.closing = False
        self.turn = end if passes else None

    def _answered(self, kind: str, end: Edge) -> bool:
        """UA or DM; whether somebody has the turn after it: between sessions nobody has."""
        if self.closing and self.session_start is not None:
            measure(self.session, self.session_start, end)
            self.session_start = None
        if self.closing or kind == "DM":
            self.heard = None
            return False
        return True

    def _same_side(self, before: tuple[int, bool, Edge], start: Edge, side: int) -> None:
        """The gap to the side's frame before, which kept the turn."""
        of, segmented, end = before
        if of == side:
            measure(self.frame_gap[side], end, start)
            if segmented:
                measure(self.segment_gap[side], end, start)
