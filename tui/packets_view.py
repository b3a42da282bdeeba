"""The packet view: list, tree and octets, linked both ways."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from analyzer import filters, trees
from analyzer.detail import Detail, detail
from dissectors.errors import UsageError
from tui import columns, times
from tui.colour_rules import ColourRules
from tui.columns import Cells
from tui.loader import Capture, Counts
from tui.octets_pane import OctetsPane
from tui.row_list import Row, RowList
from tui.shown import Shown
from tui.tree_view import TreeView
from tui.view import View

LAYOUTS = ("bottom", "right", "alone")
WIDE = 110  # cells from which tree and octets stand side by side below the list
# layers that seldom matter while they are sound: closed until a person opens them
CLOSED = frozenset({"frame", "ethernet", "vlan", "ipv4", "ipv6", "tcp", "udp", "hdlc", "llc", "wrapper"})
NUMBER = re.compile("0|[1-9][0-9]{0,18}")
REST_S = 0.02  # between two rows looked at: a key held down is not slowed by what it passes
SHARE, LEAST, MOST, STEP = 50, 15, 85, 5  # per cent of the list


class PacketRows:
    """Rows of the packet list, made from the analysis a page at a time."""

    def __init__(self, view: "PacketsView") -> None:
        self.view = view

    def __len__(self) -> int:
        return len(self.view.shown)

    def page(self, first: int, last: int) -> list[Row]:
        view = self.view
        with view.capture.turn():
            when = view.when()
            return [self._row(view.shown.number(index), when) for index in range(first, last)]

    def _row(self, no: int, when: Callable[[int], str]) -> Row:
        view = self.view
        level, cells = view.level, view.cells
        item = cells.item(no)
        messages = cells.messages(item) if level == "frame" else ()
        style, mark = view.colours.look(level, item, messages)
        frame = view.frame_of(level, no)
        if frame in view.marked:
            mark = "●"
        if any(view.comments_on(frame)):
            mark = "◉" if frame in view.marked else "✎"
        return Row(cells.texts(item, view.names[level], when), style, mark)


class PacketsView(View):
    """`level`: what a row is. `shown`: which rows. Filters, marks, columns and keys come from the screen."""

    TITLE = "Packets"
    DEFAULT_CSS = """
    PacketsView { layout: vertical; }
    PacketsView #details { height: 1fr; layout: vertical; border-top: solid $panel; }
    PacketsView.bottom.wide #details { layout: horizontal; }
    PacketsView.right { layout: horizontal; }
    PacketsView.right #details { height: 1fr; width: 1fr; border-top: none; border-left: solid $panel; }
    PacketsView.alone #details { display: none; }
    PacketsView.alone #rows { height: 1fr; width: 1fr; }
    PacketsView #tree { height: 1fr; width: 1fr; }
    PacketsView #octets { height: 1fr; width: 1fr; border-top: solid $panel; }
    PacketsView.bottom.wide #octets { border-top: none; border-left: solid $panel; }
    PacketsView.one #rows, PacketsView.one #details { display: none; border: none; }
    PacketsView.one #tree, PacketsView.one #octets { display: none; border: none; }
    PacketsView.one .alone-now { display: block !important; height: 1fr !important; width: 1fr !important; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.level = "frame"
        self.names: dict[str, tuple[str, ...]] = dict(columns.DEFAULTS)
        self.time = "absolute"
        self.layout_name = LAYOUTS[0]
        self.share = SHARE
        self.marked: set[int] = set()
        self.comments: Mapping[int, str] = {}  # of a person, by frame
        self.reference_frames: set[int] = set()
        self.cells = Cells(capture, self.level)
        self.colours = ColourRules(capture)
        self.shown = Shown(capture, self.level)
        self.detail: Detail | None = None
        self.held = False  # the display is held while the capture goes on
        self._dragged = False
        self._soon: Timer | None = None
        self._rested = 0.0  # when the next row may be looked at without a rest
        self._wanted: tuple[str, int] = ("frame", 0)  # the row to be on, once it is there

    class Shared(Message):
        """A person gave the list another share of the view with the mouse."""

        def __init__(self, share: int) -> None:
            super().__init__()
            self.share = share

    def compose(self) -> ComposeResult:
        yield RowList(id="rows", empty="no rows yet")
        with Container(id="details"):
            yield TreeView(id="tree", closed=CLOSED)
            yield OctetsPane(id="octets")

    def on_mount(self) -> None:
        self.list.rows = PacketRows(self)
        self.list.follow = self._moved
        self._columns()
        self.lay_out()

    @property
    def list(self) -> RowList:
        return self.query_one("#rows", RowList)

    @property
    def tree_pane(self) -> TreeView:
        return self.query_one("#tree", TreeView)

    @property
    def octets_pane(self) -> OctetsPane:
        return self.query_one("#octets", OctetsPane)

    @property
    def no(self) -> int:
        """Number of the selected row, 0 without."""
        return self.shown.number(self.list.cursor)

    def when(self) -> Callable[[int], str]:
        """What the time column says of a row, as the list is now. In the capture's turn."""
        convert = self.capture.links.convert
        references = sorted(convert("frame", frame, self.level) for frame in self.reference_frames)
        return partial(times.text, self.capture, self.shown, self.time, references)

    def frame_of(self, level: str, no: int) -> int:
        """The frame that a row is about: its first one."""
        if level == "frame":
            return no
        links = self.capture.links
        frames = links.frames_of_message(no) if level == "message" else links.frames_of_exchange(no)
        return next((frame for frame in frames if frame), 0)

    def comments_on(self, frame: int) -> tuple[str, str]:
        """What a person wrote on a frame, and what the capture itself says of it. In the capture's turn."""
        told = self.capture.comments
        held = told.of(self.capture.analysis.frame(frame).records) if frame and told.by_record else ""
        return self.comments.get(frame, ""), held

    # -- what the screen asks --------------------------------------------------------------------------

    def put(self, capture: Capture) -> None:
        """Another analysis: same level, filter, row."""
        self._wanted = (self.level, self.no)
        super().put(capture)
        self.shown.cancel()
        self.detail = None
        self.colours = ColourRules(capture, self.colours.rules)
        self.cells = Cells(capture, self.level, self.cells.raw)
        self.shown = Shown(capture, self.level, self.shown.filter)
        self.list.show(PacketRows(self), cursor=-1)

    def grown(self, counts: Counts) -> None:
        if self.held:
            return
        self.shown.publish(counts.of(self.level))
        self.list.grown()
        level, no = self._wanted
        if no and level == self.level and self.shown.total >= no and not self.shown.busy:
            self._wanted = (level, 0)
            self.list.move(self.shown.place(no))
        if self.no and not self._looked_at:
            self.look()

    def select(self, level: str, no: int) -> None:
        """Puts the cursor on a row, at the level at hand; the filter goes where it hides the row."""
        with self.capture.turn():
            target = no if level == self.level else self.capture.links.convert(level, no, self.level)
        if not target:
            return
        if not self.shown.has(target) and self.shown.filter:
            self.apply("")
        self._wanted = (self.level, 0)
        self.list.tail = False
        self.list.move(self.shown.place(target))

    def apply(self, filter: str) -> None:
        """Another filter, the selection kept. UsageError: one that cannot be read."""
        shown = Shown(self.capture, self.level, filter)
        no, total = self.no, self.shown.total
        self.shown.cancel()
        self.shown = shown
        shown.publish(total)
        self._wanted = (self.level, no if filter else 0)
        self.list.show(PacketRows(self), cursor=shown.place(no) if not filter else 0)

    def to_level(self, level: str) -> None:
        """Frames, messages or exchanges, the selection kept. A filter that the level cannot have goes."""
        counts = self.capture.counts()
        with self.capture.turn():
            no = self.capture.links.convert(self.level, self.no, level) if self.no else 0
        self.shown.cancel()
        try:
            shown = Shown(self.capture, level, self.shown.filter)
        except UsageError:
            shown = Shown(self.capture, level)
        self.level = level
        self.shown = shown
        self.cells = Cells(self.capture, level, self.cells.raw)
        shown.publish(counts.of(level))
        self._columns()
        self._wanted = (level, no)
        self.list.show(PacketRows(self), cursor=shown.place(no) if no else 0)
        self.look()

    def again(self) -> None:
        """The same rows, one of which looks otherwise now."""
        self.list.again()
        self.look()

    def set_time(self, name: str) -> None:
        self.time = name
        self._columns()

    def set_columns(self, names: Sequence[str]) -> None:
        """UsageError: a name that is none."""
        for name in names:
            columns.column(self.level, name, self.time)
        self.names[self.level] = tuple(names)
        self._columns()

    def _columns(self) -> None:
        found = [columns.column(self.level, name, self.time) for name in self.names[self.level]]
        self.list.show(self.list.rows, found)

    # -- layout --------------------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Puts the panes where the layout says."""
        self.call_after_refresh(self.look)
        for name in LAYOUTS:
            self.set_class(name == self.layout_name, name)
        self.set_class(self.size.width >= WIDE, "wide")
        share = f"{self.share}%"
        across = self.layout_name == "right"
        alone = self.layout_name == "alone"
        self.list.styles.height = "1fr" if across or alone else share
        self.list.styles.width = share if across else "1fr"

    def on_resize(self) -> None:
        self.lay_out()

    def grow_list(self, step: int) -> None:
        self._give_list(self.share + step)

    def _give_list(self, share: int) -> None:
        self.share = max(LEAST, min(MOST, share))
        self.lay_out()

    # The line between the list and the rest is dragged.

    def on_mouse_down(self, event: events.MouseDown) -> None:
        details = self.query_one("#details").region
        across = self.layout_name == "right"
        at = event.screen_x - details.x if across else event.screen_y - details.y
        if at == 0 and not self.has_class("one"):
            self._dragged = True
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragged:
            across = self.layout_name == "right"
            part = event.screen_x - self.region.x if across else event.screen_y - self.region.y
            whole = max(1, self.size.width if across else self.size.height)
            self._give_list(round(100 * part / whole))

    def on_mouse_up(self) -> None:
        if self._dragged:
            self._dragged = False
            self.release_mouse()
            self.post_message(self.Shared(self.share))

    def maximize_pane(self) -> None:
        """The pane that has the keys alone, or all again."""
        if self.has_class("one"):
            self.remove_class("one")
            for widget in self.query(".alone-now"):
                widget.remove_class("alone-now")
            self.lay_out()
            return
        pane: Widget | None = self.screen.focused
        while pane is not None and pane.id not in ("rows", "tree", "octets"):
            pane = pane.parent if isinstance(pane.parent, Widget) else None
        pane = pane or self.list
        pane.add_class("alone-now")
        if pane.id != "rows":
            self.query_one("#details").add_class("alone-now")
        else:
            self.list.styles.height = self.list.styles.width = "1fr"
        self.add_class("one")

    # -- the three panes, linked ------------------------------------------------------------------------

    def _moved(self) -> None:
        if self._looked_at:
            return
        if self._soon is None and monotonic() >= self._rested:
            self.look()  # all three panes are drawn at once
            return
        if self._soon is not None:
            self._soon.stop()
        self._soon = self.set_timer(REST_S, self.look)  # of many moves the last one counts

    @property
    def _looked_at(self) -> bool:
        """Tree and octets are those of the selected row."""
        return self.detail is not None and (self.detail.level, self.detail.no) == (self.level, self.no)

    def look(self) -> None:
        """Details of the selected row, now."""
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        began, no = monotonic(), self.no
        if not no or not self.is_mounted or not self.query_one("#details").region.area:
            return
        with self.capture.turn():
            messages = self.capture.links.messages_of_frame(no) if self.level == "frame" else ()
            self.detail = detail(self.capture.analysis, self.level, no, messages)
            own, held = self.comments_on(self.frame_of(self.level, no))
        self.tree_pane.show((*comment_nodes(own, held), *self.detail.roots))
        self.octets_pane.show(self.detail.buffers)
        node = self.tree_pane.selected
        if node is not None:
            self.octets_pane.highlight(node.buffer, node.start, node.end)
        now = monotonic()
        self._rested = now + max(REST_S, now - began)

    @on(RowList.Activated, "#rows")
    def _opened(self, event: RowList.Activated) -> None:
        event.stop()
        if self.layout_name == "alone":
            self.layout_name = LAYOUTS[0]
            self.lay_out()
        self.tree_pane.focus()

    @on(TreeView.NodeSelected)
    def _node(self, event: TreeView.NodeSelected) -> None:
        event.stop()
        node: trees.TreeNode = event.node
        self.octets_pane.highlight(node.buffer, node.start, node.end)

    @on(OctetsPane.OctetSelected)
    def _octet(self, event: OctetsPane.OctetSelected) -> None:
        event.stop()
        if self.tree_pane.reveal(event.buffer, event.offset) and self.tree_pane.selected is not None:
            node = self.tree_pane.selected
            self.octets_pane.highlight(node.buffer, node.start, node.end)

    # -- what is selected -----------------------------------------------------------------------------------

    def selection(self) -> tuple[str, int]:
        return self.level, self.no

    def cell(self) -> tuple[str, object]:
        """The field of the tree, or the cell of the list."""
        no, node = self.no, self.tree_pane.selected
        if self.tree_pane.has_focus and node is not None:
            level, _, name = node.field.partition(".")
            if level != self.level:
                return node.field, int(node.text) if NUMBER.fullmatch(node.text) else node.text
            return self._value(no, name.replace("-", "_"))  # of the row itself, as its columns have it
        if not no:
            return "", None
        return self._value(no, self.list.selected[1])

    def _value(self, no: int, key: str) -> tuple[str, object]:
        """The value of a column or dissected field of row no, and its name."""
        known = filters.columns(self.level)
        name = next((name for name in (CELL_FIELDS.get(key, key), f"{key}_ns") if name in known), key)
        with self.capture.turn():
            item, run = self.cells.item(no), self.capture.analysis.run
            if name in known:
                return name, known[name].get(item, run)
            value = next(iter(filters.tree_values(item, run, name)), None)
        return (name if value is not None else ""), value

    def start(self) -> Widget | None:
        return self.list


def comment_nodes(own: str, held: str) -> tuple[trees.TreeNode, ...]:
    """Comments on a frame as nodes of its tree, a line each."""
    found = [("comment", "Comment", own), ("comment.held", "Comment in the capture", held)]
    return tuple(
        trees.TreeNode(field, label, 0, 0, "", line, ())
        for field, label, text in found
        for line in text.splitlines()
    )  # fmt: skip


# columns of the list's own -> what a filter knows them as
CELL_FIELDS = {"info": "apdu", "time": "time_ns", "object": "obis", "latency": "app_response_ns", "way": "direction"}
