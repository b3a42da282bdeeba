"""RowList: a table of any number of rows, of which only those on the screen are ever made.

The rows are numbers; what they show is asked for a page at a time. Every table of the program is one of these.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tui import bindings
from tui.line_scroll import LineScroll
from tui.text import safe

GUTTER = 2  # cells before the first column: the row's mark
CACHED = 4096  # rows kept made
LATE = 16  # rows before those that come which are made again: a frame is there before the message that it begins
REST = 30  # the least width of the column that takes what is left
STYLES = (
    "error", "warning", "note", "ciphered", "push", "exception", "late", "changed", "muted", "good", "client", "server",
    "heading",
)  # fmt: skip


class ListColumn(msgspec.Struct, frozen=True):
    """key: what the rows know it by. width in cells; 0: what is left of the line."""

    key: str
    title: str
    width: int
    right: bool = False


class Row(NamedTuple):
    """One row as it is drawn. style: one of STYLES or "". mark: a character or two that say the same without colour."""

    cells: Sequence[str]
    style: str = ""
    mark: str = ""


class Rows(Protocol):
    """What a RowList shows."""

    def __len__(self) -> int: ...

    def page(self, first: int, last: int) -> list[Row]:
        """The rows first..last, last excluded."""
        ...


class FixedRows:
    """Rows that are there already."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def page(self, first: int, last: int) -> list[Row]:
        return list(self.rows[first:last])


class RowList(LineScroll, can_focus=True):
    """columns and rows may be put in at any time by `show`. cursor: index of the selected row, -1 without rows."""

    BINDINGS = bindings.of("list")
    COMPONENT_CLASSES = {
        *("list--row", "list--header", "list--cursor", "list--cell"),
        *(f"row--{name}" for name in STYLES),
    }
    DEFAULT_CSS = """
    RowList { height: 1fr; background: $surface; color: $foreground; }
    RowList { scrollbar-size-horizontal: 1; scrollbar-gutter: stable; }
    RowList .list--row { background: $surface; color: $foreground; }
    RowList .list--header { text-style: bold; background: $panel; color: $foreground; }
    RowList .list--cursor { background: $primary-muted; }
    RowList .list--cell { text-style: reverse; }
    RowList:focus .list--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
    }
    RowList .row--error { color: $text-error; }
    RowList .row--warning { color: $text-warning; }
    RowList .row--note { color: $text-muted; }
    RowList .row--ciphered { color: $text-accent; }
    RowList .row--push { color: $text-success; }
    RowList .row--exception { color: $text-error; text-style: italic; }
    RowList .row--late { color: $text-warning; text-style: bold; }
    RowList .row--changed { background: $success-muted; color: $text-success; text-style: bold; }
    RowList .row--muted { color: $text-muted; }
    RowList .row--good { color: $text-success; }
    RowList .row--client { color: $text-primary; }
    RowList .row--server { color: $text-accent; }
    RowList .row--heading { color: $text-primary; text-style: bold; }
    """

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, list_: "RowList", index: int) -> None:
            super().__init__()
            self.list = list_
            self.index = index

        @property
        def control(self) -> "RowList":
            return self.list

    class Activated(Moved):
        """Enter, or a double click."""

    class HeaderClicked(Message):
        """A column's title."""

        def __init__(self, list_: "RowList", key: str) -> None:
            super().__init__()
            self.list = list_
            self.key = key

        @property
        def control(self) -> "RowList":
            return self.list

    def __init__(
        self, columns: Sequence[ListColumn] = (), *, id: str | None = None, empty: str = "nothing yet"
    ) -> None:
        super().__init__(id=id)
        self.columns: list[ListColumn] = list(columns)
        self.rows: Rows = FixedRows()
        self.cursor = -1
        self.column = 0  # the selected column
        self.tail = False  # stay on the newest row
        self.follow: Callable[[], None] | None = None  # called when the cursor moved, before anything is drawn
        self.empty = empty  # said where there are no rows
        self._made: dict[int, Row] = {}
        self._styles: dict[tuple[str, bool], Style] = {}

    # -- what is shown -------------------------------------------------------------------------------------

    def show(self, rows: Rows, columns: Sequence[ListColumn] | None = None, cursor: int | None = None) -> None:
        """Other rows. cursor: where to be; None: where it was, as far as there are rows."""
        self.rows = rows
        if columns is not None:
            self.columns = list(columns)
            self.column = min(self.column, max(0, len(self.columns) - 1))
        self._made.clear()
        self._measure()
        self.cursor = min(self.cursor if cursor is None else cursor, len(rows) - 1)
        if self.cursor < 0 and len(rows):
            self.cursor = 0
        self._keep_in_sight()
        self.refresh()

    def again(self) -> None:
        """The same rows, which look otherwise now."""
        self._made.clear()
        self.refresh()

    def grown(self) -> None:
        """Rows were added at the end."""
        before = self.virtual_size.height - 1
        count = len(self.rows)
        if count == before:
            return
        for index in range(before - LATE, before):
            self._made.pop(index, None)
        self._measure()
        if self.cursor < 0 and count:
            self.move(0)
        if self.tail:
            self.move(count - 1)
        elif before - self.scroll_offset.y < self.size.height or count < before:
            self.refresh()

    def move(self, index: int, column: int | None = None) -> None:
        """Puts the cursor on a row, and the row on the screen."""
        count = len(self.rows)
        index = max(0, min(index, count - 1)) if count else -1
        before, offset = self.cursor, self.scroll_offset
        self.cursor = index
        if column is not None and self.columns:
            self.column = max(0, min(column, len(self.columns) - 1))
        self._keep_in_sight()
        if self.scroll_offset == offset:  # else all is drawn anyway
            for changed in {before, index}:
                self.refresh_line(changed + 1)
        if before != index:
            if self.follow is not None:
                self.follow()
            self.post_message(self.Moved(self, index))

    @property
    def selected(self) -> tuple[int, str]:
        """Index of the row (-1: none) and key of the column under the cursor."""
        key = self.columns[self.column].key if self.columns else ""
        return self.cursor, key

    @property
    def page_rows(self) -> int:
        return max(1, self.scrollable_content_region.height - 1)

    def row(self, index: int) -> Row:
        """One row, from those made or made now with its neighbours."""
        found = self._made.get(index)
        if found is None:
            top = self.scroll_offset.y
            height = max(1, self.size.height)
            first, last = (top, top + height) if top <= index < top + height else (index, index + 1)
            last = min(last, len(self.rows))
            if len(self._made) > CACHED:
                self._made.clear()
            self._made.update(zip(range(first, last), self.rows.page(first, last)))
            found = self._made.get(index, Row(()))
        return found

    # -- drawing ---------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        fixed = GUTTER + sum(column.width + 1 for column in self.columns)
        rest = REST if any(not column.width for column in self.columns) else 0
        width = max(fixed + rest, self.scrollable_content_region.width)
        self.set_content_size(Size(width, len(self.rows) + 1))

    def on_resize(self, event: events.Resize) -> None:
        self._measure()
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        top, page = self.scroll_offset.y, self.page_rows
        if self.cursor < 0:
            return
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False, force=True)
        self._keep_column_in_sight()

    def _keep_column_in_sight(self) -> None:
        start, width = self._place(self.column)
        left, across = self.scroll_offset.x, self.scrollable_content_region.width
        if start < left or width > across:
            self.scroll_to(x=max(0, start - GUTTER), animate=False, force=True)
        elif start + width > left + across:
            self.scroll_to(x=start + width - across, animate=False, force=True)

    def _widths(self) -> list[int]:
        rest = self.virtual_size.width - GUTTER - sum(column.width + 1 for column in self.columns)
        open_ = sum(not column.width for column in self.columns)
        return [column.width or max(REST, rest // open_) for column in self.columns]

    def _place(self, column: int) -> tuple[int, int]:
        """First cell and width of a column."""
        widths = self._widths()
        if not widths:
            return 0, 0
        return GUTTER + sum(width + 1 for width in widths[:column]), widths[column]

    def render_line(self, y: int) -> Strip:
        x = self.scroll_offset.x
        width = self.scrollable_content_region.width
        if y == 0:
            head = [column.title for column in self.columns]
            return self._strip(head, "", self.get_component_rich_style("list--header")).crop(x, x + width)
        index = self.scroll_offset.y + y - 1
        if index >= len(self.rows):
            words = f"  {self.empty}" if y == 2 and not len(self.rows) else ""
            return Strip([Segment(words.ljust(width)[:width], self._style("", False))], width)
        row = self.row(index)
        here = index == self.cursor
        marked = self.column if here and self.has_focus else -1
        strip = self._strip(row.cells, row.mark, self._style(row.style, here), marked)
        return strip.crop(x, x + width) if x or strip.cell_length != width else strip

    def _style(self, name: str, cursor: bool) -> Style:
        """How a row of a style looks, with or without the cursor."""
        found = self._styles.get((name, cursor))
        if found is None:
            found = self.get_component_rich_style("list--row")
            if name:
                found += self.get_component_rich_style(f"row--{name}", partial=True)
            if cursor:
                found += self.get_component_rich_style("list--cursor", partial=True)
            self._styles[name, cursor] = found
        return found

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()

    def _strip(self, cells: Sequence[str], mark: str, style: Style, marked: int = -1) -> Strip:
        """A whole line, also what is scrolled out; marked: the column that is drawn in another style."""
        texts = [_fit(mark, GUTTER - 1) + " "]
        for n, (column, width) in enumerate(zip(self.columns, self._widths())):
            texts.append(_fit(cells[n] if n < len(cells) else "", width, column.right) + " ")
        width = self.virtual_size.width
        if not 0 <= marked < len(texts) - 1:
            return _line([Segment("".join(texts), style)], width, style)
        here = texts[marked + 1][:-1]
        other = style + self.get_component_rich_style("list--cell", partial=True)
        before, after = "".join(texts[: marked + 1]), " " + "".join(texts[marked + 2 :])
        return _line([Segment(before, style), Segment(here, other), Segment(after, style)], width, style)

    # -- keys and mouse ----------------------------------------------------------------------------------------

    def action_list_down(self) -> None:
        self.move(self.cursor + 1)

    def action_list_up(self) -> None:
        self.tail = False
        self.move(self.cursor - 1)

    def action_list_page_down(self) -> None:
        self.move(self.cursor + self.page_rows)

    def action_list_page_up(self) -> None:
        self.tail = False
        self.move(self.cursor - self.page_rows)

    def action_list_top(self) -> None:
        self.tail = False
        self.move(0)

    def action_list_bottom(self) -> None:
        self.move(len(self.rows) - 1)

    def action_list_left(self) -> None:
        self.move(self.cursor, self.column - 1)

    def action_list_right(self) -> None:
        self.move(self.cursor, self.column + 1)

    def action_list_activate(self) -> None:
        if self.cursor >= 0:
            self.post_message(self.Activated(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        where = event.get_content_offset(self)
        if where is None:
            return
        x = where.x + self.scroll_offset.x
        places = [self._place(n) for n in range(len(self.columns))]
        column = next((n for n, (start, width) in enumerate(places) if start <= x <= start + width), self.column)
        if where.y == 0:
            if self.columns and event.button == 1:
                self.post_message(self.HeaderClicked(self, self.columns[column].key))
            return
        index = self.scroll_offset.y + where.y - 1
        if index < len(self.rows):
            self.tail = False
            self.move(index, column)
            if event.chain == 2:
                self.post_message(self.Activated(self, index))

    def watch_has_focus(self, value: bool) -> None:
        self._styles.clear()
        super().watch_has_focus(value)
        self.refresh()


def _fit(text: str, width: int, right: bool = False) -> str:
    """Text of exactly so many cells."""
    shown = safe(text, width)
    space = " " * (width - cell_len(shown))
    return space + shown if right else shown + space


def _line(segments: list[Segment], width: int, style: Style) -> Strip:
    """A strip of so many cells: filled up at its end."""
    length = sum(cell_len(segment.text) for segment in segments)
    if length < width:
        segments.append(Segment(" " * (width - length), style))
    return Strip(segments, max(length, width))
