import argparse
import csv
import io
import re
import sys
import zipfile
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import report_capture

from analyzer import cli, report_files, report_plots, report_tables
from analyzer.report_case import names
from analyzer.report_html import wire
from analyzer.session import Session
from dissectors.errors import CaptureError, UsageError

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Checks nesting; collects text, tags and whatever could load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "data", "action", "xlink:href"):
                self.targets.append(value or "")
            self.targets += re.findall(r"url\(([^)]*)\)", value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def write(out: Path, *sources: Path, formats: str = "html,csv") -> list[str]:
    args = argparse.Namespace(
        source=[str(s) for s in sources], out=str(out), formats=formats, decision="guarded", quiet=True
    )
    return list(report_files.write(args, Session(args, lambda line: None)))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    capture = report_capture.capture(folder / "=1+1 small.pcap", repeat=3)
    lines = write(folder / "out", capture, formats="xlsx,html,csv")
    assert len(lines) == 11
    assert all(line.startswith("wrote ") for line in lines)
    assert all(Path(line.removeprefix("wrote ")).is_file() for line in lines)
    return folder / "out"


def test_the_page_needs_nothing_else(written: Path) -> None:
    text = (written / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert text.startswith("<!doctype html>")
    assert page.tags.count("svg") > 0
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert page.targets
    assert all(target.startswith("#") for target in page.targets)
    assert len(page.ids) == len(set(page.ids))
    assert {target[1:] for target in page.targets} <= set(page.ids)
    assert "@import" not in text
    assert "http" not in text.replace("http://evil.invalid", "").replace('http-equiv="Content', "")


def test_texts_from_the_wire_are_shown_and_harmless(written: Path) -> None:
    text = (written / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "<script>alert(1)" not in text
    assert report_capture.MARKUP in page.text
    assert report_capture.FORMULA in page.text
    assert "\\x1b[2J\\r\\n\\x07red" in page.text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)


def test_the_page_says_what_was_found(written: Path) -> None:
    text = re.sub(r"\s+", " ", Page((written / "report.html").read_text(encoding="utf-8")).text)
    assert "failed at" in text  # the autopsy
    assert "read-write-denied" in text
    assert "no answer in 400.000 ms" in text
    assert "2 unanswered" not in text
    assert "1 unanswered, 1 answered with an error" in text
    assert "app.response" in text
    assert "public client" in text
    assert "apdu.conf" in text
    assert re.search(r"SHA-256 ?[0-9a-f]{64}", text)
    assert "Nothing: every verdict rests on the capture and the profile alone." in text
    assert "IP-" in text or "WRAPPER" in text or "wrapper.version" in text  # a conformance statement
    assert "not broken in" in text


def test_exchanges_come_worst_first(written: Path) -> None:
    text = (written / "report.html").read_text(encoding="utf-8")
    part = text[text.index('id="s1-exchanges"') : text.index('id="s1-findings"')]
    results = re.findall(r'<tr><td class="n">\d+</td><td class="(\w+)">', part)
    assert results == ["fail", "warn"] + ["pass"] * (len(results) - 2)
    spans = re.findall(r'class="n k">([\d.]+) ms</td>', part)
    assert spans == sorted(spans, key=float, reverse=True)


@pytest.mark.parametrize(
    ("formats", "said"), [("html,csv", "tables beside this page hold all"), ("html", "report --formats csv writes all")]
)
def test_a_cut_table_says_so_and_where_the_rest_is(formats: str, said: str, tmp_path: Path) -> None:
    capture = report_capture.capture(tmp_path / "c.pcap", repeat=20)
    write(tmp_path / "out", capture, formats=formats)
    text = re.sub(r"\s+", " ", Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8")).text)
    assert f"50 of {1 + 20 * 4 + 4} exchanges are shown; " in text
    assert said in text
    assert "attributes and methods are shown" not in text


def test_everything_shown_is_printable() -> None:
    assert wire("a\x1b[2J\u202eb") == "a\\x1b[2J\\u202eb"
    assert [wire(None), wire(""), wire(0)] == ["–", "–", "0"]


def test_findings_of_the_traffic_and_of_timing_are_numbered_as_one(tmp_path: Path) -> None:
    demo = Path(__file__).parents[2] / "captures" / "demo" / "hdlc-serial.pcapng"
    write(tmp_path / "out", demo, formats="csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "findings.csv").read_text(encoding="utf-8"))))
    assert [int(row["no"]) for row in rows] == list(range(1, len(rows) + 1))
    assert any(row["code"].startswith("timing.") for row in rows)
    assert any(not row["code"].startswith("timing.") for row in rows)


def test_conformance_pass_fail_and_not_observed(tmp_path: Path) -> None:
    """A wrapper of version 2 breaks one statement; without traffic nothing is passed."""
    from encode.wrapper import pdu

    from captures.pcap import PcapWriter

    path = tmp_path / "broken.pcap"
    with path.open("wb") as file:
        writer = PcapWriter(file, report_capture.RAW_IP)
        for i in range(4):
            octets = pdu(bytes.fromhex("C001C100030100010800FF0200"), version=2 if i == 3 else 1)
            writer.write(report_capture.T0 + i * 10**9, report_capture.packet(octets, True))
    write(tmp_path / "out", path, formats="html")
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    states = re.findall(r'badge [\w-]+">([\w ]+)</span></td>\s*<td>sh\w+</td><td>[^<]*</td><td><code>([\w.-]+)', text)
    verdicts = {check: state for state, check in states}
    assert verdicts["wrapper.version"] == "fail"
    assert verdicts["wrapper.trailing"] == "pass"
    assert verdicts["tcp.connections"] == "not observed"


def test_csv_cells_are_defused(written: Path) -> None:
    rows = list(csv.reader(io.StringIO((written / "timing.csv").read_text(encoding="utf-8"))))
    assert all("=1+1" in row[0] for row in rows[1:])
    table = pd.DataFrame(
        {"a": pd.array(["=1", "+1", "-1", "@x", "\x1b[2J", "a\nb", None, "ok"], dtype="string"), "n": [-1] * 8}
    )
    got = list(csv.reader(io.StringIO(report_tables.to_csv(table).decode())))
    assert [row[0] for row in got] == ["a", "'=1", "'+1", "'-1", "'@x", "\\x1b[2J", "a\\nb", "", "ok"]
    assert [row[1] for row in got][1:] == ["-1"] * 8


def test_csv_holds_every_row_and_times_to_the_nanosecond(written: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((written / "frames.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(report_capture.script(3))
    assert rows[0]["time"] == "2023-11-14T22:13:20.000000000Z"
    assert rows[1]["time_ns"] == str(report_capture.T0 + 20 * report_capture.MS)
    table = pd.DataFrame({"time": pd.DatetimeIndex([1, pd.NaT], tz="UTC").as_unit("ns")})
    assert report_tables.to_csv(table) == b'time\n1970-01-01T00:00:00.000000001Z\n""\n'


def test_xlsx_has_a_sheet_a_table_and_no_formula(written: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(written / "tables.xlsx")
    assert book.sheetnames == [
        "frames", "messages", "exchanges", "findings", "associations", "addresses", "objects", "timing", "measurements",
    ]  # fmt: skip
    with zipfile.ZipFile(written / "tables.xlsx") as file:
        assert {entry.date_time for entry in file.infolist()} == {report_tables.EPOCH}
        assert set(re.findall(rb">(\d{4}-[^<]*)<", file.read("docProps/core.xml"))) == {b"1980-01-01T00:00:00Z"}
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    head, first = list(book["frames"].iter_rows(min_row=1, max_row=2, values_only=True))
    row = dict(zip(head, first))
    assert row["time_ns"] == str(report_capture.T0)  # a spreadsheet would round the number
    assert row["length"] == 8 + len(report_capture.script()[0][2])


def test_xlsx_keeps_formulas_and_control_characters_as_texts() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = report_tables.Workbook()
    table = pd.DataFrame({"a": pd.array(["=1+1", "\x00\x1b", "x" * 40000], dtype="string"), "b": [1, 2**60, 3]})
    assert book.add("t", table) == 3
    cells = list(openpyxl.load_workbook(io.BytesIO(book.octets()))["t"].iter_rows(min_row=2, values_only=True))
    assert cells[0] == ("'=1+1", 1)
    assert cells[1] == ("\\x00\\x1b", str(2**60))
    assert len(cells[2][0]) == report_tables.CELL


def test_xlsx_says_how_many_rows_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    monkeypatch.setattr(report_tables, "SHEET_ROWS", 2)
    book = report_tables.Workbook()
    assert book.add("t", pd.DataFrame({"a": [1, 2, 3]})) == 2
    assert len(list(openpyxl.load_workbook(io.BytesIO(book.octets()))["t"].iter_rows())) == 3


def test_the_same_capture_gives_the_same_octets(tmp_path: Path) -> None:
    capture = report_capture.capture(tmp_path / "c.pcap")
    for folder in ("a", "b"):
        write(tmp_path / folder, capture, formats="html,csv,parquet,xlsx")
    first = {p.name: p.read_bytes() for p in sorted((tmp_path / "a").iterdir())}
    again = {p.name: p.read_bytes() for p in sorted((tmp_path / "b").iterdir())}
    assert len(first) == 20
    assert first == again


def test_several_sources_one_page(tmp_path: Path) -> None:
    one = report_capture.capture(tmp_path / "c.pcap")
    (tmp_path / "sub").mkdir()
    two = report_capture.empty(tmp_path / "sub" / "c.pcap")
    write(tmp_path / "out", one, two, formats="html,csv")
    assert (tmp_path / "out" / "c" / "frames.csv").is_file()
    assert (tmp_path / "out" / "c-2" / "frames.csv").is_file()
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert page.tags.count("main") == 2
    assert len(page.ids) == len(set(page.ids))
    assert "No attempt to reach a meter was recognised" in page.text


def test_names_are_fit_for_files() -> None:
    assert names(["a/x.pcapng", "b/x.pcapng", "-", "x.pcap.gz", "..", "ip:eth0"]) == [
        "x", "x-2", "-", "x-3", "source", "ip-eth0",
    ]  # fmt: skip


def test_a_source_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    one = report_capture.capture(tmp_path / "c.pcap")
    with pytest.raises(CaptureError, match="missing"):
        write(tmp_path / "out", one, tmp_path / "missing.pcap")
    assert (tmp_path / "out" / "report.html").is_file()
    assert cli.main(["report", str(one), str(tmp_path / "missing.pcap"), "--out", str(tmp_path / "o")]) == 3


@pytest.mark.parametrize("formats", ["pdf", "html,pdf", "", ","])
def test_an_unknown_format_is_named_with_what_was_expected(formats: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="html,csv,parquet,xlsx"):
        write(tmp_path / "out", tmp_path / "any.pcap", formats=formats)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=r"^--out .*file.*: .*expected a directory"):
        write(tmp_path / "file", tmp_path / "any.pcap")


def test_missing_extras_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(UsageError, match="pip install"):
        write(tmp_path / "out", report_capture.capture(tmp_path / "c.pcap"), formats="xlsx")


# -- plots ---------------------------------------------------------------------------------------------


def series(values: Sequence[float], low: float = np.nan, high: float = np.nan) -> report_plots.Series:
    n = len(values)
    return report_plots.Series(
        np.arange(n, dtype=float), np.array(values, dtype=float), np.arange(n) % 5,
        ("pass", "fail", "undecidable", "unjudged", "unanswered"), low, high,
    )  # fmt: skip


@pytest.mark.parametrize(
    "values", [[], [0.1], [0.5] * 10, [0.0, 0.0], [1e-6, 1.0, 10.0] * 5, [np.nan, 0.2], [-0.1, 0.3]]
)
def test_plots_of_few_equal_wide_and_missing_values(values: list[float]) -> None:
    text, _ = report_plots.svg(series(values, 0.01, 0.4), 7)
    page = Page(text)
    assert page.tags[0] == "svg"
    assert page.open == []
    assert all(target.strip("#").startswith("p7-") for target in page.targets)
    assert "#0101" not in text


def test_a_limit_far_away_is_named_instead_of_drawn() -> None:
    text, notes = report_plots.svg(series([0.1, 0.11, 0.12], high=60.0), 1)
    near, none = report_plots.svg(series([0.1, 0.11, 0.12], high=0.2), 1)
    assert "not drawn" in notes
    assert none == ""
    assert near.count("stroke-dasharray") == text.count("stroke-dasharray") + 2


def test_many_measurements_are_drawn_by_their_extremes() -> None:
    values = np.full(50_000, 0.1)
    values[31_415] = 9.0
    text, notes = report_plots.svg(series(values), 1)
    assert "50000 measurements" in notes
    assert len(text) < 400_000
    kept = report_plots._extremes(np.arange(50_000.0), values)
    assert 31_415 in kept
    assert len(kept) <= 2 * report_plots.INTERVALS


def test_a_report_uses_the_keys(tmp_path: Path) -> None:
    from importlib import resources

    demo = resources.files("captures") / "demo"
    arguments = ["--keys", str(demo / "keys.toml"), "--formats", "csv", "--quiet"]
    assert (
        cli.main(["report", str(demo / "wrapper-tcp-ciphered.pcapng"), "--out", str(tmp_path / "out"), *arguments]) == 0
    )
    found = list(csv.DictReader(io.StringIO((tmp_path / "out" / "messages.csv").read_text(encoding="utf-8"))))
    assert "get-response-normal" in {row["apdu"] for row in found}
