"""Columns of the packet list: which there are at each level, and what a row shows in them.

A column is one of the list's own (`no`, `time`, `info`, …), any column of the level (analyzer.rows), or the
code of any dissected field (`hdlc.ns`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from analyzer import filters, lines, words
from analyzer.model import Exchange, Message
from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop
from dissectors.errors import UsageError
from dissectors.link import hdlc, iec62056_21
from dissectors.record import Direction, Frame
from tui import times
from tui.loader import Capture
from tui.row_list import ListColumn

LEVELS = ("frame", "message", "exchange")
DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "frame": ("no", "time", "source", "destination", "kind", "length", "info"),
    "message": ("no", "time", "client", "way", "server", "info"),
    "exchange": ("no", "time", "client", "server", "service", "latency", "result", "object"),
}
TITLES: Mapping[str, tuple[str, int, bool]] = {
    "no": ("No.", 7, True), "source": ("Source", 12, False), "destination": ("Destination", 12, False),
    "kind": ("Kind", 9, False), "layer": ("Layer", 9, False), "length": ("Octets", 6, True),
    "info": ("Info", 0, False), "client": ("Client", 9, False), "way": ("", 1, False), "server": ("Server", 9, False),
    "service": ("Service", 12, False), "latency": ("Response", 11, True), "result": ("Result", 22, False),
    "object": ("Object", 0, False), "apdu": ("APDU", 24, False), "attempts": ("Tries", 5, True),
}  # fmt: skip
WIDTHS = {"int": 8, "time": 20, "duration": 11, "bool": 6, "text": 16, "json": 20}
RIGHT = ("int", "time", "duration")
Get = Callable[["Cells", Any], str]


def known(level: str) -> list[str]:
    """The names of every column that a level's list may have, its own first."""
    own = [name for name in TITLES if (level, name) in GET or name in ("no",)]
    return list(dict.fromkeys(["no", "time", *own, *filters.columns(level), *filters.layer_fields()]))


def column(level: str, name: str, format: str) -> ListColumn:
    """The column of that name. UsageError: there is none."""
    if name == "time":
        shown = times.BY_NAME[format]
        return ListColumn(name, shown.title, shown.width, right=format not in ("absolute", "date"))
    if name in TITLES:
        return ListColumn(name, *TITLES[name])
    found = filters.columns(level).get(name)
    if found is not None:
        return ListColumn(name, name, max(len(name), WIDTHS[found.type]), found.type in RIGHT)
    field = filters.layer_fields().get(name)
    if field is None:
        raise UsageError(f"column: no field {name!r} at level {level}, expected one that `cosemscope fields` lists")
    return ListColumn(name, field[1].label, max(len(field[1].label), 8))


class Cells:
    """The text of rows of one level. raw: numbers as they are, else with their names."""

    def __init__(self, capture: Capture, level: str, raw: bool = False) -> None:
        self.capture = capture
        self.level = level
        self.raw = raw
        self._saps: dict[tuple[str, int, bool], str] = {}
        self._messages: tuple[int, list[Message]] = (0, [])  # those of the frame at hand

    def item(self, no: int) -> Any:
        """The row itself, dissected again. In the capture's turn."""
        self._messages = (0, [])
        _, make = self.capture.analysis.kept(self.level)
        return make(no)

    def texts(self, item: Any, names: Iterable[str], when: Callable[[int], str]) -> list[str]:
        """Its cells. when: gives the time of a row by its number, which depends on the list."""
        return [when(item.no) if name == "time" else self.text(item, name) for name in names]

    def text(self, item: Any, name: str) -> str:
        get = GET.get((self.level, name))
        if get is not None:
            return get(self, item)
        run = self.capture.analysis.run
        found = filters.columns(self.level).get(name)
        if found is not None:
            value = found.get(item, run)
            return words.duration(value) if found.type == "duration" and not self.raw else lines.cell(value)
        values = dict.fromkeys(str(value) for value in filters.tree_values(item, run, name))
        return ", ".join(values)

    def messages(self, f: Frame) -> list[Message]:
        """The messages that a frame carries. In the capture's turn."""
        if self._messages[0] != f.no:
            numbers = self.capture.links.messages_of_frame(f.no)
            self._messages = f.no, [self.capture.analysis.message(no) for no in numbers]
        return self._messages[1]

    # -- addresses ----------------------------------------------------------------------------------------

    def sap(self, profile: str, number: int, client: bool, physical: int = -1) -> str:
        """A SAP as a person knows it: "16 public", a server with its physical address."""
        if number < 0:
            return "-"
        key = (profile, number, client)
        name = self._saps.get(key)
        if name is None:
            run = self.capture.analysis.run
            found = run.client_name(profile, number) if client else run.server_name(profile, number)
            name = self._saps[key] = found or ""
        shown = f"{number}" + (f"/{physical}" if physical >= 0 and not client else "")
        return shown if self.raw or not name else f"{shown} {name}"

    def end(self, f: Frame, number: int, host: str | None, sender: bool) -> str:
        if number < 0:
            return host or "-"
        if f.direction == Direction.UNKNOWN:
            return str(number)
        client = (f.direction == Direction.TO_SERVER) is sender
        return self.sap(f.profile, number, client, f.physical)


def frame_info(cells: Cells, f: Frame) -> str:
    """What a frame is: sequence numbers, then what it carries."""
    parts = []
    if f.layer == "hdlc":
        parts.append(control(f))
    elif f.layer == "iec62056-21":
        parts.append(iec62056_21.words(f.octets))
    elif not f.kind.startswith(("wrapper", "tcp.ack")):
        parts.append(f.kind)
    run = cells.capture.analysis.run
    said = [lines.about(m, run) for m in cells.messages(f)]
    if not said and f.layer in ("noise", "other", "line"):
        said = [f.octets[:48].hex(" ").upper()]
    return "  ".join([*filter(None, parts), *said])


def control(f: Frame) -> str:
    """Kind and sequence numbers of an HDLC frame."""
    try:
        value = hdlc.dissect(Cursor(f.octets), EMPTY)
    except Stop:  # a damaged frame: its kind is all there is to say
        return f.kind
    control = hdlc.CONTROLS[value.control]
    parts = [control.kind]
    if control.ns >= 0:
        parts.append(f"S={control.ns}")
    if control.nr >= 0:
        parts.append(f"R={control.nr}")
    if control.poll:
        parts.append("P/F")
    if value.segmented:
        parts.append("segment")
    return " ".join(parts)


def latency(e: Exchange, raw: bool) -> str:
    if e.app_response_ns is None:
        return "-"
    return str(e.app_response_ns) if raw else words.duration(e.app_response_ns)


GET: Mapping[tuple[str, str], Get] = {
    ("frame", "source"): lambda c, f: c.end(f, f.source, f.path.source, True),
    ("frame", "destination"): lambda c, f: c.end(f, f.destination, f.path.destination, False),
    ("frame", "kind"): lambda c, f: f.kind,
    ("frame", "layer"): lambda c, f: f.layer,
    ("frame", "length"): lambda c, f: str(len(f.octets)),
    ("frame", "info"): frame_info,
    ("message", "client"): lambda c, m: c.sap(m.pdu.profile, m.pdu.client, True),
    ("message", "server"): lambda c, m: c.sap(m.pdu.profile, m.pdu.server, False, m.pdu.physical),
    ("message", "way"): lambda c, m: lines.ARROWS[m.pdu.direction],
    ("message", "apdu"): lambda c, m: m.apdu.name,
    ("message", "object"): lambda c, m: lines.target(m.target),
    ("message", "length"): lambda c, m: str(len(m.octets)),
    ("message", "info"): lambda c, m: lines.about(m, c.capture.analysis.run),
    ("exchange", "client"): lambda c, e: c.sap(e.profile, e.client, True),
    ("exchange", "server"): lambda c, e: c.sap(e.profile, e.server, False, e.physical),
    ("exchange", "service"): lambda c, e: e.service,
    ("exchange", "latency"): lambda c, e: latency(e, c.raw),
    ("exchange", "result"): lambda c, e: lines.outcome(e),
    ("exchange", "attempts"): lambda c, e: str(e.attempts),
    ("exchange", "object"): lambda c, e: lines.target(e.target),
    ("exchange", "info"): lambda c, e: f"{e.service} {lines.target(e.target)} {lines.outcome(e)}",
}


def chosen(level: str, names: Sequence[str]) -> tuple[str, ...]:
    """Names that are columns of the level, in their order; the default ones where none is."""
    there = set(known(level))
    return tuple(name for name in names if name in there) or DEFAULTS[level]
