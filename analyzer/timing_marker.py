"""Timers that start from a marker: a key stroke, or an edge on an input of the tap (power, button, relay).

| rule | start → end |
|---|---|
| app.first-push | marker that `when.marker` names → start of the first push after it, of each server |
| app.first-response | marker that `when.marker` names → start of the first response after it, of each server |

A marker may stand on another channel than the traffic: the channels of one capture are taken to be stamped by one
clock, so that both stamps' uncertainties bound the length and no offset enters. A marker that nothing followed is
censored, when the next one of its name comes or the capture ends.
"""

from typing import NamedTuple

from analyzer.interval import NO_CHANNEL, Edge, between, bounds
from analyzer.model import Message
from analyzer.timing_column import Column
from analyzer.timing_plan import Book, Plan, Rule
from dissectors import problem as P
from dissectors.record import Frame

# rule → role of the messages that end it
ROLES = {"app.first-push": "unsolicited", "app.first-response": "response"}
MARKED_RULES = frozenset(ROLES)
NAMES_MAX = 256  # markers of different names that are followed at once

Server = tuple[str, int, int, int]  # profile, conversation, client, server


class Open(NamedTuple):
    """The last marker of a name, and who came after it: rule name and server."""

    edge: Edge
    seen: set[tuple[str, Server]]


class Markers:
    """open: by name of the marker; empty unless a rule of the profiles names it."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.wanted = frozenset(
            t.when.marker for p in book.profiles.values() for t in p.timing if t.rule in ROLES and t.when.marker
        )
        self.open: dict[str, Open] = {}

    def frame(self, f: Frame) -> None:
        """A frame of kind "marker"."""
        for p in f.problems:
            if p.kind is P.LINE_MARKER and p.args[0] in self.wanted and len(self.open) < NAMES_MAX:
                name = p.args[0]
                before = self.open.get(name)
                if before is not None:
                    self._censor(name, before, f.last_ns)
                self.open[name] = Open(self._edge(f), set())

    def _edge(self, f: Frame) -> Edge:
        """The moment of a marker: its stamp, with the bounds of its channel."""
        if f.last_ns is None or f.uncertainty_ns is None:
            return Edge(f.last_ns, frame=f.no, record=f.records[0], needs="" if f.last_ns is None else "uncertainty")
        channel = next((c for c in self.book.channels if c.number == f.channel), NO_CHANNEL)
        early, late = bounds(channel, f.uncertainty_ns)
        return Edge(f.last_ns, early, late, f.no, f.records[0])

    def message(self, m: Message) -> None:
        """Any message while a marker is open."""
        pdu = m.pdu
        plan = self.book.plan(pdu.profile, pdu.channel, pdu.path.transport)
        if plan is None:
            return
        for name, role in ROLES.items():
            if m.apdu.role != role:
                continue
            for rule in plan.rules.get(name, ()):
                marker = self.open.get(rule.timing.when.marker or "")
                if marker is not None:
                    self._measure(m, plan, rule, marker)

    def _measure(self, m: Message, plan: Plan, rule: Rule, marker: Open) -> None:
        pdu = m.pdu
        key = (rule.timing.rule, (pdu.profile, pdu.path.number, pdu.client, pdu.server))
        first = pdu.first_ns
        if key in marker.seen or (first is not None and marker.edge.ns is not None and first < marker.edge.ns):
            return
        marker.seen.add(key)
        start = plan.opening(pdu)
        column = self.book.column(plan, rule, pdu.client, pdu.server)
        column.measure(between(marker.edge, start), marker.edge.ns, marker.edge.frame, start.ns, start.frame)

    def _censor(self, name: str, marker: Open, now_ns: int | None) -> None:
        """Nothing came after a marker: each rule that names it waited until now."""
        waited = None if now_ns is None or marker.edge.ns is None else now_ns - marker.edge.ns
        for plan in list(self.book.plans.values()):
            for rule in [] if plan is None else [r for rules in plan.rules.values() for r in rules]:
                if rule.timing.rule not in ROLES or rule.timing.when.marker != name or plan is None:
                    continue
                if any(rule_name == rule.timing.rule for rule_name, _ in marker.seen):
                    continue
                for column in self._columns(plan, rule):
                    column.silent(waited, marker.edge.ns, marker.edge.frame)

    def _columns(self, plan: Plan, rule: Rule) -> list[Column]:
        """The columns of the rule so far: of each server that came after an earlier marker; else of none."""
        found = [
            column
            for key, column in self.book.columns.items()
            if (key.profile, key.rule, key.channel) == (plan.profile.name, rule.index, plan.channel.number)
        ]
        return found or [self.book.column(plan, rule, -1, -1)]

    def end(self, now_ns: int | None) -> None:
        """The capture is over."""
        for name, marker in self.open.items():
            self._censor(name, marker, now_ns)
        self.open.clear()
