"""The doctor: why nothing decodes. Per channel a ranked list of diagnoses, each with its evidence in numbers, the
records that show it, and the option or wire to change. Traffic that decodes is said to be healthy, and nothing more.

CHECKS is the table: each check is a pure function of the facts of one channel.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from analyzer import doctor_capture as capture
from analyzer import doctor_content as content
from analyzer import doctor_line as line
from analyzer import doctor_silence as silence
from analyzer import doctor_wires as wires
from analyzer import words
from analyzer.doctor_facts import MAX_OCTETS, Diagnosis, Facts, gather
from analyzer.redact import Redactor
from captures.source import Source
from dissectors.keys import KeyRing
from dissectors.profile import Profile

SHOWN: Final = 100  # record numbers of one diagnosis
NAMES: Final = {
    "hdlc": "HDLC frames",
    "wrapper": "wrapper PDUs",
    "apdu": "APDUs",
    "iec62056-21": "messages",
    "mbus": "telegrams",
}

Check = Callable[[Facts], list[Diagnosis]]
CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("silence", silence.silence),
    ("rate, polarity, format, disturbance", line.misheard),
    ("parity", silence.parity),
    ("half of the line", wires.half),
    ("swapped pair", wires.swapped),
    ("echo", wires.echo),
    ("address", wires.address),
    ("unanswered", wires.unanswered),
    ("encapsulation", content.encapsulation),
    ("link type", capture.link_type),
    ("snap length", capture.truncated),
    ("middle of a stream", capture.mid_stream),
    ("refused", capture.refused),
    ("tunnels", capture.nesting),
    ("keys", capture.keys),
    ("clock", capture.clock),
)


class Shown(msgspec.Struct):
    """A Diagnosis as it is printed."""

    code: str
    title: str
    confidence: int
    evidence: list[str]
    records: list[int]
    advice: str


class ChannelReport(msgspec.Struct):
    """verdict: "healthy", "nothing" (no traffic), "unexplained", or the code of the first diagnosis."""

    channel: int
    name: str
    octets: int
    frames: int
    good_frames: int
    verdict: str
    diagnoses: list[Shown]
    sentence: str


class Report(msgspec.Struct):
    """limit: why the rest of the source was not looked at, "" for all of it."""

    source: str
    channels: list[ChannelReport]
    limit: str = ""


def examine(
    source: Source,
    profiles: Sequence[Profile],
    ring: KeyRing | None = None,
    seconds: float | None = None,
    most: int = MAX_OCTETS,
) -> Report:
    """Looks at a source, at most at its first `seconds` of record time or `most` octets."""
    looked = gather(source, source.channels, profiles, ring, seconds, most)
    return Report(source.path, [_channel(facts) for facts in looked.facts], looked.limit)


def _channel(facts: Facts) -> ChannelReport:
    found = [d for _, check in CHECKS for d in check(facts)]
    found.sort(key=lambda d: (d.note, -d.confidence))
    causes = [d for d in found if not d.note]
    frames = facts.frames_good + sum(facts.bad.values())
    lost = facts.sick if facts.serial else not facts.frames_good  # a network carries other things too
    if not causes and lost and facts.noise_octets:
        causes = [_unexplained(facts)]
        found = [*causes, *found]
    if causes:
        verdict = causes[0].code
    else:
        verdict = "healthy" if facts.frames_good else "nothing"
    return ChannelReport(
        facts.channel.number, facts.channel.name, facts.octets, frames, facts.frames_good, verdict,
        [Shown(d.code, d.title, d.confidence, list(d.evidence), list(d.records[:SHOWN]), d.advice) for d in found],
        _sentence(facts, verdict, frames),
    )  # fmt: skip


def _unexplained(facts: Facts) -> Diagnosis:
    """Code unexplained: noise, and no check knows why."""
    octets = b"".join(stream.octets[: 1 << 16] for stream in facts.streams)
    flags = octets.count(0x7E)
    common = sorted(set(octets), key=lambda octet: -octets.count(octet))[:4]
    evidence = [f"{facts.noise_octets} octets in no good frame, {facts.good_octets} in good frames"]
    if octets:
        share = 100 * octets.count(common[0]) // len(octets)
        names = " ".join(f"{octet:02X}" for octet in common)
        evidence.append(
            f"{len(set(octets))} different octets, most often {names} (the first {share} %), {flags} are flags 7E"
        )
    evidence += line.errors(facts)
    advice = "look at the rows: cosemscope dump --level frame; name a profile with --profile where the traffic is known"
    records = facts.records_of(f for f in facts.frames if f.layer == "noise" or f.kind == "other")
    return Diagnosis(
        "unexplained", "most octets are in no frame, and nothing here explains it", 30, tuple(evidence), records, advice
    )


def _sentence(facts: Facts, verdict: str, frames: int) -> str:
    kinds = [f"{facts.good[layer]} of {facts.good[layer] + facts.bad[layer]} {NAMES[layer]} good"
             for layer in NAMES if facts.good[layer] + facts.bad[layer]]  # fmt: skip
    counts = ", ".join(kinds) or "no frame recognised"
    size = f"{facts.octets} octets in {len(facts.records)} records"
    return f"{'healthy' if verdict == 'healthy' else verdict}: {counts}, {size}"


# -- output -----------------------------------------------------------------------------------------------------


def redacted(report: Report) -> Report:
    """The same without hosts in evidence and without octets of headers."""
    redactor = Redactor()
    for channel in report.channels:
        for d in channel.diagnoses:
            d.evidence = [redactor.words(_hosts(redactor, text)) for text in d.evidence]
    return report


def _hosts(redactor: Redactor, text: str) -> str:
    return " ".join(
        redactor.address(word) if word.count(":") == 1 and word[-1:].isdigit() else word for word in text.split(" ")
    )


def to_json(report: Report) -> bytes:
    return msgspec.json.encode(report) + b"\n"


def numbers(records: Sequence[int]) -> str:
    """ "1-4, 7": runs of record numbers."""
    runs: list[list[int]] = []
    for no in sorted(set(records)):
        if runs and no == runs[-1][1] + 1:
            runs[-1][1] = no
        else:
            runs.append([no, no])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in runs[:8]]
    return ", ".join(shown) + (", …" if len(runs) > 8 else "")


def to_text(report: Report) -> bytes:
    """For a person: a line a channel, then what is wrong with it, likely causes first."""
    out = []
    for c in report.channels:
        name = f" ({c.name})" if c.name not in ("", str(c.channel)) else ""
        out.append(f"channel {c.channel}{words.printable(name)}: {c.sentence}")
        for n, d in enumerate(c.diagnoses, 1):
            out.append(f"  {n}. {d.title}  [{d.code}, {d.confidence} %]")
            out += [f"     evidence: {words.printable(text)}" for text in d.evidence]
            if d.records:
                out.append(f"     records: {numbers(d.records)}")
            out.append(f"     do: {d.advice}")
    if not report.channels:
        out.append("no channel: the source holds no traffic")
    if report.limit:
        out.append(report.limit)
    return ("\n".join(out) + "\n").encode("utf-8", "replace")
