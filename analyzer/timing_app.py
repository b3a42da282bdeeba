"""Timers of the application layer, from exchanges.

| rule | start → end |
|---|---|
| app.response | end of the last attempt of a request → start of the first frame with its response |
| app.association-set-up | end of the AARQ → start of the AARE, or of the answer to the last HLS step |

Both by service, object and phase where a rule says `when`. The bounds come from both ends' stamps and
the clock's drift; where stamps are one-sided or a line's frames last, from what the message tap saw.
"""

from collections import deque

from analyzer.interval import DRIFT, Interval
from analyzer.model import Exchange
from analyzer.timing_column import Column
from analyzer.timing_plan import Book, Plan, Rule
from analyzer.words import obis
from dissectors.profile_types import When

ASSOCIATION = ("association", "release")
UNSOLICITED = ("data-notification", "event-notification", "information-report")
HLS_STEP = ((15, 1), (12, 8))  # reply_to_HLS_authentication
EDGES_MAX = 65_536
Spread = tuple[int, int, str]  # Edge.early_ns, late_ns, needs


def phase(service: str) -> str:
    """The phase of a session that a service belongs to, as `when` names it."""
    if service in ASSOCIATION:
        return "association"
    return "push" if service in UNSOLICITED else "data"


def holds(when: When, e: Exchange) -> bool:
    """Whether a rule's condition fits an exchange. Baud rates were checked when the plan was made."""
    if when.service not in (None, "any", e.service) or when.phase not in (None, phase(e.service)):
        return False
    if when.class_id is None and when.obis is None:
        return True
    target = e.target
    if target is None or when.class_id not in (None, target.class_id):
        return False
    return when.obis is None or matches(when.obis, obis(target.obis))


def matches(pattern: str, code: str | None) -> bool:
    """An OBIS code against a pattern whose letters stand for any value of a group."""
    if code is None:
        return False
    groups = zip(*(text.replace("-", ".").replace(":", ".").replace("*", ".").split(".") for text in (pattern, code)))
    return all(want == got or not want.isdigit() for want, got in groups)


class Edges:
    """How sure the ends and starts of messages are, by time, on channels whose stamps need care: an Exchange
    holds the times of its ends, and neither their uncertainty nor their channel. The last EDGES_MAX."""

    def __init__(self) -> None:
        self.found: dict[int, Spread] = {}
        self._order: deque[int] = deque()  # deleting a dictionary's first key again and again would search for it

    def add(self, ns: int | None, spread: Spread) -> None:
        if ns is None:
            return
        found = self.found
        if ns not in found:
            order = self._order
            order.append(ns)
            if len(order) > EDGES_MAX:
                del found[order.popleft()]
        found[ns] = spread


class Pair:
    """One client and server of a profile on a channel: the columns that its exchanges go to."""

    def __init__(self, book: Book, plan: Plan, edges: Edges, client: int, server: int) -> None:
        def columns(name: str) -> list[tuple[Rule, Column]]:
            return [(rule, book.column(plan, rule, client, server)) for rule in plan.rules.get(name, ())]

        self.edges = edges
        self.careful = plan.serial or plan.channel.one_sided
        responses = columns("app.response")
        self.always = [c for rule, c in responses if rule.timing.when in (When(), When(service="any"))]
        self.sometimes = [(rule.timing.when, c) for rule, c in responses if c not in self.always]
        self.set_up = [c for _, c in columns("app.association-set-up")]
        self.asked: Exchange | None = None  # the AARQ of an association whose HLS may go on

    def add(self, e: Exchange) -> None:
        """Measures an exchange that has a request; the hot path of a capture of packets."""
        ns, lo, hi = e.app_response_ns, e.lo_ns, e.hi_ns
        if ns is None or self.careful or lo is None or hi is None or ns < 0:
            self._careful(e)
            return
        drift = ns // DRIFT + 1
        lo -= drift
        hi += drift
        first, then = e.frames
        for column in self.always:
            column.span(ns, lo, hi, e.asked_ns or 0, first, e.answered_ns or 0, then, e.no)
        if self.sometimes or self.asked is not None or e.service == "association":
            self._more(e, Interval(ns, lo if lo > 0 else 0, hi))

    def _careful(self, e: Exchange) -> None:
        found = self.interval(e)
        for column in self.always:
            self._measure(column, e, found)
        self._more(e, found)

    def interval(self, e: Exchange) -> Interval:
        """The response time with bounds; without response Interval(None, …)."""
        ns = e.app_response_ns
        if ns is None or e.asked_ns is None or e.answered_ns is None:
            return Interval(None, None, None, "time")
        edges = self.edges.found
        start, end = edges.get(e.asked_ns), edges.get(e.answered_ns)
        if start is not None and end is not None:
            needs = start[2] or end[2]
            if needs:
                return Interval(ns, None, None, needs)
            both = -(-abs(ns) // DRIFT)
            low, high = ns - end[0] - start[1] - both, ns + end[1] + start[0] + both
            return Interval(ns, 0 if low < 0 <= ns else low, high)
        lo, hi = e.lo_ns, e.hi_ns
        if lo is None or hi is None:
            return Interval(ns, None, None, "uncertainty")
        drift = abs(ns) // DRIFT + 1
        return Interval(ns, max(0, lo - drift) if ns >= 0 else lo - drift, hi + drift)

    def _measure(self, column: Column, e: Exchange, found: Interval) -> None:
        if e.responses and e.answered_ns is not None:
            column.measure(found, e.asked_ns, e.frames[0], e.answered_ns, e.frames[1], e.no)
        elif e.responses:
            column.measure(Interval(None, None, None, "time"), e.asked_ns, e.frames[0], None, e.frames[1], e.no)
        else:
            column.silent(e.waited_ns, e.asked_ns, e.frames[0], e.no)

    def _more(self, e: Exchange, found: Interval) -> None:
        for when, column in self.sometimes:
            if holds(when, e):
                self._measure(column, e, found)
        if not self.set_up:
            return
        asked = self.asked
        if asked is not None:
            self.asked = None
            target = e.target
            step = target is not None and (target.class_id, target.method) in HLS_STEP
            self._associated(asked, e if step and e.responses else asked)
        if e.service == "association":
            if e.responses:
                self.asked = e
            else:
                for column in self.set_up:
                    self._measure(column, e, found)

    def _associated(self, asked: Exchange, answered: Exchange) -> None:
        """From the AARQ to the answer that completed the association."""
        first = self.interval(asked)
        found = first
        if answered is not asked:
            last = self.interval(answered)
            if asked.asked_ns is None or answered.answered_ns is None:
                found = Interval(None, None, None, "time")
            else:
                ns = answered.answered_ns - asked.asked_ns
                needs = first.needs or last.needs
                if needs or None in (first.ns, first.lo_ns, first.hi_ns, last.ns, last.lo_ns, last.hi_ns):
                    found = Interval(ns, None, None, needs or "uncertainty")
                else:
                    # Each exchange's own bounds hold both its ends: more than this difference needs.
                    wide = ns // DRIFT + 1
                    below = (first.ns or 0) - (first.lo_ns or 0) + (last.ns or 0) - (last.lo_ns or 0)
                    above = (first.hi_ns or 0) - (first.ns or 0) + (last.hi_ns or 0) - (last.ns or 0)
                    found = Interval(ns, max(0, ns - below - wide), ns + above + wide)
        for column in self.set_up:
            column.measure(
                found, asked.asked_ns, asked.frames[0], answered.answered_ns, answered.frames[1], answered.no
            )

    def end(self) -> None:
        """The capture is over: an association without HLS was complete with its AARE."""
        asked, self.asked = self.asked, None
        if asked is not None:
            self._associated(asked, asked)
