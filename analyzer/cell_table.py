"""A table as a person sees it, as a file: its cells are texts already (analyzer.export has rows with their values)."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from analyzer.export import FORMATS, Progress
from analyzer.lines import csv_cell
from captures.atomic import written
from dissectors.errors import UsageError

encode = msgspec.json.Encoder().encode
Page = Sequence[Sequence[str]]


def save(
    names: Sequence[str], pages: Iterable[Page], total: int, format: str, path: str | Path, overwrite: bool = False
) -> Progress:
    """Pages of rows, total in all, as "csv", "jsonl" or "parquet" (all text). Steps in rows.

    UsageError: another format, the file exists or cannot be written, Parquet without pyarrow."""
    if format not in FORMATS:
        raise UsageError(f"export {format}: expected one of {', '.join(FORMATS)}")
    return _parquet(names, pages, total, path, overwrite) if format == "parquet" else _lines(
        names, pages, total, format, path, overwrite
    )  # fmt: skip


def _lines(
    names: Sequence[str], pages: Iterable[Page], total: int, format: str, path: str | Path, overwrite: bool
) -> Progress:
    done = 0
    with written(path, overwrite) as file:
        if format == "csv":
            file.write(_csv([names]))
        for page in pages:
            if format == "csv":
                file.write(_csv(page))
            else:
                file.write(b"".join(encode(dict(zip(names, row))) + b"\n" for row in page))
            done += len(page)
            yield done, total


def _csv(rows: Page) -> bytes:
    """Lines of CSV; a cell that a spreadsheet would take for a formula is quoted with '."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[csv_cell(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _parquet(names: Sequence[str], pages: Iterable[Page], total: int, path: str | Path, overwrite: bool) -> Progress:
    found: list[Sequence[str]] = []
    with written(path, overwrite) as file:
        for page in pages:
            found += page
            yield len(found), total
        from analyzer import report  # pandas takes its time

        report.save_parquet(report.texts(names, found), file.name)
