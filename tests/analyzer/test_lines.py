"""Text lines: every octet from the wire is escaped, each level has its line."""

import pytest
from scripts import (
    CLOCK_OBIS,
    DOWN,
    GET,
    GOT,
    OPENING,
    UP,
    Link,
    Script,
    get,
    got,
    on_line,
    over_hdlc,
    over_udp,
    run_of,
    udp,
)

from analyzer import lines
from analyzer.model import Finding
from dissectors import problem as P
from dissectors.data_types import Data
from dissectors.problem import Problem, Severity

CONTROL = "\x1b[2J\r\n\x07\u202ered"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"), (5, "5"), (True, "true"), (False, "false"), ("a\nb", "a\\nb"), ("\x1b[2J", "\\x1b[2J"),
        ([1, "x"], '[1,"x"]'), ({"a": None}, '{"a":null}'), (["\x07"], '["\\u0007"]'), ("\u202e", "\\u202e"), ("é",
        "é"),
    ],
)  # fmt: skip
def test_cell(value: object, text: str) -> None:
    assert lines.cell(value) == text


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""), (5, 5), (-5, -5), (1.5, 1.5), ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"),
        ("\t=1", "\\t=1"), ("\r=1", "\\r=1"), ("1=1", "1=1"), ([], "[]"), ("", ""),
    ],
)  # fmt: skip
def test_csv_cell(value: object, cell: object) -> None:
    assert lines.csv_cell(value) == cell


def test_no_control_character_leaves_a_text_column() -> None:
    for code in (*range(32), *range(0x7F, 0xA0), 0x200B, 0x2028, 0xFEFF):
        assert lines.cell(f"a{chr(code)}b").isprintable()
        assert str(lines.csv_cell(f"a{chr(code)}b")).isprintable()


def line(script: Script, level: str, index: int) -> str:
    run = run_of(script)
    found = list({"message": run.messages, "frame": run.frames, "exchange": run.exchanges}[level]())
    make = lines.Lines(run, level)
    shown = [make(item) for item in found][index]
    assert shown.endswith(b"\n") and shown.count(b"\n") == 1
    return shown.decode().rstrip("\n")


def test_message() -> None:
    script = over_udp(*OPENING, (UP, GET), (DOWN, GOT))
    assert line(script, "message", 2) == (
        "     3 22:13:20.030000  16 → 1      get-request-normal #1  "
        "Register 1-0:1.8.0*255 Active energy import: Time integral 1, value"
    )
    assert line(script, "message", 3).endswith("= 1 unscaled  · cosem.scale")
    assert " ← " in line(script, "message", 3)
    assert line(over_udp((UP, GET), (DOWN, got(3))), "message", 1).endswith("= read-write-denied")
    assert "16 → 1/17 " in line(over_hdlc(*OPENING), "message", 0)
    assert line(over_udp((UP, GET)), "message", 0).endswith("  · apdu.mid-association")


def test_wire_text_is_escaped() -> None:
    text = Data("visible-string", CONTROL.replace("\u202e", ""))
    script = over_udp((UP, get(1, bytes.fromhex("0000600100FF"), 1)), (DOWN, got(text)))
    shown = line(script, "message", 1)
    assert shown.isprintable() and "\\x1b[2J\\r\\n\\x07red" in shown


def test_clock_is_words() -> None:
    script = over_udp((UP, get(1, CLOCK_OBIS, 8)), (DOWN, got(Data("octet-string", "07E70706040A362600FF8880"))))
    assert "2023-07-06" in line(script, "message", 1)


def test_frame() -> None:
    shown = line(on_line(*Link().up()), "frame", 0)
    assert shown.split()[2:6] == ["16", "→", "1", "hdlc/SNRM"]
    assert "7E A0" in shown and "octets" in shown
    shown = line(Script().add(udp(b"nothing")), "frame", 0)
    assert "10.0.0.1:5000 → 10.0.1.7:4059" in shown
    damaged = bytearray(Link().frame("SNRM"))
    damaged[-2] ^= 1
    good = Link().frame("SNRM")
    assert "✗ hdlc.fcs" in line(on_line((UP, good), (UP, bytes(damaged))), "frame", 1)


def test_exchange() -> None:
    assert "get  Register 1-0:1.8.0*255 Active energy import: Time integral 1, value  10.000 ms  success" in line(
        over_udp((UP, GET), (DOWN, GOT)), "exchange", 0
    )
    shown = line(over_udp((UP, GET), (UP, GET), (UP, get(2))), "exchange", 0)
    assert "no answer in 10.000 ms  2 attempts" in shown


def test_finding_and_its_wire_text() -> None:
    run = run_of(over_udp())
    make = lines.Lines(run, "finding")
    found = Finding(3, "apdu.err", 0, "\x1b[2J", "clause 1", 7)
    assert (
        make(found)
        == "     3 ---------------- note    apdu.err                 frame 7: \\x1b[2J  [clause 1]\n".replace(
            "----------------", "-" * 15
        ).encode()
    )
    assert b"capture: " in make(Finding(3, "apdu.err", 2, "x", "", 0))


def test_other_levels_have_a_header() -> None:
    run = run_of(over_udp(*OPENING))
    list(run.messages())
    make = lines.Lines(run, "association")
    assert make.header.startswith(b"no\tstatus\t")
    assert make(run.associations.table[0]).startswith(b"1\topen\t")
    assert lines.Lines(run, "message").header == b""


def test_marks() -> None:
    assert lines.marks(()) == ""
    problems = (Problem(P.APDU_ERR), Problem(P.APDU_TRAIL), Problem(P.APDU_ERR))
    assert lines.marks(problems) == "  ! apdu.trail apdu.err"
    assert lines.marks((Problem(P.APDU_TAG, severity_override=Severity.NOTE),)) == "  · apdu.tag"


def test_long_values_are_shortened() -> None:
    assert lines.shorten("x" * 100) == "x" * 100
    assert lines.shorten("x" * 101) == "x" * 99 + "…"
    many = {"type": "array", "value": [{"type": "unsigned", "value": n} for n in range(20)]}
    assert lines.plain(many).endswith("… 20 in all]")
    assert lines.plain({"type": "structure", "value": [{"type": "null-data", "value": None}]}) == "{null}"
    assert lines.clock(None) == "-" * 15
    assert lines.sap(-1) == "-" and lines.target(None) == ""


def test_raw_values_where_there_are_no_words() -> None:
    value = Data("structure", (Data("unsigned", 1), Data("visible-string", "\x1b")))
    script = over_udp((UP, get(1, bytes.fromhex("0000600100FF"), 1)), (DOWN, got(value)))
    assert line(script, "message", 1).endswith("= {1, \\x1b}")
