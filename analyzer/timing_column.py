"""Column: the measurements of one timing rule between one client and one server on one channel.

What rows need is always kept: the measured values (eight octets each) and counts. What `--each` needs
beside (bounds, events, limits) is kept on request, 54 octets each.
"""

from array import array
from collections.abc import Callable, Iterator
from struct import Struct

from analyzer.interval import Interval
from analyzer.model import Measurement
from analyzer.verdict import (
    FAIL,
    PASS,
    UNANSWERED,
    UNDECIDABLE,
    UNJUDGED,
    VERDICT_NAMES,
    Verdict,
    judge,
    margin,
    react,
)
from dissectors.profile_types import RULES, Timing
from dissectors.record import Value

NONE = -(1 << 63)  # no value, in an array of 64-bit integers
FOREVER = (1 << 63) - 1
# A measurement as it is kept: start, end, measured, lo, hi in ns; start and end frame; verdict, needs, limit.
KEPT = Struct("<qqqqqIIBBI")

UNSEEN = Interval(None, None, None, "octet-times")


class Limit(Value, frozen=True, gc=False):
    """low_ns..high_ns (None: no bound; a count or percent for rules of that unit). source: "profile",
    "negotiated", "assume", or where an announced value was seen. needs: what is missing to compute it."""

    low: int | None
    high: int | None
    source: str = "profile"
    needs: str = ""


class Key(Value, frozen=True, gc=False):
    """Whose measurements: profile name, index into its rules, channel number, SAPs (-1: not known)."""

    profile: str
    rule: int
    channel: int
    client: int
    server: int


class Column:
    """Measurements in the order in which they ended. worst_*: frames of the longest and shortest.

    report is called with (column, verdict, interval, limit, start and end frame, end time, exchange)
    for each fail and undecidable. A rule of confidence C informs and never judges; one judged by a
    percentile (`per`) is judged as a whole, in timing_rows.
    """

    def __init__(
        self, key: Key, timing: Timing, limit: Limit, guarded: bool, keep: bool, report: Callable[..., None]
    ) -> None:
        self.key = key
        self.timing = timing
        self.limit = limit
        self.applied = limit  # what judged last: announced limits replace the profile's
        self.guarded = guarded
        self.single = timing.per == "each"
        self.certain = timing.confidence != "C"
        self.timeout = timing.kind == "timeout"
        self.report = report
        self.counts = [0, 0, 0, 0, 0]
        self.values = array("q")
        self.waits = array("q")
        self.overdue = 0
        self.widest_ns = 0  # how far the truth lay from an estimate at most
        self.vague = 0  # measured, but without bounds
        self.longest, self.longest_frame = NONE, 0
        self.shortest, self.shortest_frame = FOREVER, 0
        self.limits: list[Limit] = [limit]
        self.needs: list[str] = [""]
        self.each: bytearray | None = bytearray() if keep else None
        # For span(): whether it may judge by itself, the bounds, and what is inside them.
        self.limited = limited = limit.low is not None or limit.high is not None or bool(limit.needs)
        self.lean = not limit.needs
        self.said: set[str] = set()  # what is missing and need not be reported again
        self.blind = False  # it was said that the capture cannot show it
        self.low = NONE if limit.low is None else limit.low
        self.high = FOREVER if limit.high is None else limit.high
        self.inside = PASS if limited and self.single and self.certain else UNJUDGED

    # -- what is measured -----------------------------------------------------------------------------

    def measure(
        self,
        found: Interval,
        start_ns: int | None,
        start_frame: int,
        end_ns: int | None,
        end_frame: int,
        exchange: int = 0,
        limit: Limit | None = None,
    ) -> None:
        """A length (or count) against the limit, or the one that is in force in its place."""
        limit = limit or self.limit
        ns, lo, hi = found.ns, found.lo_ns, found.hi_ns
        low, high = limit.low, limit.high
        if (low is None and high is None and not limit.needs) or not (self.single and self.certain):
            verdict = UNJUDGED
        elif ns is None or lo is None or hi is None or limit.needs:
            verdict = UNDECIDABLE
        else:
            verdict = judge(ns, lo, hi, low, high, self.guarded)
        self._add(verdict, found, limit, start_ns, start_frame, end_ns, end_frame, exchange)

    def span(
        self, ns: int, lo: int, hi: int, start_ns: int, start_frame: int, end_ns: int, end_frame: int, exchange: int = 0
    ) -> None:
        """measure() of a length with known bounds, under the profile's own limit; the hot path.

        The plain case is written out: inside the limit, or no limit, and no wider than any before."""
        if (
            self.lean
            and (lo >= self.low or self.low <= 0)
            and hi <= self.high
            and hi - ns <= self.widest_ns >= ns - lo
            and ns >= 0
        ):
            self.counts[self.inside] += 1
            self.values.append(ns)
            if ns > self.longest:
                self.longest, self.longest_frame = ns, end_frame or start_frame
            if ns < self.shortest:
                self.shortest, self.shortest_frame = ns, end_frame or start_frame
            if self.each is not None:
                lo = lo if lo > 0 else 0
                self.each += KEPT.pack(start_ns, end_ns, ns, lo, hi, start_frame, end_frame, self.inside, 0, 0)
        else:
            found = Interval(ns, 0 if lo < 0 <= ns else lo, hi)
            self.measure(found, start_ns, start_frame, end_ns, end_frame, exchange)

    def vaguely(self, ns: int, needs: str, start_ns: int, start_frame: int, end_ns: int, end_frame: int) -> None:
        """measure() of a length without bounds (needs says why), under the profile's own limit."""
        verdict = UNJUDGED if self.inside is UNJUDGED else UNDECIDABLE
        self._vague(verdict, ns, needs, start_ns, start_frame, end_ns, end_frame)

    def doubtfully(
        self, ns: int, needs: str, start_ns: int | None, start_frame: int, end_ns: int | None, end_frame: int
    ) -> None:
        """reacted() to a gap without bounds, whatever the receiver did, under the profile's own limit."""
        judged = self.limited and self.certain if self.timeout else self.inside is not UNJUDGED
        self._vague(UNDECIDABLE if judged else UNJUDGED, ns, needs, start_ns, start_frame, end_ns, end_frame)

    def _vague(
        self,
        verdict: Verdict,
        ns: int,
        needs: str,
        start_ns: int | None,
        start_frame: int,
        end_ns: int | None,
        end_frame: int,
    ) -> None:
        """_add() of a length without bounds; a lack that was reported is not reported again."""
        if self.each is not None or ns < 0 or (verdict is UNDECIDABLE and needs not in self.said):
            found = Interval(ns, None, None, needs)
            self._add(verdict, found, self.limit, start_ns, start_frame, end_ns, end_frame, 0)
            return
        self.counts[verdict] += 1
        self.applied = self.limit
        self.vague += 1
        self.values.append(ns)
        if ns > self.longest:
            self.longest, self.longest_frame = ns, end_frame or start_frame
        if ns < self.shortest:
            self.shortest, self.shortest_frame = ns, end_frame or start_frame

    def alive(
        self, ns: int, lo: int, hi: int, start_ns: int, start_frame: int, end_ns: int, end_frame: int, limit: Limit
    ) -> None:
        """reacted() for a gap with known bounds that the receiver outlived; mostly far below its time-out."""
        if not self.timeout and limit is self.limit:
            self.span(ns, lo, hi, start_ns, start_frame, end_ns, end_frame)
        elif self.each is None and self.certain and limit is self.limit and ns >= 0 and hi < self.low:
            self.counts[PASS] += 1
            self.values.append(ns)
            if ns > self.longest:
                self.longest, self.longest_frame = ns, end_frame or start_frame
            if ns < self.shortest:
                self.shortest, self.shortest_frame = ns, end_frame or start_frame
        else:
            found = Interval(ns, 0 if lo < 0 <= ns else lo, hi)
            self.reacted(found, True, start_ns, start_frame, end_ns, end_frame, limit)

    def unseen(self, end_ns: int | None, frame: int) -> None:
        """The capture cannot show what is between the octets of this frame: undecidable, said once."""
        if self.each is None and (self.inside is UNJUDGED or self.blind):
            self.counts[UNJUDGED if self.inside is UNJUDGED else UNDECIDABLE] += 1
        else:
            self.blind = True
            self.measure(UNSEEN, None, frame, end_ns, frame)

    def reacted(
        self,
        found: Interval,
        alive: bool,
        start_ns: int | None,
        start_frame: int,
        end_ns: int | None,
        end_frame: int,
        limit: Limit | None = None,
    ) -> None:
        """A gap, and whether the receiver still served afterwards, against its time-out.

        For a rule of kind delay the gap itself is measured."""
        if not self.timeout:
            self.measure(found, start_ns, start_frame, end_ns, end_frame, 0, limit)
            return
        limit = limit or self.limit
        ns, lo, hi = found.ns, found.lo_ns, found.hi_ns
        verdict: Verdict | None
        if (limit.low is None and limit.high is None and not limit.needs) or not self.certain:
            verdict = UNJUDGED
        elif ns is None or lo is None or hi is None or limit.needs:
            verdict = UNDECIDABLE
        else:
            verdict = react(ns, lo, hi, alive, limit.low, limit.high, self.guarded)
        if verdict is not None:
            self._add(verdict, found, limit, start_ns, start_frame, end_ns, end_frame, 0)

    def silent(self, waited_ns: int | None, start_ns: int | None, start_frame: int, exchange: int = 0) -> None:
        """No answer within the wait that the capture shows: censored."""
        self.counts[UNANSWERED] += 1
        if waited_ns is not None and waited_ns >= 0:
            self.waits.append(waited_ns)
            high = self.limit.high
            if high is not None and waited_ns > high and self.single and self.certain:
                self.overdue += 1
        if self.each is not None:
            found = Interval(waited_ns, waited_ns, None)
            self._keep(UNANSWERED, found, self.limit, start_ns, start_frame, None, 0)

    def _add(
        self,
        verdict: Verdict,
        found: Interval,
        limit: Limit,
        start_ns: int | None,
        start_frame: int,
        end_ns: int | None,
        end_frame: int,
        exchange: int,
    ) -> None:
        self.counts[verdict] += 1
        self.applied = limit
        ns = found.ns
        if ns is not None and ns >= 0:
            self.values.append(ns)
            if ns > self.longest:
                self.longest, self.longest_frame = ns, end_frame or start_frame
            if ns < self.shortest:
                self.shortest, self.shortest_frame = ns, end_frame or start_frame
            if found.lo_ns is None or found.hi_ns is None:
                self.vague += 1
            else:
                wide = found.hi_ns - ns
                if ns - found.lo_ns > wide:
                    wide = ns - found.lo_ns
                if wide > self.widest_ns:
                    self.widest_ns = wide
        if self.each is not None:
            self._keep(verdict, found, limit, start_ns, start_frame, end_ns, end_frame)
        if verdict is FAIL or verdict is UNDECIDABLE:
            self.report(self, verdict, found, limit, start_frame, end_frame, end_ns, exchange)

    # -- what is kept for --each ------------------------------------------------------------------------

    def _keep(
        self,
        verdict: Verdict,
        found: Interval,
        limit: Limit,
        start_ns: int | None,
        start_frame: int,
        end_ns: int | None,
        end_frame: int,
    ) -> None:
        if limit is not self.limits[-1]:
            self.limits.append(limit)
        needs = found.needs or limit.needs
        if needs not in self.needs:
            self.needs.append(needs)
        assert self.each is not None
        times = [NONE if n is None else n for n in (start_ns, end_ns, found.ns, found.lo_ns, found.hi_ns)]
        self.each += KEPT.pack(*times, start_frame, end_frame, verdict, self.needs.index(needs), len(self.limits) - 1)

    def measurements(self) -> Iterator[Measurement]:
        """Every measurement; nothing where they were not kept."""
        for kept in KEPT.iter_unpack(bytes(self.each or b"")):
            yield self.measurement(kept)

    def measurement(self, kept: tuple[int, ...]) -> Measurement:
        """One measurement from what KEPT holds of it."""
        *times, start_frame, end_frame, verdict, needs, index = kept
        start, end, ns, lo, hi = (None if n == NONE else n for n in times)
        key, info, limit = self.key, RULES[self.timing.rule], self.limits[index]
        return Measurement(
            key.profile, key.rule, key.channel, key.client, key.server, info.start, start_frame, start, info.end,
            end_frame, end, ns, lo, hi, limit.low, limit.high, limit.source, VERDICT_NAMES[verdict], self.needs[needs],
        )  # fmt: skip

    # -- what a row says --------------------------------------------------------------------------------

    def worst_frame(self) -> int | None:
        """Frame of the measurement nearest to a limit, or furthest beyond one; without limit, of the longest."""
        low, high = self.applied.low, self.applied.high
        if self.longest == NONE:
            return None
        above = margin(self.longest, None, high)
        below = margin(self.shortest, low, None)
        if below is not None and (above is None or below < above):
            return self.shortest_frame or None
        return self.longest_frame or None
