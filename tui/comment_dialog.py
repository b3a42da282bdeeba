"""CommentDialog: what a person has to say about a frame, in one line or more."""

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static, TextArea

from analyzer import words
from tui.text import safe

NEW_LINE = ("ctrl+j", "shift+enter", "alt+enter")
HINT = "Enter: save · Ctrl-J: new line · an empty text removes it · Esc: back"
TAB = "    "


class CommentText(TextArea):
    """Lines of text, where Enter is for the dialog."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.prevent_default()  # it bubbles to the dialog
        elif event.key in NEW_LINE:
            event.prevent_default()
            event.stop()
            self.insert("\n")


class CommentDialog(ModalScreen[str | None]):
    """Gives the text ("": none any more), None after Escape. Both texts are data.

    held: what the capture itself says about the frame; it is shown and stays."""

    BINDINGS = [("escape", "leave", "Back")]

    def __init__(self, title: str, text: str = "", held: str = "") -> None:
        super().__init__()
        self.heading = title
        self.text = text
        self.held = held

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe(self.heading), markup=False)
            if self.held:
                yield Static(f"In the capture: {clean(self.held)}", markup=False, id="held")
            yield CommentText(clean(self.text), id="text", compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Save", id="save", compact=True)
                yield Button("Cancel", id="cancel", compact=True)
            yield Static(HINT, markup=False)

    def on_mount(self) -> None:
        text = self.query_one(CommentText)
        text.move_cursor(text.document.end)
        text.focus()

    @on(TextArea.Changed)
    def _changed(self, event: TextArea.Changed) -> None:
        """What was pasted may hold anything."""
        cleaned = clean(event.text_area.text)
        if cleaned != event.text_area.text:
            event.text_area.text = cleaned
            event.text_area.move_cursor(event.text_area.document.end)

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter" and isinstance(self.focused, TextArea):
            event.stop()
            self._save()

    @on(Button.Pressed, "#save")
    def _save(self) -> None:
        self.dismiss(self.query_one(CommentText).text.strip())

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)


def clean(text: str) -> str:
    """Text whose lines are printable, so that none of it moves the cursor of a terminal."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(words.printable(line.replace("\t", TAB)) for line in lines)
