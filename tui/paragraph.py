"""Paragraph: text over several lines of the screen."""

from rich.cells import cell_len, chop_cells

from tui.text import safe


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most width cells, broken between words where that can be; [] for no text.

    Made safe for the screen; a line break in it starts a new line."""
    width = max(width, 8)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in safe(paragraph).split(" "):
            longer = f"{line} {word}" if line else word
            if cell_len(longer) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = chop_cells(word, width) or [""]
            lines += full
        if line:
            lines.append(line)
    return lines
