"""Forms in which logic analyzers export the octets of a UART decoder, a row at a time.

| form | row |
|---|---|
| saleae-1 | `Time [s],Value,Parity Error,Framing Error` (Logic 1; Logic 2 for one analyzer) |
| saleae-all | `Time [s],Analyzer Name,Decoded Protocol Result` (Logic 1, all analyzers) |
| saleae-2 | `name,type,start_time,duration,"data"[,"error"]` (Logic 2's table; time in s or ISO 8601) |
| sigrok | `[123-456 ]uart-1: [rx-data: ]7E` (sigrok-cli -A uart), `123-456 UART: RX data: 7E` (PulseView) |

Values are hexadecimal, decimal, binary or characters, as the person had chosen to see them: one choice for a file.
"""

import csv
import io
import re
from collections.abc import Callable

from captures import logformats, logtime
from captures.logic_csv_values import PS_OF_NS, octet_of, ticks
from captures.logtime import Clock
from dissectors.record import Flag, Value

PS = 1_000_000_000_000  # ticks of a second, where a form has seconds
FRAMING, PARITY, BREAK = int(Flag.FRAMING_ERROR), int(Flag.PARITY_ERROR), int(Flag.BREAK)


class Row(Value, frozen=True):
    """One octet of one wire, or with octet None an error of the octet before it on this wire.

    start, length: in ps, or in samples (sigrok); length None where the form has none. direction: None where
    nothing tells it.
    """

    wire: str
    direction: int | None
    start: int | None
    length: int | None
    octet: int | None
    flags: int = 0


def wire_direction(name: str) -> int | None:
    """Who sends on a wire of this name: TX and its like the client, RX the server."""
    return logformats.direction(re.sub(r"[_\W\d]+", " ", name))


# -- forms --------------------------------------------------------------------------------------------------


class Form:
    """Reads the lines of one form. value(line): the value as written; row(line): None for a line that says nothing.

    ValueError for a line that is not of the form. samples: times are numbers of samples.
    """

    samples = False
    quoted = False  # a cell between quotes may hold a line end

    def __init__(self, header: str, clock: Clock) -> None:
        self.header = header
        self.clock = clock
        self.meant = "hex"

    def value(self, line: str) -> str | None:
        raise NotImplementedError

    def row(self, line: str) -> Row | None:
        raise NotImplementedError

    def time(self, line: str) -> str:
        """The time as written."""
        return line.partition(",")[0]


class SaleaeOne(Form):
    """A value may be a comma or a quote: the columns around it are counted from both ends."""

    LINE = re.compile(r"([^,]*),(.*),([^,]*),([^,]*)", re.DOTALL)

    def value(self, line: str) -> str | None:
        match = self.LINE.fullmatch(line)
        return match[2] if match else None

    def row(self, line: str) -> Row | None:
        match = self.LINE.fullmatch(line)
        start = ticks(match[1]) if match else None
        octet = octet_of(match[2], self.meant) if match else None
        if match is None or start is None or octet is None:
            raise ValueError(line)
        flags = (PARITY if match[3].strip() else 0) | (FRAMING if match[4].strip() else 0)
        return Row("Async Serial", None, start, None, octet, flags)


class SaleaeAll(Form):
    LINE = re.compile(r"([^,]*),([^,]*),(.*)", re.DOTALL)
    ERRORS = re.compile(r"\s*\(?(framing|parity) error\)?", re.IGNORECASE)

    def value(self, line: str) -> str | None:
        match = self.LINE.fullmatch(line)
        return self.ERRORS.sub("", match[3]).strip('"') if match else None

    def row(self, line: str) -> Row | None:
        match, value = self.LINE.fullmatch(line), self.value(line)
        start = ticks(match[1]) if match else None
        octet = octet_of(value, self.meant) if value is not None else None
        if match is None or start is None or octet is None:
            raise ValueError(line)
        flags = _errors(" ".join(self.ERRORS.findall(match[3])))
        name = match[2].strip('"')
        return Row(name, wire_direction(name), start, None, octet, flags)


class SaleaeTwo(Form):
    quoted = True

    def __init__(self, header: str, clock: Clock) -> None:
        super().__init__(header, clock)
        self.columns = {name.strip().lower(): at for at, name in enumerate(_cells(header))}

    def _cell(self, cells: list[str], name: str) -> str:
        at = self.columns.get(name, -1)
        return cells[at] if 0 <= at < len(cells) else ""

    def value(self, line: str) -> str | None:
        cells = _cells(line)
        return self._cell(cells, "data") if self._cell(cells, "type") == "data" else None

    def time(self, line: str) -> str:
        return self._cell(_cells(line), "start_time")

    def row(self, line: str) -> Row | None:
        cells = _cells(line)
        kind = self._cell(cells, "type")
        if kind and kind != "data":
            return None
        written = self._cell(cells, "start_time")
        start = ticks(written)
        if start is None:
            found = logtime.at_start(written)
            start = self.clock.nanoseconds(found[0]) * PS_OF_NS if found else None
        octet = octet_of(self._cell(cells, "data"), self.meant)
        if len(cells) < len(self.columns) - 1 or start is None or octet is None:
            raise ValueError(line)
        name = self._cell(cells, "name")
        flags = _errors(self._cell(cells, "error"))
        return Row(name, wire_direction(name), start, ticks(self._cell(cells, "duration")), octet, flags)


class Sigrok(Form):
    """Errors come behind their octet, in lines of their own. Start, stop, parity and data bits are left out."""

    samples = True
    LINE = re.compile(
        r"(?:(?P<first>\d+)-(?P<last>\d+)\s+)?"
        r"(?P<name>[^:]{1,64}?)\s*:\s*"
        r"(?:(?P<wire>[RT]X)[ -](?P<class>data|bits?|data-bits?|start|parity[a-z -]*|stop|warnings?|break|packets?)"
        r"\s*:\s*)?(?P<text>.+)",
        re.IGNORECASE,
    )
    QUOTED = re.compile(r'"([^"]*)"(?: "[^"]*")*')
    BITS = re.compile(r"(?:start|stop|parity) bit|[TSP]|[01]|idle", re.IGNORECASE)
    FAULTS = (("frame error", FRAMING), ("parity error", PARITY), ("break", BREAK))

    def _parts(self, line: str) -> tuple[re.Match[str], str] | None:
        match = self.LINE.fullmatch(line.strip())
        if match is None:
            return None
        text = match["text"]
        quoted = self.QUOTED.fullmatch(text)
        return match, quoted[1] if quoted else text

    def value(self, line: str) -> str | None:
        parts = self._parts(line)
        if parts is None or not self._is_data(parts):
            return None
        return parts[1]

    def _is_data(self, parts: tuple[re.Match[str], str]) -> bool:
        match, text = parts
        if match["class"]:
            return match["class"].lower() == "data" and not re.fullmatch(r"(?:start|stop|parity) bit", text, re.I)
        return not self.BITS.fullmatch(text) and not self._fault(text)

    def _fault(self, text: str) -> int:
        return next((flag for words, flag in self.FAULTS if text.lower().startswith(words)), 0)

    def row(self, line: str) -> Row | None:
        parts = self._parts(line)
        if parts is None:
            raise ValueError(line)
        match, text = parts
        wire = match["name"] + (f":{match['wire'].lower()}" if match["wire"] else "")
        direction = wire_direction(match["wire"]) if match["wire"] else None
        start = int(match["first"]) if match["first"] else None
        length = int(match["last"]) - start if start is not None else None
        fault = self._fault(text)
        if fault:
            return Row(wire, direction, start, length, None, fault)
        if not self._is_data(parts):
            return None
        octet = octet_of(text, self.meant)
        if octet is None:
            raise ValueError(line)
        return Row(wire, direction, start, length, octet)


def _errors(text: str) -> int:
    """Flags of an error column."""
    lower = text.lower()
    return (PARITY if "parity" in lower else 0) | (FRAMING if "fram" in lower else 0)


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline="")), [])
    except csv.Error:
        return []


FormOf = Callable[[str, Clock], Form]
_HEADERS: tuple[tuple[re.Pattern[str], FormOf], ...] = (
    (re.compile(r'"?Time ?\[s\]"?, ?"?Value"?, ?"?Parity Error"?, ?"?Framing Error"?', re.IGNORECASE), SaleaeOne),
    (re.compile(r'"?Time ?\[s\]"?, ?"?Analyzer Name"?, ?"?Decoded Protocol Result"?', re.IGNORECASE), SaleaeAll),
)
_SIGROK = re.compile(
    r"(?:\d+-\d+\s+)?(?:uart(?:[- ]\(?\d+\)?)?|[^:]{1,64}(?=:\s*[RT]X[ -]))\s*:\s*(?:[RT]X[ -][a-z -]{3,16}:\s*)?"
    r"\"?(?:[0-9A-F]{2}|\d{1,3}|[01]{8}|.|\[[0-9A-F]{2}\]|(?:start|stop|parity) bit|(?:frame|parity) error|break.*)"
    r"\"?(?: \".*)?",
    re.IGNORECASE,
)
_LOGIC_2 = frozenset({"name", "type", "start_time", "data"})
_OTHER_BUSES = frozenset({"ack", "read", "mosi", "miso"})


def form_of(line: str) -> FormOf | None:
    """The form of a file that begins with this line, None for any other file."""
    for pattern, form in _HEADERS:
        if pattern.fullmatch(line):
            return form
    columns = {name.strip().lower() for name in _cells(line)}
    if columns >= _LOGIC_2 and not columns & _OTHER_BUSES:
        return SaleaeTwo
    return Sigrok if _SIGROK.fullmatch(line) else None
