"""Escaping and cutting: whatever the wire says, a line is as wide as asked and moves nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size
from rich.style import Style

from tui.text import line, safe

RED, PLAIN = Style(color="red"), Style()
NASTY = "\x1b\x00\t\n\x7f\x85\u00ad\u0301\u0488\u200b\u200d\u202e\u2066\u2028\ufe0f\ufeff\U0001f3fb\U000e0041\ud800" + (
    "ᅠㄱ漢字\U0001f469\U0001f1e9\U0001f1eaa[]\\…"
)
texts = st.text() | st.text(alphabet=NASTY) | st.text(alphabet=st.characters(min_codepoint=0x300, max_codepoint=0x36F))


def is_shown(text: str) -> bool:
    """No control, format, surrogate, separator (but the space) or combining character, each with a cell of its own."""
    wrong = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me", "Mc"}
    return all(unicodedata.category(c) not in wrong and get_character_cell_size(c) > 0 for c in text)


@given(texts, st.none() | st.integers(-3, 40))
def test_safe_is_as_wide_as_said_and_shows_nothing_that_moves_the_cursor(text: str, width: int | None) -> None:
    shown = safe(text, width)
    assert is_shown(shown)
    assert cell_len(shown) == sum(map(get_character_cell_size, shown))
    if width is not None:
        assert cell_len(shown) <= max(width, 0)
        whole = safe(text)
        assert shown == whole or cell_len(whole) > width


@given(st.lists(texts, max_size=4), st.integers(1, 40))
def test_a_line_has_exactly_its_width(parts: list[str], width: int) -> None:
    strip = line([(part, RED) for part in parts], width, PLAIN)
    assert strip.cell_length == width == sum(cell_len(segment.text) for segment in strip)
    assert is_shown(strip.text)
    whole = "".join(map(safe, parts))
    assert ("…" in strip.text) or strip.text.rstrip() == whole.rstrip()


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("[red]plain[/]", None, "[red]plain[/]"),
        ("a\x1b[2Jb", None, "a\\x1b[2Jb"),
        ("evil\u202etxt", None, "evil\\u202etxt"),
        ("e\u0301", None, "e\\u0301"),
        ("Zähler", 6, "Zähler"),
        ("Zähler", 5, "Zähl…"),
        ("漢字", 4, "漢字"),
        ("漢字", 3, "漢…"),
        ("漢字漢", 4, "漢 …"),
        ("abc", 0, ""),
    ],
)
def test_safe(text: str, width: int | None, shown: str) -> None:
    assert safe(text, width) == shown


def test_a_megabyte_costs_what_is_shown() -> None:
    assert safe("漢" * 1_000_000, 5) == "漢漢…"
    assert safe("\u0301" * 1_000_000, 8) == "\\u0301\\…"


def test_a_line_keeps_styles_and_says_that_it_was_cut() -> None:
    strip = line([("label", PLAIN), ("", RED), (": ", PLAIN), ("value", RED)], 9, PLAIN)
    assert [(s.text, s.style) for s in strip] == [("label", PLAIN), (": ", PLAIN), ("v…", RED)]
    full = line([("label", PLAIN), ("value", RED)], 5, PLAIN)
    assert [(s.text, s.style) for s in full] == [("labe…", PLAIN)]
    assert line([("ab", RED)], 4, PLAIN).text == "ab  "
    assert line([("ab", RED)], 0, PLAIN).text == ""
