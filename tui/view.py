"""View: one page of the capture screen; and the messages by which views speak to the screen."""

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container
from textual.message import Message
from textual.widget import Widget

from tui.row_list import RowList

if TYPE_CHECKING:
    from tui.loader import Capture, Counts


class Jump(Message):
    """A person wants to see a row: the packet view shows it, and `go.back` comes back."""

    def __init__(self, level: str, no: int) -> None:
        super().__init__()
        self.level = level
        self.no = no


class Say(Message):
    """One line for the status bar. severity: "information", "warning" or "error"."""

    def __init__(self, text: str, severity: str = "information") -> None:
        super().__init__()
        self.text = text
        self.severity = severity


class FilterBy(Message):
    """A test to filter by. how: "apply", "prepare", "exclude", "and", "or", "and-not"; level: of the rows it is for."""

    def __init__(self, test: str, how: str = "apply", level: str = "") -> None:
        super().__init__()
        self.test = test
        self.how = how
        self.level = level


class View(Container):
    """One view. Its id is that of the command `view.ID`. It is filled when it is first seen, and again when rows came.

    capture: what it shows; another one after decoding again (`put`)."""

    TITLE: ClassVar[str] = ""
    DEFAULT_CSS = """
    View { height: 1fr; width: 1fr; }
    """

    def __init__(self, capture: "Capture") -> None:
        super().__init__(id=self.name_of())
        self.capture = capture
        self.stale = True  # something changed since it was filled

    @classmethod
    def name_of(cls) -> str:
        return cls.__name__.removesuffix("View").lower()

    def put(self, capture: "Capture") -> None:
        """Another analysis of the same source."""
        self.capture = capture
        self.stale = True

    def fill(self) -> None:
        """Shows what there is now. Called on the screen's thread while the view is seen: at once when it comes up, then
        after rows came, not more often than twice a second."""

    def grown(self, counts: "Counts") -> None:
        """Rows came while the view is seen; called up to twenty times a second. Most views wait for `fill`."""

    def selection(self) -> tuple[str, int]:
        """(level, number) of the row that is selected, ("", 0) where there is none."""
        return "", 0

    def cell(self) -> tuple[str, object]:
        """(field, value) under the cursor, for filters; ("", None) where there is none."""
        return "", None

    @property
    def table(self) -> RowList | None:
        """The list at hand, for copying and saving: the one that has the keys, else the first; None without."""
        lists = [found for found in self.query(RowList) if found.display]
        return next((found for found in lists if found.has_focus), lists[0] if lists else None)

    def start(self) -> Widget | None:
        """The widget that gets the keys when the view comes up."""
        return next((widget for widget in self.query("*") if widget.can_focus), None)
