"""The `?` help: every command with its keys, made from the table; and what marks and the mouse mean."""

from collections.abc import Mapping
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input

from tui import bindings, palette
from tui.bindings import Command
from tui.row_list import FixedRows, ListColumn, Row, RowList

MARKS = (
    ("✗", "an error, or what was never answered"),
    ("!", "a warning"),
    ("x", "an answer that says no: a data access or action result other than success"),
    ("L", "late: a timing rule failed or cannot be decided"),
    ("P", "a push: nobody asked"),
    ("C", "ciphered"),
    ("·", "an acknowledgement; a note where findings are counted"),
    ("●", "marked by you"),
    ("✎", "has a comment"),
    ("◉", "marked, with a comment"),
    ("✓ ?", "a verdict: passed, or undecidable"),
    ("-", "here: a command of something that is not on the screen"),
)
MOUSE = (
    ("click", "select a row, a field, an octet; a tab or a button"),
    ("double click", "look at it, as Enter does"),
    ("right click", "filter by the cell"),
    ("wheel", "scroll; with Shift sideways"),
    ("Shift + drag", "the terminal's own selection of text, to copy it"),
)
NOT_NOW = ("muted", "-")  # style and mark of a command that nothing on the screen has


class HelpScreen(ModalScreen[tuple[Command, DOMNode] | None]):
    """Gives the command that a person wants to run, with who has it; None when there was only something to read."""

    BINDINGS = [("escape", "leave", "Back")]

    def __init__(self, behind: Screen[Any], focused: Widget | None, keymap: Mapping[str, str]) -> None:
        """behind, focused: what the commands would act on."""
        super().__init__()
        self.places = {command.id: node for command, node in palette.available(behind, focused)}
        self.keymap = keymap
        self.commands: list[Command | None] = []  # of each row; None: a heading, a mark

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Input(placeholder="type to find; Enter runs the command, Esc closes", id="typed")
            yield RowList(
                [
                    ListColumn("keys", "Keys", 18),
                    ListColumn("title", "What it does", 0),
                    ListColumn("id", "Command", 20),
                ],
                id="found",
                empty="no such command",
            )

    def on_mount(self) -> None:
        self._find("")
        self.query_one(Input).focus()

    @property
    def list(self) -> RowList:
        return self.query_one("#found", RowList)

    def _find(self, typed: str) -> None:
        """Commands, marks and uses of the mouse that have every word typed."""
        words = typed.lower().split()
        rows: list[Row] = []
        self.commands = []

        def put(group: str, found: list[tuple[Row, Command | None]]) -> None:
            kept = [(row, c) for row, c in found if all(w in " ".join((group, *row.cells)).lower() for w in words)]
            if kept:
                rows.append(Row((group,), "note"))
                self.commands.append(None)
                rows.extend(row for row, _ in kept)
                self.commands.extend(command for _, command in kept)

        for group, commands in bindings.groups(bindings.COMMANDS).items():
            put(group, [(self._row(command), command) for command in commands])
        put("Marks before a row", [(Row((f"  {mark}", text)), None) for mark, text in MARKS])
        put("Mouse", [(Row((f"  {what}", text)), None) for what, text in MOUSE])
        first = next((n for n, command in enumerate(self.commands) if command is not None), 0)
        self.list.show(FixedRows(rows), cursor=first)

    def _row(self, command: Command) -> Row:
        style, mark = ("", "") if command.id in self.places else NOT_NOW
        return Row((f"  {bindings.shown(self.keymap[command.id])}", command.title, command.id), style, mark)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._find(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.list.action_list_activate()

    @on(RowList.Activated)
    def _chosen(self, event: RowList.Activated) -> None:
        event.stop()
        command = self.commands[event.index]
        if command is not None and command.id in self.places:
            self.dismiss((command, self.places[command.id]))

    def on_key(self, event: events.Key) -> None:
        """Up and down, while typing, move in the list below."""
        moves = {
            "up": self.list.action_list_up, "down": self.list.action_list_down,
            "pageup": self.list.action_list_page_up, "pagedown": self.list.action_list_page_down,
        }  # fmt: skip
        if event.key in moves and isinstance(self.focused, Input):
            event.stop()
            moves[event.key]()

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)

    def action_leave(self) -> None:
        self.dismiss(None)
