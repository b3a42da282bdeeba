"""Lines: one conversation of HDLC frames, on a wire or in TCP, and the links that share it.

| rule | start → end |
|---|---|
| line.collision | both sides send at once: start of one side's frame → end of the other's before it |

The link stage tells most collisions (problem line.collision, dissectors/link/collision.py); two good frames that
overlap are also told here, where stamps have their bounds. Echoes, glitches and markers of a line end nothing.
A frame of unknown direction tells nothing of turns; one with a bad check sequence, or octets lost,
ends every measurement that was under way on its line. What one link measures: timing_link.py.
"""

from analyzer.interval import Edge, Interval, between
from analyzer.timing_link import TO_CLIENT, TO_SERVER, Link
from analyzer.timing_plan import Book, Plan, Port
from dissectors import problem as P
from dissectors.record import Frame

LOST = frozenset((P.CAPTURE_LOSS.code, P.TCP_GAP.code, P.CAPTURE_CLOCK.code, P.CAPTURE_CLOCK_STEP.code))
COUNTED = Interval(1, 1, 1)
LINKS_MAX = 65_536  # address pairs of one line; garbage makes no more


class Links:
    """The links of one profile on one line: one conversation, heard by one receiver or by two."""

    def __init__(self, book: Book, plan: Plan) -> None:
        self.book = book
        self.plan = plan
        self.collisions = [book.column(plan, rule, -1, -1) for rule in plan.rules.get("line.collision", ())]
        self.links: dict[tuple[int, int, int], Link] = {}
        self.collides = bool(self.collisions) and plan.serial
        self.before: tuple[int, Edge] | None = None  # direction and end of the line's last frame

    def frame(self, f: Frame, plan: Plan) -> None:
        """Any frame of the line, and noise between; plan: of the channel that heard it."""
        value = f.value
        direction = f.direction
        problems = f.problems
        collided = bool(problems) and any(p.kind is P.LINE_COLLISION for p in problems)
        if collided:
            self._count(f, plan)
        if f.layer == "line":
            if collided or spoils(problems):
                self._lost()
            return
        if value is None or not value.good or (problems and spoils(problems)):
            if f.octets.strip(b"\x7e"):
                self._lost()
            return
        if direction > TO_CLIENT or (problems and any(p.kind is P.HDLC_ECHO for p in problems)):
            return
        client, server = (f.source, f.destination) if direction == TO_SERVER else (f.destination, f.source)
        key = (client, server, f.physical)
        link = self.links.get(key)
        if link is None:
            if len(self.links) >= LINKS_MAX:
                return
            port = Port(self.plan.channel.number, None, f.physical if f.physical >= 0 else server)
            link = self.links[key] = Link(self.book, self.plan, client, server, port)
        start, end = plan.moments(f)
        if self.collides:
            before = self.before
            self.before = (direction, end)
            if before is not None and before[0] != direction and not collided:
                self._collide(before[1], start)
        if direction == TO_SERVER:
            link.from_client(f, start, end, value.poll)
        else:
            link.from_server(f, start, end, value.poll)

    def _lost(self) -> None:
        """Octets that nobody can read, perhaps the answer: what was under way on this line is not known."""
        for link in self.links.values():
            link.forget()
        self.before = None

    def _count(self, f: Frame, plan: Plan) -> None:
        """A collision that the link stage told."""
        start, end = plan.moments(f)
        for column in self.collisions:
            column.measure(COUNTED, start.ns, f.no, end.ns, f.no)

    def _collide(self, ended: Edge, start: Edge) -> None:
        """The other side's frame ended at `ended`, and this one began."""
        if ended.ns is None or start.ns is None or start.ns >= ended.ns:
            return
        overlap = between(start, ended)
        if overlap.lo_ns is not None and overlap.lo_ns > 0:
            for column in self.collisions:
                column.measure(COUNTED, start.ns, start.frame, ended.ns, ended.frame)

    def end(self, now_ns: int | None) -> None:
        """The capture is over: frames that still wait for an answer are censored."""
        for link in self.links.values():
            link.finish(now_ns)


def spoils(problems: tuple[P.Problem, ...]) -> bool:
    """Whether the capture lost octets before this frame, or its clock was set."""
    return any(p.kind.code in LOST for p in problems)
