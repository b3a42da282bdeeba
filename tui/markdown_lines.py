"""Markdown as lines of a given width: the few forms that our documents have (headings, lists, tables, paragraphs).

Everything else stands as it is written: a document may hold what a person put into a file.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence

import msgspec
from rich.cells import cell_len

from tui.text import safe

HEADING = re.compile(r"(#{1,6}) (.*)")
CELL_END = re.compile(r"(?<!\\)\|")
EMPHASIS = re.compile(r"\*([^*]+)\*|`([^`]+)`")
LABEL = 18  # cells of a column's name, where a table is told row by row
LEAST = 8


class Line(msgspec.Struct, frozen=True):
    """block: which heading, table, item or paragraph it is of, from 0. level: of a heading, else 0."""

    block: int
    text: str
    level: int = 0


def lines(markdown: str, width: int) -> list[Line]:
    """Each at most width cells wide, but for words that are longer."""
    out: list[Line] = []
    for number, block in enumerate(_blocks(markdown)):
        heading = HEADING.fullmatch(block[0])
        if heading is not None:
            if out:
                out.append(Line(number, ""))
            out += [Line(number, text, len(heading[1])) for text in _wrap(_plain(heading[2]), width)]
        elif block[0].startswith("|"):
            out += [Line(number, text) for text in [*_table(block, width), ""]]
        elif block[0].startswith("- "):
            out += [Line(number, text) for text in _wrap(_plain(block[0][2:]), width, "- ")]
        elif block[0]:
            out += [Line(number, text) for text in [*_wrap(_plain(" ".join(block)), width), ""]]
    return out


def headings(markdown: str) -> list[tuple[int, int, str]]:
    """(block, level, text) of each."""
    found = ((number, HEADING.fullmatch(block[0])) for number, block in enumerate(_blocks(markdown)))
    return [(number, len(match[1]), _plain(match[2])) for number, match in found if match is not None]


def _blocks(markdown: str) -> Iterator[list[str]]:
    """Headings and items alone, tables and paragraphs whole."""
    block: list[str] = []
    for line in [*markdown.split("\n"), ""]:
        alone = HEADING.fullmatch(line) is not None or line.startswith("- ")
        goes_on = block and line and not alone and block[-1].startswith("|") == line.startswith("|")
        if block and not goes_on:
            yield block
            block = []
        if alone:
            yield [line]
        elif line:
            block.append(line)


def _plain(text: str) -> str:
    return EMPHASIS.sub(lambda match: match[1] or match[2], text).replace("\\|", "|")


def _wrap(text: str, width: int, first: str = "") -> list[str]:
    return textwrap.wrap(safe(text), max(LEAST, width), initial_indent=first, subsequent_indent=" " * len(first))


def _table(block: Sequence[str], width: int) -> Iterator[str]:
    """In columns where they fit, else row by row with the names of the columns."""
    rows = [[safe(_plain(cell.strip())) for cell in CELL_END.split(line.strip())[1:-1]] for line in block]
    head, body = rows[0], [row for row in rows[1:] if set("".join(row)) - set("-:")]
    widths = [max(cell_len(row[n]) if n < len(row) else 0 for row in [head, *body]) for n in range(len(head))]
    if sum(widths) + 2 * (len(widths) - 1) <= width:
        yield _row(head, widths)
        yield "  ".join("─" * wide for wide in widths)
        yield from (_row(row, widths) for row in body)
        return
    label = min(LABEL, max(map(cell_len, head)), width // 3)
    for n, row in enumerate(body):
        if n:
            yield ""
        for name, cell in zip(head, row):
            if cell:
                told = safe(name, label)
                start = told + " " * (label - cell_len(told) + 2)
                wrapped = _wrap(cell, width - label - 2)
                yield from (start + text if not i else " " * (label + 2) + text for i, text in enumerate(wrapped))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (wide - cell_len(cell)) for cell, wide in zip(cells, widths)).rstrip()
