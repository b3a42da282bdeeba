"""Timers of TCP connections: connect, keep-alive, inactivity, simultaneous connections.

| rule | start → end |
|---|---|
| tcp.connect | first SYN → SYN-ACK |
| tcp.keep-alive | keep-alive segment → next one of the same side, no data between |
| tcp.inactivity | client's last data → FIN or RST of the server (closed), or its next answer (alive) |
| tcp.connections | connections of one server open at one time, counted at each SYN-ACK |

The client's data alone restart the inactivity timer: a meter's own pushes and bare acknowledgements do
not (class 41, attribute 6). A FIN of the server after the client's FIN, or after the release of the
association, is no time-out. SYNs come before any octet tells the profile: they wait for it.
"""

from analyzer.interval import Edge, Interval, between
from analyzer.timing_column import Column
from analyzer.timing_plan import Book, Plan, Port
from dissectors.record import Direction, Frame

TO_SERVER, TO_CLIENT = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
NAMES = ("tcp.connect", "tcp.keep-alive", "tcp.inactivity", "tcp.connections")
FLOWS_MAX = 65_536
NOWHERE = Port(-1, None, -1)
CLOSES = frozenset(("tcp.fin", "tcp.rst"))
REPEATS = frozenset(("tcp.ack", "tcp.retransmission"))
RELEASE = frozenset((0x62, 0x63))  # RLRQ, RLRE


class Flow:
    """One connection. syn, answer: frames of its handshake, until its profile is known."""

    __slots__ = ("answer", "closed", "gap", "heard", "host", "keep", "known", "released", "syn")

    def __init__(self) -> None:
        self.known: Timers | None = None
        self.syn: Frame | None = None
        self.answer: Frame | None = None
        self.heard: Edge | None = None  # end of the client's last data
        self.gap: tuple[Edge, Edge] | None = None  # end of the client's data, start of its next: answer awaited
        self.keep: dict[str | None, Edge] = {}
        self.host: str | None = None  # the server's
        self.released = False
        self.closed = False


class Timers:
    """The tcp.* columns of one profile on one channel. They speak of hosts, not of SAPs."""

    def __init__(self, book: Book, plan: Plan) -> None:
        self.book = book
        self.plan = plan
        self.connect, self.keep_alive, self.inactivity, self.connections = (
            book.of(plan, name, -1, -1) for name in NAMES
        )
        self.open: dict[str | None, int] = {}  # connections by server host


class Connections:
    """All connections of a run: fed with every frame that came over TCP."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.flows: dict[int, Flow] = {}
        self._timers: dict[tuple[str, int], Timers | None] = {}

    def timers(self, f: Frame) -> Timers | None:
        key = (f.profile, f.channel)
        try:
            return self._timers[key]
        except KeyError:
            plan = self.book.plan(f.profile, f.channel, "tcp")
            found = None
            if plan is not None and any(name in plan.rules for name in NAMES):
                found = Timers(self.book, plan)
            self._timers[key] = found
            return found

    def frame(self, f: Frame) -> None:
        """A wrapper PDU, an HDLC frame in TCP, or an event of the connection."""
        number = f.path.number
        flow = self.flows.get(number)
        kind = f.kind
        if flow is None or (kind == "tcp.syn" and flow.closed):
            if len(self.flows) >= FLOWS_MAX:
                self.flows.pop(next(iter(self.flows)))
            flow = self.flows[number] = Flow()
        if kind == "tcp.syn":
            if flow.syn is None:
                flow.syn = f
            elif flow.answer is None and f.path.source != flow.syn.path.source:
                flow.answer = f
        if kind in REPEATS:
            return
        timers = flow.known
        if timers is None:
            if not f.profile:
                return
            timers = flow.known = self.timers(f)
            if timers is None:
                return
        if flow.answer is not None:
            self._connected(flow, timers)
        if not kind.startswith("tcp."):
            flow.syn = None  # the answer to it was not captured
            self._data(flow, timers, f)
        elif kind in CLOSES:
            self._close(flow, timers, f)
        elif kind == "tcp.keep-alive":
            at = timers.plan.start(f)
            before = flow.keep.get(f.path.source)
            flow.keep[f.path.source] = at
            if before is not None:
                _measure(timers.keep_alive, before, at)
        elif kind == "tcp.gap":
            flow.heard = flow.gap = None

    def _connected(self, flow: Flow, timers: Timers) -> None:
        syn, answer = flow.syn, flow.answer
        flow.syn = flow.answer = None
        if syn is None or answer is None:
            return
        _measure(timers.connect, timers.plan.end(syn), timers.plan.start(answer))
        host = host_of(answer.path.source)
        count = timers.open[host] = timers.open.get(host, 0) + 1
        flow.host = host
        for column in timers.connections:
            limit = self.book.limit(column, Port(-1, host, -1))
            found = Interval(count, count, count)
            column.measure(found, syn.first_ns, syn.no, answer.first_ns, answer.no, 0, limit)

    def _data(self, flow: Flow, timers: Timers, f: Frame) -> None:
        if flow.keep:
            flow.keep.clear()
        if f.payload[:1] and f.payload[0] in RELEASE:
            flow.released = True
        if not timers.inactivity:
            return
        if f.direction == TO_SERVER:
            at, end = timers.plan.moments(f)
            flow.gap = None if flow.heard is None else (flow.heard, at)
            flow.heard = end
        elif f.direction == TO_CLIENT and flow.gap is not None:
            self._alive(timers, flow.gap, f)
            flow.gap = None

    def _alive(self, timers: Timers, gap: tuple[Edge, Edge], f: Frame) -> None:
        """The server answered the first data after a gap of the client."""
        start, end = gap
        found = between(start, end)
        ns, lo, hi = found.ns, found.lo_ns, found.hi_ns
        port = Port(-1, host_of(f.path.source), -1) if self.book.announced else NOWHERE
        for column in timers.inactivity:
            limit = self.book.limit(column, port)
            if ns is None or lo is None or hi is None or start.ns is None or end.ns is None:
                column.reacted(found, True, start.ns, start.frame, end.ns, end.frame, limit)
            else:
                column.alive(ns, lo, hi, start.ns, start.frame, end.ns, end.frame, limit)

    def _close(self, flow: Flow, timers: Timers, f: Frame) -> None:
        if flow.closed:
            return
        flow.closed, flow.syn = True, None
        if flow.host is not None:
            timers.open[flow.host] = max(0, timers.open.get(flow.host, 0) - 1)
        if f.direction != TO_CLIENT or flow.released or flow.heard is None:
            return
        at = timers.plan.start(f)
        gap = flow.gap
        if gap is not None and f.kind == "tcp.rst":  # the answer to data that came too late
            self._closed(timers, gap, f, False)
        else:
            self._closed(timers, (flow.heard, at), f, True)

    def _closed(self, timers: Timers, gap: tuple[Edge, Edge], f: Frame, exact: bool) -> None:
        """The server closed after this gap. exact: the moment was seen, so that closing between the two
        bounds of the time-out is pass too."""
        start, end = gap
        found = between(start, end)
        lo, hi = found.lo_ns, found.hi_ns
        port = Port(-1, host_of(f.path.source), -1)
        for column in timers.inactivity:
            limit = self.book.limit(column, port)
            low, high = limit.low, limit.high
            known = exact and column.timeout and high is not None and lo is not None and hi is not None
            if known and (low is None or (lo or 0) >= low) and (hi or 0) <= (high or 0):
                column.measure(found, start.ns, start.frame, end.ns, end.frame, 0, limit)
            else:
                column.reacted(found, False, start.ns, start.frame, end.ns, end.frame, limit)

    def end(self) -> None:
        """The capture is over: a SYN that nothing followed is unanswered; an open connection says nothing."""
        for flow in self.flows.values():
            if flow.known is not None and flow.syn is not None:
                for column in flow.known.connect:
                    column.silent(None, flow.syn.last_ns, flow.syn.no)


def _measure(columns: list[Column], start: Edge, end: Edge) -> None:
    found = between(start, end)
    for column in columns:
        column.measure(found, start.ns, start.frame, end.ns, end.frame)


def host_of(address: str | None) -> str | None:
    """The host of "host:port"."""
    return None if address is None else address.rpartition(":")[0]
