import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.cell_table import save
from dissectors.errors import UsageError

NAMES = ("no", "info")
PAGES = ([["1", "=1+1"], ["2", 'a "b", c']], [["3", "x\x1b[2Jé"]])


def saved(path: Path, format: str) -> None:
    assert list(save(NAMES, PAGES, 3, format, path)) == [(2, 3), (3, 3)]


def test_csv_defuses_formulas_and_control_characters(tmp_path: Path) -> None:
    saved(tmp_path / "t.csv", "csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["no", "info"], ["1", "'=1+1"], ["2", 'a "b", c'], ["3", "x\\x1b[2Jé"],
        ]  # fmt: skip


def test_jsonl(tmp_path: Path) -> None:
    saved(tmp_path / "t.jsonl", "jsonl")
    lines = (tmp_path / "t.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [dict(zip(NAMES, row)) for page in PAGES for row in page]


def test_parquet(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    saved(tmp_path / "t.parquet", "parquet")
    assert pandas.read_parquet(tmp_path / "t.parquet").to_numpy().tolist() == [row for page in PAGES for row in page]


def test_no_rows_give_the_names(tmp_path: Path) -> None:
    assert list(save(NAMES, (), 0, "csv", tmp_path / "t.csv")) == []
    assert (tmp_path / "t.csv").read_text() == "no,info\n"


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_a_cancelled_file_does_not_stay_and_one_that_exists_is_kept(format: str, tmp_path: Path) -> None:
    steps = save(NAMES, PAGES, 3, format, tmp_path / "t")
    assert isinstance(steps, Iterator) and next(steps) == (2, 3)
    steps.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "t").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        next(save(NAMES, PAGES, 3, format, tmp_path / "t"))
    assert (tmp_path / "t").read_text() == "mine"


def test_another_format(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected one of csv, jsonl, parquet"):
        save(NAMES, PAGES, 3, "xlsx", tmp_path / "t")
