"""UART exports of logic analyzers: every form of a whole session, times, errors, and lines that are none."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cli_run
import pytest
from encode import logic
from encode.logic import Octet
from hypothesis import given
from hypothesis import strategies as st

from captures.assume import parse
from captures.logic_csv import recognise
from captures.logic_csv_values import octet_of, radix, resolution, ticks
from captures.source import SOURCES, open_source
from dissectors.errors import CaptureError
from dissectors.record import Direction, Flag, Record

ROOT = Path(__file__).resolve().parents[2]
UP, DOWN, UNKNOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)
MS = 1_000_000
SNRM, UA = bytes.fromhex("7ea0070321930f017e"), bytes.fromhex("7ea007210373735e7e")
NAMES = "apdu,direction,client,server,physical,invoke_id,class_id,obis,attribute,result,data,text"


@pytest.fixture(scope="module")
def line() -> list[Octet]:
    """The first twenty seconds of the serial demo, octet by octet."""
    source = open_source(str(ROOT / "captures" / "demo" / "hdlc-serial.pcapng"))
    records = [r for r in source if r.octets]
    source.close()
    start = records[0].first_ns - 50 * MS
    return [octet for r in records for octet in logic.octets(r.direction, r.first_ns - start, r.octets)]


def frames(path: Path, *options: object) -> list[list[Any]]:
    ran = cli_run.run("dump", path, "--level", "frame", "--format", "jsonl", "--quiet", *options)
    assert ran.code == 0, ran.err
    names = ("layer", "kind", "source", "destination", "octets")
    return [[row[name] for name in names] for row in map(json.loads, ran.lines)]


def messages(path: Path, *options: object) -> list[list[Any]]:
    ran = cli_run.run("dump", path, "--format", "jsonl", "--fields", NAMES, "--quiet", *options)
    assert ran.code == 0, ran.err
    return [list(json.loads(text).values()) for text in ran.lines]


TWO_WIRES: dict[str, Callable[[list[Octet]], str]] = {
    "saleae-all": logic.saleae_all,
    "saleae-all-decimal": lambda line: logic.saleae_all(line, logic.decimal),
    "logic-2": logic.logic_2,
    "sigrok": logic.sigrok,
    "sigrok-everything": lambda line: logic.sigrok(line, everything=True),
    "sigrok-no-samples": lambda line: logic.sigrok(line, samples=False),
    "pulseview": lambda line: logic.sigrok(line, pulseview=True, everything=True),
}
ONE_WIRE: dict[str, Callable[[list[Octet]], str]] = {
    "hexadecimal": lambda line: logic.saleae_1(line, logic.hexadecimal),
    "decimal": lambda line: logic.saleae_1(line, logic.decimal),
    "binary": lambda line: logic.saleae_1(line, logic.binary),
    "character": lambda line: logic.saleae_1(line, logic.character),
    "both": lambda line: logic.saleae_1(line, logic.both),
    "sigrok": lambda line: logic.sigrok(line, classes=False),
    "sigrok-no-samples": lambda line: logic.sigrok(line, samples=False, classes=False),
}


@pytest.mark.parametrize("form", TWO_WIRES)
def test_a_session_on_two_wires(form: str, line: list[Octet], tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(TWO_WIRES[form](line))
    found = messages(path)
    assert found == messages(ROOT / "captures" / "demo" / "hdlc-serial.pcapng") and len(found) > 80


@pytest.mark.parametrize("form", ONE_WIRE)
def test_a_session_on_one_wire(form: str, line: list[Octet], tmp_path: Path) -> None:
    """One receiver hears both sides: HDLC's addresses tell who sends."""
    path = tmp_path / "export.txt"
    path.write_text(ONE_WIRE[form](line))
    expected = [row for row in messages(ROOT / "captures" / "demo" / "hdlc-serial.pcapng") if row[1] != "unknown"]
    assert [row for row in messages(path) if row[1] != "unknown"] == expected


def test_characters_of_a_sign_on(tmp_path: Path) -> None:
    """Octets that are digits, commas, quotes and line ends, as characters."""
    text = b'/?0012345!\r\n/ISk5MT174,"1" \\2\r\n\x06050\r\n\x021.8.0(01*kWh)\r\n!\r\n\x03\x58'
    path = tmp_path / "export.txt"
    path.write_text(logic.saleae_1(logic.octets(0, 0, text, 300), logic.character), newline="")
    assert octets_of(read_all(path)[0]) == text


def read_all(path: Path, assume: str = "") -> tuple[list[Record], Any]:
    source = open_source(str(path), assume=parse(assume) if assume else None)
    records = list(source)
    source.close()
    return records, source


def octets_of(records: list[Record]) -> bytes:
    return b"".join(r.octets for r in records)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "export.csv"
    path.write_text(text, newline="")
    return path


# -- times ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("baud", "bits"), [(300, 10), (9600, 10), (115200, 10), (9600, 11)])
def test_logic_2_tells_rate_and_times(baud: int, bits: int, tmp_path: Path) -> None:
    run = logic.octets(0, 3 * MS, SNRM * 3, baud, bits)
    text = logic.logic_2(run, baud if bits == 10 else baud * 9.5 / 10.5)
    records, source = read_all(written(tmp_path, text))
    (channel,) = source.channels
    assert (channel.baud, channel.character_bits, channel.stamp) == (baud, bits, "start")
    assert [r.first_ns for r in records] == pytest.approx([ns for _, ns, _ in run], abs=1)
    assert all(r.last_ns - r.first_ns == bits * 10**9 // baud and r.flags == Flag.OCTET_TIMES for r in records)
    assert all(0 < r.uncertainty_ns <= 10**9 // baud // 4 + 2 * bits * 10**7 // baud + 1 for r in records)


def test_iso_times(tmp_path: Path) -> None:
    records, _ = read_all(written(tmp_path, logic.logic_2(logic.octets(0, 5 * MS, SNRM), iso=True)))
    assert records[0].first_ns == 1_795_428_900_005_000_000 and octets_of(records) == SNRM


def test_one_sample_is_the_uncertainty(tmp_path: Path) -> None:
    """8 MHz: all start times are multiples of 125 ns, printed with more digits."""
    run = [(0, ns // 125 * 125, octet) for _, ns, octet in logic.octets(0, MS, SNRM * 2)]
    _, source = read_all(written(tmp_path, logic.saleae_1(run)))
    assert source.channels[0].resolution_ns == 125
    _, source = read_all(written(tmp_path, logic.saleae_1(run[:4])))
    assert source.channels[0].resolution_ns == 1000  # too few to tell


def test_pauses_between_octets_are_judged(tmp_path: Path) -> None:
    run = logic.octets(0, MS, SNRM[:4]) + logic.octets(0, 60 * MS, SNRM[4:])
    run += logic.octets(1, 200 * MS, UA)
    ran = cli_run.run("timing", written(tmp_path, logic.logic_2(run)), "--each", "--format", "json", "--quiet")
    each = [row for row in json.loads(ran.out) if row["rule"] == "link.inter-octet"]
    pause = 60 * MS - MS - 4 * 10**10 // 9600
    measured = {(row["subject"], row["measured_ns"] // 1000, row["lo_ns"] is not None) for row in each}
    assert ("client", pause // 1000, True) in measured


def test_the_stated_rate_gives_sigrok_its_times(tmp_path: Path) -> None:
    path = written(tmp_path, logic.sigrok(logic.octets(0, 5 * MS, SNRM)))
    records, source = read_all(path)
    assert all(r.first_ns is None and not r.flags for r in records) and "--assume baud=" in source.remarks[0]
    records, source = read_all(path, "baud=9600")
    assert re.match("samples are read as 1000 kHz: 83[34] of them for the data bits", source.remarks[0])
    assert [r.first_ns for r in records] == pytest.approx([5 * MS + n * 10**10 // 9600 for n in range(9)], abs=2000)
    assert all(r.last_ns - r.first_ns == 10**10 // 9600 for r in records)
    odd = written(tmp_path, logic.sigrok(logic.octets(0, 5 * MS, SNRM), rate=1_370_000))
    assert read_all(odd, "baud=9600")[0][0].first_ns == pytest.approx(5 * MS, rel=0.02)


def test_what_is_stated_goes_before(tmp_path: Path) -> None:
    path = written(tmp_path, logic.logic_2(logic.octets(0, 5 * MS, SNRM)))
    records, source = read_all(path, "baud=19200,format=8E1,at=server")
    assert (source.channels[0].baud, source.channels[0].character_bits) == (19200, 11)
    assert {r.direction for r in records} == {DOWN}


def test_a_length_that_is_no_usual_rate(tmp_path: Path) -> None:
    records, source = read_all(written(tmp_path, logic.logic_2(logic.octets(0, 5 * MS, SNRM), 12_000)))
    assert source.channels[0].baud == 0
    assert records[0].last_ns - records[0].first_ns == 9_500_000_000 // 12_000 and records[0].uncertainty_ns == 1000


# -- wires, errors, lines that are none ----------------------------------------------------------------------------


def test_wires(tmp_path: Path) -> None:
    run = logic.octets(0, MS, SNRM) + logic.octets(1, 50 * MS, UA)
    records, source = read_all(written(tmp_path, logic.logic_2(run)))
    assert [c.name for c in source.channels] == ["line1:UART TX", "line1:UART RX"]
    assert [r.direction for r in records] == [UP] * 9 + [DOWN] * 9
    plain = logic.logic_2(run).replace("UART TX", "A").replace("UART RX", "B")
    records, _ = read_all(written(tmp_path, plain))
    assert {r.direction for r in records} == {UNKNOWN}
    assert [row[1] for row in frames(tmp_path / "export.csv")] == ["SNRM", "UA"]
    _, source = read_all(written(tmp_path, logic.sigrok(run)))
    assert [c.name for c in source.channels] == ["uart-1:tx", "uart-1:rx"]


@pytest.mark.parametrize("kind", ["parity", "framing"])
@pytest.mark.parametrize("make", [logic.saleae_1, logic.logic_2, logic.sigrok])
def test_errors(make: Any, kind: str, tmp_path: Path) -> None:
    run = logic.octets(0, MS, SNRM)
    records, _ = read_all(written(tmp_path, make(run, errors={0: kind, 4: kind, 8: kind})))
    flag = Flag.PARITY_ERROR if kind == "parity" else Flag.FRAMING_ERROR
    assert octets_of(records) == SNRM
    assert [n for n, r in enumerate(records) if r.flags & flag] == [0, 4, 8]


def test_errors_of_two_wires_at_once_find_their_octets(tmp_path: Path) -> None:
    text = """uart-1: rx-data: 7E
uart-1: tx-data: 11
uart-1: rx-warning: Frame error
uart-1: tx-data: 22
uart-1: rx-data: A0
uart-1: tx-warning: Parity error
uart-1: rx-break: Break condition
"""
    records, _ = read_all(written(tmp_path, text))
    assert [(r.no, r.octets.hex(), r.direction, Flag(r.flags)) for r in records] == [
        (1, "7e", DOWN, Flag.FRAMING_ERROR),
        (2, "11", UP, Flag(0)),
        (3, "22", UP, Flag.PARITY_ERROR),
        (4, "a0", DOWN, Flag.BREAK),
    ]
    records, _ = read_all(written(tmp_path, "uart-1: Start bit\nuart-1: Break condition\nuart-1: 7E\n"))
    assert [(r.octets, Flag(r.flags)) for r in records] == [(b"", Flag.BREAK), (b"\x7e", Flag(0))]


def test_an_octet_is_given_when_the_next_one_of_its_wire_has_come(tmp_path: Path) -> None:
    source = open_source(str(written(tmp_path, "uart-1: tx-data: 7E\n" * 50)))
    assert [len(source._waiting) for _ in source][:49] == [1] * 49
    source.close()


def test_a_wire_that_says_nothing_does_not_hold_the_other_for_ever(tmp_path: Path) -> None:
    text = "uart-1: tx-data: 7E\n" + "uart-1: rx-data: A0\n" * 200
    source = open_source(str(written(tmp_path, text)))
    records = iter(source)
    assert [next(records).octets for _ in range(3)] == [b"\x7e", b"\xa0", b"\xa0"]
    assert len(list(records)) == 198
    source.close()


@pytest.mark.parametrize(
    ("make", "row"),
    [
        *((logic.saleae_1, row) for row in ("words", "0.1", "0.1,0x7E", "x,0x7E,,", "0.2,0x1FF,,", "0.1,,,", "\0" * 9)),
        *((logic.saleae_all, row) for row in ("words", "0.1", "0.1,0x7E", "x,TX,0x7E", "0.2,TX,0x1FF", "0.1,TX,", '"')),
        *((logic.logic_2, row) for row in ("A,data", "A,data,x,1,0x7E,", "A,data,1,1,,", 'A,data,1,1,"0x1FF",')),
    ],
)
def test_a_line_of_no_form_is_counted(make: Any, row: str, tmp_path: Path) -> None:
    lines = make(logic.octets(0, MS, SNRM)).splitlines()
    text = "\n".join([*lines[:3], row, "", *lines[3:]]) + "\n"
    records, source = read_all(written(tmp_path, text))
    assert octets_of(records) == SNRM and source.cut is None
    assert source.remarks == ["1 lines hold no octet and were passed over (line 4)"]


def test_a_quote_that_is_never_closed_takes_few_lines_with_it(tmp_path: Path) -> None:
    lines = logic.logic_2(logic.octets(0, MS, SNRM)).splitlines()
    lines[3] += '"'
    records, source = read_all(written(tmp_path, "\n".join(lines)))
    assert octets_of(records) == SNRM and not source.remarks
    lines[3] = lines[3].replace(",0x07,", ',"0x07,')
    records, source = read_all(written(tmp_path, "\n".join([*lines[:4], '"', *lines[4:]])))
    assert octets_of(records) == SNRM[:2] + SNRM[3:] and "line 4, 5" in source.remarks[0]


def test_many_lines_of_no_form(tmp_path: Path) -> None:
    text = "uart-1: 7E\n" + "?\n" * 30 + "x" * 20000 + "\nuart-1: A0"
    records, source = read_all(written(tmp_path, text))
    assert octets_of(records) == b"\x7e\xa0"
    assert source.remarks[0].endswith("(line 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …)")


def test_rows_of_a_table_that_are_no_data_say_nothing(tmp_path: Path) -> None:
    text = logic.logic_2(logic.octets(0, MS, SNRM)).splitlines()
    text.insert(2, '"UART TX","frame",0.0011,0.001,,')
    records, source = read_all(written(tmp_path, "\n".join(text)))
    assert octets_of(records) == SNRM and not source.remarks


def test_an_octet_0a_between_quotes(tmp_path: Path) -> None:
    """As Logic 2 writes a table of characters."""
    rows = [f'"A","data",0.{n},0.001,"{shown}"' for n, shown in enumerate("!\r\n", 1)]
    text = "\n".join(['name,type,start_time,duration,"data"', *rows]) + "\n"
    assert octets_of(read_all(written(tmp_path, text))[0]) == b"!\r\n"
    quote = text.replace('"!"', '""""')
    assert octets_of(read_all(written(tmp_path, quote))[0]) == b'"\r\n'


# -- values and recognition ---------------------------------------------------------------------------------------


@given(st.integers(0, 255))
def test_every_octet_in_every_radix(octet: int) -> None:
    for show in (logic.hexadecimal, logic.binary, logic.both):
        assert octet_of(show(octet), "character") == octet
    assert octet_of(logic.character(octet), "character") == octet
    assert octet_of(logic.decimal(octet), "decimal") == octet
    assert octet_of(f"{octet:02X}", "hex") == octet
    assert octet_of(f"[{octet:02X}]", "character") == octet_of(rf"\x{octet:02X}", "character") == octet


def test_radix() -> None:
    assert radix(["7E", "10", "99"], True) == "hex" and radix(["126", "3"], True) == "decimal"
    assert radix(["10", "99"], False) == "decimal" and radix(["1", "9"], False) == "character"
    assert radix(["7E", "[0D]"], True) == "character" and radix(["/", "0"], False) == "character"
    for value in ("256", "'999'", "7", "", "word", r"\q"):
        assert octet_of(value, "hex") is None or value == "7E"
        assert octet_of(value, "character") is None or len(value) == 1


def test_times_as_written() -> None:
    assert ticks("0.000602500000000") == 602_500_000 and ticks("-1.5") == -1_500_000_000_000
    assert ticks("2.375e-05") == 23_750_000 and ticks("0.0000000000001234") == 0
    assert ticks("") is ticks("1.2.3") is ticks("Inf") is None
    assert resolution("0.0006025") == 100_000 and resolution("2.375e-05") == 10_000 and resolution("3") == 10**12
    assert resolution("2026-11-23T10:15:00.123456+00:00") == 1_000_000


@pytest.mark.parametrize(
    "head",
    [
        "Time [s],Value,Parity Error,Framing Error\n",
        "\ufeffTime [s],Value,Parity Error,Framing Error\r\n",
        "Time [s],Analyzer Name,Decoded Protocol Result\n",
        'name,type,start_time,duration,"data"\n',
        '"name","type","start_time","duration","data","error","address"\r\n',
        "uart-1: 7E\n",
        "uart-1: Start bit\n",
        "123-456 uart-1: 7E\n",
        '123-456 uart-2: rx-data: "7E" "E"\n',
        "123-456 UART: RX data: 7E\n",
        "123-456 Meter: TX data: [0D]\n",
    ],
)
def test_recognised(head: str) -> None:
    assert recognise(head.encode())
    assert next(kind.name for kind in SOURCES if kind.recognise(head.encode())) == "logic"


@pytest.mark.parametrize(
    "head",
    [
        "",
        "7E A0 07\n",
        "Time [s],Channel 0,Channel 1\n",
        'name,type,start_time,duration,"ack","address","read","data"\n',
        "name,type,start_time,duration,mosi,miso\n",
        "10:15:04 uart: sent 7E A0 07 03 21 93 0F 01 7E\n",
        "uart log of the meter: 7E A0 07\n",
        "i2c-1: Start\n",
    ],
)
def test_left_to_others(head: str) -> None:
    assert not recognise(head.encode())


@given(
    st.lists(
        st.sampled_from([*"0123456789ABCDEFabcdefx,\"':.- []\\\n\r", "uart-1: ", "TX data: ", "Error"]), max_size=80
    )
)
def test_any_text_behind_a_header(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for head in (
        "Time [s],Value,Parity Error,Framing Error\n",
        'name,type,start_time,duration,"data"\n',
        "uart-1: 7E\n",
    ):
        path.write_text(head + "".join(pieces), newline="")
        records, source = read_all(path, "baud=9600")
        assert [r.no for r in records] == list(range(1, len(records) + 1))
        assert {r.channel for r in records} <= {c.number for c in source.channels}


def test_a_saleae_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "capture.sal"
    path.write_bytes(b"PK\x03\x04" + bytes(60))
    with pytest.raises(CaptureError, match="export its analyzer table as CSV"):
        open_source(str(path))
