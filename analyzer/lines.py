"""One row as one line for a person, and cells for CSV: everything from the wire is escaped here."""

import json
from collections.abc import Callable
from typing import Any

from analyzer import rows, words
from analyzer.model import Exchange, Finding, Message, Target
from analyzer.run import Run
from dissectors.cosem import meaning
from dissectors.link import iec62056_21
from dissectors.record import Direction, Frame

TO_CLIENT = int(Direction.TO_CLIENT)
ARROWS = ("→", "←", "?")
SEVERITY_MARKS = ("·", "!", "✗")


def cell(value: Any) -> str:
    """A value in a text column."""
    if value is None:
        return "-"
    if isinstance(value, (list, dict)):
        return words.printable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    if isinstance(value, bool):
        return str(value).lower()
    return words.printable(str(value))


def csv_cell(value: Any) -> Any:
    """A value in a CSV cell: formulas are defused, control characters escaped."""
    if value is None or isinstance(value, (int, float)):
        return "" if value is None else value
    text = cell(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def clock(ns: int | None) -> str:
    """Time of day with microseconds, for a line; "-" without a clock."""
    text = words.iso(ns)
    return "-" * 15 if text is None else text[11:26]


def target(t: Target | None) -> str:
    """ "1-0:1.8.0*255 value (Register) Active energy import, total"."""
    return "" if t is None else meaning.label(t)


def shorten(text: str, width: int = 100) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def value(m: Message, run: Run) -> str:
    """The value of a message in words, else as raw Data."""
    text = run.text(m)
    if text is not None:
        return shorten(words.printable(text))
    data = rows.data_of(m)
    return "" if data is None else shorten(plain(data))


def about(m: Message, run: Run) -> str:
    """What a message says: APDU and invoke id, object, value or result."""
    parts = [m.apdu.name + (f" #{m.apdu.invoke_id}" if m.apdu.invoke_id >= 0 else "")]
    if m.target is not None:
        parts.append(target(m.target))
    shown = value(m, run)
    if shown:
        parts.append(f"= {shown}")
    elif m.apdu.result is not None:
        parts.append(f"= {m.apdu.result}")
    return "  ".join(parts)


def outcome(e: Exchange) -> str:
    """What became of a request: its result, or that there was none."""
    if e.result is not None:
        return e.result
    return "ciphered" if e.responses else f"no answer in {words.duration(e.waited_ns)}"


def plain(data: Any) -> str:
    """Data as a person would write it: nested values in brackets."""
    inner = data.get("value")
    if isinstance(inner, list):
        shown = ", ".join(plain(x) for x in inner[:12] if isinstance(x, dict))
        more = f", … {len(inner)} in all" if len(inner) > 12 else ""
        return ("[%s%s]" if data["type"] == "array" else "{%s%s}") % (shown, more)
    if inner is None:
        return "null"
    return words.printable(str(inner))


def marks(problems: Any) -> str:
    """The codes of problems, worst first."""
    if not problems:
        return ""
    seen = dict.fromkeys(p.kind.code for p in sorted(problems, key=lambda p: -p.severity))
    worst = max(p.severity for p in problems)
    return f"  {SEVERITY_MARKS[worst]} " + " ".join(seen)


def sap(number: int) -> str:
    return "-" if number < 0 else str(number)


class Lines:
    """A callable: the line of one row of a level."""

    def __init__(self, run: Run, level: str) -> None:
        self.run = run
        makers: dict[str, Callable[[Any], str]] = {
            "frame": self.frame,
            "message": self.message,
            "exchange": self.exchange,
            "finding": self.finding,
        }
        columns = rows.LEVELS[level]
        self._make = makers.get(level) or (lambda item: "\t".join(cell(c.get(item, run)) for c in columns))
        self.header = b"" if level in makers else ("\t".join(c.name for c in columns) + "\n").encode()

    def __call__(self, item: Any) -> bytes:
        return (self._make(item) + "\n").encode("utf-8", "replace")

    def frame(self, f: Frame) -> str:
        source = sap(f.source) if f.source >= 0 else f.path.source or "-"
        destination = sap(f.destination) if f.destination >= 0 else f.path.destination or "-"
        text = f.layer == "iec62056-21"
        octets = words.printable(iec62056_21.words(f.octets)) if text else f.octets.hex(" ").upper()
        arrow = ARROWS[f.direction] if text else "→"
        return (
            f"{f.no:>6} {clock(f.first_ns)} {source:>5} {arrow} {destination:<5} {f.layer}/{f.kind:<7} "
            f"{len(f.octets):>4} octets  {shorten(octets, 100 if text else 60)}{marks(f.problems)}"
        )

    def message(self, m: Message) -> str:
        p = m.pdu
        server = sap(p.server) + (f"/{p.physical}" if p.physical >= 0 else "")
        arrow = ARROWS[p.direction]
        head = f"{m.no:>6} {clock(p.first_ns)} {sap(p.client):>3} {arrow} {server:<5}"
        return f"{head}  {about(m, self.run)}" + marks(self.run.problems(m))

    def exchange(self, e: Exchange) -> str:
        extra = f"  {e.attempts} attempts" if e.attempts > 1 else ""
        return (
            f"{e.no:>6} {clock(e.asked_ns)} {sap(e.client):>3} → {sap(e.server):<5} {e.service}  {target(e.target)}"
            f"  {words.duration(e.app_response_ns)}  {outcome(e)}{extra}{marks(e.problems)}"
        )

    def finding(self, f: Finding) -> str:
        where = f"frame {f.frame}" if f.frame else "capture"
        clause = f"  [{f.clause}]" if f.clause else ""
        return (
            f"{f.no:>6} {clock(f.time_ns)} {('note', 'warning', 'error')[f.severity]:<7} {f.code:<24} "
            f"{where}: {words.printable(f.text)}{clause}"
        )
