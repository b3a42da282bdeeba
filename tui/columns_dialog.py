"""Dialog: which columns a list has, and in which order."""

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from analyzer import filters
from tui import columns
from tui.row_list import GUTTER, FixedRows, ListColumn, Row, RowList

KEYS = (
    Binding("escape", "cancel", "Close", show=False),
    Binding("f2,ctrl+s", "accept", "These columns", show=False),
    Binding("ctrl+up,shift+up", "shift(-1)", "Up", show=False),
    Binding("ctrl+down,shift+down", "shift(1)", "Down", show=False),
    Binding("delete,minus", "remove", "Remove", show=False),
    Binding("insert,plus", "add", "Add", show=False),
    Binding("ctrl+r", "reset", "As at first", show=False),
)
NAME = 21  # cells of a name
HINT = "Tab: find and add · Enter: add, or done · Ctrl-↑↓: order · Del: remove"


class ColumnsDialog(ModalScreen[tuple[str, ...] | None]):
    """Gives the names chosen, in their order; None when nothing is to change."""

    BINDINGS = list(KEYS)

    def __init__(self, level: str, names: Sequence[str], at: str = "") -> None:
        """names: the columns now. at: the one to be on."""
        super().__init__()
        self.level = level
        self.names = list(names)
        self.at = at
        self.found: list[str] = []  # of all names, those that the text typed leaves
        self._abouts = {name: about(level, name) for name in columns.known(level)}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(f"Columns of {self.level}s", markup=False)
            with Horizontal(id="both"):
                yield RowList([ListColumn("name", "Shown", NAME)], id="chosen", empty="none")
                with Vertical(id="all"):
                    yield Input(placeholder="find a field", id="typed")
                    yield RowList(id="found", empty="no such field")
            with Horizontal(classes="buttons"):
                for key, label in (
                    ("add", "Add"), ("remove", "Remove"), ("up", "Up"), ("down", "Down"), ("reset", "Reset"),
                    ("accept", "Done"), ("cancel", "Cancel"),
                ):  # fmt: skip
                    yield Button(label, id=key, compact=True)
            yield Static(HINT, markup=False)

    def on_mount(self) -> None:
        self._show(self.names.index(self.at) if self.at in self.names else 0)
        self._find("")
        self.chosen.focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._measure)

    def _measure(self) -> None:
        """Name and what it is about share the width."""
        width = self.candidates.size.width - GUTTER - 4
        name = max(NAME, min(max(map(len, self._abouts)), width // 2))
        found = [ListColumn("name", "Name", name), ListColumn("about", "What it is", max(NAME, width - name))]
        self.candidates.show(self.candidates.rows, found)

    @property
    def chosen(self) -> RowList:
        return self.query_one("#chosen", RowList)

    @property
    def candidates(self) -> RowList:
        return self.query_one("#found", RowList)

    def _show(self, cursor: int) -> None:
        self.chosen.show(FixedRows([Row((name,)) for name in self.names]), cursor=max(0, cursor))

    def _find(self, typed: str, cursor: int = 0) -> None:
        """Names and what they are about that have every word typed; a name that begins so comes first."""
        words = typed.lower().split()
        self.found = [
            name for name, text in self._abouts.items() if all(word in f"{name} {text}".lower() for word in words)
        ]
        if words:
            self.found.sort(key=lambda name: not name.lower().startswith(words[0]))
        there = set(self.names)
        rows = [Row((name, self._abouts[name]), "", "✓" if name in there else "") for name in self.found]
        self.candidates.show(FixedRows(rows), cursor=cursor)

    # -- keys and mouse ------------------------------------------------------------------------------------

    @on(Input.Changed, "#typed")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._find(event.value)

    def on_key(self, event: object) -> None:
        """Up and down, while typing, move in the list below."""
        key = getattr(event, "key", "")
        if key in ("up", "down", "pageup", "pagedown") and isinstance(self.focused, Input):
            step = {"up": -1, "down": 1, "pageup": -self.candidates.page_rows, "pagedown": self.candidates.page_rows}
            self.candidates.move(self.candidates.cursor + step[key])

    @on(Input.Submitted, "#typed")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_add()

    @on(RowList.Activated, "#found")
    def _activated(self, event: RowList.Activated) -> None:
        event.stop()
        self.action_add()

    @on(RowList.Activated, "#chosen")
    def _done(self, event: RowList.Activated) -> None:
        event.stop()
        self.action_accept()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        actions: dict[str, Callable[[], None]] = {
            "add": self.action_add, "remove": self.action_remove, "reset": self.action_reset,
            "accept": self.action_accept, "cancel": self.action_cancel,
            "up": lambda: self.action_shift(-1), "down": lambda: self.action_shift(1),
        }  # fmt: skip
        actions[event.button.id or ""]()

    def action_add(self) -> None:
        """The name that is selected below, after the column that is selected; one that is there is selected."""
        cursor = self.candidates.cursor
        if not 0 <= cursor < len(self.found):
            return
        name = self.found[cursor]
        if name in self.names:
            self._show(self.names.index(name))
            return
        place = self.chosen.cursor + 1
        self.names.insert(place, name)
        self._show(place)
        self._find(self.query_one("#typed", Input).value, cursor)

    def action_remove(self) -> None:
        place = self.chosen.cursor
        if not 0 <= place < len(self.names) or len(self.names) == 1:
            return  # a list without columns shows nothing
        del self.names[place]
        self._show(place)
        self._find(self.query_one("#typed", Input).value, self.candidates.cursor)

    def action_shift(self, step: int) -> None:
        """The selected column one place up (-1) or down (1)."""
        place = self.chosen.cursor
        if 0 <= place < len(self.names) and 0 <= place + step < len(self.names):
            self.names.insert(place + step, self.names.pop(place))
            self._show(place + step)

    def action_reset(self) -> None:
        self.names = list(columns.DEFAULTS[self.level])
        self._show(0)
        self._find(self.query_one("#typed", Input).value, self.candidates.cursor)

    def action_accept(self) -> None:
        self.dismiss(tuple(self.names))

    def action_cancel(self) -> None:
        self.dismiss(None)


def about(level: str, name: str) -> str:
    """What a column shows, in words."""
    found = filters.columns(level).get(name)
    if found is not None:
        return found.about
    field = filters.layer_fields().get(name)
    if field is not None:
        return field[1].label
    return OWN[name] if name in OWN else columns.TITLES[name][0]


# columns of the list's own that no filter knows
OWN = {
    "time": "time, in the format chosen",
    "info": "what it says, in one line",
    "way": "who sent it, as an arrow",
    "object": "the COSEM object",
    "latency": "response time",
    "attempts": "how often it was sent",
}
