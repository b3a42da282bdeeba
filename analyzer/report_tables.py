"""Every table of a Case, and tables as CSV and as XLSX: formulas defused, controls escaped, no clock read."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from analyzer import report
from analyzer.lines import csv_cell, shorten
from analyzer.report_case import Case
from dissectors.errors import UsageError

SHEET_ROWS = 1_048_575  # rows of an XLSX sheet below its header
CELL = 32_000  # characters of an XLSX cell, less than the 32767 permitted
EXACT = 1 << 53  # whole numbers up to here are exact in a spreadsheet
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip entry may have
CHUNK = 50_000


def tables(case: Case) -> Iterator[tuple[str, pd.DataFrame]]:
    """(name, table) of every table, one after the other."""
    a = case.analysis
    made: tuple[tuple[str, Callable[[], pd.DataFrame]], ...] = (
        ("frames", lambda: report.frames(a)),
        ("messages", lambda: report.messages(a, ("data", "text", "items", "security"))),
        ("exchanges", lambda: report.exchanges(a)),
        ("findings", lambda: report.findings(a)),
        ("associations", lambda: report.associations(a)),
        ("addresses", lambda: report.addresses(a)),
        ("objects", lambda: report.objects(a)),
        ("timing", lambda: report.timing(case.timing, case.source)),
        ("measurements", lambda: report.measurements(case.timing, case.source)),
    )
    for name, make in made:
        yield name, make()


def safe(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its texts fit for a cell, and times as ISO 8601 texts with nine decimals."""
    out: dict[str, Any] = {}
    for name, column in table.items():
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            stamps = column.dt.tz_localize(None).to_numpy()
            texts = pd.Series(np.char.add(np.datetime_as_string(stamps, unit="ns"), "Z"), dtype="string")
            out[str(name)] = texts.mask(np.isnat(stamps))
        elif isinstance(column.dtype, pd.StringDtype):
            numbers, distinct = pd.factorize(column)
            cells = pd.array([csv_cell(text) for text in distinct], dtype="string")
            out[str(name)] = pd.Series(cells.take(numbers, allow_fill=True))
        else:
            out[str(name)] = column
    return pd.DataFrame(out)


def to_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a header line; <NA> is empty."""
    out = io.StringIO()
    for start in range(0, max(1, len(table)), CHUNK):
        part = safe(table.iloc[start : start + CHUNK].reset_index(drop=True))
        part.to_csv(out, index=False, header=start == 0, lineterminator="\n")
    return out.getvalue().encode("utf-8", "replace")


class Workbook:
    """An XLSX workbook, one sheet a table. UsageError without openpyxl."""

    def __init__(self) -> None:
        try:
            from openpyxl import Workbook as Book  # type: ignore[import-untyped,unused-ignore]
        except ImportError:
            raise UsageError("XLSX needs openpyxl: pip install 'cosemscope[xlsx]'") from None
        self._book: Any = Book(write_only=True)

    def add(self, name: str, table: pd.DataFrame) -> int:
        """Adds a sheet and gives how many of the rows it holds."""
        sheet = self._book.create_sheet(name)
        sheet.freeze_panes = "A2"
        sheet.append([str(column) for column in table.columns])
        kept = table.iloc[:SHEET_ROWS]
        for start in range(0, len(kept), CHUNK):
            part = safe(kept.iloc[start : start + CHUNK].reset_index(drop=True))
            for row in part.itertuples(index=False, name=None):
                sheet.append([_cell(value) for value in row])
        return len(kept)

    def octets(self) -> bytes:
        """The file. Its dates are those of no clock, so that equal tables give equal files."""
        self._book.properties.created = datetime(*EPOCH)
        written = io.BytesIO()
        self._book.save(written)
        out = io.BytesIO()
        with zipfile.ZipFile(written) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                content = old.read(entry)
                if entry.filename == "docProps/core.xml":
                    content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", content)
                info = zipfile.ZipInfo(entry.filename, EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                new.writestr(info, content)
        return out.getvalue()


def _cell(value: Any) -> Any:
    """A value of a cell: numbers that a spreadsheet would round are texts."""
    if value is None or value is pd.NA:
        return None
    if isinstance(value, str):
        return shorten(value, CELL)
    number = value.item() if isinstance(value, np.generic) else value
    return str(number) if isinstance(number, int) and abs(number) > EXACT else number
