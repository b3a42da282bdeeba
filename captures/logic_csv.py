"""UART exports of logic analyzers: Saleae Logic 1 and 2, sigrok-cli and PulseView (forms: logic_csv_forms.py).

Each octet is a record with its own times, so that pauses between octets can be judged: from the edge of its start bit
to the end of its stop bit, uncertain by one sample. A wire is a channel; the first two wires of a file are the two
wires of one line, the next two of the next.
"""

import codecs
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from math import gcd

from captures.assume import Assume
from captures.linktype import RTAC_SERIAL
from captures.logic_csv_forms import PS, Form, Row, form_of
from captures.logic_csv_values import PS_OF_NS, radix, resolution
from captures.logtime import Clock
from captures.stamps import Stamps
from captures.stream import FileSource, OctetStream
from dissectors.record import Channel, Direction, Flag, Record

HEAD_OCTETS = 4096
LINE_CHARACTERS = 4096  # a longer line is of no form
QUOTED_LINES = 3  # an octet 0A may stand as a line end between quotes
WAITING = 64  # octets that wait for an error line behind them
ENOUGH = 8  # start times that tell what they have in common
NAMED_LINES = 10
SAMPLES_OF_BIT = 4  # fewer, and no decoder works
# what meters speak; a length in bits gives one of these or none
RATES = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
# half bits that a decoder shows of a character → bits of it: the last half of its stop bit is left out by some
LENGTHS = ((19, 10), (20, 10), (21, 11), (22, 11))
NEAR_PERCENT = 2
# sample rates that analyzers have, in kHz
SAMPLE_RATES = (
    *(20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 3000, 4000, 5000, 6000, 6250, 8000, 10000, 12000, 12500),
    *(16000, 20000, 24000, 25000, 48000, 50000, 62500, 100000, 125000, 200000, 250000, 500000, 1000000),
)
UNKNOWN = int(Direction.UNKNOWN)


def recognise(head: bytes) -> bool:
    """Whether a file that begins with these octets is an export of a UART decoder."""
    return form_of(_first_line(head)) is not None


def _first_line(head: bytes) -> str:
    return head.partition(b"\n")[0].decode("utf-8", "replace").strip("\ufeff\r ")


class Waiting:
    """An octet that may still get an error. closed: another one has come on its wire."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.flags = row.flags
        self.closed = False


class LogicSource(FileSource):
    """Records of an export, an octet each. passed_over: numbers of the first lines that are not of its form."""

    kind: str = "logic"

    def __init__(self, stream: OctetStream, assume: Assume | None = None) -> None:
        super().__init__(stream, assume)
        head = stream.head(HEAD_OCTETS)
        first = _first_line(head)
        make = form_of(first)
        assert make is not None  # recognise says so
        self.clock = Clock(self.assume.stated(0).tz)
        self.form: Form = make(first, self.clock)
        self.passed_over: list[int] = []
        self.passed = 0
        self._no = 0
        self._wires: dict[str, tuple[Channel, Stamps]] = {}
        self._waiting: deque[Waiting] = deque()
        lines = head.decode("utf-8", "replace").split("\n")
        sample = list(self._joined(lines[:-1] if len(head) == HEAD_OCTETS else lines))[not self.form.samples :]
        values = [value for line in sample if (value := self.form.value(line)) is not None]
        self.form.meant = radix(values, self.form.samples)
        self.baud, self.bits = 0, 10
        self.sample_ns = 1
        self.tick: tuple[int, int] | None = (1, PS_OF_NS)  # ns as a fraction
        if self.form.samples:
            self._count_samples(sample)
        else:
            self._measure(sample)

    def __iter__(self) -> Iterator[Record]:
        for number, line in enumerate(self._joined(self._lines()), 1):
            if not line.strip() or (number == 1 and not self.form.samples):
                continue
            try:
                row = self.form.row(line)
            except ValueError:
                self.passed += 1
                if len(self.passed_over) < NAMED_LINES:
                    self.passed_over.append(number)
                continue
            if row is not None:
                yield from self._take(row)
        for waiting in self._waiting:
            yield self._record(waiting.row, waiting.flags)
        if self.passed:
            lines = ", ".join(str(number) for number in self.passed_over)
            more = ", …" if self.passed > len(self.passed_over) else ""
            self.remarks.append(f"{self.passed} lines hold no octet and were passed over (line {lines}{more})")
        if self.clock.assumed_utc:
            self.remarks.append("times carry no zone and are read as UTC; --assume tz=… states one")
        self.ended(None)

    # -- what a sample of rows tells ------------------------------------------------------------------------

    def _octets(self, sample: list[str]) -> tuple[list[tuple[Row, str]], int]:
        """The rows of a sample that are octets, each with its line, and how long an octet is (0: not said)."""
        rows = []
        for line in sample:
            with suppress(ValueError):
                row = self.form.row(line)
                if row is not None and row.octet is not None:
                    rows.append((row, line))
        lengths = sorted(row.length for row, _ in rows if row.length)
        return rows, lengths[len(lengths) // 2] if lengths else 0

    def _measure(self, sample: list[str]) -> None:
        """The baud rate from the length of an octet, the time of one sample from what start times have in common."""
        rows, length = self._octets(sample)
        for half_bits, bits in LENGTHS if length else ():
            baud = half_bits * PS // 2 // length
            near = min(RATES, key=lambda rate: abs(rate - baud))
            if abs(near - baud) * 100 < near * NEAR_PERCENT:
                self.baud, self.bits = near, bits
                break
        baud = self.assume.stated(0).baud or self.baud
        largest = PS // baud // SAMPLES_OF_BIT if baud else PS // 1_000_000
        starts = [row.start for row, _ in rows if row.start is not None]
        step = gcd(*(b - a for a, b in pairwise(starts))) if len(starts) >= ENOUGH else 0
        printed = min((resolution(self.form.time(line)) for _, line in rows), default=PS)
        if not max(printed, PS_OF_NS) < step <= largest:
            step = largest  # the digits are no multiples of a sample
        self.sample_ns = max(1, -(-max(step, printed) // PS_OF_NS))

    def _count_samples(self, sample: list[str]) -> None:
        """Numbers of samples need a rate: the stated baud rate gives it, since the data bits of an octet are marked."""
        self.tick = None
        _, length = self._octets(sample)
        stated = self.assume.stated(0)
        if not length:
            return
        if not stated.baud:
            self.remarks.append(
                "times are numbers of samples, and the file has no sample rate: --assume baud=… gives the times"
            )
            return
        form = stated.format or "8N1"
        rate = stated.baud * length // int(form[0])
        near = min(SAMPLE_RATES, key=lambda kilohertz: abs(kilohertz * 1000 - rate)) * 1000
        if abs(near - rate) * 100 < near * NEAR_PERCENT:
            rate = near
        self.tick = 1_000_000_000, rate
        self.sample_ns = -(-2_000_000_000 // rate)  # marks are rounded to a sample on either side
        self.remarks.append(f"samples are read as {rate / 1000:g} kHz: {length} of them for the data bits of an octet")

    # -- lines ----------------------------------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        kept = ""
        for chunk in self.stream.chunks():
            lines = (kept + decoder.decode(chunk)).split("\n")
            kept = lines.pop()
            yield from lines
            if len(kept) > LINE_CHARACTERS:
                yield kept
                kept = ""
        if kept:
            yield kept

    def _joined(self, lines: Iterable[str]) -> Iterator[str]:
        """Lines without their end; where cells are quoted, one that breaks inside quotes with what follows."""
        held: list[str] = []
        for line in lines:
            held.append(line)
            if self.form.quoted and sum(each.count('"') for each in held) % 2:
                if len(held) < QUOTED_LINES:
                    continue
                yield from (each.rstrip("\r") for each in held)  # a quote that is never closed
            else:
                yield "\n".join(held).rstrip("\r")
            held = []
        yield from (each.rstrip("\r") for each in held)

    # -- octets ---------------------------------------------------------------------------------------------

    def _take(self, row: Row) -> Iterator[Record]:
        """Octets whose errors are known, in the order in which they came."""
        if not self.form.samples:
            yield self._record(row, row.flags)
            return
        open_ = next((w for w in reversed(self._waiting) if w.row.wire == row.wire and not w.closed), None)
        if row.octet is None and open_ is not None:
            open_.flags |= row.flags
            return
        if open_ is not None:
            open_.closed = True
        self._waiting.append(Waiting(row))
        while self._waiting and (self._waiting[0].closed or len(self._waiting) > WAITING):
            first = self._waiting.popleft()
            yield self._record(first.row, first.flags)

    def _wire(self, name: str) -> tuple[Channel, Stamps]:
        wire = self._wires.get(name)
        if wire is None:
            number = len(self.channels)
            channel = self.assume.apply(
                Channel(
                    number,
                    name if ":" in name else f"line{number // 2 + 1}:{name}",
                    RTAC_SERIAL,
                    self.sample_ns,
                    self.baud,
                    self.bits,
                    "start",
                    description="a wire of a logic analyzer",
                )
            )
            self.channels.append(channel)
            wire = self._wires[name] = channel, Stamps(channel, self.assume.stated(number))
        return wire

    def _record(self, row: Row, flags: int) -> Record:
        channel, stamps = self._wire(row.wire)
        self._no += 1
        octets = b"" if row.octet is None else bytes((row.octet,))
        direction = UNKNOWN if row.direction is None else row.direction
        if direction != UNKNOWN and self.assume.stated(channel.number).at == "server":
            direction = 1 - direction  # names of wires are told from the meter
        first: int | None = None
        if self.tick is not None and row.start is not None:
            first = row.start * self.tick[0] // self.tick[1]
            if self.form.samples and channel.baud:
                first -= 1_000_000_000 // channel.baud  # the mark is on the data bits: before them the start bit
        first, last, uncertainty = stamps.times(first, len(octets))
        if stamps.plain and last is not None:
            if row.length is not None and self.tick is not None:
                last += row.length * self.tick[0] // self.tick[1]
            uncertainty = self.sample_ns if uncertainty is None else uncertainty
        if first is not None:
            flags |= int(Flag.OCTET_TIMES)
        return Record(self._no, channel.number, direction, first, last, uncertainty, octets, flags)
