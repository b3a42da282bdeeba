"""Objects: every COSEM object that was seen, with its last value in words; below, the value where it is a table."""

import time
from collections.abc import Hashable, Iterable, Mapping, Sequence

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from analyzer import lines
from analyzer.detail_parts import cell
from analyzer.learned import Server
from analyzer.meaning import Meaning
from analyzer.objects import Key, Seen
from analyzer.table import Table
from tui import bindings
from tui.background import Background
from tui.keyed_list import KeyedList
from tui.loader import Capture
from tui.row_list import FixedRows, ListColumn, Row, RowList, Rows
from tui.text import safe
from tui.view import Jump, View

CHANGED_SECONDS = 2.0  # so long a changed value is seen as such
PART = 2048  # objects looked at within one turn
LARGE = 1024  # octets: the words of a larger value are kept
WIDEST, SAMPLE = 28, 50  # cells of a column of a value's table, and rows that its width is taken from
OPEN, CLOSED = "▾", "▸"
COLUMNS = (
    ListColumn("name", "Object", 26), ListColumn("attribute", "Attribute", 12), ListColumn("value", "Last value", 0),
    ListColumn("reads", "Read", 5, True), ListColumn("writes", "Write", 5, True),
    ListColumn("pushes", "Push", 5, True), ListColumn("errors", "Error", 5, True),
    ListColumn("last", "Last (UTC)", 15), ListColumn("obis", "Logical name", 18), ListColumn("class", "Class", 22),
    ListColumn("server", "Server", 8), ListColumn("host", "Host", 22),
)  # fmt: skip
Item = tuple[Key, Seen]


class Heading(msgspec.Struct, frozen=True):
    """A line above the objects of a server, or of a class of it."""

    key: tuple[Server, int | None]
    text: str
    count: int
    open: bool


class ObjectRows:
    """Objects and headings; words are made for those on the screen."""

    def __init__(self, view: "ObjectsView", items: Sequence[Item | Heading]) -> None:
        self.view = view
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def page(self, first: int, last: int) -> list[Row]:
        with self.view.capture.turn():
            meaning = self.view.capture.analysis.objects.meaning
            return [self._row(item, meaning) for item in self.items[first:last]]

    def _row(self, item: Item | Heading, meaning: Meaning) -> Row:
        if isinstance(item, Heading):
            indent = "" if item.key[1] is None else "  "
            return Row([f"{indent}{OPEN if item.open else CLOSED} {item.text}", "", f"{item.count} objects"], "heading")
        key, seen = item
        view = self.view
        indent = "    " if view.grouped else ""
        cells = (
            indent + seen.name, seen.attribute_name or lines.cell(seen.attribute), view.words(key, seen, meaning),
            str(seen.reads or ""), str(seen.writes or ""), str(seen.pushes or ""), str(seen.errors or ""),
            lines.clock(seen.last_ns), seen.obis or "-", _class(seen), _server(seen), seen.server_address or "-",
        )  # fmt: skip
        if view.is_changed(key):
            return Row(cells, "changed", "Δ")
        return Row(cells, "", "!" if seen.errors else "")


def _class(seen: Seen) -> str:
    return "-" if seen.class_id is None else f"{seen.class_id} {seen.class_name or ''}".rstrip()


def _server(seen: Seen) -> str:
    return lines.sap(seen.server) + (f"/{seen.physical}" if seen.physical >= 0 else "")


class TableRows:
    """Rows of a value's table."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def __len__(self) -> int:
        return len(self.table.rows)

    def page(self, first: int, last: int) -> list[Row]:
        return [Row([cell(value) for value in row]) for row in self.table.rows[first:last]]

    def columns(self) -> list[ListColumn]:
        heads = [f"{c.name} [{c.unit}]" if c.unit else c.name for c in self.table.columns]
        sample = self.table.rows[:SAMPLE]
        out = []
        for n, head in enumerate(heads):
            width = max([len(head), *(len(cell(row[n])) for row in sample), 3])
            numbers = any(isinstance(row[n], (int, float)) for row in sample)
            out.append(ListColumn(str(n), head, min(WIDEST, width), right=numbers))
        return out


class ObjectsView(View):
    """`objects`: all, or those with a text; `table`: the selected one's value where it is a table."""

    TITLE = "Objects"
    BINDINGS = [*bindings.of("objects")]
    DEFAULT_CSS = """
    ObjectsView { layout: vertical; }
    ObjectsView #narrow { height: 1; border: none; display: none; }
    ObjectsView.narrowed #narrow { display: block; }
    ObjectsView #objects { height: 2fr; }
    ObjectsView #table { height: 1fr; display: none; border-top: solid $panel; }
    ObjectsView.tabled #table { display: block; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.grouped = False
        self.closed: set[Hashable] = set()  # headings whose objects are not shown
        self.text = ""
        self.work = Background(self, self._look, self._show)
        self.table_work = Background(self, self._find_table, self._show_table)
        self._values: dict[Key, tuple[int, int]] = {}  # message and hash of the last value, as it was last time
        self._changed: dict[Key, float] = {}  # when it changed
        self._words: dict[Key, tuple[int, str]] = {}  # of large values, by message
        self._tabled: tuple[Key, int] | None = None  # what the table is of

    def compose(self) -> ComposeResult:
        yield Input(placeholder="only objects with this text (Esc: all)", id="narrow")
        yield KeyedList(COLUMNS, id="objects", empty="computing …")
        yield RowList(id="table", empty="no rows")

    @property
    def objects(self) -> KeyedList:
        return self.query_one("#objects", KeyedList)

    @property
    def table(self) -> RowList:
        return self.query_one("#table", RowList)

    def put(self, capture: Capture) -> None:
        super().put(capture)
        self._values, self._changed, self._words, self._tabled = {}, {}, {}, None

    def fill(self) -> None:
        self.work.ask(soon=False)

    # -- in a thread ------------------------------------------------------------------------------------------

    def _look(self, capture: Capture) -> tuple[list[Item | Heading], list[Hashable], set[Key]]:
        """What is to be shown, its keys, and the objects with another value than the last time."""
        with capture.turn():
            found = capture.analysis.objects.seen()
            keys, objects = list(found), list(found.values())
        items: list[Item] = list(zip(keys, objects))
        changed: set[Key] = set()
        for first in range(0, len(items), PART):
            with capture.turn():
                for key, seen in items[first : first + PART]:
                    before = self._values.get(key)
                    if before is None or before[0] != seen.message:
                        now = seen.message, hash(seen.octets())
                        self._values[key] = now
                        if before is not None and before[1] != now[1]:
                            changed.add(key)
        wanted = self.text.casefold()
        items = [item for item in items if not wanted or wanted in _searched(item[1])]
        shown: list[Item | Heading] = list(self._by_group(items)) if self.grouped else [*items]
        return shown, [item.key if isinstance(item, Heading) else item[0] for item in shown], changed

    def _by_group(self, items: Sequence[Item]) -> Iterable[Item | Heading]:
        servers: dict[Server, dict[int, list[Item]]] = {}
        for item in items:
            servers.setdefault(item[0][0], {}).setdefault(item[0][1], []).append(item)
        for server, classes in servers.items():
            first = next(iter(classes.values()))[0][1]
            host = f" {first.server_address}" if first.server_address else ""
            open_ = (server, None) not in self.closed
            count = sum(len(found) for found in classes.values())
            yield Heading((server, None), f"server {_server(first)}{host}", count, open_)
            for class_id, found in sorted(classes.items()) if open_ else ():
                open_ = (server, class_id) not in self.closed
                yield Heading((server, class_id), _class(found[0][1]), len(found), open_)
                if open_:
                    yield from sorted(found, key=lambda item: (item[0][2], item[0][3] or 0, item[0][4] or 0))

    def _find_table(self, capture: Capture) -> tuple[tuple[Key, int] | None, Table | None]:
        item = self._selected
        if item is None:
            return None, None
        key, seen = item
        with capture.turn():
            if (key, seen.message) == self._tabled:
                return self._tabled, None
            return (key, seen.message), seen.table(capture.analysis.objects.meaning)

    # -- on the screen ----------------------------------------------------------------------------------------

    def _show(self, found: tuple[list[Item | Heading], list[Hashable], set[Key]]) -> None:
        shown, keys, changed = found
        if changed and self.capture.state == "live":
            self._changed.update(dict.fromkeys(changed, time.monotonic()))
            self.set_timer(CHANGED_SECONDS + 0.1, self.objects.again)
        self.objects.empty = "no object has this text" if self.text else "no object was seen"
        self.objects.put(keys, ObjectRows(self, shown))
        self.table_work.ask(soon=False)

    def is_changed(self, key: Key) -> bool:
        return time.monotonic() - self._changed.get(key, -CHANGED_SECONDS) < CHANGED_SECONDS

    def words(self, key: Key, seen: Seen, meaning: Meaning) -> str:
        """The last value in words. In the capture's turn."""
        known = self._words.get(key)
        if known is not None and known[0] == seen.message:
            return known[1]
        text = seen.words(meaning)
        if text is None:
            data = seen.data()
            text = "" if data is None else lines.plain(msgspec.to_builtins(data))
        if len(seen.octets()) > LARGE:
            self._words[key] = seen.message, text
        return text

    @property
    def _selected(self) -> Item | None:
        rows: Rows = self.objects.rows
        if not isinstance(rows, ObjectRows) or not 0 <= self.objects.cursor < len(rows):
            return None
        item = rows.items[self.objects.cursor]
        return None if isinstance(item, Heading) else item

    def _show_table(self, found: tuple[tuple[Key, int] | None, Table | None]) -> None:
        of, table = found
        if of is not None and of == self._tabled:
            return
        other = self._tabled is None or of is None or of[0] != self._tabled[0]
        self._tabled = of
        self.set_class(table is not None, "tabled")
        if table is None:
            self.table.show(FixedRows(), [])
            return
        rows = TableRows(table)
        self.table.border_title = safe(f"{table.title}: {len(rows)} rows", WIDEST * 2)
        self.table.show(rows, rows.columns(), 0 if other else None)

    @on(RowList.Moved, "#objects")
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self.table_work.ask()

    @on(RowList.Activated, "#objects")
    def _opened(self, event: RowList.Activated) -> None:
        event.stop()
        rows = self.objects.rows
        item = rows.items[event.index] if isinstance(rows, ObjectRows) else None
        if isinstance(item, Heading):
            self.closed ^= {item.key}
            self.work.ask()
        else:
            self._jump()

    @on(RowList.Activated, "#table")
    def _table_opened(self, event: RowList.Activated) -> None:
        event.stop()
        self._jump()

    def _jump(self) -> None:
        level, no = self.selection()
        if no:
            self.post_message(Jump(level, no))

    def selection(self) -> tuple[str, int]:
        item = self._selected
        return ("message", item[1].message) if item is not None and item[1].message else ("", 0)

    def cell(self) -> tuple[str, object]:
        item = self._selected
        return ("", None) if item is None or item[1].obis is None else ("obis", item[1].obis)

    def start(self) -> Widget | None:
        return self.objects

    # -- commands ---------------------------------------------------------------------------------------------

    def action_objects_group(self) -> None:
        self.grouped = not self.grouped
        self.work.ask()

    def action_objects_narrow(self) -> None:
        self.add_class("narrowed")
        self.query_one("#narrow", Input).focus()

    @on(Input.Changed, "#narrow")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.text = event.value.strip()
        self.work.ask()

    @on(Input.Submitted, "#narrow")
    def _narrowed(self, event: Input.Submitted) -> None:
        event.stop()
        self.set_class(bool(self.text), "narrowed")
        self.objects.focus()

    def key_escape(self) -> None:
        """Every object again."""
        if self.has_class("narrowed"):
            self.query_one("#narrow", Input).value = ""
            self.remove_class("narrowed")
            self.objects.focus()


def _searched(seen: Seen) -> str:
    """What a text is looked for in."""
    found: Mapping[str, object] = {
        "name": seen.name, "obis": seen.obis, "attribute": seen.attribute_name, "class": _class(seen),
        "server": f"server {_server(seen)}", "host": seen.server_address,
    }  # fmt: skip
    return " ".join(str(value) for value in found.values() if value).casefold()
