"""Timers that messages tell: block to block, pushes, sessions; and the limits that meters announce.

| rule | start → end |
|---|---|
| app.block-to-block | end of the request for the next block, or of an acknowledgement → start of that block |
| app.push-period | start of a push → start of the next push of the same list from the same server |
| app.push-jitter | start of a push, as the median period foretells it → its start |
| app.push-repetition | end of a push → start of the equal push after it |
| app.session | start of the AARQ → end of the RLRE (where no link has a session of its own) |

Pushes are of one list when server, service and length agree: a list's values change, its form does not.
"""

from array import array
from itertools import pairwise

from analyzer.interval import Edge, Interval, between, drift
from analyzer.model import Message
from analyzer.timing_app import Edges
from analyzer.timing_column import Column
from analyzer.timing_plan import ATTRIBUTE_NS, Book, Plan, Port
from analyzer.timing_tcp import host_of
from dissectors.cursor import Cursor, Stop
from dissectors.data import build
from dissectors.record import Direction

TO_CLIENT = int(Direction.TO_CLIENT)
LISTS_MAX = 4096  # push lists told apart; more are not followed
PUSH_RULES = ("app.push-period", "app.push-jitter", "app.push-repetition")


class Pushes:
    """One list of one server: its last push, and all starts where the jitter is asked for."""

    __slots__ = ("end", "frames", "needs", "octets", "start", "starts", "width_ns")

    def __init__(self) -> None:
        self.start: Edge | None = None
        self.end: Edge | None = None
        self.octets = b""
        self.starts = array("q")
        self.frames = array("Q")
        self.width_ns = 0  # how far two stamps together may be off
        self.needs = ""


class Messages:
    """What one plan watches for in messages. idle: nothing, so that messages pass by."""

    def __init__(self, book: Book, plan: Plan, edges: Edges) -> None:
        self.book = book
        self.plan = plan
        self.edges = edges
        rules = plan.rules
        self.careful = plan.serial or plan.channel.one_sided
        self.blocks = "app.block-to-block" in rules
        self.pushes = any(name in rules for name in PUSH_RULES)
        self.session = "app.session" in rules and not any("hdlc" in s.layers for s in plan.profile.stacks)
        parameters = {rule.timing.parameter for found in rules.values() for rule in found} - {None}
        self.announced = frozenset(p for p in parameters if p in ATTRIBUTE_NS)
        self.classes = frozenset(int(p.partition(".")[0]) for p in self.announced if p)
        self.services: frozenset[str] = frozenset(
            (("data-notification", "event-notification", "information-report") if self.pushes else ())
            + (("association", "release") if self.session else ())
        )
        self.asked: dict[tuple[int, int, int, int], Edge] = {}  # requests for a further block
        self.lists: dict[tuple[int, int, str, int], Pushes] = {}
        self.begun: dict[tuple[int, int, int], Edge] = {}
        self._columns: dict[tuple[str, int, int], list[Column]] = {}
        self.idle = not (self.careful or self.blocks or self.services or self.classes)

    def columns(self, name: str, client: int, server: int) -> list[Column]:
        """The columns of a rule, looked up once."""
        key = (name, client, server)
        found = self._columns.get(key)
        if found is None:
            found = self._columns[key] = self.book.of(self.plan, name, client, server)
        return found

    def message(self, m: Message) -> None:
        """Any message of the plan's profile, channel and transport."""
        if self.careful:
            pdu = m.pdu
            spread = self.plan.spread(pdu.uncertainty_ns, len(pdu.octets))
            self.edges.add(pdu.first_ns, spread)
            self.edges.add(pdu.last_ns, spread)
        apdu = m.apdu
        if self.blocks and (m.request or apdu.block is not None):
            self._block(m)
        if apdu.service in self.services:
            if apdu.role == "unsolicited":
                self._push(m)
            elif self.session:
                self._session(m)
        target = m.target
        if target is not None and target.class_id in self.classes and apdu.role == "response":
            self._announce(m)

    # -- block to block ---------------------------------------------------------------------------------

    def _block(self, m: Message) -> None:
        pdu = m.pdu
        key = (pdu.path.number, pdu.client, pdu.server, pdu.physical)
        if m.apdu.role == "request":
            if m.request or (m.apdu.block is not None and m.apdu.block.acknowledges):
                self.asked[key] = self.plan.closing(pdu)
            return
        asked = self.asked.pop(key, None)
        if asked is not None:
            _measure(self.columns("app.block-to-block", pdu.client, pdu.server), asked, self.plan.opening(pdu))

    # -- pushes -------------------------------------------------------------------------------------------

    def _push(self, m: Message) -> None:
        pdu, plan = m.pdu, self.plan
        key = (pdu.client, pdu.server, pdu.path.source or "", len(pdu.octets))
        known = self.lists.get(key)
        if known is None:
            if len(self.lists) >= LISTS_MAX:
                return
            known = self.lists[key] = Pushes()
        start = plan.opening(pdu)
        if known.start is not None and known.end is not None:
            _measure(self.columns("app.push-period", pdu.client, pdu.server), known.start, start)
            if known.octets == pdu.octets:
                columns = self.columns("app.push-repetition", pdu.client, pdu.server)
                _measure(columns, known.end, start)
        known.start, known.end, known.octets = start, plan.closing(pdu), pdu.octets
        if start.ns is not None and "app.push-jitter" in plan.rules:
            known.starts.append(start.ns)
            known.frames.append(start.frame)
            known.needs = known.needs or start.needs
            known.width_ns = max(known.width_ns, start.early_ns + start.late_ns)

    def end(self) -> None:
        """The capture is over: the median period is known now."""
        for (client, server, _, _), known in self.lists.items():
            starts, frames = known.starts, known.frames
            if len(starts) < 3:
                continue
            gaps = sorted(b - a for a, b in pairwise(starts))
            median = gaps[len(gaps) // 2]
            columns = self.columns("app.push-jitter", client, server)
            for i in range(1, len(starts)):
                gap = starts[i] - starts[i - 1]
                missed = max(1, round(gap / median)) if median > 0 else 1  # periods: pushes may not be captured
                away = abs(gap - missed * median)
                jitter = Interval(away, None, None, known.needs)
                if not known.needs:
                    # The median is a difference of two stamps too, taken as often as periods went by.
                    wide = (1 + missed) * (known.width_ns + drift(gap))
                    jitter = Interval(away, max(0, away - wide), away + wide)
                for column in columns:
                    column.measure(jitter, starts[i - 1], frames[i - 1], starts[i], frames[i])

    # -- sessions -----------------------------------------------------------------------------------------

    def _session(self, m: Message) -> None:
        pdu = m.pdu
        key = (pdu.path.number, pdu.client, pdu.server)
        if m.apdu.service == "association" and m.apdu.role == "request":
            self.begun.setdefault(key, self.plan.opening(pdu))
        elif m.apdu.service == "release" and m.apdu.role == "response":
            begun = self.begun.pop(key, None)
            if begun is not None:
                _measure(self.columns("app.session", pdu.client, pdu.server), begun, self.plan.closing(pdu))

    # -- limits that a meter announces --------------------------------------------------------------------

    def _announce(self, m: Message) -> None:
        target, where, pdu = m.target, m.apdu.data, m.pdu
        if target is None or where is None or m.apdu.service != "get" or m.apdu.result not in (None, "success"):
            return
        parameter = f"{target.class_id}.{target.attribute}"
        if parameter not in self.announced:
            return
        try:
            value = build(Cursor(m.values, where[0], where[1], buffer="apdu")).value
        except Stop:
            return
        if isinstance(value, bool) or not isinstance(value, int):
            return
        if target.class_id == 41:
            host = pdu.path.source if pdu.direction == TO_CLIENT else pdu.path.destination
            port = Port(-1, host_of(host), -1)
        else:
            port = Port(pdu.channel, None, pdu.physical if pdu.physical >= 0 else pdu.server)
        frame = pdu.frames[-1] if pdu.frames else 0
        self.book.announce(self.plan, parameter, port, target.obis, value, frame, m.no)


def _measure(columns: list[Column], start: Edge, end: Edge) -> None:
    found = between(start, end)
    for column in columns:
        column.measure(found, start.ns, start.frame, end.ns, end.frame)
