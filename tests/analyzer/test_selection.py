"""Selective access in words, for profiles and object lists, single and in lists."""

import pytest
from encode import axdr, xdlms
from hypothesis import given
from hypothesis import strategies as hs
from talk import NULL, Talk, arr, captured, clock, code, os, st, u16, u32

from analyzer import selection
from analyzer.meaning import Meaning
from analyzer.selection import Selection
from dissectors.cosem.captured import Captured
from dissectors.data_types import Data
from dissectors.record import Direction

IMPORT = "1-0:1.8.0*255"
KNOWN = tuple(Captured(3, bytes((1, 0, c, 8, 0, 255)), 2) for c in range(1, 6))


@pytest.mark.parametrize(
    ("class_id", "selector", "data", "words"),
    [
        (7, 2, st(u32(1), u32(10), u16(1), u16(0)), "entries 1 to 10"),
        (7, 2, st(u32(3), u32(0), u16(2), u16(0)), "entries 3 to the last, columns 2 to the last"),
        (7, 1, st(captured(3, IMPORT), u32(5), u32(9), arr()), "Active energy import: Time integral 1 from 5 to 9"),
        (
            7, 1, st(captured(8, "0-0:1.0.0*255"), clock(0), clock(1), arr()),
            "from 2026-11-01 00:00:00.00 UTC+00:00 to 2026-11-01 01:00:00.00 UTC+00:00",
        ),
        (7, 9, u16(1), "access selector 9"),
        (7, 1, u16(1), "access selector 1"),
        (15, 1, NULL, "all objects, without access rights"),
        (15, 2, arr(u16(3), u16(8)), "objects of Register, Clock"),
        (15, 4, st(u16(3), os(IMPORT)), "object Register 1-0:1.8.0*255"),
        (15, 3, arr(st(u16(3), os(IMPORT))), "object Register 1-0:1.8.0*255"),
    ],
)  # fmt: skip
def test_words(class_id: int, selector: int, data: Data, words: str) -> None:
    assert selection.text(class_id, 2, Selection(0, selector, data)) == words


def test_columns_that_a_selection_leaves() -> None:
    entries = Selection(0, 2, st(u32(1), u32(0), u16(2), u16(3)))
    assert selection.columns(entries, KNOWN) == KNOWN[1:3]
    assert selection.columns(Selection(0, 2, st(u32(1), u32(0), u16(0), u16(0))), KNOWN) == KNOWN
    chosen = Selection(0, 1, st(NULL, NULL, NULL, arr(captured(3, IMPORT))))
    assert selection.columns(chosen, KNOWN) == (Captured(3, code(IMPORT), 2, 0),)
    assert selection.columns(None, KNOWN) == KNOWN


def test_a_list_names_the_object_of_each_selection() -> None:
    plain = xdlms.attribute(3, code(IMPORT), 2) + b"\0"
    chosen = xdlms.attribute(7, code("1-0:99.1.0*255"), 2) + b"\1\2" + axdr.data(st(u32(1), u32(2), u16(1), u16(0)))
    t = Talk().add(bytes((0xC0, 3, 0xC1, 2)) + plain + chosen, Direction.TO_SERVER)
    m = t.messages[0]
    assert [s.place for s in selection.selections(m)] == [1]
    assert Meaning({}).text(m) == "1-0:99.1.0*255 entries 1 to 2"


def test_a_plain_request_has_none() -> None:
    m = Talk().get(3, IMPORT, 2, u32(1)).messages[0]
    assert selection.selections(m) == () and Meaning({}).request_text(m) is None


@given(
    hs.sampled_from((7, 12, 15)),
    hs.integers(0, 5),
    hs.recursive(
        hs.sampled_from([NULL, u16(1), os(b"abcdef"), clock(1), Data("float32", "NaN")]),
        lambda inner: hs.lists(inner, max_size=5).map(lambda parts: Data("structure", parts)),
        max_leaves=12,
    ),
)
def test_any_parameters_have_words(class_id: int, selector: int, data: Data) -> None:
    chosen = Selection(0, selector, data)
    assert selection.text(class_id, 2, chosen)
    selection.columns(chosen, KNOWN)
