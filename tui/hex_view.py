"""Octets as a hex dump: lines drawn when they are seen, so that a megabyte costs what a screen of it costs.

A line is an offset, octets in hexadecimal with a gap before, between and after them, and their ASCII characters.
Three marks, each to be seen without colours: the cursor in reverse, the selection underlined, the highlighted
range (a field of the tree) in brackets that stand in the gaps.
"""

from collections.abc import Iterator
from itertools import groupby

from rich.style import Style
from textual.events import MouseDown, MouseEvent, MouseMove, MouseUp
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui import bindings
from tui.line_scroll import LineScroll
from tui.text import line

WIDTHS = (32, 16, 8, 4)  # octets a line: the most that fit
GROUP = 8  # octets between wider gaps
PRINTABLE = bytes(c if 0x20 <= c < 0x7F else 0x2E for c in range(256))  # "." for what is no ASCII character
PLAIN, HIGHLIGHT, SELECTED, CURSOR = range(4)
STYLES = ("hex-view--plain", "hex-view--highlight", "hex-view--selection", "hex-view--cursor")


class HexView(LineScroll, can_focus=True, inherit_bindings=False):
    """Octets of one buffer, with a cursor, a selection and a highlighted range."""

    class OctetSelected(Message):
        """The cursor came to another octet, or the selection changed, by key or mouse."""

        def __init__(self, offset: int) -> None:
            super().__init__()
            self.offset = offset

    ALLOW_SELECT = False  # the mouse selects octets
    BINDINGS = bindings.of("octets")
    COMPONENT_CLASSES = {"hex-view--offset", *STYLES}
    DEFAULT_CSS = """
    HexView {
        background: $surface;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        & > .hex-view--offset { color: $text-muted; }
        & > .hex-view--highlight { background: $block-cursor-blurred-background; text-style: bold; }
        & > .hex-view--selection { color: $text-warning; text-style: underline bold; }
        & > .hex-view--cursor { text-style: reverse; }
        &:focus > .hex-view--cursor { color: $primary; background: $background; text-style: reverse bold; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.octets = b""
        self.highlighted = (0, 0)
        self.cursor = 0
        self._anchor: int | None = None
        self._dragging = False
        self._per_line = WIDTHS[-1]

    # -- for the rest of the program -------------------------------------------------------------------

    def show(self, octets: bytes, highlight: tuple[int, int] | None = None) -> None:
        """Another buffer; cursor and selection at its start, or at the range highlighted. No OctetSelected."""
        self.octets = octets
        self.cursor, self._anchor = 0, None
        self.set_content_size(Size(0, self._line_count()))
        self.scroll_to(y=0, animate=False, force=True)
        self.highlight(*(highlight or (0, 0)))
        self.refresh()

    def highlight(self, start: int, end: int) -> None:
        """Marks the octets start..end and scrolls to them; the cursor goes there unless it stands in them. An empty
        range marks nothing. No OctetSelected."""
        size = len(self.octets)
        start, end = max(0, min(start, size)), max(0, min(end, size))
        before = self._marked()
        self.highlighted = (start, max(start, end))
        if start < end and not start <= self.cursor < end:
            self.cursor, self._anchor = start, None
        self._redraw(before)

    @property
    def selection(self) -> tuple[int, int]:
        """Start and end of the octets selected; equal where nothing is selected."""
        if self._anchor is None:
            return self.cursor, self.cursor
        return min(self._anchor, self.cursor), max(self._anchor, self.cursor) + 1

    def selected_octets(self) -> bytes:
        start, end = self.selection
        return self.octets[start:end]

    # -- actions ---------------------------------------------------------------------------------------

    def action_move(self, octets: int, select: bool = False) -> None:
        self._move(self.cursor + octets, select)

    def action_move_lines(self, lines: int, select: bool = False) -> None:
        """Up and down in one column; at the first and the last line the cursor stays."""
        to = self.cursor + lines * self._per_line
        if to < 0:
            to = self.cursor % self._per_line
        elif to >= len(self.octets):
            last = (len(self.octets) - 1) // self._per_line
            to = min(last * self._per_line + self.cursor % self._per_line, len(self.octets) - 1)
        self._move(to, select)

    def action_move_pages(self, pages: int, select: bool = False) -> None:
        self.action_move_lines(pages * max(1, self.size.height - 1), select)

    def action_line_start(self, select: bool = False) -> None:
        self._move(self.cursor - self.cursor % self._per_line, select)

    def action_line_end(self, select: bool = False) -> None:
        self._move(self.cursor - self.cursor % self._per_line + self._per_line - 1, select)

    def action_first(self) -> None:
        self._move(0)

    def action_last(self) -> None:
        self._move(len(self.octets) - 1)

    def action_select_all(self) -> None:
        self._anchor = 0
        self._move(len(self.octets) - 1, select=True)

    def on_mouse_down(self, event: MouseDown) -> None:
        offset = self._offset_at(event)
        if offset is not None and event.button == 1:
            self._dragging = True
            self.capture_mouse()
            self._move(offset, event.shift)

    def on_mouse_move(self, event: MouseMove) -> None:
        offset = self._offset_at(event) if self._dragging else None
        if offset is not None and offset != self.cursor:
            self._move(offset, select=True)

    def on_mouse_up(self, event: MouseUp) -> None:
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def _move(self, offset: int, select: bool = False) -> None:
        if not self.octets:
            return
        before = self._marked()
        if not select:
            self._anchor = None
        elif self._anchor is None:
            self._anchor = self.cursor
        self.cursor = max(0, min(offset, len(self.octets) - 1))
        self._redraw(before)
        self.post_message(self.OctetSelected(self.cursor))

    # -- places ----------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._per_line = next((n for n in WIDTHS if self._text_x(n) + n <= self._width), WIDTHS[-1])
        self.set_content_size(Size(0, self._line_count()))
        self._follow()
        self.refresh()

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _line_count(self) -> int:
        return -(-len(self.octets) // self._per_line)

    def _follow(self) -> None:
        """Scrolls so that the cursor is seen."""
        y, top, height = self.cursor // self._per_line, self.scroll_offset.y, self.size.height
        if height and not top <= y < top + height:
            self.scroll_to(y=y if y < top else y - height + 1, animate=False, force=True)

    @property
    def _digits(self) -> int:
        """Of an offset: 4, or an even number that the last one needs."""
        return max(4, (max(len(self.octets) - 1, 0).bit_length() + 7) // 8 * 2)

    def _hex_x(self, i: int) -> int:
        """Column of the i-th octet of a line."""
        return self._digits + 2 + 3 * i + i // GROUP

    def _text_x(self, per_line: int) -> int:
        """Column of the first character of the text."""
        return self._hex_x(per_line - 1) + 4

    def _marked(self) -> set[tuple[int, int]]:
        """First and last octet of each range that is drawn otherwise than plain."""
        ranges = {self.highlighted, self.selection, (self.cursor, self.cursor + 1)}
        return {(start, end - 1) for start, end in ranges if start < end}

    def _redraw(self, before: set[tuple[int, int]]) -> None:
        """The marks changed: only the lines of these are drawn again."""
        self._follow()
        for first, last in before ^ self._marked():
            y = first // self._per_line
            self.refresh_lines(y, last // self._per_line - y + 1)

    def _offset_at(self, event: MouseEvent) -> int | None:
        """The octet under the mouse, or nearest to it; None where there is none, or outside unless dragging."""
        if not self.octets or (not self._dragging and event.get_content_offset(self) is None):
            return None
        x, y = event.get_content_offset_capture(self)
        y = self.scroll_offset.y + max(-1, min(y, self.size.height))  # a line further scrolls
        text = x - self._text_x(self._per_line)
        column = text if text >= 0 else sum(self._hex_x(i) <= x for i in range(1, self._per_line))
        offset = max(y, 0) * self._per_line + min(column, self._per_line - 1)
        return min(offset, len(self.octets) - 1)

    # -- drawing ---------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width, styles = self._width, [self.get_component_rich_style(name) for name in STYLES]
        y += self.scroll_offset.y
        offset = y * self._per_line
        muted = self.get_component_rich_style("hex-view--offset")
        if offset >= len(self.octets):
            return line([("" if y else "No octets", muted)], width, styles[PLAIN])
        parts = [(f"{offset:0{self._digits}X}", muted), *self._octet_parts(offset, styles)]
        return line(parts, width, styles[PLAIN])

    def _octet_parts(self, offset: int, styles: list[Style]) -> Iterator[tuple[str, Style]]:
        octets = self.octets[offset : offset + self._per_line]
        text = octets.translate(PRINTABLE).decode("ascii")
        room = self._text_x(self._per_line) - self._digits  # cells from the offset to the text
        marks = self._marks(offset, len(octets))
        if not any(marks):
            groups = (octets[i : i + GROUP].hex(" ").upper() for i in range(0, len(octets), GROUP))
            yield ("  " + "  ".join(groups)).ljust(room) + text, styles[PLAIN]
            return
        cells = list(self._cells(offset, octets, marks))
        cells.append((" " * (room - sum(len(shown) for shown, _ in cells)), PLAIN))
        cells += zip(text, marks)
        for mark, run in groupby(cells, lambda cell: cell[1]):
            yield "".join(shown for shown, _ in run), styles[mark]

    def _marks(self, offset: int, count: int) -> list[int]:
        """PLAIN, HIGHLIGHT, SELECTED or CURSOR of each octet of a line."""
        marks = [PLAIN] * count
        for mark, (start, end) in ((HIGHLIGHT, self.highlighted), (SELECTED, self.selection)):
            for i in range(max(start - offset, 0), min(end - offset, count)):
                marks[i] = mark
        if 0 <= self.cursor - offset < count:
            marks[self.cursor - offset] = CURSOR
        return marks

    def _cells(self, offset: int, octets: bytes, marks: list[int]) -> Iterator[tuple[str, int]]:
        """Octets and the gaps around them, each with its mark; a gap within a range is marked as the range is."""
        start, end = self.highlighted
        for i, octet in enumerate(octets):
            here = offset + i
            opens, closes = start < end and here == start, start < end and here == end and i > 0
            gap = (" ", marks[i] if i > 0 and marks[i - 1] == marks[i] else PLAIN)
            if i % GROUP == 0:
                yield ("]", HIGHLIGHT) if closes else gap
                closes = False
            yield ("[", HIGHLIGHT) if opens else ("]", HIGHLIGHT) if closes else gap
            yield f"{octet:02X}", marks[i]
        yield ("]", HIGHLIGHT) if start < end == offset + len(octets) else (" ", PLAIN)
