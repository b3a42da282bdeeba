"""ExportDialog: what to save, and where."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from tui.progress_dialog import Steps
from tui.row_list import FixedRows, ListColumn, Row, RowList
from tui.text import safe


class Choice(msgspec.Struct, frozen=True):
    """What may be saved. count: how much it is, in words ("136 frames", "" for one thing). name: of the file.

    start: begins to write it to (path, overwrite)."""

    text: str
    count: str
    name: str
    start: Callable[[Path, bool], Steps]


class Wish(msgspec.Struct, frozen=True):
    """What was chosen, and where to. overwrite: a person knows that the file exists."""

    choice: Choice
    path: Path
    overwrite: bool


class ExportDialog(ModalScreen[Wish | None]):
    """Gives the wish, None after Escape."""

    BINDINGS = [("escape", "leave", "Back")]

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__()
        self.choices = choices
        self.proposed = choices[0].name
        self.warned = ""  # the name that a person was told exists

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield RowList(id="what")
            yield Static("To the file", markup=False)
            yield Input(self.proposed, id="path", select_on_focus=False)
            yield Static(safe(f"in {os.getcwd()}"), markup=False, id="note")
            with Horizontal(classes="buttons"):
                yield Button("Save", id="save", compact=True)
                yield Button("Cancel", id="cancel", compact=True)
            yield Static("↑↓: what · Tab: the file · Enter: save · Esc: back", markup=False)

    def on_mount(self) -> None:
        columns = [ListColumn("text", "Save", 44), ListColumn("count", "How much", 24)]
        self.list.show(FixedRows([Row((choice.text, choice.count)) for choice in self.choices]), columns, 0)
        self.list.focus()

    @property
    def list(self) -> RowList:
        return self.query_one("#what", RowList)

    @property
    def path(self) -> Input:
        return self.query_one("#path", Input)

    @on(RowList.Moved)
    def _moved(self, event: RowList.Moved) -> None:
        """Another name is proposed; one that was typed keeps all but its suffix."""
        event.stop()
        name = self.choices[event.index].name
        if name == self.proposed:  # Activated is a Moved too
            return
        typed = self.path.value
        self.path.value = name if typed == self.proposed else str(Path(typed or name).with_suffix(Path(name).suffix))
        self.proposed = name
        self._note(f"in {os.getcwd()}")

    def _note(self, text: str) -> None:
        self.query_one("#note", Static).update(safe(text))

    def on_key(self, event: events.Key) -> None:
        """Up and down, while the name is typed, choose what."""
        if event.key in ("up", "down") and isinstance(self.focused, Input):
            event.stop()
            self.list.move(self.list.cursor + (1 if event.key == "down" else -1))

    @on(RowList.Activated)
    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def _save(self, event: RowList.Activated | Input.Submitted | Button.Pressed) -> None:
        event.stop()
        typed = self.path.value.strip()
        path = Path(os.path.expanduser(typed))
        trouble = self._trouble(typed, path)
        if trouble:
            self._note(f"✗ {trouble}")
        elif path.exists() and self.warned != typed:
            self.warned = typed
            self._note(f"! {path} exists: save once more to replace it")
        else:
            self.dismiss(Wish(self.choices[self.list.cursor], path, path.exists()))

    def _trouble(self, typed: str, path: Path) -> str:
        """Why nothing can be saved there; "" where it can be tried."""
        if not typed:
            return "expected the name of a file"
        if not path.parent.is_dir():
            return f"there is no folder {path.parent}"
        return f"{path} is a folder, expected the name of a file" if path.is_dir() else ""

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)
