"""Data: what the encoder writes is read back; scan, build and Trace agree on any octets."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from encode import axdr as encode
from encode.generate import damaged, datas
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import data, tree
from dissectors.cursor import Cursor, Stop, Trace
from dissectors.data_types import Data


def outcome(c: Cursor, read: Any) -> tuple[Any, int, Any]:
    """Value (None where it stopped), position and problems."""
    try:
        return read(c), c.pos, c.problems
    except Stop as stopped:
        return None, c.pos, (*c.problems, stopped.problem)


@given(datas)
def test_encode_then_build(d: Data) -> None:
    octets = encode.data(d)
    c = Cursor(octets)
    made = data.build(c)
    assert made == d
    assert c.left() == 0 and not c.problems
    assert json.loads(data.to_json(made)) == msgspec.to_builtins(d) == data.builtins(made)


@given(datas, st.data())
@settings(max_examples=300, deadline=None)
def test_scan_build_and_trace_agree(d: Data, more: st.DataObject) -> None:
    octets = encode.data(d)
    if more.draw(st.booleans()):
        octets = more.draw(damaged(octets))
    scanned = outcome(Cursor(octets), data.scan)
    built = outcome(Cursor(octets), data.build)
    trace = Trace(octets)
    traced = outcome(trace, data.build)
    assert built == traced
    assert scanned[1:] == built[1:]
    nodes = trace.finish()
    assert sum(1 for _ in tree.walk(nodes)) <= 8 * len(octets) + 1
    for _, node in tree.walk(nodes):
        assert 0 <= node.start <= node.end <= len(octets)


@pytest.mark.parametrize(
    ("octets", "code", "words"),
    [
        ("07", "apdu.data", "tag 7 (floating-point of old editions)"),
        ("08", "apdu.data", "tag 8 is not a type"),
        ("0B", "apdu.data", "tag 11 is not a type"),
        ("FE", "apdu.data", "tag 254 is not a type"),
        ("0101", "apdu.data", "array of 1 elements, 0 octets left"),
        ("0205", "apdu.data", "structure of 5 elements, 0 octets left"),
        ("0184FFFFFFFF00", "apdu.data", "array of 4294967295 elements, 1 octets left"),
        ("0101" * 17 + "00", "apdu.data", "nested deeper than 16"),
        ("0985FFFFFFFFFF", "apdu.data", "length octet 0x85 of octet-string"),
        ("0601", "apdu.trunc", "double-long-unsigned"),
        ("09810501", "apdu.trunc", "octet-string"),
        ("0484FFFFFFFF00", "apdu.trunc", "bit-string"),
        ("", "apdu.trunc", "Data type"),
    ],
)
def test_what_stops(octets: str, code: str, words: str) -> None:
    _, _, problems = outcome(Cursor(bytes.fromhex(octets)), data.scan)
    assert [(p.kind.code, p.args[0]) for p in problems] == [(code, words)]


def test_sixteen_levels_are_read() -> None:
    octets = bytes.fromhex("0101" * 16 + "00")
    c = Cursor(octets)
    data.scan(c)
    assert c.left() == 0
    assert data.build(Cursor(octets)).type == "array"


def test_work_is_linear() -> None:
    """The same number of reads an octet whatever the nesting: counted, not timed."""

    class Counting(Cursor):
        reads = 0

    def u8(c: Cursor, field: Any) -> int:
        Counting.reads += 1
        return real(c, field)

    real = Cursor.u8
    octets = bytes.fromhex("0101" * 14) + b"\x01\x82\x03\xe8" + b"\x01\x00" * 1000
    try:
        Cursor.u8 = u8  # type: ignore[method-assign]
        data.scan(Counting(octets))
    finally:
        Cursor.u8 = real  # type: ignore[method-assign]
    assert Counting.reads <= len(octets)


def test_nodes() -> None:
    octets = bytes.fromhex("0203090441424344FF0101160A")
    trace = Trace(octets)
    made = data.build(trace)
    lines = tree.render(trace.finish(), octets)
    assert lines == [
        "0-13 [0203090441424344…] Data: structure of 3",
        '  2-8 [090441424344] Element: octet-string 41424344 "ABCD"',
        "  8-9 [FF] Element: dont-care",
        "  9-13 [0101160A] Element: array of 1",
        "    11-13 [160A] Element: enum 10",
    ]
    assert trace.root[0].value == made


def test_long_values_are_short_in_the_tree() -> None:
    octets = b"\x09\x81\xc8" + bytes(200)
    assert data.text_of(data.build(Cursor(octets))).endswith("… (200 octets)")
    text = b"\x0a\x81\xc8" + b"a" * 200
    assert data.text_of(data.build(Cursor(text))).endswith("… (200)")


def same(made: Any, stated: Any) -> bool:
    """Our JSON against the corpus's own notation, {"t": type, "v": value}."""
    if made["type"] != stated["t"]:
        return False
    value, other = made["value"], stated.get("v")
    if isinstance(other, list):
        return len(value) == len(other) and all(map(same, value, other))
    if made["type"] == "bit-string":
        return value == format(int(other, 16), f"0{4 * len(other)}b")[: stated["bits"]]
    if isinstance(value, str) and isinstance(other, str):
        return value.upper() == other.upper()
    return bool(value == other)


def test_corpus_of_scalars(corpus: Path) -> None:
    """The label of each item names type and value: "double-long -2"."""
    seen = 0
    for path in sorted((corpus / "axdr-data").glob("*.json")):
        item = json.loads(path.read_text(encoding="utf-8"))
        label = item["expected"]["asserted"].get("label")
        if item["framing"] != "A-XDR Data" or label is None:
            continue
        octets = bytes.fromhex(path.with_suffix(".hex").read_text(encoding="utf-8"))
        made = data.build(Cursor(octets))
        name, _, stated = label.replace("array[2]", "array ").partition(" ")
        assert made.type == name, path.name
        value = made.value
        if name in ("double-long", "long", "unsigned", "long64-unsigned", "float32"):
            assert value == float(stated), path.name
        elif name in ("visible-string", "octet-string"):
            assert value == stated.strip('"'), path.name
        elif name == "bcd":
            assert value == stated[2:]
        elif isinstance(value, list):
            digits = [int(word) for word in stated.replace(",", " ").split() if word.isdigit()]
            assert [part.value for part in value] == digits, path.name
        else:
            assert name in ("date-time", "bit-string"), path.name
        seen += 1
    assert seen >= 10


def test_corpus_of_pushes(corpus: Path) -> None:
    """Every Data that the corpus decoded is decoded alike."""
    seen = 0
    for family in ("han-push", "gbcs", "xdlms-apdu"):
        for path in sorted((corpus / family).glob("*.json")):
            for apdu in json.loads(path.read_text(encoding="utf-8"))["derived_by_us"].get("apdus", []):
                stated = apdu.get("data_decoded", {}).get("data")
                if stated is None or apdu["tag"] != "data-notification":
                    continue
                octets = bytes.fromhex(apdu["hex"])
                c = Cursor(octets, 5)
                length = c.peek()
                c.pos += 3 + c.peek(1) - 1 if length == 9 else 1 + length
                assert same(data.builtins(data.build(c)), stated), path.name
                assert c.left() == 0
                seen += 1
    assert seen >= 50
