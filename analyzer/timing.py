"""Timing: the stage that measures and judges, beside the others; and its rows.

    timing = Timing(profiles, channels)
    frames    = timing.frames(keep.frames(link.frames(...)))
    messages  = timing.messages(keep.messages(association.messages(...)))
    exchanges = timing.exchanges(keep.exchanges(exchange.pair(messages)))
    … at the end of the input: timing.end(); then rows(), each_rows(), measurements(), take()

Everything passes through unchanged and in order. What no rule of any profile in force needs is not
even looked at. Rules by what measures them: timing_lines and timing_link (HDLC), timing_tcp, timing_signon
(IEC 62056-21), timing_messages, timing_marker, timing_app; what each means: dissectors.profile_types.RULES.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from analyzer.model import Exchange, Finding, Measurement, Message
from analyzer.timing_app import Edges, Pair
from analyzer.timing_column import Column, Key
from analyzer.timing_lines import Links
from analyzer.timing_marker import MARKED_RULES, Markers
from analyzer.timing_messages import Messages
from analyzer.timing_plan import Book, Plan
from analyzer.timing_rows import each_row, rows
from analyzer.timing_signon import SignOn
from analyzer.timing_tcp import Connections
from analyzer.verdict import DECISIONS
from dissectors.profile import Profile
from dissectors.record import Channel, Frame

FRAME_RULES = ("link.", "tcp.", "signon.", "line.", "radio.")
PAIRS_MAX = 1 << 20


class Timing:
    """The stage. channels may grow while it runs. decision: "guarded" or "simple". keep: every
    measurement for each_rows() and measurements(); False: rows() only, eight octets a measurement."""

    def __init__(
        self, profiles: Mapping[str, Profile], channels: Sequence[Channel], decision: str = "guarded", keep: bool = True
    ) -> None:
        if decision not in DECISIONS:
            raise ValueError(f"decision {decision!r}, expected one of {', '.join(DECISIONS)}")
        self.decision = decision
        self.book = Book(profiles, channels, decision == "guarded", keep)
        self.links: dict[tuple[str, int], Links | None] = {}
        self.signons: dict[int, SignOn | None] = {}  # by conversation: text and HDLC have profiles of their own
        self._lines: dict[tuple[str, int, int], tuple[Links | None, Plan | None, SignOn | None]] = {}
        self.connections = Connections(self.book)
        self.pairs: dict[tuple[str, int, int, int, str], Pair | None] = {}
        self.watches: dict[tuple[str, int, str], Messages | None] = {}
        self.edges = Edges()
        self.markers = Markers(self.book)
        self.now_ns: int | None = None
        self._transport = ""

    # -- the taps -----------------------------------------------------------------------------------------

    def frames(self, frames: Iterable[Frame]) -> Iterable[Frame]:
        """The frames themselves; the very iterable where no rule of the profiles speaks of frames."""
        names = {t.rule for p in self.book.profiles.values() for t in p.timing}
        if not names & MARKED_RULES and not any(name.startswith(FRAME_RULES) for name in names):
            return frames
        return self._frames(frames, any(name.startswith("tcp.") for name in names))

    def _frames(self, frames: Iterable[Frame], tcp: bool) -> Iterator[Frame]:
        connection, link = self.connections.frame, self._link
        for f in frames:
            layer = f.layer
            if layer == "wrapper" or layer == "tcp":
                if tcp and f.path.transport == "tcp":
                    connection(f)
            elif layer == "hdlc" or layer == "noise":
                link(f)
                if tcp and f.path.transport == "tcp":
                    connection(f)
            elif layer == "line":
                self._beside(f)
            elif layer == "iec62056-21":
                self._signon(f)
            yield f

    def _link(self, f: Frame) -> None:
        if f.last_ns is not None:
            self.now_ns = f.last_ns
        try:
            links, plan, signon = self._lines[f.profile, f.path.number, f.channel]
        except KeyError:
            links, plan, signon = self._line(f)
        if links is not None and plan is not None:
            links.frame(f, plan)
            if signon is not None:
                signon.frame(f, plan)

    def _beside(self, f: Frame) -> None:
        """What a line carries beside its frames: collisions, losses, markers."""
        if f.kind == "marker":
            self.markers.frame(f)
        links, plan, _ = self._line(f)
        if links is not None and plan is not None:
            links.frame(f, plan)

    def _line(self, f: Frame) -> tuple[Links | None, Plan | None, SignOn | None]:
        """What follows the line of a frame; two receivers of one line have one."""
        plan = self.book.plan(f.profile, f.channel, f.path.transport)
        line = (f.profile, f.path.number)
        if line not in self.links:
            self.links[line] = None if plan is None else Links(self.book, plan)
        found = self._lines[line[0], line[1], f.channel] = self.links[line], plan, self.signons.get(f.path.number)
        return found

    def _signon(self, f: Frame) -> None:
        key = f.path.number
        plan = self.book.plan(f.profile, f.channel, f.path.transport)
        if key not in self.signons:
            self._lines.clear()  # frames of the protocol signed on to are told of it
            self.signons[key] = None if plan is None else SignOn(self.book, plan)
        signon = self.signons[key]
        if signon is not None and plan is not None:
            signon.frame(f, plan)

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        """The messages themselves."""
        watches, markers = self.watches, self.markers
        for m in messages:
            pdu = m.pdu
            key = (pdu.profile, pdu.channel, pdu.path.transport)
            try:
                watch = watches[key]
            except KeyError:
                plan = self.book.plan(*key)
                watch = watches[key] = None if plan is None else Messages(self.book, plan, self.edges)
            self._transport = key[2]
            if markers.open:
                markers.message(m)
            if watch is not None and not watch.idle:
                apdu = m.apdu
                target = m.target
                if (
                    watch.careful
                    or (target is not None and target.class_id in watch.classes)
                    or apdu.block is not None
                    or apdu.service in watch.services
                ):
                    watch.message(m)
            yield m

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        """The exchanges themselves."""
        pairs = self.pairs
        for e in exchanges:
            key = (e.profile, e.channel, e.client, e.server, self._transport)
            try:
                pair = pairs[key]
            except KeyError:
                pair = self._pair(e, key)
            # Without a request there is nothing to measure from; notifications ask for no answer.
            if pair is not None and e.request and (e.responses or e.result is None):
                pair.add(e)
            yield e

    def _pair(self, e: Exchange, key: tuple[str, int, int, int, str]) -> Pair | None:
        if len(self.pairs) >= PAIRS_MAX:
            return None
        plan = self.book.plan(e.profile, e.channel, key[4])
        pair = self.pairs[key] = None if plan is None else Pair(self.book, plan, self.edges, e.client, e.server)
        return pair

    def end(self) -> None:
        """The input is over: what still waits is censored, what needed the whole capture is measured."""
        for links in self.links.values():
            if links is not None:
                links.end(self.now_ns)
        self.connections.end()
        self.markers.end(self.now_ns)
        for watch in self.watches.values():
            if watch is not None:
                watch.end()
        for pair in self.pairs.values():
            if pair is not None:
                pair.end()

    # -- results ------------------------------------------------------------------------------------------

    def take(self) -> list[Finding]:
        """Findings since the last call, numbered 0: failures, undecidable verdicts, limits out of range."""
        found = self.book.findings
        self.book.findings = []
        return found

    def columns(self) -> list[Column]:
        """All columns by profile, rule, channel, client and server."""
        found = self.book.columns
        order = sorted(found, key=lambda k: (k.profile, k.rule, k.channel, k.client, k.server))
        return [found[key] for key in order]

    def measurements(self) -> Iterator[Measurement]:
        """Every measurement, rule by rule in order of time."""
        for column in self.columns():
            yield from column.measurements()

    def rows(self, source: str) -> list[dict[str, Any]]:
        """The rows of `timing` (cli.md): every rule of each profile in force, for each client and server."""
        return rows(self.book, source)

    def each_rows(self, source: str) -> Iterator[dict[str, Any]]:
        """The rows of `timing --each`."""
        for measurement in self.measurements():
            yield each_row(self.book, source, measurement, self.decision)


__all__ = ["Column", "Key", "Plan", "Timing"]
