"""dump: rows of every level as text, JSON lines and CSV, as they stream."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cli_run import run
from encode import xdlms
from scripts import (
    AARQ,
    DOWN,
    GET,
    GOT,
    OPENING,
    UP,
    Script,
    get,
    got,
    over_hdlc,
    over_tcp,
    over_udp,
    rows_of,
    run_of,
    udp,
    wrap,
)

from analyzer import dump, rows
from dissectors.data_types import Data
from dissectors.errors import UsageError

HOSTILE = {1: "=HYPERLINK(1)", 2: "+1", 3: "\x1b[2J\r\n", 4: "@x", 5: '"q",\n', 6: "-2+3"}
SCRIPT = over_udp(*OPENING, (UP, GET), (DOWN, GOT), (DOWN, xdlms.data_notification(1, b"", Data("unsigned", 1))))


def written(script: Script, level: str, format: str, **more: Any) -> bytes:
    taps = dump.taps_for(level, {})
    run_ = run_of(script, taps=tuple(taps.values()))
    out = bytearray()
    dump.dump(run_, dump.stream(run_, level, taps), level, format, out.extend, **more)
    return bytes(out)


@pytest.mark.parametrize("level", rows.LEVELS)
def test_levels_and_formats_agree_on_the_rows(level: str) -> None:
    lines = written(SCRIPT, level, "jsonl").splitlines()
    table = list(csv.DictReader(io.StringIO(written(SCRIPT, level, "csv").decode())))
    text = written(SCRIPT, level, "text").splitlines()
    header = level in ("association", "address", "object")
    assert len(lines) == len(table) == len(text) - header > 0
    names = [column.name for column in rows.LEVELS[level]]
    for line, cells in zip(lines, table, strict=True):
        row = json.loads(line)
        assert list(row) == names
        assert list(cells) == [name for name in names if name not in ("fields", "octets")]
        for name in cells:
            if isinstance(row[name], int):
                assert cells[name] == str(row[name])


def test_fields() -> None:
    assert written(SCRIPT, "message", "jsonl", fields=("no", "apdu")).splitlines()[2] == (
        b'{"no":3,"apdu":"get-request-normal"}'
    )
    assert written(SCRIPT, "message", "text", fields=("no", "obis", "result")).splitlines()[2] == b"3\t1-0:1.8.0*255\t-"
    assert written(SCRIPT, "message", "csv", fields=("apdu", "no")).splitlines()[:2] == [b"apdu,no", b"aarq,1"]
    with pytest.raises(UsageError, match="--fields: no field 'obsi' at level message: did you mean obis"):
        dump.check_fields("message", ["obsi"])
    with pytest.raises(UsageError, match="known are profile, channel"):
        dump.check_fields("address", ["zzzz"])


def test_count_counts_printed_rows() -> None:
    assert len(written(SCRIPT, "message", "jsonl", count=2).splitlines()) == 2
    keep = lambda item, run_: item.no > 3  # noqa: E731
    found = written(SCRIPT, "message", "jsonl", count=1, keep=keep).splitlines()
    assert [json.loads(line)["no"] for line in found] == [4]
    assert len(written(SCRIPT, "message", "csv", count=1).splitlines()) == 2  # and the header


def test_it_streams() -> None:
    """Rows are written before the capture ends, and no more of it is read than the count asks for."""
    read = []
    script = over_udp(*[(UP, get(n & 15)) for n in range(40)])

    def records() -> Any:
        for record in script.records:
            read.append(record.no)
            yield record

    run_ = run_of(script)
    run_.records = records()
    pieces: list[bytes] = []
    dump.dump(run_, dump.stream(run_, "message", {}), "message", "text", pieces.append, count=3, flush=lambda: None)
    assert len(pieces) == 3 and len(read) < 10


def hostile() -> Script:
    steps = []
    for n, text in HOSTILE.items():
        steps += [(UP, get(n, bytes((0, 0, 96, 1, n, 255)), 1)), (DOWN, got(Data("visible-string", text), n))]
    return over_udp(*steps)


def test_csv_of_hostile_texts() -> None:
    text = written(hostile(), "message", "csv", fields=("no", "text", "data")).decode()
    assert "\x1b" not in text
    table = list(csv.reader(io.StringIO(text)))
    assert len(table) == 13 and {len(row) for row in table} == {3}
    for row in table[1:]:
        assert all(cell[:1] not in ("=", "+", "-", "@", "\t", "\r") for cell in row)
    whole = written(hostile(), "message", "csv").decode()
    for row in csv.reader(io.StringIO(whole)):
        assert all(cell[:1] not in ("=", "+", "@") for cell in row)


@pytest.mark.parametrize("level", ["message", "object"])
def test_text_of_hostile_texts(level: str) -> None:
    lines = written(hostile(), level, "text").decode().split("\n")
    assert len(lines) == 13 if level == "message" else len(lines) == 8
    assert all(line.replace("\t", "").isprintable() for line in lines)


def test_trees() -> None:
    text = written(SCRIPT, "message", "text", tree=True, count=1).decode()
    assert text.splitlines()[1].startswith("    ") and "application-context-name" in text.lower().replace(" ", "-")
    lines = written(SCRIPT, "frame", "jsonl", tree=True, count=1).splitlines()
    tree = json.loads(lines[1])["tree"]
    assert [node["field"] for node in tree if node["buffer"] == "packet"][:1] == ["ethernet"]
    assert [node["field"] for node in tree if node["buffer"] == "frame"][:1] == ["wrapper"]
    assert b"tree" not in written(SCRIPT, "exchange", "jsonl", tree=True)


def test_frames_know_their_messages_though_apdus_end_later() -> None:
    found = [
        json.loads(line) for line in written(over_hdlc(*OPENING, (UP, GET), (DOWN, GOT)), "frame", "jsonl").splitlines()
    ]
    assert [row["messages"] for row in found] == [[], [], [1], [2], [3], [4]]
    found = [json.loads(line) for line in written(over_tcp(*OPENING), "frame", "jsonl").splitlines()]
    assert [row["no"] for row in found] == [1, 2, 3, 4, 5]


# -- the command ---------------------------------------------------------------------------------------------


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    return over_udp(*OPENING, (UP, GET), (DOWN, GOT)).save(tmp_path / "a.pcap")


def test_command(pcap: Path) -> None:
    ran = run("dump", pcap)
    assert (ran.code, len(ran.lines), ran.err) == (0, 4, "")
    ran = run("dump", pcap, "--format", "jsonl", "--filter", "apdu == get-response-normal && latency > 5 ms")
    assert [json.loads(line)["no"] for line in ran.lines] == [4]
    ran = run("dump", pcap, "--level", "association", "--fields", "no,status", "--format", "csv")
    assert ran.lines == ["no,status", "1,open"]
    assert run("dump", pcap, "--filter", "wrapper.source == 1", "--fields", "no", "--count", "1").lines == ["2"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--filter", "latncy > 5"), "filter: at character 1"),
        (("--filter", "a =="), "filter: at character 5"),
        (("--fields", "nothing"), "--fields: no field 'nothing'"),
        (("--level", "nothing"), "invalid choice"),
        (("--count", "0"), "expected a number from 1"),
        (("--profile", "nothing"), "nothing"),
        (("--assume", "nothing=1"), "nothing"),
    ],
)
def test_wrong_usage(pcap: Path, words: tuple[str, ...], said: str) -> None:
    ran = run("dump", pcap, *words)
    assert ran.code == 2 and said in ran.err and ran.out == b"" and ran.err.count("\n") == 1


def test_hex_log(tmp_path: Path) -> None:
    path = tmp_path / "session.hex"
    path.write_text("\n".join(octets.hex(" ") for octets in (AARQ, GET, GOT)))
    assert len(run("dump", path).lines) == 3
    found = [json.loads(line) for line in run("dump", path, "--format", "jsonl").lines]
    assert [row["apdu"] for row in found] == ["aarq", "get-request-normal", "get-response-normal"]
    assert found[0]["time"] is None


def test_udp_reply_through_the_file_equals_the_script(pcap: Path) -> None:
    """The same rows from the file as from the records: the file keeps what matters."""
    script = over_udp(*OPENING, (UP, GET), (DOWN, GOT))
    direct = [(r["no"], r["apdu"], r["time_ns"], r["data"]) for r in rows_of(script)]
    through = [json.loads(line) for line in run("dump", pcap, "--format", "jsonl").lines]
    assert [(r["no"], r["apdu"], r["time_ns"], r["data"]) for r in through] == direct
    assert udp(wrap(UP, GET)) in pcap.read_bytes()
