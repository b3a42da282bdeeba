"""A Case: one source of a report, analyzed once, with its timing and its autopsy."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from analyzer.analysis import Analysis
from analyzer.explain import Attempt, Autopsy
from analyzer.session import Session
from analyzer.timing import Timing
from captures.source import Source
from dissectors.profile import Profile
from dissectors.record import Flag, Record


class Facts(msgspec.Struct):
    """What the capture itself is. first_ns, last_ns: None without a clock. lost: octets said to be lost."""

    kind: str = ""
    records: int = 0
    octets: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    truncated: int = 0
    losses: int = 0
    cut: str | None = None
    remarks: Sequence[str] = ()


class Case(msgspec.Struct):
    """name: short and unlike every other of the report, fit for a file name."""

    source: str
    name: str
    analysis: Analysis
    timing: Timing
    attempts: list[Attempt]
    facts: Facts
    decision: str


def load(session: Session, spec: str, name: str, profiles: Sequence[Profile], decision: str) -> Case:
    """Reads a source to its end. CaptureError when it cannot be read."""
    facts = Facts()
    with session.source(spec) as source:
        analysis = Analysis(source.channels, profiles, session.known)
        timing = Timing({p.name: p for p in profiles}, source.channels, decision, keep=True)
        autopsy = Autopsy()
        for _ in analysis.load(counted(source, facts), (timing, autopsy), ring=session.keys):
            pass
        timing.end()
        autopsy.run = analysis.run
        analysis.cut = facts.cut = source.cut
        facts.kind, facts.remarks = source.kind, tuple(source.remarks)
        analysis.gather(timing.take())
        return Case(spec, name, analysis, timing, autopsy.result(), facts, decision)


def counted(source: Source, facts: Facts) -> Iterator[Record]:
    """The records of a source, counted as they pass."""
    for record in source:
        facts.records += 1
        facts.octets += len(record.octets)
        if facts.first_ns is None:
            facts.first_ns = record.first_ns
        if record.last_ns is not None:
            facts.last_ns = record.last_ns
        if record.flags & Flag.TRUNCATED:
            facts.truncated += 1
        if record.flags & Flag.LOSS or record.lost:
            facts.losses += 1
        yield record


def names(specs: Iterable[str]) -> list[str]:
    """A short name for each source: the file's, made different by a number where two are equal."""
    found: list[str] = []
    for spec in specs:
        stem = spec.replace("\\", "/").rstrip("/").rpartition("/")[2]
        stem = "".join(c if c.isalnum() or c in "._-" else "-" for c in stem).strip(".") or "source"
        for ending in (".gz", ".pcapng", ".pcap", ".log", ".txt", ".hex"):
            stem = stem.removesuffix(ending) or stem
        name, n = stem, 2
        while name in found:
            name, n = f"{stem}-{n}", n + 1
        found.append(name)
    return found
