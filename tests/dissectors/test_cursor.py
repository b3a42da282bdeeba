"""Cursor and Trace: checked reads, problems as data, and two readers that agree."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.cursor import Cursor, Node, Stop, Trace
from dissectors.field import Field, group
from dissectors.problem import APDU_TAG, APDU_TRAIL, WRAPPER_TRUNC, Problem

A, B, C = Field("t.a", "A"), Field("t.b", "B"), Field("t.c", "C")
BOX = Field("t.box", "Box", type="node")
HEAD = group("!BH3s", A, B, C)
OCTETS = bytes(range(1, 11))
READERS = (Cursor, Trace)


@pytest.mark.parametrize("reader", READERS)
def test_reads(reader: type[Cursor]) -> None:
    c = reader(bytes.fromhex("01 0203 04050607 FE FFFE 0809"))
    assert c.left() == 12
    assert (c.u8(A), c.u16(A), c.u32(A), c.sint(A, 1), c.sint(A, 2)) == (1, 0x0203, 0x04050607, -2, -2)
    assert (c.peek(), c.peek(1), c.peek(2)) == (8, 9, -1)
    assert c.take(B, 2) == b"\x08\x09" and c.left() == 0
    assert c.take(B, 0) == b"" and c.uint(B, 0) == 0
    assert c.problems == ()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("read", "need"),
    [
        (lambda c: c.u8(A), 1), (lambda c: c.u16(A), 2), (lambda c: c.u32(A), 4), (lambda c: c.uint(A, 3), 3),
        (lambda c: c.sint(A, 8), 8), (lambda c: c.take(A, 5), 5), (lambda c: c.take(A, -1), -1),
        (lambda c: c.read(HEAD), 6),
    ],
)  # fmt: skip
def test_a_read_past_the_end_stops_and_says_what_was_needed(
    reader: type[Cursor], read: Callable[[Cursor], Any], need: int
) -> None:
    end = 4 if need != 1 else 3
    c = reader(OCTETS, 3, end, WRAPPER_TRUNC, "apdu")
    with pytest.raises(Stop) as stopped:
        read(c)
    assert stopped.value.problem == Problem(WRAPPER_TRUNC, 3, end, ("A", need, end - 3), "apdu")
    assert c.pos == 3


@pytest.mark.parametrize("reader", READERS)
def test_some_and_payload_take_what_is_there(reader: type[Cursor]) -> None:
    c = reader(OCTETS, 2)
    assert c.take_some(A, 3) == OCTETS[2:5] and c.problems == ()
    assert c.take_some(A, 9) == OCTETS[5:]
    assert [(p.start, p.end, p.args) for p in c.problems] == [(5, 10, ("A", 9, 5))]
    c = reader(OCTETS, 2)
    assert c.payload(A, 4) == (2, 6) and c.pos == 6 and c.problems == ()
    assert c.payload(A, 9) == (6, 10) and c.pos == 10
    assert [(p.start, p.end, p.args) for p in c.problems] == [(6, 10, ("A", 9, 4))]


@pytest.mark.parametrize("reader", READERS)
def test_notes_and_stops(reader: type[Cursor]) -> None:
    c = reader(OCTETS, 0, 8, buffer="apdu")
    c.take(A, 4)
    c.note(APDU_TAG, 2, 7, "x")
    c.note(APDU_TRAIL, -3, 3)
    assert c.problems == (Problem(APDU_TAG, 2, 4, (7, "x"), "apdu"), Problem(APDU_TRAIL, 4, 7, (3,), "apdu"))
    with pytest.raises(Stop) as stopped:
        c.stop(APDU_TAG, 1, "y")
    assert stopped.value.problem == Problem(APDU_TAG, 4, 8, (1, "y"), "apdu")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(("mask", "value"), [(0xF0, 0xA), (0x0F, 5), (0x40, 0), (0x80, 1), (0xFF, 0xA5), (1, 1)])
def test_bits(reader: type[Cursor], mask: int, value: int) -> None:
    c = reader(b"\xa5")
    octet = c.u8(A)
    assert c.bits(B, octet, mask) == value


def flat(nodes: list[Node]) -> list[tuple[Any, ...]]:
    return [(n.field.code, n.start, n.end, n.value, n.text, flat(n.children)) for n in nodes]


def test_tree() -> None:
    c = Trace(OCTETS)
    c.text("no field yet")
    c.read(HEAD)
    c.open(BOX)
    c.u8(A)
    c.text("seven")
    c.open(BOX)
    c.take(B, 2)
    c.close(5, "inner")
    c.close()
    c.payload(C, 5)
    assert flat(c.finish()) == [
        ("t.a", 0, 1, 1, None, []),
        ("t.b", 1, 3, 0x0203, None, []),
        ("t.c", 3, 6, b"\x04\x05\x06", None, []),
        ("t.box", 6, 9, None, None, [
            ("t.a", 6, 7, 7, "seven", []),
            ("t.box", 7, 9, 5, "inner", [("t.b", 7, 9, b"\x08\x09", None, [])]),
        ]),
        ("t.c", 9, 10, None, None, []),
    ]  # fmt: skip


def test_containers_left_open_by_a_stop_end_where_reading_ended() -> None:
    c = Trace(OCTETS, 0, 3)
    c.open(BOX)
    c.u16(A)
    c.open(BOX)
    with pytest.raises(Stop):
        c.u16(B)
    assert flat(c.finish()) == [
        ("t.box", 0, 2, None, None, [("t.a", 0, 2, 0x0102, None, []), ("t.box", 2, 2, None, None, [])])
    ]


def test_a_plain_cursor_keeps_no_tree() -> None:
    c = Cursor(OCTETS)
    c.open(BOX)
    c.u8(A)
    c.text("x")
    c.close(1, "y")
    assert not c.tracing and Trace.tracing


STEPS = st.lists(
    st.tuples(st.sampled_from(["u8", "u16", "u32", "uint", "sint", "take", "take_some", "payload", "read", "bits",
    "open",
                               "close", "text", "note", "peek"]), st.integers(-2, 9)), max_size=25,
)  # fmt: skip


@settings(max_examples=200)
@given(st.binary(max_size=24), STEPS, st.integers(0, 5), st.integers(0, 24))
def test_both_readers_agree(octets: bytes, steps: list[tuple[str, int]], start: int, end: int) -> None:
    """Whatever is read: equal values, problems and places; nodes in order inside start..pos."""
    end = min(end, len(octets))
    start = min(start, end)
    results = []
    for reader in READERS:
        c = reader(octets, start, end)
        values: list[Any] = []
        opened = 0
        try:
            for name, n in steps:
                if name in ("u8", "u16", "u32"):
                    values.append(getattr(c, name)(A))
                elif name in ("uint", "sint"):
                    values.append(getattr(c, name)(B, abs(n)))
                elif name in ("take", "take_some", "payload"):
                    values.append(getattr(c, name)(B, n if name == "take" else abs(n)))
                elif name == "read":
                    values.append(c.read(HEAD))
                elif name == "bits" and c.pos > start:
                    values.append(c.bits(C, octets[c.pos - 1], 0x3C))
                elif name == "open":
                    opened += 1
                    c.open(BOX)
                elif name == "close" and opened:
                    opened -= 1
                    c.close(n)
                elif name == "note":
                    c.note(APDU_TRAIL, n, n)
                elif name == "peek":
                    values.append(c.peek(abs(n)))
        except Stop as stopped:
            values.append(stopped.problem)
        assert start <= c.pos <= end
        results.append((values, c.problems, c.pos))
        if isinstance(c, Trace):
            waiting = list(c.finish())
            while waiting:
                node = waiting.pop()
                assert 0 <= node.start <= node.end <= c.pos
                waiting += node.children
    assert results[0] == results[1]
