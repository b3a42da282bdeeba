"""dump: the rows of one level as text, JSON lines or CSV, streaming."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec

from analyzer import jsonl, lines, rows
from analyzer.addressing import Addressing
from analyzer.findings import Findings
from analyzer.model import Message
from analyzer.objects import Objects
from analyzer.redact import Redactor
from analyzer.run import Run, Tap
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Frame

Write = Callable[[bytes], Any]
Keep = Callable[[Any, Run], bool]
FORMATS = ("text", "jsonl", "csv")
encode = msgspec.json.Encoder().encode


def stream(run: Run, level: str, taps: Mapping[str, Tap]) -> Iterator[Any]:
    """The rows of a level, as soon as they are known. taps: what taps_for made, already in the run."""
    if level == "frame":
        yield from run.frames_with_messages()
    elif level == "message":
        yield from run.messages()
    elif level == "exchange":
        yield from run.exchanges()
    elif level == "finding":
        findings = cast(Findings, taps["finding"])
        findings.objects = run.meaning.problems
        for _ in run.exchanges():
            yield from findings.drain()
        findings.loose(run.associations.loose)
        yield from findings.drain()
    else:
        for _ in run.exchanges():
            pass
        if level == "association":
            yield from run.associations.table
        elif level == "address":
            yield from cast(Addressing, taps["address"]).rows.values()
        else:
            yield from cast(Objects, taps["object"]).rows()


def taps_for(level: str, profiles: Mapping[str, Any]) -> dict[str, Tap]:
    """The taps that a level's rows need."""
    made: dict[str, Callable[[], Tap]] = {
        "finding": Findings,
        "address": lambda: Addressing(profiles),
        "object": lambda: Objects(profiles),
    }
    return {level: made[level]()} if level in made else {}


def check_fields(level: str, wanted: Sequence[str]) -> list[rows.Column]:
    """The columns named by --fields; UsageError for one that the level does not have."""
    known = {column.name: column for column in rows.LEVELS[level]}
    out = []
    for name in wanted:
        column = known.get(name)
        if column is None:
            import difflib

            near = difflib.get_close_matches(name, known, 3)
            hint = f"did you mean {', '.join(near)}" if near else f"known are {', '.join(known)}"
            raise UsageError(f"--fields: no field {name!r} at level {level}: {hint}")
        out.append(column)
    return out


def dump(
    run: Run,
    items: Iterable[Any],
    level: str,
    format: str,
    write: Write,
    *,
    fields: Sequence[str] = (),
    keep: Keep | None = None,
    count: int = 0,
    tree: bool = False,
    flush: Callable[[], Any] | None = None,
    redactor: Redactor | None = None,
) -> int:
    """Writes the rows of items and gives how many were written. count: stop after so many."""
    columns = check_fields(level, fields)
    line = writer(run, level, format, columns) if redactor is None else _Redacted(run, level, format, columns, redactor)
    header = getattr(line, "header", b"")
    if header:
        write(header)
        if flush is not None:
            flush()
    written = 0
    buffer: list[bytes] = []
    learn = run.meaning.learn if level == "message" else None
    for item in _until(items, lambda: write(b"".join(buffer))):
        if learn is not None:
            learn(item)
        if keep is not None and not keep(item, run):
            continue
        buffer.append(line(item))
        if tree and isinstance(item, (Frame, Message)):
            buffer.append(_tree(item, run, format))
        written += 1
        if flush is not None:
            write(b"".join(buffer))
            buffer.clear()
            flush()
        elif len(buffer) >= 512:
            write(b"".join(buffer))
            buffer.clear()
        if count and written >= count:
            break
    if buffer:
        write(b"".join(buffer))
    return written


def _until(items: Iterable[Any], rest: Callable[[], Any]) -> Iterator[Any]:
    """The items; where reading them fails midway, what was decoded so far is written first."""
    try:
        yield from items
    except CaptureError:
        rest()
        raise


def writer(run: Run, level: str, format: str, columns: list[rows.Column]) -> Callable[[Any], bytes]:
    if format == "jsonl":
        if columns:
            return lambda item: encode({c.name: c.get(item, run) for c in columns}) + b"\n"
        if level == "message":
            return jsonl.MessageLines(run)
        return lambda item: encode(rows.row(level, item, run)) + b"\n"
    if format == "csv":
        return _Csv(run, columns or [c for c in rows.LEVELS[level] if c.name not in ("fields", "octets")])
    if columns:
        return lambda item: ("\t".join(lines.cell(c.get(item, run)) for c in columns) + "\n").encode()
    return lines.Lines(run, level)


class _Redacted:
    """Rows without what tells whose meter it is; text as columns, since a line is made of the item itself."""

    def __init__(self, run: Run, level: str, format: str, columns: Sequence[rows.Column], redactor: Redactor) -> None:
        shown = columns or [c for c in rows.LEVELS[level] if format == "jsonl" or c.name not in ("fields", "octets")]
        self.run, self.redactor, self.format, self.columns = run, redactor, format, shown
        names = [c.name for c in shown]
        self.header = {"csv": _csv(names), "text": ("\t".join(names) + "\n").encode()}.get(format, b"")

    def __call__(self, item: Any) -> bytes:
        row = self.redactor.row({c.name: c.get(item, self.run) for c in self.columns})
        if self.format == "jsonl":
            return encode(row) + b"\n"
        if self.format == "csv":
            return _csv([lines.csv_cell(value) for value in row.values()])
        return ("\t".join(map(lines.cell, row.values())) + "\n").encode()


def _csv(cells: Sequence[Any]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()


class _Csv:
    """CSV with a header line; a cell that a spreadsheet would take for a formula is quoted with '."""

    def __init__(self, run: Run, columns: Sequence[rows.Column]) -> None:
        self.run = run
        self.columns = columns
        self.header = _csv([c.name for c in columns])

    def __call__(self, item: Any) -> bytes:
        return _csv([lines.csv_cell(c.get(item, self.run)) for c in self.columns])


def _tree(item: Frame | Message, run: Run, format: str) -> bytes:
    from analyzer.trees import frame_tree, message_tree, render

    trees = frame_tree(item, run) if isinstance(item, Frame) else message_tree(item, run)
    if format == "jsonl":
        return encode({"tree": msgspec.to_builtins(trees)}) + b"\n"
    return ("\n".join("    " + text for text in render(trees)) + "\n").encode()
