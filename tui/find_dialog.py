"""FindDialog: what to find, where, which way."""

import re
from collections.abc import Sequence

import msgspec
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from analyzer.completion import check
from analyzer.search import KINDS, PLACES, Search
from dissectors.errors import UsageError
from tui import bindings
from tui.text import safe

WAYS = ("forward", "backward")
ENDS = ("around the end", "stop at the end")
NAMES = {"hex": "octets (hex)"}  # kinds that a person knows by another name
KEPT = 50  # searches remembered


class Query(msgspec.Struct, frozen=True):
    """kind, needle and place as analyzer.search has them; step 1 or -1; wraps: goes on around the end."""

    kind: str = "text"
    needle: str = ""
    place: str = "row"
    step: int = 1
    wraps: bool = True

    def pattern(self) -> re.Pattern[bytes]:
        """What to look for in octets."""
        if self.kind == "hex":
            return re.compile(re.escape(bytes.fromhex(self.needle)))
        wanted = self.needle.encode("latin-1" if self.kind == "regex" else "utf-8")
        return re.compile(wanted if self.kind == "regex" else re.escape(wanted), re.IGNORECASE | re.DOTALL)

    def remembered(self) -> str:
        """As the settings keep it: "kind place needle"."""
        return f"{self.kind} {self.place} {self.needle}"


def recalled(line: str) -> Query | None:
    """A query that was remembered; None for a line that is none."""
    kind, _, rest = line.partition(" ")
    place, _, needle = rest.partition(" ")
    return Query(kind, needle, place) if kind in KINDS and place in PLACES and needle else None


class OneOf(Widget, can_focus=True):
    """A line of words, one of them chosen: by left and right, space, or a click."""

    BINDINGS = [*bindings.of("one-of")]
    DEFAULT_CSS = """
    OneOf { height: 1; }
    OneOf:focus { background: $primary 30%; }
    """

    class Changed(Message):
        """Another word is chosen."""

    def __init__(self, title: str, words: Sequence[str], at: int = 0, *, id: str) -> None:
        super().__init__(id=id)
        self.title = title
        self.words = words
        self.at = at

    def render(self) -> Text:
        line = Text(f"{self.title:<10}", no_wrap=True)
        for n, word in enumerate(self.words):
            line.append(f"({'●' if n == self.at else ' '}) ", "bold" if n == self.at else "")
            line.append(f"{word}  ", "bold" if n == self.at else "")
        return line

    def choose(self, at: int) -> None:
        self.at = at % len(self.words)
        self.refresh()
        self.post_message(self.Changed())

    def action_one_of_next(self) -> None:
        self.choose(self.at + 1)

    def action_one_of_previous(self) -> None:
        self.choose(self.at - 1)

    def on_click(self, event: events.Click) -> None:
        right = 10
        for n, word in enumerate(self.words):
            right += len(word) + 6
            if event.x < right:
                self.choose(n)
                return


class FindDialog(ModalScreen[Query | None]):
    """Gives what to find, None after Escape. level: of the rows; history: searches remembered, newest last."""

    BINDINGS = [("escape", "leave", "Back"), *bindings.of("find")]

    def __init__(self, level: str, last: Query, history: Sequence[str] = ()) -> None:
        super().__init__()
        self.level = level
        self.last = last
        self.history = history
        self._back = 0  # steps back in the history

    def compose(self) -> ComposeResult:
        last = self.last
        with Vertical(classes="dialog"):
            yield Static(f"Find in {self.level}s   (Tab: next line, Enter: find, ↑: earlier ones)", markup=False)
            yield Input(last.needle, id="needle")
            yield OneOf("what", [NAMES.get(kind, kind) for kind in KINDS], KINDS.index(last.kind), id="kind")
            yield OneOf("where", PLACES, PLACES.index(last.place), id="place")
            yield OneOf("which way", WAYS, WAYS.index("forward" if last.step > 0 else "backward"), id="way")
            yield OneOf("then", ENDS, 0 if last.wraps else 1, id="end")
            yield Static("", markup=False, id="trouble")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @property
    def asked(self) -> Query:
        """What stands in the dialog."""
        at = {one.id: one.at for one in self.query(OneOf)}
        needle = self.query_one(Input).value
        return Query(KINDS[at["kind"]], needle, PLACES[at["place"]], -1 if at["way"] else 1, not at["end"])

    def trouble(self) -> str:
        """Why that cannot be found, "" where it can."""
        asked = self.asked
        try:
            Search(asked.kind, asked.needle, asked.place)
        except UsageError as error:
            return str(error)
        wrong = check(asked.needle, self.level) if asked.kind == "filter" else None
        return "" if wrong is None else f"filter: at character {wrong.at + 1}: {wrong.message}"

    @on(Input.Changed)
    @on(OneOf.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self._back = self._back if isinstance(event, OneOf.Changed) else 0
        shown = self.trouble() if self.query_one(Input).value.strip() else ""
        self.query_one("#trouble", Static).update(safe(f"✗ {shown}") if shown else self._note())

    def _note(self) -> str:
        asked = self.asked
        if asked.kind == "hex" and asked.place != "octets":
            return "octets are looked for in octets"
        if asked.kind == "filter" and asked.place != "row":
            return "a filter tests whole rows"
        return ""

    @on(Input.Submitted)
    def _accept(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_find_accept()

    def action_find_accept(self) -> None:
        wrong = self.trouble()
        if wrong:
            self.query_one("#trouble", Static).update(safe(f"✗ {wrong}"))
        else:
            self.dismiss(self.asked)

    def action_find_older(self) -> None:
        self._recall(self._back + 1)

    def action_find_newer(self) -> None:
        self._recall(self._back - 1)

    def _recall(self, back: int) -> None:
        if not 1 <= back <= len(self.history):
            return
        found = recalled(self.history[-back])
        if found is not None:
            field = self.query_one(Input)
            with field.prevent(Input.Changed):
                field.value = found.needle
            field.cursor_position = len(found.needle)
            self.query_one("#kind", OneOf).choose(KINDS.index(found.kind))
            self.query_one("#place", OneOf).choose(PLACES.index(found.place))
        self._back = back

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)

    def action_leave(self) -> None:
        self.dismiss(None)
