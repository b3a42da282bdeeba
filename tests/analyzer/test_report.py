import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import report_capture

import analyzer
from analyzer import cli, report
from analyzer.analysis import Analysis
from analyzer.timing import Timing
from captures.source import open_source
from dissectors import profile
from dissectors.errors import UsageError

TABLES = ("frames", "messages", "exchanges", "findings", "associations", "addresses", "objects")
LEVELS = {name: name.removesuffix("es" if name == "addresses" else "s") for name in TABLES}
TIMES = ("time",)
SIMPLE = {"string", "Int64", "int64", "boolean"}


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_capture.capture(tmp_path_factory.mktemp("report") / "small.pcap")


@pytest.fixture(scope="module")
def kept(captured: Path) -> Analysis:
    return analyzer.open(str(captured))


def dumped(path: Path, level: str, capsysbinary: Any) -> list[dict[str, Any]]:
    assert cli.main(["dump", str(path), "--format", "jsonl", "--level", level, "--quiet"]) == 0
    return [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]


def plain(value: Any, wanted: Any) -> Any:
    """A cell as JSON has it."""
    if value is pd.NA:
        return None
    if isinstance(wanted, (list, dict)):
        return json.loads(value)
    return value


@pytest.mark.parametrize("name", TABLES)
def test_every_value_is_that_of_dump(name: str, kept: Analysis, captured: Path, capsysbinary: Any) -> None:
    extra = {"frames": ("octets", "records"), "messages": ("data", "items", "security", "fields")}
    table = getattr(report, name)(kept, *([extra[name]] if name in extra else []))
    lines = dumped(captured, LEVELS[name], capsysbinary)
    assert len(table) == len(lines) > 0
    shared = [key for key in lines[0] if key in table.columns and key not in ("time", "problems")]
    assert len(shared) >= 10
    for key in shared:
        for value, line in zip(table[key], lines):
            wanted = line[key]
            if key in ("source", "destination") and wanted is not None:
                wanted = str(wanted)  # a SAP or a host: one column of texts
            assert plain(value, wanted) == wanted, key
    if "time" in table.columns:
        for stamp, line in zip(table["time"], lines):
            assert (None if stamp is pd.NaT else stamp.value) == line["time_ns"]
    if "problems" in table.columns:
        for codes, line in zip(table["problems"], lines):
            assert (set() if codes is pd.NA else set(codes.split())) == {p["code"] for p in line["problems"]}


@pytest.mark.parametrize("name", TABLES)
def test_dtypes_are_those_of_the_docstring(name: str, kept: Analysis) -> None:
    table = getattr(report, name)(kept)
    said = getattr(report, name).__doc__
    for column, dtype in table.dtypes.items():
        assert str(column) in said, f"{column} is not documented"
        wanted = {"datetime64[ns, UTC]"} if column in TIMES else SIMPLE
        assert str(dtype) in wanted, column
    assert str(table["profile"].dtype if "profile" in table else table["channel"].dtype) == "string"


@pytest.mark.parametrize("name", TABLES)
def test_a_capture_without_traffic_has_the_same_columns(name: str, kept: Analysis, tmp_path: Path) -> None:
    nothing = getattr(report, name)(analyzer.open(str(report_capture.empty(tmp_path / "empty.pcap"))))
    assert dict(nothing.dtypes) == dict(getattr(report, name)(kept).dtypes)
    assert len(nothing) == (1 if name in ("frames", "findings") else 0)


def test_extra_names_a_column_of_the_level(kept: Analysis) -> None:
    assert report.frames(kept, ("octets",))["octets"].iloc[0].startswith("0001")
    with pytest.raises(ValueError, match="'colour'"):
        report.messages(kept, ("colour",))


def timed(captured: Path) -> Timing:
    opened = open_source(str(captured))
    profiles = list(profile.builtin().values())
    timing = Timing({p.name: p for p in profiles}, opened.channels)
    for _ in Analysis(opened.channels, profiles).load(opened, (timing,)):
        pass
    timing.end()
    opened.close()
    return timing


def test_timing_tables_are_those_of_the_command(captured: Path, capsysbinary: Any) -> None:
    timing = timed(captured)
    for table, options in (
        (report.timing(timing, str(captured)), []),
        (report.measurements(timing, str(captured)), ["--each"]),
    ):
        assert cli.main(["timing", str(captured), "--format", "json", *options]) == 0
        lines = json.loads(capsysbinary.readouterr().out)
        assert [{k: plain(v, None) for k, v in row.items()} for row in table.to_dict("records")] == lines
        assert len(lines) > 5
        for column, dtype in table.dtypes.items():
            number = column in report.NUMBERS or str(column).endswith("_ns")
            assert str(dtype) == ("Int64" if number else "string")


def test_parquet_holds_the_rows(captured: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from analyzer.timing_rows import ROW_KEYS

    rows = timed(captured).rows("s")
    report.parquet(rows, ROW_KEYS, tmp_path / "t.parquet")
    back = pd.read_parquet(tmp_path / "t.parquet", dtype_backend="numpy_nullable")
    assert list(back.columns) == list(ROW_KEYS)
    assert back["p50_ns"].tolist() == report.table(rows, ROW_KEYS)["p50_ns"].tolist()
    report.parquet([], ROW_KEYS, tmp_path / "none.parquet")
    assert len(pd.read_parquet(tmp_path / "none.parquet")) == 0


def test_parquet_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no-such-folder"):
        report.parquet([], ("rule",), tmp_path / "no-such-folder" / "t.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="pip install"):
        report.parquet([], ("rule",), tmp_path / "t.parquet")
