"""Health: what the capture is, how it was recorded, what it lost, and what of it was not understood."""

import re
import textwrap
import time
from collections.abc import Iterator, Sequence

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from analyzer import words
from analyzer.undecoded import Reason, Undecoded
from captures.health import Health, size
from captures.linktype import NAMES
from captures.live import LiveSource
from dissectors.problem import Severity
from dissectors.record import Channel
from tui.background import Background
from tui.keyed_list import KeyedList
from tui.loader import Capture, Counts
from tui.row_list import GUTTER, REST, FixedRows, ListColumn, Row, RowList
from tui.text import safe
from tui.view import Jump, View

LABEL = 20  # cells
SECONDS = 1.0  # a live capture is looked at so often
CAPTURE = "capture."  # codes of problems of the capture itself
SEVERITY_LOOKS = {Severity.NOTE: ("", "·"), Severity.WARNING: ("warning", "!"), Severity.ERROR: ("error", "✗")}
OWN = re.compile(r'  File ".*?((?:tui|analyzer|captures|dissectors)/[^"]*)", line (\d+), in (\S+)')
ERROR = re.compile(r"([A-Za-z_][\w.]*)(:.*)?")
QUEUE_FULL = 100  # readings that wait to be written: the disk is behind


class Fact(msgspec.Struct, frozen=True):
    """label "": it belongs to the one before. frame: to look at, 0 without. heading: of a part."""

    label: str
    value: str
    style: str = ""
    mark: str = ""
    frame: int = 0
    heading: bool = False


class Problems(msgspec.Struct):
    """Problems of the capture itself, by code: what was said first, how often, first frame."""

    looked: int = 0
    found: dict[str, tuple[str, int, int, int]] = {}


class HealthView(View):
    """`facts`: all of it, a line each; Enter goes to the frame that a line is about."""

    TITLE = "Health"

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.work = Background(self, self._look, self._show)
        self.facts: list[Fact] = []
        self._shown: list[Fact] = []  # a row each: a long value has several
        self._undecoded = Undecoded(capture.analysis)
        self._problems = Problems()
        self._state = ""
        self._filled = 0.0

    def compose(self) -> ComposeResult:
        yield KeyedList([ListColumn("what", "", LABEL), ListColumn("value", "", 0)], id="facts", empty="computing …")

    @property
    def table(self) -> KeyedList:
        return self.query_one("#facts", KeyedList)

    def put(self, capture: Capture) -> None:
        super().put(capture)
        self._undecoded, self._problems = Undecoded(capture.analysis), Problems()

    def fill(self) -> None:
        self._filled, self._state = time.monotonic(), self.capture.state
        self.work.ask(soon=False)

    def grown(self, counts: Counts) -> None:
        live = self.capture.state == "live" and time.monotonic() - self._filled >= SECONDS
        if live or self.capture.state != self._state:
            self.fill()

    # -- in a thread -----------------------------------------------------------------------------------------

    def _look(self, capture: Capture) -> list[Fact]:
        reasons = self._undecoded.look(capture.turn)
        with capture.turn():
            findings = capture.analysis.findings[self._problems.looked :]
            self._problems.looked += len(findings)
            for f in findings:
                if f.code.startswith(CAPTURE):
                    text, count, frame, _ = self._problems.found.get(f.code, (f.text, 0, f.frame, 0))
                    self._problems.found[f.code] = (text, count + 1, frame, f.severity)
            frames = len(capture.analysis.frames)
            return [
                *_source(capture), *_channels(capture.analysis.channels), *_live(capture), *_remarks(capture),
                *_capture_problems(self._problems), *_not_decoded(reasons, frames), *_crash(capture),
            ]  # fmt: skip

    # -- on the screen -----------------------------------------------------------------------------------------

    def _show(self, found: list[Fact]) -> None:
        self.facts = found
        self._draw()

    def _draw(self) -> None:
        width = max(REST, self.table.scrollable_content_region.width - GUTTER - LABEL - 2)
        keys, rows = [], []
        self._shown = []
        seen: dict[tuple[str, str], int] = {}
        part = ""
        for fact in self.facts:
            part = fact.label if fact.heading else part
            number = seen[part, fact.label] = seen.get((part, fact.label), -1) + 1
            for n, text in enumerate(textwrap.wrap(safe(fact.value), width) or [""]):
                keys.append((part, fact.label, number, n))
                self._shown.append(fact)
                style = "heading" if fact.heading else fact.style
                rows.append(Row(["" if n else fact.label, text], style, "" if n else fact.mark))
        self.table.put(keys, FixedRows(rows))

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @on(RowList.Activated, "#facts")
    def _jump(self, event: RowList.Activated) -> None:
        event.stop()
        level, no = self.selection()
        if no:
            self.post_message(Jump(level, no))

    def selection(self) -> tuple[str, int]:
        cursor = self.table.cursor
        frame = self._shown[cursor].frame if 0 <= cursor < len(self._shown) else 0
        return ("frame", frame) if frame else ("", 0)

    def start(self) -> Widget | None:
        return self.table


def _heading(text: str) -> Fact:
    return Fact(text, "", heading=True)


def _source(capture: Capture) -> Iterator[Fact]:
    facts, source = capture.facts, capture.source
    yield _heading("Capture")
    yield Fact("Source", capture.spec)
    yield Fact("Kind", source.kind)
    looks = {"failed": ("error", "✗"), "live": ("good", "●")}
    yield Fact("State", capture.state, *looks.get(capture.state, ("", "")))
    if capture.error:
        # a message of our own fault may hold octets of the capture
        yield Fact("", f"internal error: {error_name(capture.crash)}" if capture.crash else capture.error, "error", "✗")
    if source.path != capture.spec:
        yield Fact("File", source.path)
    if source.size:
        yield Fact("Read", f"{size(source.octets_read)} of {size(source.size)}")
    yield Fact("Records", f"{facts.records}, {size(facts.octets)} of data")
    first, last = facts.first_ns, facts.last_ns
    if first is None or last is None:
        yield Fact("Time", "no clock: nothing can be judged that rests on time", "warning", "!")
    else:
        yield Fact("First", words.iso(first) or "")
        yield Fact("Last", f"{words.iso(last)}, {words.duration(last - first)} after the first")
    for count, text in (
        (facts.truncated, "records with fewer octets than the wire had (snap length)"),
        (facts.losses, "places where data was lost, as the capture says"),
    ):
        if count:
            yield Fact("", f"{count} {text}", "warning", "!")
    if source.cut is not None:
        yield Fact("Cut", source.cut, "warning", "!")


def _channels(channels: Sequence[Channel]) -> Iterator[Fact]:
    yield _heading("Channels")
    for channel in channels:
        yield Fact(f"{channel.number} {channel.name}".rstrip(), "; ".join(_channel(channel)))


def _channel(channel: Channel) -> Iterator[str]:
    if channel.description:
        yield channel.description
    yield f"link type {channel.link_type} {NAMES.get(channel.link_type, '')}".rstrip()
    if channel.baud:
        yield f"{channel.baud} Bd, {channel.character_bits} bits a character"
    late = ", late at most (a USB read)" if channel.one_sided else ""
    resolution = channel.resolution_ns
    yield f"stamps: {channel.stamp}, to {f'{resolution} ns' if resolution < 1000 else words.duration(resolution)}{late}"
    if channel.line:
        yield f"line {channel.line}"
    if channel.profile:
        yield f"carries {channel.profile}"
    if channel.swap:
        yield "directions the other way round"
    if channel.assumed:
        yield f"assumed {', '.join(channel.assumed)}"
    if channel.calibration or channel.baud:
        yield f"calibrated: {channel.calibration}" if channel.calibration else "not calibrated"


def _live(capture: Capture) -> Iterator[Fact]:
    if not isinstance(capture.source, LiveSource):
        return
    recorder = capture.source.recorder
    yield from live_facts(recorder.health, recorder.files, recorder.error)


def live_facts(health: Health, files: list[str], error: str | None) -> Iterator[Fact]:
    """What a recorder tells of itself. files: begun so far."""
    yield _heading("Recording")
    yield Fact("Written to", health.file)
    if len(files) > 1:
        yield Fact("Files", f"{len(files)} of a ring, the first {files[0]}")
    yield Fact("Written", f"{health.records} records, {size(health.octets)}")
    if health.ended or error:
        yield Fact("Ended", error or health.ended, "error" if error else "", "✗" if error else "")
    for wire in health.wires:
        errors = {
            "framing errors": wire.framing, "parity errors": wire.parity, "breaks": wire.breaks,
            "overruns": wire.overruns,
        }  # fmt: skip
        told = [f"{wire.baud} Bd", f"{wire.octets} octets", *(f"{n} {name}" for name, n in errors.items() if n)]
        if wire.phase:
            told.append(wire.phase)
        if wire.gone:
            yield Fact(wire.name, f"gone: {wire.gone}; {', '.join(told)}", "error", "✗")
        else:
            bad = any(errors.values())
            yield Fact(wire.name, ", ".join(told), "warning" if bad else "", "!" if bad else "")
    if health.packets or health.dropped:
        bad = bool(health.dropped)
        dropped = f"{health.packets} packets, {health.dropped} dropped by the system"
        yield Fact("Packets", dropped, "warning" if bad else "", "!" if bad else "")
    full = health.queue > QUEUE_FULL
    yield Fact("Not yet written", f"{health.queue} readings", "warning" if full else "", "!" if full else "")
    if health.disk_free is not None:
        yield Fact("Disk", f"{size(health.disk_free)} free")
    priority = "real time priority" if health.urgent else "no real time priority"
    yield Fact("Latest wake-up", f"{words.duration(health.late_us * 1000)} late, {priority}")


def _remarks(capture: Capture) -> Iterator[Fact]:
    source = capture.source
    said = [*source.remarks, *(source.said if isinstance(source, LiveSource) else ()), *capture.said]
    if said:
        yield _heading("Remarks")
        yield from (Fact("", line, mark="·") for line in dict.fromkeys(said))


def _capture_problems(problems: Problems) -> Iterator[Fact]:
    if problems.found:
        yield _heading("Problems")
    for code, (text, count, frame, severity) in problems.found.items():
        often = f"{count} times, first in frame {frame}: " if count > 1 else f"frame {frame}: " if frame else ""
        yield Fact(code.removeprefix(CAPTURE), often + text, *SEVERITY_LOOKS[Severity(severity)], frame=frame)


def _not_decoded(reasons: dict[str, Reason], frames: int) -> Iterator[Fact]:
    yield _heading("Not decoded")
    if frames and not reasons:
        yield Fact("", "nothing: every octet is part of a known frame", "good", "✓")
    for reason, found in sorted(reasons.items(), key=lambda item: -item[1].frames):
        layer, _, why = reason.partition(": ")
        told = f"{found.frames} frames, {size(found.octets)}, first frame {found.frame}: {why}"
        yield Fact(layer, told, "warning", "!", found.frame)


def _crash(capture: Capture) -> Iterator[Fact]:
    if capture.crash:
        yield _heading("Internal error")
        yield Fact(
            error_name(capture.crash), "a fault of cosemscope, not of the capture; please report it", "error", "✗"
        )
        yield from (Fact("", line) for line in own_frames(capture.crash))


def error_name(crash: str) -> str:
    """The type of the exception; its message may hold octets of the capture."""
    for line in reversed(crash.splitlines()):
        match = ERROR.fullmatch(line)
        if match is not None:
            return match[1]
    return "error"


def own_frames(crash: str) -> list[str]:
    """Where it happened: places in our own files, without values."""
    return [f"{match[1]}:{match[2]} {match[3]}" for match in map(OWN.match, crash.splitlines()) if match is not None]
