"""An app that shows one dialog and keeps what it gave."""

from pathlib import Path
from typing import Any

from textual.app import App
from textual.screen import ModalScreen

STYLES = Path(__file__).resolve().parent.parent / "tui" / "app.tcss"
NOTHING = "nothing yet"


class DialogApp(App[None]):
    """got: what the dialog gave, NOTHING before."""

    CSS_PATH = STYLES

    def __init__(self, dialog: ModalScreen[Any]) -> None:
        super().__init__()
        self.dialog = dialog
        self.got: Any = NOTHING

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self._take)

    def _take(self, value: object) -> None:
        self.got = value
