"""report: every table of each source as files, and one HTML page over all of them.

DIR/report.html
DIR/frames.csv  messages.csv  exchanges.csv  …  frames.parquet  …  tables.xlsx     (one source)
DIR/NAME/frames.csv  …                                                             (several)
"""

import argparse
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from analyzer import report_case
from analyzer.report_case import Case
from analyzer.session import Session
from dissectors.errors import CaptureError, UsageError

FORMATS = ("html", "csv", "parquet", "xlsx")
EXTRAS = {"parquet": "pyarrow", "xlsx": "openpyxl"}


def write(args: argparse.Namespace, session: Session) -> Iterator[str]:
    """Writes the report and gives one line for each file.

    UsageError: an unknown format, or a directory that cannot be written. A source that cannot be read
    raises CaptureError, but only after the report of the others was written."""
    formats = wanted(args.formats)
    folder = Path(args.out)
    _ready(folder)
    profiles = session.profiles()
    names = report_case.names(args.source)
    cases: list[Case] = []
    unreadable: list[str] = []
    for spec, name in zip(args.source, names):
        try:
            case = report_case.load(session, spec, name, profiles, args.decision)
        except CaptureError as error:
            unreadable.append(str(error))
            continue
        cases.append(case)
        yield from _tables(case, folder / name if len(names) > 1 else folder, formats, session)
    if "html" in formats and cases:
        from analyzer.report_html import page

        path = folder / "report.html"
        yield _save(path, page(cases, tables=len(formats) > 1).encode("utf-8", "replace"))
    if unreadable:
        raise CaptureError("; ".join(unreadable))


def wanted(text: str) -> tuple[str, ...]:
    """The formats of --formats, in the order of FORMATS. UsageError: unknown, or its extra missing."""
    named = [name.strip().lower() for name in text.split(",") if name.strip()]
    unknown = [name for name in named if name not in FORMATS]
    if unknown or not named:
        raise UsageError(f"--formats {text!r}: expected one or more of {','.join(FORMATS)}")
    for name in named:
        if name in EXTRAS:
            try:
                import_module(EXTRAS[name])
            except ImportError:
                hint = f"pip install 'cosemscope[{name}]'"
                raise UsageError(f"--formats {name} needs {EXTRAS[name]}: {hint}") from None
    return tuple(name for name in FORMATS if name in named)


def _ready(folder: Path) -> None:
    """Makes the directory and sees that files can be made in it, before anything is analyzed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".cosemscope"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise UsageError(f"--out {folder}: {error.strerror or error}; expected a directory to write to") from None


def _tables(case: Case, folder: Path, formats: Sequence[str], session: Session) -> Iterator[str]:
    kinds = [kind for kind in formats if kind != "html"]
    if not kinds:
        return
    from analyzer import report, report_tables

    _ready(folder)
    book = report_tables.Workbook() if "xlsx" in kinds else None
    for name, table in report_tables.tables(case):
        if "csv" in kinds:
            yield _save(folder / f"{name}.csv", report_tables.to_csv(table))
        if "parquet" in kinds:
            path = folder / f"{name}.parquet"
            report.save_parquet(table, path)
            yield f"wrote {path}"
        if book is not None:
            kept = book.add(name, table)
            if kept < len(table):
                session.insist(f"{case.source}: sheet {name} holds {kept} of {len(table)} rows, all that XLSX permits")
    if book is not None:
        yield _save(folder / "tables.xlsx", book.octets())


def _save(path: Path, octets: bytes) -> str:
    try:
        path.write_bytes(octets)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    return f"wrote {path}"
