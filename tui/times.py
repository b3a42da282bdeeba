"""The time column: what the time of a row is told from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from analyzer import lines, words
from analyzer.columns import NO_TIME

if TYPE_CHECKING:
    from tui.loader import Capture
    from tui.shown import Shown


class TimeFormat(msgspec.Struct, frozen=True):
    """title heads the column. Deltas are from the start of the other row to the start of this one; from a request
    they are from its end, as a response time is."""

    name: str
    title: str
    about: str
    width: int = 12


FORMATS = (
    TimeFormat("absolute", "Time (UTC)", "time of day", 15),
    TimeFormat("date", "Date and time (UTC)", "date and time of day", 26),
    TimeFormat("start", "Since start", "since the first row of the capture", 14),
    TimeFormat("reference", "Since ref.", "since the time reference before it (else the start)", 14),
    TimeFormat("previous", "Δ previous", "since the row before it in the capture"),
    TimeFormat("shown", "Δ shown", "since the row before it in the list"),
    TimeFormat("direction", "Δ same dir.", "since the row before it in the same direction"),
    TimeFormat("association", "Δ assoc.", "since the row before it in the same association"),
    TimeFormat("request", "Δ request", "a response: since the end of its request"),
)
BY_NAME = {f.name: f for f in FORMATS}
LINKED = ("previous", "direction", "association", "request")
STARTS = {"frame": "first_ns", "message": "first_ns", "exchange": "asked_ns"}  # level -> column
END = "last_ns"  # of frames and messages: nothing is told from the end of an exchange


def stamp(capture: "Capture", level: str, no: int, last: bool = False) -> int | None:
    """Start (or end) of a row in ns; None without a clock."""
    table, _ = capture.analysis.kept(level)
    if not 0 < no <= len(table):
        return None
    ns = table.value(no - 1, END if last else STARTS[level])
    return None if ns == NO_TIME else ns


def text(capture: "Capture", shown: "Shown", name: str, references: Sequence[int], no: int) -> str:
    """The time of row no in a format. references: row numbers of time references, in order."""
    level = shown.level
    ns = stamp(capture, level, no)
    if name == "absolute":
        return lines.clock(ns)
    if name == "date":
        return (words.iso(ns) or "-")[:26].replace("T", " ")
    if ns is None:
        return "-"
    if name == "start":
        other = stamp(capture, level, 1)
    elif name == "reference":
        if no in references:
            return "*REF*"
        before = [r for r in references if r < no]
        other = stamp(capture, level, before[-1] if before else 1)
    elif name == "shown":
        other = stamp(capture, level, shown.number(shown.place(no) - 1))
    else:
        other = stamp(capture, level, capture.links.previous_of(level, no, name), name == "request")
    return "" if other is None else seconds(ns - other)


def seconds(ns: int) -> str:
    """ "1.234567" seconds: one unit in the whole column."""
    return f"{ns / 1e9:.6f}"
