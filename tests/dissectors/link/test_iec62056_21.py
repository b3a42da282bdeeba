"""Messages of IEC 62056-21: what their layer says; any octets; the corpus; text for a person."""

from pathlib import Path

import pytest
from encode.iec62056_21 import block, crc16, even, telegram
from hypothesis import given
from hypothesis import strategies as st

from dissectors.context import EMPTY
from dissectors.layer import walk
from dissectors.layers import LAYERS
from dissectors.link.iec62056_21 import COMMANDS, CONTROLS, DIRECTIONS, OPTIONS, PROTOCOLS, Iec21, rate_of, read, words
from dissectors.link.iec62056_21_readout import NOTES_MAX

DATA = block(b"\x02F.F(00)\r\n1.8.0(012345.678*kWh)\r\nC.1(a)(b*c)\r\n!\r\n\x03")
TELEGRAM = telegram(b"XYZ5\\2EXAMPLE", b"1-0:1.8.1(000123.456*kWh)", b"0-1:24.2.1(240101115500W)(00012.345*m3)")
WHOLE = (
    b"/?12345678!\r\n", b"/XYZ5\\2METER\r\n", b"\x06252\r\n", DATA, TELEGRAM, block(b"\x01R1\x021.8.0()\x03"), b"\x06",
    b"\x15", bytes(84), block(b"\x01B0\x03"),
)  # fmt: skip


def value(octets: bytes) -> Iec21:
    found, _ = read(octets)
    assert found is not None
    return found


def codes(octets: bytes) -> list[str]:
    return [p.kind.code.partition(".")[2] for p in read(octets)[1]]


@pytest.mark.parametrize("octets", WHOLE)
def test_parity_changes_nothing_but_itself(octets: bytes) -> None:
    plain, heard = value(octets), value(even(octets))
    assert plain.good and heard.good and codes(octets) == codes(even(octets))
    assert {name: getattr(plain, name) for name in plain.__struct_fields__ if name != "parity"} == {
        name: getattr(heard, name) for name in heard.__struct_fields__ if name != "parity"
    }
    assert words(octets) == words(even(octets))


def test_kinds_and_directions() -> None:
    found = [value(octets) for octets in WHOLE]
    assert [v.kind for v in found] == [
        "request", "identification", "option-select", "data", "p1", "command", "ack", "nak", "wake-up", "break",
    ]  # fmt: skip
    assert [v.direction for v in found] == [0, 1, 0, 1, 1, 0, 2, 2, 0, 0]
    assert all(DIRECTIONS.get(v.kind, 2) == v.direction for v in found)
    assert value(block(b"\x01P0\x02(1)\x03")).direction == 1


@pytest.mark.parametrize(
    ("octets", "mode", "rate", "fast"),
    [
        (b"/XXX5ident\r\n", "C", 9600, False), (b"/XXx5\\2ident\r\n", "E", 9600, True),
        (b"/XXXEident\r\n", "B", 9600, False), (b"/XXX \\@ident\r\n", "A", 0, False), (b"/XXX\r\n", "A", 0, False),
        (b"/XXX9ident\r\n", "C", 0, False),
    ],
)  # fmt: skip
def test_what_an_identification_announces(octets: bytes, mode: str, rate: int, fast: bool) -> None:
    v = value(octets)
    assert (v.kind, v.mode, v.rate, v.fast) == ("identification", mode, rate, fast)


def test_readings() -> None:
    f, energy, two = value(DATA).readings
    assert (f.id, f.obis, f.values) == ("F.F", b"", (("00", ""),))
    assert (energy.obis, energy.values, energy.text) == (
        bytes((1, 0, 1, 8, 0, 255)), (("012345.678", "kWh"),), "1.8.0 = 012345.678 kWh",
    )  # fmt: skip
    assert two.values == (("a", ""), ("b", "c"))
    assert value(block(b"\x02F(0)6.8*01(1*MWh)\x03")).readings[0].obis == b""
    continued = b"/XYZ5EXAMPLE\r\n\r\n0-1:24.3.0(121030140000)(m3)\r\n(00001.001)\r\n(2)\r\n!\r\n"
    assert [r.values for r in value(continued).readings] == [
        (("121030140000", ""), ("m3", ""), ("00001.001", ""), ("2", ""))
    ]
    assert [r.id for r in value(block(b"\x02(0)(1)\r\n!\r\n1.8.0(2)\r\n!\x03")).readings] == ["", "1.8.0"]


def test_a_block_that_is_not_the_last() -> None:
    assert value(block(b"\x02\x03")).readings == ()
    assert value(block(b"\x021.8.0(1)\x04")).more and not value(DATA).more


def test_what_is_wrong_is_not_trusted() -> None:
    for octets in (DATA[:-1] + b"\x00", DATA[:-1], TELEGRAM.replace(b"123", b"124")):
        assert not value(octets).good
    assert value(DATA[:-2]).good  # nothing says that it is wrong


def test_check_sequences_against_a_plain_computation() -> None:
    v, problems = read(telegram(b"ABC5x", b"0-0:1.0.0(1)"))
    assert v is not None and v.good and not problems
    text = b"/ABC5x\r\n\r\n0-0:1.0.0(1)\r\n!"
    short = next(
        text.replace(b"(1)", b"(%d)" % n) for n in range(1000) if crc16(text.replace(b"(1)", b"(%d)" % n)) < 0x1000
    )
    assert codes(short + b"%X\r\n" % crc16(short)) == ["crc-form"]


def test_no_flood_of_complaints() -> None:
    octets = block(b"\x02" + b"no data\r\n" * 1000 + b"\x03")
    assert codes(octets).count("syntax") == NOTES_MAX


def test_many_octets_of_wrong_parity_are_named_in_part() -> None:
    heard = bytearray(even(b"/?" + b"1234567890" * 9 + b"!\r\n"))
    for at in range(0, 80, 4):
        heard[at] ^= 1
    (problem,) = [p for p in read(bytes(heard))[1] if p.kind.code == "iec62056-21.parity"]
    assert problem.args[0] == 20 and problem.text.endswith("60, …")
    damaged = bytearray(b"/?12345!\r\n")
    damaged[3] |= 0x80
    (problem,) = read(bytes(damaged))[1]
    assert "no parity" in problem.text and (problem.start, problem.end) == (3, 4)


def test_tables() -> None:
    assert (
        {rate_of(z) for z in "0123456"}
        == {300, 600, 1200, 2400, 4800, 9600, 19200}
        == {300} | {rate_of(z) for z in "ABCDEF"}
    )
    assert rate_of("7") == rate_of("") == 0
    assert all(len(command) == 2 for command in COMMANDS) and set(PROTOCOLS) == set("012") and "6" in OPTIONS


def test_text_for_a_person() -> None:
    assert words(b"\x06252\r\n") == "<ACK>252⏎"
    assert words(block(b"\x01P1\x02(1234)\x03"))[:-1] == "<SOH>P1<STX>••••••<ETX>"
    assert "1234" not in words(even(block(b"\x01P2\x02(1234)\x03")))
    assert words(bytes(CONTROLS)) == "".join(f"<{name}>" for name in CONTROLS.values())


def test_a_password_is_in_no_node() -> None:
    (layer,) = walk(block(b"\x01P1\x02(1234)\x03"), "iec62056-21", LAYERS, EMPTY, trace=True)
    (node,) = [n for n in layer.tree if n.field.code.endswith("password")]
    assert node.field.show is not None and node.field.show(node.value) == "••••••"


@given(
    st.one_of(
        st.binary(max_size=60), st.sampled_from(WHOLE).flatmap(lambda o: st.integers(0, len(o)).map(lambda n: o[:n]))
    )
)
def test_any_octets(octets: bytes) -> None:
    (plain,) = walk(octets, "iec62056-21", LAYERS, EMPTY)
    (traced,) = walk(octets, "iec62056-21", LAYERS, EMPTY, trace=True)
    assert (plain.value, plain.problems) == (traced.value, traced.problems)
    assert "internal.error" not in [p.kind.code for p in plain.problems]
    assert all(0 <= p.start <= p.end <= len(octets) for p in plain.problems)
    assert words(octets).isprintable() or octets


def test_telegrams_of_the_corpus(corpus: Path) -> None:
    """CRC16 as others computed it."""
    for path in corpus.glob("iec62056-21-p1/*.txt"):
        v, problems = read(path.read_bytes())
        told = f'"p1_crc": "{"ok"}"' in path.with_suffix(".json").read_text(encoding="utf-8")
        assert v is not None and v.kind == "p1" and v.readings, path
        if told:
            assert v.good and not problems, (path, problems)
