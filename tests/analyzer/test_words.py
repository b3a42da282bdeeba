"""Words: times, logical names, spans, and the one escaping of wire text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import words


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, None),
        (0, "1970-01-01T00:00:00.000000000Z"),
        (1_795_428_904_123_456_789, "2026-11-23T10:15:04.123456789Z"),
        (1_795_428_904_999_999_999, "2026-11-23T10:15:04.999999999Z"),
        (1_795_428_905_000_000_000, "2026-11-23T10:15:05.000000000Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_iso(ns: int | None, text: str | None) -> None:
    assert words.iso(ns) == text


def test_iso_of_an_impossible_year() -> None:
    assert words.iso(1 << 100) is not None
    assert words.iso(0) == "1970-01-01T00:00:00.000000000Z"


@pytest.mark.parametrize(
    ("code", "text"),
    [(bytes((1, 0, 1, 8, 0, 255)), "1-0:1.8.0*255"), (bytes(6), "0-0:0.0.0*0"), (b"", None), (b"\xab\xcd", "ABCD")],
)
def test_obis(code: bytes, text: str | None) -> None:
    assert words.obis(code) == text


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, "-"), (0, "0.0 us"), (1500, "1.5 us"), (999_999, "1000.0 us"), (1_000_000, "1.000 ms"),
        (1_234_000_000, "1.234 s"), (60_000_000_000, "60.0 s"), (-5_000_000, "-5.000 ms"),
    ],
)  # fmt: skip
def test_duration(ns: int | None, text: str) -> None:
    assert words.duration(ns) == text


@given(st.text())
def test_printable_moves_no_cursor_and_keeps_the_rest(text: str) -> None:
    shown = words.printable(text)
    assert shown.isprintable()
    assert shown == text or not text.isprintable()
