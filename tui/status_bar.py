"""The line at the bottom: what happens, what was found, and how much of it is shown."""

from rich.text import Text
from textual.widgets import Static

from tui.text import safe

KEYS = "? keys  / filter  : commands"


class StatusBar(Static):
    """left: the last thing said; right: counts. Both are data: no markup."""

    DEFAULT_CSS = """
    StatusBar { dock: bottom; height: 1; background: $panel; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False, id="status")
        self.said = KEYS
        self.severity = "information"
        self.right = ""

    def say(self, text: str, severity: str = "information") -> None:
        """What a person should know now."""
        self.said, self.severity = text, severity
        self._draw()

    def count(self, right: str) -> None:
        if right != self.right:
            self.right = right
            self._draw()

    def _draw(self) -> None:
        width = max(1, self.size.width)
        right = safe(self.right, max(0, width - 20))
        room = max(0, width - len(right) - 1)
        left = safe(self.said or KEYS, room)
        mark = {"error": "✗ ", "warning": "! "}.get(self.severity, "")
        line = Text(safe(mark + left, room), no_wrap=True)
        if mark:
            line.stylize("bold")
        line.append(" " * max(1, width - line.cell_len - len(right)))
        line.append(right)
        self.update(line, layout=False)

    def on_resize(self) -> None:
        self._draw()
