"""ChoiceDialog: choose one of these, by key or mouse."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui import bindings
from tui.row_list import FixedRows, ListColumn, Row, RowList

T = TypeVar("T")


class ChoiceDialog(ModalScreen[T | None], Generic[T]):
    """Gives the value of what was chosen, None after Escape or a click beside the box.

    choices: (key, text, value); the key (Textual's name; "" for none) chooses at once. Texts may be data."""

    BINDINGS = [("escape", "leave", "Back")]

    def __init__(self, title: str, choices: Sequence[tuple[str, str, T]], at: int = 0) -> None:
        """at: the choice that the cursor is on first."""
        super().__init__()
        self.heading = title
        self.choices = choices
        self.at = at

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield RowList(id="choices", empty="nothing to choose")

    def on_mount(self) -> None:
        width = max((len(bindings.shown(key)) for key, _, _ in self.choices), default=0)
        columns = [ListColumn("key", "", max(1, width)), ListColumn("text", self.heading, 0)]
        self.list.show(FixedRows([Row((bindings.shown(key), text)) for key, text, _ in self.choices]), columns, self.at)
        self.list.move(self.at, 1)
        self.list.focus()

    @property
    def list(self) -> RowList:
        return self.query_one("#choices", RowList)

    def on_key(self, event: events.Key) -> None:
        """The keys of the choices come before those of the list."""
        for key, _, value in self.choices:
            if key and event.key == key:
                event.stop()
                self.dismiss(value)
                return

    @on(RowList.Activated)
    def _chosen(self, event: RowList.Activated) -> None:
        event.stop()
        self.dismiss(self.choices[event.index][2])

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)
            return
        if event.widget is not self.list:
            return
        where = event.get_content_offset(self.list)
        index = self.list.scroll_offset.y + where.y - 1 if where is not None and where.y else -1
        if 0 <= index < len(self.choices):
            self.dismiss(self.choices[index][2])

    def action_leave(self) -> None:
        self.dismiss(None)
