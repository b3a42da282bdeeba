from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.paragraph import wrapped
from tui.text import safe


def test_words_stay_whole() -> None:
    assert wrapped("the server refuses the link", 12) == ["the server", "refuses the", "link"]
    assert wrapped("", 20) == []
    assert wrapped("a\nb", 20) == ["a", "b"]
    assert wrapped("x" * 20, 8) == ["x" * 8, "x" * 8, "x" * 4]


@given(st.text(max_size=60), st.integers(8, 30))
def test_nothing_is_lost_and_no_line_is_too_long(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(map(safe, text.split("\n"))).replace(" ", "")
