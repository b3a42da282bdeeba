"""Plan: which timing rules of a profile hold on a channel and transport, with their limits in ns.

Book: all plans and columns of a run, the limits that meters announced, and the findings.
"""

from collections.abc import Mapping, Sequence

from analyzer.interval import Edge, Interval, bounds, missing
from analyzer.model import Finding
from analyzer.timing_column import Column, Key, Limit
from analyzer.verdict import FAIL, Verdict
from analyzer.words import duration
from dissectors.duration import Duration
from dissectors.problem import PROFILE_LIMIT, Severity
from dissectors.profile import Profile
from dissectors.profile_types import RULES, Timing
from dissectors.record import Channel, Frame, Pdu, Value

SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "note": Severity.NOTE}
PACKETS = ("tcp", "udp")
BOUNDS_MAX = 1024
OFF_AT_ZERO = ("23.8", "41.6")  # 0 switches these time-outs off
# Units in ns of the attributes that replace a limit; 1 for a number (IEC 62056-6-2, classes 23, 40, 41).
ATTRIBUTE_NS = {
    "23.7": 1_000_000,
    "23.8": 1_000_000_000,
    "40.7": 1_000_000_000,
    "41.5": 1,
    "41.6": 1_000_000_000,
}


class Port(Value, frozen=True, gc=False):
    """What an attribute configures: the HDLC port of a device on a channel, or the TCP-UDP port of a host."""

    channel: int
    host: str | None
    device: int


class Rule(Value, frozen=True, gc=False):
    """One rule of a profile with its limit for a channel."""

    index: int
    timing: Timing
    limit: Limit


def amount(duration: Duration | None, channel: Channel, profile: Profile) -> tuple[int | None, str]:
    """(ns, or the number of a count or percent; what is missing to know it)."""
    if duration is None:
        return None, ""
    if duration.count is not None:
        return round(duration.count), ""
    bit = 1e9 / channel.baud if channel.baud else None
    slot, symbol = (profile.default("physical", name) for name in ("slot_us", "symbol_us"))
    ns = duration.ns(
        bit,
        channel.character_bits,
        slot * 1e3 if isinstance(slot, int) else None,
        symbol * 1e3 if isinstance(symbol, int) else None,
    )
    return ns, "" if ns is not None else "slot" if duration.slots or duration.symbols else "baud"


class Plan:
    """The rules in force for a profile on a channel and transport. serial: a frame lasts on this line."""

    def __init__(self, profile: Profile, channel: Channel, transport: str) -> None:
        self.profile = profile
        self.channel = channel
        self.transport = transport
        fitting = [s for s in profile.stacks if _carries(s.recognition.transports, transport)]
        names = {s.name for s in fitting}
        carried = any(layer in PACKETS for s in fitting or profile.stacks for layer in s.layers)
        self.serial = transport not in PACKETS and transport != "radio" and not carried
        self._bounds: dict[int | None, tuple[int, int, str]] = {}  # by uncertainty, where it says all
        self.rules: dict[str, list[Rule]] = {}
        for index, timing in enumerate(profile.timing):
            if timing.stacks and names.isdisjoint(timing.stacks):
                continue
            if timing.when.baud is not None and timing.when.baud != channel.baud:
                continue
            low, needs = amount(timing.min, channel, profile)
            high, more = amount(timing.max, channel, profile)
            self.rules.setdefault(timing.rule, []).append(
                Rule(index, timing, Limit(low, high, self._source(timing), needs or more))
            )

    def _source(self, timing: Timing) -> str:
        line = any(d is not None and d.needs_line for d in (timing.min, timing.max))
        return "assume" if line and any("baud=" in item for item in self.channel.assumed) else "profile"

    # -- moments ----------------------------------------------------------------------------------------

    def edge(self, ns: int | None, uncertainty_ns: int | None, octets: int, frame: int, record: int) -> Edge:
        """A moment of a frame or PDU of so many octets in its (first or last) record."""
        channel = self.channel
        if ns is None:
            return Edge(None, 0, 0, frame, record, "time")
        if self.serial or uncertainty_ns is None:
            needs = missing(channel, self.serial, uncertainty_ns)
            if needs:
                return Edge(ns, 0, 0, frame, record, needs)
        assert uncertainty_ns is not None
        spread = octets * channel.character_bits * 1_000_000_000 // channel.baud if channel.baud and self.serial else 0
        early, late = bounds(channel, uncertainty_ns, spread)
        return Edge(ns, early, late, frame, record)

    def moments(self, f: Frame) -> tuple[Edge, Edge]:
        """(start, end) of a frame: of the last flag before the format octet, and of the last octet."""
        first, last, records = f.first_ns, f.last_ns, f.records
        known = self._bounds.get(f.uncertainty_ns)
        if known is None or first is None or last is None or not records or f.octets[1:2] == b"\x7e":
            start, end = self.start(f), self.end(f)
            if not self.channel.one_sided and len(self._bounds) < BOUNDS_MAX and last is not None:
                self._bounds[f.uncertainty_ns] = (end.early_ns, end.late_ns, end.needs)
            return start, end
        early, late, needs = known
        return Edge(first, early, late, f.no, records[0], needs), Edge(last, early, late, f.no, records[-1], needs)

    def spread(self, uncertainty_ns: int | None, octets: int) -> tuple[int, int, str]:
        """What edge() says of every moment with this uncertainty: early_ns, late_ns, needs."""
        found = self._bounds.get(uncertainty_ns)
        if found is None:
            edge = self.edge(0, uncertainty_ns, octets, 0, 0)
            found = edge.early_ns, edge.late_ns, edge.needs
            if not self.channel.one_sided and len(self._bounds) < BOUNDS_MAX:
                self._bounds[uncertainty_ns] = found
        return found

    def start(self, f: Frame) -> Edge:
        """Start of a frame: for HDLC the last flag before the format octet, fill flags left out."""
        ns = f.first_ns
        octets = f.octets
        if octets[1:2] == b"\x7e" and f.layer == "hdlc" and ns is not None and self.serial and self.channel.baud:
            fill = len(octets) - len(octets.lstrip(b"\x7e")) - 1
            ns += fill * self.channel.character_bits * 1_000_000_000 // self.channel.baud
        return self.edge(ns, f.uncertainty_ns, len(octets), f.no, f.records[0] if f.records else 0)

    def end(self, f: Frame) -> Edge:
        """End of a frame: end of the stop bit of its last octet."""
        return self.edge(f.last_ns, f.uncertainty_ns, len(f.octets), f.no, f.records[-1] if f.records else 0)

    def opening(self, p: Pdu) -> Edge:
        """Start of the first frame of a PDU."""
        return self.edge(p.first_ns, p.uncertainty_ns, len(p.octets), p.frames[0] if p.frames else 0, 0)

    def closing(self, p: Pdu) -> Edge:
        """End of the last frame of a PDU."""
        return self.edge(p.last_ns, p.uncertainty_ns, len(p.octets), p.frames[-1] if p.frames else 0, 0)


def _carries(transports: Sequence[str], transport: str) -> bool:
    """A text log or an export of PDUs may hold what any transport carries; else as the stack says."""
    return transport in transports or transport in ("text", "exported")


class Book:
    """All that timing keeps. keep: every measurement, not only what rows need."""

    def __init__(self, profiles: Mapping[str, Profile], channels: Sequence[Channel], guarded: bool, keep: bool) -> None:
        self.profiles = profiles
        self.channels = channels
        self.guarded = guarded
        self.keep = keep
        self.plans: dict[tuple[str, int, str], Plan | None] = {}
        self.columns: dict[Key, Column] = {}
        self.findings: list[Finding] = []
        self.announced: dict[tuple[str, Port], dict[bytes, Limit]] = {}

    def plan(self, profile: str, channel: int, transport: str) -> Plan | None:
        """The Plan, None for a name that is no profile of the run."""
        key = (profile, channel, transport)
        try:
            return self.plans[key]
        except KeyError:
            known = self.profiles.get(profile) if profile else None
            found = next((c for c in self.channels if c.number == channel), Channel(channel, "", 0))
            plan = self.plans[key] = None if known is None else Plan(known, found, transport)
            return plan

    def column(self, plan: Plan, rule: Rule, client: int, server: int) -> Column:
        """The column of a rule between two SAPs (-1: the rule speaks of none)."""
        key = Key(plan.profile.name, rule.index, plan.channel.number, client, server)
        column = self.columns.get(key)
        if column is None:
            column = Column(key, rule.timing, rule.limit, self.guarded, self.keep, self.report)
            self.columns[key] = column
        return column

    def of(self, plan: Plan, name: str, client: int, server: int) -> list[Column]:
        """The columns of every rule of this name that holds."""
        return [self.column(plan, rule, client, server) for rule in plan.rules.get(name, ())]

    # -- limits that a meter announces --------------------------------------------------------------------

    def announce(
        self, plan: Plan, parameter: str, port: Port, obis: bytes, value: int, frame: int, message: int
    ) -> None:
        """The value of a COSEM attribute was read: from now on it is the limit on the port that it configures.

        Problem profile.limit when it lies outside the range that the profile permits."""
        class_id, _, attribute = parameter.partition(".")
        mirrored = plan.profile.announced(int(class_id), int(attribute))
        if mirrored is not None and not mirrored[2].permits(value):
            permitted = mirrored[2]
            words = f"{permitted.min} to {permitted.max}" if not permitted.values else str(permitted.values)
            text = PROFILE_LIMIT.text.format(f"class {class_id} attribute {attribute}", value, words)
            self.findings.append(
                Finding(
                    0, PROFILE_LIMIT.code, PROFILE_LIMIT.severity, text, PROFILE_LIMIT.clause, frame, message,
                    measured=value, unit=permitted.unit, channel=plan.channel.number,
                )
            )  # fmt: skip
        unit = ATTRIBUTE_NS.get(parameter)
        if unit is None:
            return
        source = f"class {class_id} attribute {attribute} seen in frame {frame}"
        off = value == 0 and parameter in OFF_AT_ZERO
        limit = Limit(None, None, source) if off else Limit(value * unit, value * unit, source)
        self.announced.setdefault((parameter, port), {})[obis] = limit

    def limit(self, column: Column, port: Port) -> Limit:
        """The limit of a rule on a port: announced, else the profile's.

        A meter may have several ports, one object each (0-b:22.0.0). Which of them is tapped the octets
        do not say: where their values differ, none of them replaces the profile's limit."""
        timing = column.timing
        if not self.announced or timing.parameter is None:
            return column.limit
        found = self.announced.get((timing.parameter, port))
        if not found:
            return column.limit
        values = list(found.values())
        first = values[0]
        if any((v.low, v.high) != (first.low, first.high) for v in values):
            return column.limit
        limit = values[-1]
        if timing.kind == "timeout" or limit.low is None:
            return limit
        return Limit(None, limit.high, limit.source)

    # -- findings -----------------------------------------------------------------------------------------

    def report(
        self,
        column: Column,
        verdict: Verdict,
        found: Interval,
        limit: Limit,
        start_frame: int,
        end_frame: int,
        end_ns: int | None,
        exchange: int,
    ) -> None:
        """Each failure is a Finding; so is each close call; what is missing is said once a column."""
        needs = found.needs or limit.needs
        if needs:
            if needs in column.said:
                return
            column.said.add(needs)
        timing = column.timing
        unit = RULES[timing.rule].unit if timing.rule in RULES else "ns"
        ns = found.ns
        over = ns is not None and limit.high is not None and (limit.low is None or ns > limit.low)
        bound = limit.high if over else limit.low
        if bound is None:
            bound = limit.high
        severity = SEVERITIES[timing.severity] if verdict is FAIL else Severity.NOTE
        self.findings.append(
            Finding(
                0,
                f"timing.{timing.rule}",
                severity,
                words(timing, verdict, found, limit, unit) + self._assumed(column.key.channel),
                timing.clause,
                end_frame or start_frame,
                exchange=exchange,
                measured=ns,
                limit=bound,
                unit=unit,
                channel=column.key.channel,
                time_ns=end_ns,
            )
        )

    def _assumed(self, number: int) -> str:
        """What a person stated for a channel, and what calibrating its tap found: every verdict that rests on it
        says so."""
        channel = next((c for c in self.channels if c.number == number), Channel(number, "", 0))
        stated = f"assumed {','.join(channel.assumed)}" if channel.assumed else ""
        cited = "; ".join(part for part in (stated, channel.calibration) if part)
        return f" ({cited})" if cited else ""


def words(timing: Timing, verdict: Verdict, found: Interval, limit: Limit, unit: str) -> str:
    """A verdict in one sentence: measured, bounds, limit, and what would decide it."""

    def said(value: int | None) -> str:
        return duration(value) if unit == "ns" else f"{value} {unit}"

    text = f"{timing.rule} ({timing.subject}): "
    if found.ns is not None:
        text += said(found.ns)
        if found.lo_ns is not None and found.hi_ns is not None:
            text += f" ({said(found.lo_ns)} to {said(found.hi_ns)})"
    low, high = limit.low, limit.high
    allowed = f"at most {said(high)}" if low is None else f"at least {said(low)}"
    if low is not None and high is not None:
        allowed = said(low) if low == high else f"{said(low)} to {said(high)}"
    if low is not None or high is not None:
        text += f", {'time-out' if timing.kind == 'timeout' else 'limit'} {allowed} ({limit.source})"
    if verdict is not FAIL:
        needs = found.needs or limit.needs
        text += f"; undecidable: needs {needs}" if needs else "; undecidable: the limit lies within the uncertainty"
    return text
