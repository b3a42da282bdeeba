"""The one way by which text reaches the screen: escaped, cut to cells, as segments and never as markup."""

from collections.abc import Iterable

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from analyzer import words

CUT = "…"


def safe(text: str, width: int | None = None) -> str:
    """Text for the screen: control, format and bidi control characters escaped, and what takes no cell of its
    own (combining marks, variation selectors, joiners), since terminals disagree about it.

    width: at most so many cells (0 gives ""); "…" stands for what was cut. So cell_len() of the result is
    the sum of its characters', and the cost is bounded by width, not by the text."""
    if width is None:
        return _escaped(text)
    if width <= 0:
        return ""
    shown = _escaped(text[: width + 1])  # each character takes one cell at least
    if cell_len(shown) <= width:
        return shown
    return set_cell_size(shown, width - 1) + CUT  # a wide character cut in halves leaves a space


def line(parts: Iterable[tuple[str, Style]], width: int, style: Style) -> Strip:
    """One screen line of exactly width cells: the parts made safe, one after the other; what does not fit is cut
    with "…", and what is left is filled in style."""
    segments: list[Segment] = []
    left = width
    for text, part_style in parts:
        if not text:
            continue
        if left <= 0:
            _mark_cut(segments)
            break
        shown = safe(text, left)
        segments.append(Segment(shown, part_style))
        left -= cell_len(shown)
    if left > 0:
        segments.append(Segment(" " * left, style))
    return Strip(segments, max(width, 0))


def _mark_cut(segments: list[Segment]) -> None:
    """The last cell of a full line becomes "…"."""
    if segments:
        text, style, _ = segments[-1]
        segments[-1] = Segment(set_cell_size(text, cell_len(text) - 1) + CUT, style)


def _escaped(text: str) -> str:
    text = words.printable(text)
    if text.isascii():
        return text
    return "".join(c if get_character_cell_size(c) else c.encode("unicode_escape").decode("ascii") for c in text)
