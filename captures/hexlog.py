"""Records of a text log: any text with hex octets, one frame a line or wrapped, with or without times and marks.

Each line, or run of lines that belong together, is one Record on the link type "text"; what protocol it is, is
found by content later. Lines that say nothing are passed over and counted. Times need a zone to be more than
local (--assume tz=…); their uncertainty is not known unless stated.
"""

import codecs
import re
from collections.abc import Iterator

from captures import hexline, wrapped
from captures.assume import Assume
from captures.hexline import Line
from captures.linktype import TEXT_LINK
from captures.logformats import FORMATS, Layout, direction
from captures.logtime import Clock, anywhere
from captures.stamps import Stamps
from captures.stream import FileSource, OctetStream
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Channel, Direction, Flag, Record

BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
TEXT_CONTROLS = frozenset(b"\t\n\r\f\v\x1b")
LINE_CHARACTERS = 1 << 18  # a longer line is read in pieces
BURST_OCTETS = 1 << 16  # a longer run of lines is given out in pieces
LINES_HELD = 1 << 12
DUMP_OCTETS = 16  # a line of hexdump
UNKNOWN = int(Direction.UNKNOWN)


def recognise(head: bytes) -> bool:
    """Whether a file that begins with these octets is text (UTF-8, UTF-16 with its mark, an eight-bit code)."""
    if any(head.startswith(bom) for bom, _ in BOMS):
        return True
    controls = sum(octet < 32 and octet not in TEXT_CONTROLS for octet in head)
    foreign = head.decode("utf-8", "replace").count("\ufffd")
    return bool(head) and controls * 50 <= len(head) and foreign * 5 <= len(head) and b"\0" not in head


def parse_spec(rest: str) -> tuple[str, Layout]:
    """FILE, FILE?format=NAME or FILE?regex=PATTERN: the path and how to read it. UsageError says what was expected."""
    path, question, query = rest.partition("?")
    if not path:
        raise UsageError("hexlog: names no file, expected hexlog:FILE?format=NAME or hexlog:FILE?regex=PATTERN")
    if not question:
        return path, FORMATS["auto"]
    key, _, value = query.partition("=")
    if key == "format":
        if value not in FORMATS:
            raise UsageError(f"hexlog format {value!r} is not known, expected one of {', '.join(sorted(FORMATS))}")
        return path, FORMATS[value]
    if key != "regex":
        raise UsageError(f"hexlog:{rest}: expected ?format=NAME or ?regex=PATTERN after the file")
    try:
        pattern = re.compile(value)
    except re.error as error:
        raise UsageError(f"hexlog regex {value!r}: {error}") from None
    if "octets" not in pattern.groupindex:
        raise UsageError(
            f"hexlog regex {value!r} has no group octets, expected (?P<octets>…), and time, dir where there are"
        )
    return path, Layout("regex", pattern)


class Burst:
    """Octets that belong together, while their lines are read. marked: a time or a direction came with them."""

    def __init__(self, octets: bytes, ns: int | None, direction: int | None, marked: bool, offset: int = -1) -> None:
        self.octets = bytearray(octets)
        self.ns = ns
        self.direction = direction
        self.marked = marked
        self.singles = len(octets) == 1
        self.dump = offset >= 0
        self.offset = offset
        self.repeated = False

    def repeats(self, missing: int) -> bool:
        """Fills in the lines that hexdump left out after a `*`: they are as the one before."""
        if not self.repeated or not 0 < missing <= BURST_OCTETS or len(self.octets) < DUMP_OCTETS:
            return False
        self.octets += (bytes(self.octets[-DUMP_OCTETS:]) * (missing // DUMP_OCTETS + 1))[:missing]
        self.repeated = False
        return True


class HexlogSource(FileSource):
    """Records of a text log. CaptureError where there is not a single hex octet (known at once, unless following).

    passed_over: lines without octets, time or mark that are not comments. odd_lines: numbers of the first lines
    with a digit without its partner.
    """

    kind: str = "hexlog"

    def __init__(self, stream: OctetStream, assume: Assume | None = None, layout: Layout = FORMATS["auto"]) -> None:
        super().__init__(stream, assume)
        self.layout = layout
        self.passed_over = 0
        self.odd_lines: list[int] = []
        stated = self.assume.stated(0)
        self.clock = Clock(stated.tz)
        head = stream.head(4)
        self.encoding = next((name for bom, name in BOMS if head.startswith(bom)), "utf-8")
        self._no = 0
        self._resolution: int | None = None
        self._stamps: Stamps | None = None
        self._records = self._read()
        self._first: Record | None = None
        if not stream.follow:
            self._first = next(self._records, None)
            if self._first is None:
                raise CaptureError(
                    f"{self.path}: is text without a single hex octet, expected lines such as 7E A0 07 … or 7EA007…"
                )

    def __iter__(self) -> Iterator[Record]:
        if self._first is not None:
            first, self._first = self._first, None
            yield first
        yield from self._records

    def _lines(self) -> Iterator[tuple[str, bool] | None]:
        """Lines, each with whether it was ended; None where a growing file pauses."""
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        kept = ""
        for chunk in self.stream.chunks():
            if not chunk:
                yield None
                continue
            kept += decoder.decode(chunk)
            lines = re.split(r"\r\n|\n|\r(?!$)", kept)
            kept = lines.pop()
            for line in lines:
                yield line, True
            while len(kept) > LINE_CHARACTERS:
                # between octets where it can be seen, else at an even number of digits
                at = max(kept.rfind(mark, LINE_CHARACTERS - 64, LINE_CHARACTERS) for mark in " ,;:-")
                at = at if at > 0 else LINE_CHARACTERS
                yield kept[:at], True
                kept = kept[at:]
        kept += decoder.decode(b"", True)
        if kept:
            yield kept.rstrip("\r"), False

    def _read(self) -> Iterator[Record]:
        """Joins lines into bursts: by mark, by offset, by heading, or by the looks of a paragraph."""
        burst: Burst | None = None
        heading: Line | None = None
        paragraph: list[bytes] = []
        # a growing file is not looked ahead into: that would wait for its 4096th octet
        sample = b"" if self.stream.follow else self.stream.head(4096)
        s_is_send = bool(re.search(rb"(?m)^[^\n]{0,40}\bR:", sample))
        number, cut = 0, None
        for entry in self._lines():
            if entry is None:
                yield from self._given(burst, paragraph)
                burst, paragraph = None, []
                continue
            text, ended = entry
            number += 1
            expected = burst.offset + len(burst.octets) if burst is not None and burst.dump else -1
            line = self._line(text, expected, s_is_send)
            if line is not None and line.odd:
                if len(self.odd_lines) < 10:
                    self.odd_lines.append(number)
                if not ended:
                    cut = f"line {number}, the last, ends inside an octet"
            if line is None or not line.octets:
                if burst is not None and burst.dump and text.strip() == "*":
                    burst.repeated = True
                else:
                    yield from self._given(burst, paragraph)
                    burst, paragraph = None, []
                if line is None:
                    self.passed_over += bool(text.strip()) and text.strip() != "*"
                elif line.date is not None:
                    self.clock.new_date(line.date)
                elif line.moment is not None or line.direction is not None:
                    heading = line
                continue
            if line.offset >= 0:
                missing = line.offset - expected
                if burst is not None and burst.dump and line.offset and (missing == 0 or burst.repeats(missing)):
                    burst.octets += line.octets
                else:
                    yield from self._given(burst, paragraph)
                    burst, paragraph = self._begun(heading or line, line.octets, line.offset), []
                    heading = None
            elif line.moment is not None or line.direction is not None:
                single = len(line.octets) == 1 and line.moment is None
                if single and burst is not None and burst.singles and burst.direction == line.direction:
                    burst.octets += line.octets
                else:
                    yield from self._given(burst, paragraph)
                    burst, paragraph, heading = self._begun(line, line.octets), [], None
            elif heading is not None:
                yield from self._given(burst, paragraph)
                burst, paragraph, heading = self._begun(heading, line.octets), [], None
                burst.singles = False
            elif (
                burst is not None and burst.marked and not (wrapped.whole(burst.octets) and line.octets[:1] == b"\x7e")
            ):
                burst.octets += line.octets
            else:
                yield from self._given(burst, [])
                burst = None
                if paragraph and (len(line.octets) > len(paragraph[0]) or len(paragraph) >= LINES_HELD):
                    yield from self._given(None, paragraph)
                    paragraph = []
                paragraph.append(line.octets)
                if len(line.octets) < len(paragraph[0]) or not self._wrappable(paragraph[0]):
                    yield from self._given(None, paragraph)
                    paragraph = []
            if burst is not None and len(burst.octets) >= BURST_OCTETS:
                offset = burst.offset + len(burst.octets)
                yield from self._given(burst, [])
                burst = Burst(b"", None, burst.direction, burst.marked, offset) if burst.dump else None
        yield from self._given(burst, paragraph)
        self._remark()
        self.ended(cut)

    def _line(self, text: str, expected: int, s_is_send: bool) -> Line | None:
        layout = self.layout
        if layout.line is None and layout.heading is None:
            return hexline.read(text, expected, s_is_send)
        for pattern in (layout.line, layout.heading, layout.more):
            match = (
                pattern.fullmatch(text) or (pattern.search(text) if layout.name == "regex" else None)
                if pattern
                else None
            )
            if match is None:
                continue
            part = match.groupdict()
            found = hexline.digits(part["octets"].strip()) if part.get("octets") else None
            octets, odd = found or (b"", False)
            if octets or pattern is layout.heading:
                mark = direction(part["dir"], s_is_send) if part.get("dir") else None
                return Line(octets, anywhere(part["time"]) if part.get("time") else None, mark, odd=odd)
        return None

    def _begun(self, line: Line, octets: bytes, offset: int = -1) -> Burst:
        ns = None
        if line.moment is not None:
            ns = self.clock.nanoseconds(line.moment)
            if self._resolution is None:
                self._resolution = line.moment.resolution_ns
        return Burst(octets, ns, line.direction, offset < 0, offset)

    def _wrappable(self, first: bytes) -> bool:
        """Whether lines of this width may be pieces of a frame."""
        if self.layout.joined is not None:
            return self.layout.joined
        return wrapped.width(len(first)) and not wrapped.whole(first)

    def _given(self, burst: Burst | None, paragraph: list[bytes]) -> Iterator[Record]:
        """The records of what was gathered: a burst, or a paragraph as one frame or one frame a line."""
        if burst is not None and burst.octets:
            yield self._record(bytes(burst.octets), burst.ns, burst.direction)
        if not paragraph:
            return
        told = self.layout.joined
        if len(paragraph) > 1 and (wrapped.joined(paragraph) if told is None else told):
            yield self._record(b"".join(paragraph), None, None)
        else:
            for line in paragraph:
                yield self._record(line, None, None)

    def _record(self, octets: bytes, ns: int | None, direction: int | None) -> Record:
        if self._stamps is None:
            self.channels.append(
                self.assume.apply(
                    Channel(0, "0", TEXT_LINK, resolution_ns=self._resolution or 1_000_000_000, stamp="unknown")
                )
            )
            self._stamps = Stamps(self.channels[0], self.assume.stated(0))
        self._no += 1
        first, last, uncertainty = self._stamps.times(ns, len(octets))
        flags = Flag.OCTET_TIMES if len(octets) == 1 and ns is not None else 0
        return Record(
            self._no, 0, UNKNOWN if direction is None else direction, first, last, uncertainty, octets, int(flags)
        )

    def _remark(self) -> None:
        if self.passed_over:
            self.remarks.append(f"{self.passed_over} lines without hex octets were passed over")
        if self.odd_lines:
            lines = ", ".join(str(number) for number in self.odd_lines)
            self.remarks.append(f"an odd number of hex digits in line {lines}")
        if self.clock.assumed_utc:
            self.remarks.append("times carry no zone and are read as UTC; --assume tz=… states one")
