"""What is taken out: packets that tshark and we read again, tables as dump writes them, octets in usual notations."""

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from scripts import AARQ, UP, Script, Tcp, wrap

import analyzer
from analyzer import export, rows
from analyzer.analysis import Analysis
from dissectors.errors import UsageError

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
SERIAL, TCP = DEMO / "hdlc-serial.pcapng", DEMO / "wrapper-tcp.pcapng"
OCTETS = bytes.fromhex("7EA007032193") + b"abc|" + bytes(8)


@pytest.fixture(scope="module")
def tcp() -> Analysis:
    return analyzer.open(str(TCP))


def finish(progress: export.Progress) -> list[tuple[int, int | None]]:
    return list(progress)


@pytest.mark.parametrize("path", [SERIAL, TCP], ids=lambda path: path.stem)
def test_all_frames_come_back(path: Path, tmp_path: Path) -> None:
    a = analyzer.open(str(path))
    made = tmp_path / "a.pcapng"
    steps = finish(export.frames_to_pcapng(a, str(path), range(1, len(a.frames) + 1), made))
    assert steps[-1] == (path.stat().st_size, path.stat().st_size)
    again = analyzer.open(str(made))
    assert list(again.rows("frame")) == list(a.rows("frame"))
    assert list(tmp_path.iterdir()) == [made]


def test_frames_of_several_packets_bring_all_of_them(tmp_path: Path) -> None:
    script, connection = Script(), Tcp()
    whole = wrap(UP, AARQ)
    for octets in (*connection.handshake(), connection.segment(whole[:9]), connection.segment(whole[9:])):
        script.add(octets)
    source = script.save(tmp_path / "a.pcap")
    a = analyzer.open(str(source))
    last = a.frame(len(a.frames))
    assert last.records == (4, 5)
    made = tmp_path / "a.pcapng"
    finish(export.frames_to_pcapng(a, str(source), [last.no], made, {last.no: "look"}))
    again = analyzer.open(str(made))
    assert [f.octets for f in again.rows("frame")] == [whole]  # type: ignore[union-attr]


def test_what_lies_between_the_packets_of_a_frame_stays_behind(tmp_path: Path) -> None:
    script, connection, other = Script(), Tcp(), Tcp("10.0.0.9:40000")
    whole = wrap(UP, AARQ)
    syn = other.handshake()[0]
    for octets in (*connection.handshake(), connection.segment(whole[:9]), syn, connection.segment(whole[9:])):
        script.add(octets)
    source = script.save(tmp_path / "a.pcap")
    a = analyzer.open(str(source))
    last = a.frame(len(a.frames))
    assert last.records == (4, 6)
    made = tmp_path / "a.pcapng"
    finish(export.frames_to_pcapng(a, str(source), [1, last.no], made))
    again = analyzer.open(str(made))
    assert [f.kind for f in again.rows("frame")] == [a.frame(1).kind, last.kind]  # type: ignore[union-attr]


def test_comments_reach_wireshark(tcp: Analysis, tshark: str, tmp_path: Path) -> None:
    made = tmp_path / "a.pcapng"
    finish(export.frames_to_pcapng(tcp, str(TCP), [4, 5], made, {5: "slow here"}))
    fields = ["-T", "fields", "-e", "frame.comment"]
    done = subprocess.run([tshark, "-r", str(made), *fields], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["", "slow here"]


def test_a_cancelled_export_does_not_stay(tcp: Analysis, tmp_path: Path) -> None:
    for progress in (
        export.frames_to_pcapng(tcp, str(TCP), [1], tmp_path / "a.pcapng"),
        export.table(tcp, "frame", None, "csv", tmp_path / "a.csv"),
    ):
        next(progress)
        assert len(list(tmp_path.iterdir())) == 1
        progress.close()  # type: ignore[attr-defined]
        assert list(tmp_path.iterdir()) == []


def test_what_is_refused(tcp: Analysis, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"x")
    with pytest.raises(UsageError, match="no packet"):
        export.packets_to_pcapng(str(TCP), set(), tmp_path / "a")
    with pytest.raises(UsageError, match="the capture itself"):
        export.packets_to_pcapng(str(TCP), {1}, TCP, overwrite=True)
    with pytest.raises(UsageError, match="exists already"):
        finish(export.packets_to_pcapng(str(TCP), {1}, there))
    with pytest.raises(UsageError, match="export xls"):
        export.table(tcp, "frame", None, "xls", tmp_path / "a")
    with pytest.raises(UsageError, match="no field 'octet'"):
        export.table(tcp, "frame", None, "csv", tmp_path / "a", ["octet"])
    finish(export.packets_to_pcapng(str(TCP), {1}, there, overwrite=True))
    assert there.read_bytes()[:4] == b"\n\r\r\n"


@pytest.mark.parametrize("level", rows.LEVELS)
def test_jsonl_has_the_rows_of_dump(tcp: Analysis, level: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    finish(export.table(tcp, level, None, "jsonl", path))
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    names = [column.name for column in rows.LEVELS[level]]
    assert found and all(list(row) == names for row in found)


def test_csv_of_chosen_rows_and_columns(tcp: Analysis, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    steps = finish(export.table(tcp, "message", [4, 2], "csv", path, ["no", "apdu"]))
    shown = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert shown == [["no", "apdu"], ["4", tcp.message(4).apdu.name], ["2", tcp.message(2).apdu.name]]
    assert steps == [(0, 2)]


def test_parquet(tcp: Analysis, tmp_path: Path) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    finish(export.table(tcp, "exchange", [1, 2, 3], "parquet", path, ["no", "service", "app_response_ns"]))
    found = parquet.read_table(path).to_pydict()
    assert found["no"] == [1, 2, 3] and found["service"] == [tcp.exchange(n).service for n in (1, 2, 3)]
    assert list(found) == ["no", "service", "app_response_ns"]


def test_row_text(tcp: Analysis) -> None:
    lines = export.row_text(tcp, "frame", 4).splitlines()
    assert lines[0].lstrip().startswith("4 ") and lines[1].startswith("    Frame 4: ")
    assert any(line.startswith("    ethernet") and "[0.." in line for line in lines)
    assert not lines[1].endswith("]") or "[0.." in lines[1]


def test_octets_as_text() -> None:
    assert export.as_hex(OCTETS[:3]) == "7E A0 07"
    assert export.as_text(b"ab\x00\xff~") == "ab\\x00\\xff~"
    assert export.as_hexdump(OCTETS).splitlines() == [
        "00000000  7e a0 07 03 21 93 61 62 63 7c 00 00 00 00 00 00  |~...!.abc|......|",
        "00000010  00 00                                            |..|",
    ]
    assert export.as_c_array(OCTETS[:3], "frame 12") == (
        "static const unsigned char frame_12[3] = {\n    0x7E, 0xA0, 0x07,\n};\n"
    )
    assert "char _1[0]" in export.as_c_array(b"", "1") and "char octets[0]" in export.as_c_array(b"", "")
