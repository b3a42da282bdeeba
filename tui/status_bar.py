"""The line at the bottom: what happens, what was found, and how much of it is shown. What went wrong is said whole."""

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static

from tui.paragraph import wrapped
from tui.text import safe

MOST_LINES = 4  # of an error or warning; the rows above give way until something else is said
NARROWEST = 8  # cells for which text is broken into lines
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
        self._lines = 1

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
        room = max(0, width - cell_len(right) - 1)
        mark = {"error": "✗ ", "warning": "! "}.get(self.severity, "")
        lines = wrapped(mark + (self.said or KEYS), room) if mark else []
        if len(lines) < 2 or room < NARROWEST:
            lines = [safe(mark + (self.said or KEYS), room)]
        elif len(lines) > MOST_LINES:
            lines = [*lines[: MOST_LINES - 1], safe(" ".join(lines[MOST_LINES - 1 :]), room)]
        line = Text("\n".join(lines), no_wrap=True)
        if mark:
            line.stylize("bold")
        line.append(" " * max(1, width - cell_len(lines[-1]) - cell_len(right)))
        line.append(right)
        if len(lines) != self._lines:
            self._lines = self.styles.height = len(lines)
        self.update(line, layout=False)

    def on_resize(self) -> None:
        self._draw()
