"""LineDialog: asks for one line of text."""

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from dissectors.errors import UsageError
from tui.text import safe


class LineDialog(ModalScreen[str | None]):
    """Gives what was typed, None after Escape.

    check: raises UsageError for a line that will not do; its reason stands below the line until it is mended."""

    BINDINGS = [("escape", "leave", "Back")]

    def __init__(self, title: str, value: str = "", check: Callable[[str], object] = lambda line: None) -> None:
        super().__init__()
        self.heading = title
        self.value = value
        self.check = check

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe(self.heading), markup=False)
            yield Input(self.value, id="line")
            yield Static("", markup=False, id="trouble")

    def on_mount(self) -> None:
        self.query_one("#trouble").display = False
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _accept(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self.check(event.value)
        except UsageError as error:
            trouble = self.query_one("#trouble", Static)
            trouble.update(safe(f"✗ {error}"))
            trouble.display = True
            return
        self.dismiss(event.value)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)

    def action_leave(self) -> None:
        self.dismiss(None)
