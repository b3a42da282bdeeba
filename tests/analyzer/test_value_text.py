"""One line for long values: rows of unequal length, clocks written as null-data, buffers without a sound row."""

import pytest
from talk import NULL, arr, captured, clock, code, octets_of, st, u8, u16, u32

from analyzer.known_objects import KnownObjects
from analyzer.learned import Device
from analyzer.model import Target
from analyzer.value_text import buffer_text, element_words, long_text, push_text
from dissectors.cosem.classes import EMPTY
from dissectors.cosem.pushed import Element
from dissectors.data_types import Data

SIX = "2026-11-01 06:00:00.00 UTC+00:00"
LOAD = Target(7, code("1-0:99.1.0*255"), 2, None)


def device() -> Device:
    made = Device(("x", 1, -1), KnownObjects())
    made.learn(7, LOAD.obis, 3, arr(captured(8, "0-0:1.0.0*255"), captured(3, "1-0:1.8.0*255")), 16)
    made.learn(7, LOAD.obis, 4, u32(900), 16)
    return made


def line(data: Data, end: int | None = None) -> str | None:
    octets = octets_of(data)
    return buffer_text(octets, 0, end or len(octets), LOAD, device(), EMPTY, None)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (arr(), "0 rows: Clock; "),
        (arr(st(clock(6), u32(1))), f"1 row of {SIX}: Clock; "),
        (arr(st(clock(6), u32(1)), st(NULL, NULL), st(clock(9), u8(1))), f"3 rows from {SIX} to 2026-11-01 09:00"),
        (arr(st(clock(6), u32(1)), st(NULL, u32(2)), st(NULL, u32(2))), f"3 rows from {SIX} to 2026-11-01 06:30"),
        (arr(*[st(clock(i % 24), u32(1)) for i in range(200)]), "200 rows from 2026-11-01 00:00:00.00 UTC+00:00 to "),
        (arr(u32(1), u32(2)), "2 rows: Clock; "),
    ],
)  # fmt: skip
def test_buffers(rows: Data, words: str) -> None:
    assert str(line(rows)).startswith(words)


def test_a_buffer_that_was_cut() -> None:
    whole = octets_of(arr(*[st(clock(6), u32(1))] * 3))
    for end in range(2, len(whole)):
        assert buffer_text(whole, 0, end, LOAD, device(), EMPTY, None) is not None


def test_capture_objects_and_values_of_no_meaning() -> None:
    octets = octets_of(arr(captured(8, "0-0:1.0.0*255")))
    assert (
        long_text(octets, (0, len(octets)), Target(7, LOAD.obis, 3, None), device(), EMPTY, None) == "1 object: Clock"
    )
    assert long_text(b"\x09", (0, 1), Target(1, LOAD.obis, 2, None), device(), EMPTY, None) is None


def test_elements() -> None:
    assert element_words(Element(1, u16(5), code("1-0:1.7.0*255"), 3, 2), device(), EMPTY) == "5 unscaled"
    assert element_words(Element(1, Data("float32", 1.5), scaling=(1, 27)), device(), EMPTY) == "15.0 W"
    assert element_words(Element(1, NULL), device(), EMPTY) == "null-data"
    assert push_text([Element(1, NULL)], device(), EMPTY) == "no values"
    many = [Element(i, u16(i)) for i in range(1, 31)]
    assert push_text(many, device(), EMPTY).endswith("value 24 24; … 6 more")
