"""The fields of one row as a tree: lines drawn when they are seen, so that its size costs nothing."""

from collections.abc import Collection, Iterator, Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from analyzer.lines import SEVERITY_MARKS
from analyzer.trees import TreeNode
from dissectors.problem import KINDS, Severity
from tui import bindings
from tui.line_scroll import LineScroll
from tui.text import line, safe
from tui.tree_rows import PROBLEM, Row, Rows

INDENT, PAN = 2, 8  # cells
OPEN, CLOSED, LEAF = "▾ ", "▸ ", "  "
PLAIN, VALUE, MUTED, CURSOR = "tree-view--plain", "tree-view--value", "tree-view--muted", "tree-view--cursor"
SEVERITY_STYLES = ("tree-view--note", "tree-view--warning", "tree-view--error")


def severity(node: TreeNode) -> Severity | None:
    """How bad a problem node is, or the worst problem of a layer; None where all is well."""
    if node.field.startswith(PROBLEM):
        kind = KINDS.get(node.field.removeprefix(PROBLEM))
        return Severity.WARNING if kind is None else kind.severity
    worst: Severity | None = None
    for child in reversed(node.children):  # a layer's problems are its last children
        found = severity(child) if child.field.startswith(PROBLEM) else None
        if found is None:
            break
        worst = found if worst is None else max(worst, found)
    return worst


class TreeView(LineScroll, can_focus=True, inherit_bindings=False):
    """Layers and fields, each with its value. What is open stays open for the next row shown."""

    class NodeSelected(Message):
        """The cursor came to another node by key, mouse or search, not by show() or reveal()."""

        def __init__(self, node: TreeNode) -> None:
            super().__init__()
            self.node = node

    ALLOW_SELECT = False  # the mouse selects nodes
    BINDINGS = bindings.of("tree")
    COMPONENT_CLASSES = {CURSOR, PLAIN, MUTED, VALUE, *SEVERITY_STYLES}
    DEFAULT_CSS = """
    TreeView {
        background: $surface;
        color: $foreground;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .tree-view--value { color: $text-accent; }
        & > .tree-view--muted { color: $text-muted; }
        & > .tree-view--note { color: $text-primary; }
        & > .tree-view--warning { color: $text-warning; }
        & > .tree-view--error { color: $text-error; text-style: bold; }
        & > .tree-view--cursor { background: $block-cursor-blurred-background; text-style: underline; }
        &:focus > .tree-view--cursor { color: $primary; background: $background; text-style: reverse bold; }
    }
    """

    def __init__(self, *, closed: Collection[str] = (), id: str | None = None) -> None:
        """closed: see Rows."""
        super().__init__(id=id)
        self._rows = Rows(closed)
        self._cursor = 0
        self._path = ""  # of the node a person chose last
        self._pan = 0

    # -- for the rest of the program -------------------------------------------------------------------

    def show(self, roots: Sequence[TreeNode]) -> None:
        """The fields of another row; the cursor goes to the field chosen last, else to the top. No NodeSelected."""
        self._rows.show(roots)
        self._pan = 0
        self._redraw(next((row.y for row in self._rows.lines if row.path == self._path), 0))

    @property
    def selected(self) -> TreeNode | None:
        """The node under the cursor; None in an empty tree and on a line that stands for more nodes."""
        return None if self._row is None else self._row.node

    def reveal(self, buffer: str, offset: int) -> bool:
        """The cursor on the smallest field around an octet, its parents opened; False where none is. No
        NodeSelected."""
        return self._bring(self._rows.at(buffer, offset), tell=False)

    def find(self, text: str, step: int = 1) -> bool:
        """The cursor on the next (1) or previous (-1) field with text in label or value, open or not, around the
        end; False where no field has it."""
        here = (0,) if self._row is None else self._row.indexes
        return self._bring(self._rows.find(text, here, step), tell=True)

    def text(self) -> str:
        """All lines that are open, as text."""
        return "\n".join("".join(safe(text) for text, _ in _parts(row)).rstrip() for row in self._rows.lines)

    # -- actions ---------------------------------------------------------------------------------------

    def action_cursor_up(self) -> None:
        self._move(self._cursor - 1)

    def action_cursor_down(self) -> None:
        self._move(self._cursor + 1)

    def action_page_up(self) -> None:
        self._move(self._cursor - max(1, self.size.height - 1))

    def action_page_down(self) -> None:
        self._move(self._cursor + max(1, self.size.height - 1))

    def action_first(self) -> None:
        self._move(0)

    def action_last(self) -> None:
        self._move(len(self._rows.lines) - 1)

    def action_expand(self) -> None:
        """Opens the node, or the next of a long list; an open node gives way to its first child."""
        row = self._row
        if row is None:
            return
        if row.open:
            self._move(self._cursor + 1)
        elif row.node is None or row.can_open:
            self._rows.open(row)
            self._redraw(self._cursor)

    def action_collapse(self) -> None:
        """Closes the node; where that cannot be, the cursor goes to its parent."""
        row = self._row
        if row is None:
            return
        if row.open:
            self._rows.close(row)
            self._redraw(self._cursor)
        elif row.parent is not None:
            self._move(row.parent.y)

    def action_toggle_node(self) -> None:
        row = self._row
        if row is not None and row.open:
            self.action_collapse()
        else:
            self.action_expand()

    def action_expand_all(self) -> None:
        if self._row is not None and self._row.can_open:
            self._rows.open_all(self._row)
            self._redraw(self._cursor)

    def action_collapse_all(self) -> None:
        row = self._row
        if row is None:
            return
        while row.parent is not None:
            row = row.parent
        self._rows.close_all()
        self._redraw(self._cursor)
        self._move(row.y)

    def action_pan_right(self) -> None:
        width = self._width + self._pan
        text = "" if self._row is None else "".join(text for text, _ in _parts(self._row, self._width))
        if cell_len(safe(text, width + 1)) > width:
            self._pan += PAN
            self.refresh()

    def action_pan_left(self) -> None:
        self._pan = max(0, self._pan - PAN)
        self.refresh()

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        y = self.scroll_offset.y + (0 if offset is None else offset.y)
        if offset is None or y >= len(self._rows.lines):
            return
        self._move(y)
        if event.button == 3:
            return  # the screen filters by the field
        event.stop()
        row = self._rows.lines[y]
        mark = _indent(row, self._width) - self._pan
        if mark <= offset.x < mark + len(OPEN) or row.node is None or event.chain == 2:
            self.action_toggle_node()

    # -- drawing ---------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width, base = self._width, self.get_component_rich_style(PLAIN)
        y += self.scroll_offset.y
        lines = self._rows.lines
        if y >= len(lines):
            empty = "" if lines or y else "No fields"
            return line([(empty, self.get_component_rich_style(MUTED))], width, base)
        parts = self._styled(lines[y])
        if y == self._cursor:
            base = self.get_component_rich_style(CURSOR)
            parts = ((text, base) for text, _ in parts)
        return line(parts, width + self._pan, base).crop(self._pan, self._pan + width)

    def on_resize(self) -> None:
        self._follow()

    def _styled(self, row: Row) -> Iterator[tuple[str, Style]]:
        for text, name in _parts(row, self._width):
            yield text, self.get_component_rich_style(name)

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _row(self) -> Row | None:
        lines = self._rows.lines
        return lines[self._cursor] if self._cursor < len(lines) else None

    def _bring(self, indexes: tuple[int, ...] | None, tell: bool) -> bool:
        if indexes is None:
            return False
        before = self.selected
        y = self._rows.bring(indexes).y
        self._redraw(y)
        self._chosen(before, tell)
        return True

    def _move(self, y: int) -> None:
        before, old = self.selected, self._cursor
        self._cursor = max(0, min(y, len(self._rows.lines) - 1))
        self.refresh_lines(old)
        self.refresh_lines(self._cursor)
        self._follow()
        self._chosen(before, tell=True)

    def _chosen(self, before: TreeNode | None, tell: bool) -> None:
        row = self._row
        if row is None or row.node is None:
            return
        self._path = row.path
        if tell and row.node is not before:
            self.post_message(self.NodeSelected(row.node))

    def _redraw(self, cursor: int) -> None:
        """The lines changed."""
        self._cursor = max(0, min(cursor, len(self._rows.lines) - 1))
        self.set_content_size(Size(0, len(self._rows.lines)))
        self._follow()
        self.refresh()

    def _follow(self) -> None:
        """Scrolls so that the cursor is seen."""
        top, height = self.scroll_offset.y, self.size.height
        if height and not top <= self._cursor < top + height:
            y = self._cursor if self._cursor < top else self._cursor - height + 1
            self.scroll_to(y=y, animate=False, force=True)


def _indent(row: Row, width: int) -> int:
    """Cells before the mark: half of the line at most, so that a deep field is still read."""
    return min(row.depth * INDENT, width // 2)


def _parts(row: Row, width: int = 1 << 30) -> Iterator[tuple[str, str]]:
    """Texts of a line, each with the component class it is drawn in."""
    node = row.node
    yield " " * _indent(row, width) + (OPEN if row.open else CLOSED if node is None or row.can_open else LEAF), PLAIN
    if node is None:
        yield f"… {row.count:,} more".replace(",", " "), MUTED
        return
    worst = severity(node)
    if worst is not None:
        yield SEVERITY_MARKS[worst] + " ", SEVERITY_STYLES[worst]
    own = SEVERITY_STYLES[worst] if worst is not None and node.field.startswith(PROBLEM) else PLAIN
    yield node.label, own
    if node.text:
        yield ": ", own
        yield node.text, own if own != PLAIN else VALUE if row.depth else MUTED
