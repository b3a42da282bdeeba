"""Taps: the receivers of a recording, from what the reader thread reads to records; and what happens to them.

    Reader ─Reading→ Unmarker ─octets, errors→ Line ─Run→ Recording

Baud rates follow the sign-on of IEC 62056-21 where the line uses it, or are found by listening.
"""

import os
import threading
import time
from collections import deque

from captures.clock import Clock
from captures.recording import Recording, Wire
from captures.serial.find_baud import Search
from captures.serial.octet_times import Reading
from captures.serial.port import RTAC_LINES, Port
from captures.serial.reader import Gone, Reader
from captures.serial.runs import Line, Run
from captures.serial.unmark import Unmarker
from captures.spec import FORMATS, SerialSpec
from captures.tap_option import Wiring
from dissectors.errors import CaptureError
from dissectors.link.sign_on import SignOn
from dissectors.record import Direction, Flag

START_BAUD = 300  # of IEC 62056-21
HOLD_NS = 2_000_000  # beyond what the drivers hold back: two wires are read one after the other
COUNTS_NS = 500_000_000  # how often the driver's own counters are asked
HEARS = {"client": int(Direction.TO_SERVER), "server": int(Direction.TO_CLIENT), "": int(Direction.UNKNOWN)}
LOST = ("overrun", "buffer_overrun")


class Tap:
    """One receiver."""

    def __init__(self, number: int, device: str, hears: str, port: Port, spec: SerialSpec) -> None:
        self.number = number
        self.device = device
        self.name = os.path.basename(device)
        self.hears = hears
        self.direction = HEARS[hears]
        self.spec = spec
        self.port: Port | None = port
        self.unmarker = Unmarker(port.error)
        self.octets = 0
        self.errors = dict.fromkeys(("framing", "parity", "breaks", "overruns"), 0)
        self.gone = ""
        self.counted = port.counts()
        self.inputs = port.inputs()
        self.asked_ns = 0

    def count(self, octets: bytes, errors: tuple[tuple[int, Flag], ...]) -> None:
        self.octets += len(octets)
        for _, flag in errors:
            self.errors[ERRORS[flag]] += 1


ERRORS = {Flag.FRAMING_ERROR: "framing", Flag.PARITY_ERROR: "parity", Flag.BREAK: "breaks"}


class TapLine:
    """The receivers of one line, which share its rate."""

    def __init__(self, taps: list[Tap], spec: SerialSpec, search: Search | None, calibrations: dict[str, str]) -> None:
        self.taps = taps
        self.spec = spec
        self.calibrations = calibrations
        self.name = "+".join(tap.name for tap in taps)
        self.search = search
        self.baud = spec.baud if search is None else search.rate
        follow = self.baud == START_BAUD and search is None if spec.signon is None else spec.signon
        self.signon = SignOn(self.baud) if follow else None
        self.line = Line((tap.number for tap in taps), self.character_ns, HOLD_NS + self.delivery_ns)
        self._wires: dict[tuple[int, int], Wire] = {}

    @property
    def character_ns(self) -> int:
        return FORMATS[self.spec.format] * 1_000_000_000 // self.baud

    @property
    def phase(self) -> str:
        """What the line is at, for a person: searching for its rate, or where its sign-on stands."""
        if self.search is not None and not self.search.found:
            return "searching"
        return str(self.signon.phase) if self.signon is not None else ""

    @property
    def delivery_ns(self) -> int:
        return max((tap.port.delivery_ns for tap in self.taps if tap.port is not None), default=0)

    def wire(self, tap: Tap) -> Wire:
        """The interface of a receiver at the rate at hand."""
        key = (tap.number, self.baud)
        found = self._wires.get(key)
        if found is None:
            port = tap.port
            wiring = Wiring(
                line=self.name,
                hears=tap.hears,
                profile=self.spec.profile,
                driver=port.driver if port is not None else "",
                character_bits=FORMATS[self.spec.format],
                calibration=self.calibrations.get(tap.device, ""),
            )
            words = f"{tap.device}, {self.spec.format}, " + (
                f"hears the {tap.hears}" if tap.hears else "hears both directions"
            )
            found = self._wires[key] = Wire(tap.name, baud=self.baud, description=words, wiring=wiring)
        return found


class Taps:
    """open() all, pump() every few ms, close(). say: one line for a person."""

    def __init__(
        self, specs: list[SerialSpec], recording: Recording, clock: Clock, calibrations: dict[str, str]
    ) -> None:
        self.recording = recording
        self.clock = clock
        self.calibrations = calibrations
        self.reader = Reader()
        self.taps: list[Tap] = []
        self.lines: list[TapLine] = []
        self.said: list[str] = []
        self._of: dict[int, TapLine] = {}
        self._edges: deque[tuple[Tap, int, int]] = deque()
        for spec in specs:
            self._open(spec)

    def _open(self, spec: SerialSpec) -> None:
        size = 2 if spec.wiring == "pair" else 1
        for at in range(0, len(spec.devices), size):
            taps: list[Tap] = []
            search = None if spec.baud else Search()
            baud = spec.baud if search is None else search.rate
            for index, device in enumerate(spec.devices[at : at + size]):
                hears = ("client", "server")[index] if size == 2 else spec.hears
                port = Port(device, baud, spec.format)
                self.said += port.hints
                taps.append(Tap(len(self.taps), device, hears, port, spec))
                self.taps.append(taps[-1])
            line = TapLine(taps, spec, search, self.calibrations)
            self.lines.append(line)
            self._of.update((tap.number, line) for tap in taps)
            self._watch_inputs(taps)

    def start(self) -> None:
        for tap in self.taps:
            assert tap.port is not None
            self.reader.add(tap.number, tap.port.fd, tap.port.delivery_ns)
            self._describe(tap)
        self.reader.start()

    def pump(self, slept_late_ns: int) -> None:
        """Everything read since, as records. slept_late_ns: how late the caller's own sleep ended."""
        self.reader.late.add(slept_late_ns)
        for item in self.reader.take():
            if isinstance(item, Gone):
                self._gone(item)
            else:
                self._read(item)
        now = time.monotonic_ns()
        for line in self.lines:
            self._emit(line, line.line.tick(now))
            self._idle(line, now)
        while self._edges:
            self._edge(*self._edges.popleft())
        for tap in self.taps:
            if now - tap.asked_ns >= COUNTS_NS:
                tap.asked_ns = now
                self._counts(tap, now)

    def floor_ns(self) -> int:
        """Wall time before which no record comes any more."""
        now = time.monotonic_ns()
        return self.clock.wall(min((line.line.floor_ns(now) for line in self.lines), default=now))

    @property
    def alive(self) -> bool:
        """Whether any receiver can still hear, or is waited for."""
        return any(tap.port is not None or tap.spec.reopen for tap in self.taps)

    def close(self) -> None:
        self.reader.stop()
        self.pump(0)
        for line in self.lines:
            self._emit(line, line.line.end())
        for tap in self.taps:
            if tap.port is not None:
                tap.port.close()

    # -- what was read ------------------------------------------------------------------------------

    def _read(self, reading: Reading) -> None:
        tap, line = self.taps[reading.wire], self._of[reading.wire]
        octets, errors = tap.unmarker.feed(reading.octets)
        tap.count(octets, errors)
        self._emit(line, line.line.feed(reading, octets, errors))
        if line.search is not None and not line.search.found:
            if line.search.feed(octets, len(errors), reading.after_ns):
                self._rate(line, line.search.rate, "tried, to find the baud rate")
            elif line.search.found:
                self._status(line, f"baud rate {line.baud} found: {line.search.found}")
                if line.spec.signon or (line.spec.signon is None and line.search.text):
                    line.signon = SignOn(line.baud)
        elif line.signon is not None:
            rate = line.signon.feed(tap.direction, octets, reading.after_ns)
            if rate is not None:
                self._rate(line, rate, "by the sign-on of IEC 62056-21")
            elif errors:
                self._doubt(line, len(errors))

    def _doubt(self, line: TapLine, errors: int) -> None:
        """Framing errors behind a change of rate: another may be the right one."""
        assert line.signon is not None
        rate = line.signon.doubt(errors)
        if rate is not None:
            self._rate(line, rate, "tried, since octets come with framing errors")

    def _idle(self, line: TapLine, now_ns: int) -> None:
        if line.search is not None and not line.search.found:
            if line.search.idle(now_ns):
                self._rate(line, line.search.rate, "tried, to find the baud rate")
        elif line.signon is not None:
            rate = line.signon.idle(now_ns)
            if rate is not None:
                self._rate(line, rate, "after the time-out of IEC 62056-21")

    def _rate(self, line: TapLine, baud: int, why: str) -> None:
        if baud == line.baud:
            return
        self._emit(line, line.line.end())
        before, line.baud = line.baud, baud
        line.line.character_ns = line.character_ns
        for tap in line.taps:
            if tap.port is not None:
                try:
                    tap.port.set_baud(baud)
                except CaptureError as error:
                    self.said.append(str(error))
                self.reader.delivery(tap.number, tap.port.delivery_ns)
        self._status(line, f"baud rate {before} -> {baud} ({why})")

    def _emit(self, line: TapLine, runs: list[Run]) -> None:
        wall = self.clock.wall
        for run in runs:
            tap = self.taps[run.wire]
            self.recording.run(
                line.wire(tap),
                wall(run.first_ns),
                wall(run.last_ns),
                run.uncertainty_ns,
                run.octets,
                tap.direction,
                run.flags,
            )

    def _status(self, line: TapLine, words: str) -> None:
        for tap in line.taps[:1]:
            self.recording.status(line.wire(tap), self.clock.now(), words)

    # -- what happens to receivers ------------------------------------------------------------------

    def _gone(self, gone: Gone) -> None:
        tap, line = self.taps[gone.wire], self._of[gone.wire]
        if tap.port is None:
            return
        self._emit(line, line.line.end())
        tap.gone = gone.reason
        words = f"loss: {tap.device} is gone ({gone.reason})"
        self.recording.status(line.wire(tap), self.clock.wall(gone.at_ns), words, flag=Flag.LOSS)
        self.said.append(words.removeprefix("loss: "))
        tap.port.close()
        tap.port = None

    def _reopen(self, tap: Tap, line: TapLine) -> None:
        try:
            tap.port = Port(tap.device, line.baud, tap.spec.format)
        except CaptureError:
            return
        tap.gone = ""
        tap.unmarker = Unmarker(tap.port.error)
        tap.counted = tap.port.counts()
        self.reader.add(tap.number, tap.port.fd, tap.port.delivery_ns)
        words = f"{tap.device} is back"
        self.recording.status(line.wire(tap), self.clock.now(), words)
        self.said.append(words)
        self._watch_inputs([tap])

    def _counts(self, tap: Tap, now_ns: int) -> None:
        """What the driver itself says that it lost; ports that came back."""
        line = self._of[tap.number]
        port = tap.port
        if port is None:
            if tap.spec.reopen:
                self._reopen(tap, line)
            return
        counted = port.counts()
        lost = sum(max(0, counted.get(name, 0) - tap.counted.get(name, 0)) for name in LOST)
        tap.counted = counted
        if lost:
            tap.errors["overruns"] += lost
            self.recording.status(
                line.wire(tap),
                self.clock.wall(now_ns),
                f"loss: {lost} octets (overrun in the driver)",
                lost=lost,
                flag=Flag.OVERRUN,
                uncertainty_ns=COUNTS_NS,
            )

    # -- modem inputs ----------------------------------------------------------------------------------

    def _watch_inputs(self, taps: list[Tap]) -> None:
        """A thread a port that has modem inputs: the driver wakes it at an edge."""
        for tap in taps:
            if tap.port is not None and tap.inputs is not None:
                threading.Thread(target=self._edges_of, args=(tap, tap.port), daemon=True, name="inputs").start()

    def _edges_of(self, tap: Tap, port: Port) -> None:
        while tap.port is port:
            lines = port.wait_inputs()
            if lines is None:
                return
            self._edges.append((tap, time.monotonic_ns(), lines))

    def _edge(self, tap: Tap, at_ns: int, lines: int) -> None:
        before, tap.inputs = tap.inputs or 0, lines
        names = dict(tap.spec.markers)
        late = self.reader.late.bound_ns + (tap.port.delivery_ns if tap.port is not None else 0)
        for name, bit in RTAC_LINES.items():
            if (before ^ lines) & bit:
                state = "on" if lines & bit else "off"
                words = f"marker {names[name]}-{state}" if name in names else f"{name.upper()} {state}"
                wire = self._of[tap.number].wire(tap)
                self.recording.status(wire, self.clock.wall(at_ns), words, lines=lines, uncertainty_ns=late + 1_000_000)

    def _describe(self, tap: Tap) -> None:
        """The interface stands in the file before its first octet comes: a silent line shows too."""
        line = self._of[tap.number]
        port = tap.port
        assert port is not None
        held = f"; its driver may hold octets back for {port.delivery_ns / 1e6:g} ms" if port.delivery_ns else ""
        lines = tap.inputs or 0
        self.recording.status(
            line.wire(tap), self.clock.now(), f"recording begins at {line.baud} Bd{held}", lines=lines
        )
