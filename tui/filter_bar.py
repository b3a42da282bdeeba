"""The line at the top where a display filter is typed: checked and completed at every key."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.highlighter import Highlighter
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from analyzer.completion import Completions, Trouble, check, complete
from tui import bindings
from tui.columns import LEVELS
from tui.loader import Capture
from tui.row_list import FixedRows, ListColumn, Row, RowList
from tui.settings import Settings
from tui.text import safe

OK, WRONG = "✓", "✗"
LINES = 8  # of completions seen at once
WIDTH, TEXT_WIDTH = 72, 32  # most cells of the completions, and of their first column
HINT = "Enter applies, Tab completes, ↑ earlier filters, Esc back to the rows"
WORDLIKE = "abcdefghijklmnopqrstuvwxyz0123456789\"'"  # what a space follows when it was completed


class TroubleMark(Highlighter):
    """The part that the first error of a filter is about, reversed. at: its character, -1 for none."""

    at = -1

    def highlight(self, text: Text) -> None:
        if 0 <= self.at < len(text):
            word = text.plain[self.at :].split(maxsplit=1)
            text.stylize("reverse", self.at, self.at + max(1, len(word[0]) if word else 1))


class CompletionList(RowList, can_focus=False):
    """The completions, over whatever is below the bar."""

    DEFAULT_CSS = f"""
    CompletionList {{
        overlay: screen; constrain: inside; display: none; height: auto; max-height: {LINES + 1};
        background: $panel; scrollbar-size-vertical: 1; scrollbar-gutter: auto;
    }}
    CompletionList .list--cursor {{ text-style: reverse; }}
    """


class FilterBar(Vertical):
    """level: of the rows it filters. in_force: the filter that the rows are shown by now. trouble: the first error of
    what is typed, None where there is none."""

    BINDINGS = [*bindings.of("filter")]
    DEFAULT_CSS = """
    FilterBar { height: auto; background: $surface; }
    FilterBar #filter-line { height: 1; }
    FilterBar #filter-mark { width: 2; text-style: bold; }
    FilterBar #filter { height: 1; border: none; padding: 0; width: 1fr; background: $surface; }
    FilterBar #filter-state { width: 13; text-align: right; }
    FilterBar #filter-reason { height: 1; display: none; background: $panel; }
    FilterBar.typing #filter-reason { display: block; }
    FilterBar.right #filter-mark { color: $text-success; }
    FilterBar.wrong #filter-mark, FilterBar.wrong #filter-reason { color: $text-error; }
    """

    class Applied(Message):
        """Enter: filter by this ("": no filter). It can be read."""

        def __init__(self, filter: str) -> None:
            super().__init__()
            self.filter = filter

    class Left(Message):
        """Escape: back to the rows."""

    def __init__(self, capture: Capture, settings: Settings) -> None:
        super().__init__()
        self.capture = capture
        self.settings = settings
        self.level = "frame"
        self.in_force = ""
        self.trouble: Trouble | None = None
        self.offered = Completions(0, 0, ())
        self._mark = TroubleMark()
        self._back = 0  # steps back into the history, 0: what was typed
        self._draft = ""  # what was typed

    def compose(self) -> ComposeResult:
        with Horizontal(id="filter-line"):
            yield Static("", id="filter-mark", markup=False)
            yield Input(placeholder="display filter", id="filter", highlighter=self._mark, select_on_focus=False)
            yield Static("", id="filter-state", markup=False)
        yield Static("", id="filter-reason", markup=False)
        yield CompletionList(id="completions")

    def on_mount(self) -> None:
        self._check()

    # -- for the screen ------------------------------------------------------------------------------------

    @property
    def input(self) -> Input:
        return self.query_one("#filter", Input)

    @property
    def list(self) -> CompletionList:
        return self.query_one("#completions", CompletionList)

    @property
    def text(self) -> str:
        """What is typed, in force or not."""
        return self.input.value.strip()

    @text.setter
    def text(self, text: str) -> None:
        self._put(safe(text))
        self._back = 0

    def now(self, capture: Capture, level: str, in_force: str) -> None:
        """What is filtered now, and by what."""
        if capture is self.capture and (level, in_force) == (self.level, self.in_force):
            return
        self.capture, self.level, self.in_force = capture, level, in_force
        if in_force and not self.has_class("typing"):
            self._put(in_force)
        self._check()

    # -- what is typed -------------------------------------------------------------------------------------

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._back = 0
        self._check()
        self._offer()

    def _put(self, text: str, cursor: int | None = None) -> None:
        """Other text, as if it had been there always: nothing is offered."""
        with self.input.prevent(Input.Changed):
            self.input.value = text
        self.input.cursor_position = len(text) if cursor is None else cursor
        self._close()
        self._check()

    def _check(self) -> None:
        """Says whether the text is a filter of the level."""
        text = self.input.value
        self.trouble = check(text, self.level)
        self._mark.at = -1 if self.trouble is None else self.trouble.at
        self.set_class(self.trouble is not None, "wrong")
        self.set_class(self.trouble is None and bool(self.text), "right")
        mark = WRONG if self.trouble is not None else OK if self.text else "/"
        self.query_one("#filter-mark", Static).update(f"{mark} ", layout=False)
        state = "" if self.text == self.in_force else "not applied"
        self.query_one("#filter-state", Static).update(state, layout=False)
        if self.trouble is None:
            reason = f"  {self.level}s: {HINT}"
        else:
            reason = f"  character {self.trouble.at + 1}: {self.trouble.message}"
            other = next((level for level in LEVELS if check(text, level) is None), "")
            reason += f" ({other}s can be filtered by it)" if other else ""
        line = Text(safe(reason), no_wrap=True, overflow="ellipsis")
        self.query_one("#filter-reason", Static).update(line, layout=False)
        self.input.refresh()

    @on(Input.Submitted, "#filter")
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.list.display and self.list.cursor >= 0:
            self._take(self.list.cursor)
        elif self.trouble is None:
            self._close()
            self.post_message(self.Applied(self.text))

    def on_descendant_focus(self) -> None:
        self.add_class("typing")

    def on_descendant_blur(self) -> None:
        self.remove_class("typing")
        self._close()

    def action_filter_leave(self) -> None:
        """First closes the list."""
        if self.list.display:
            self._close()
        else:
            self.post_message(self.Left())

    # -- completions ---------------------------------------------------------------------------------------

    def _offer(self) -> None:
        """Shows what may stand at the cursor, if that is not there already."""
        with self.capture.turn():
            self.offered = complete(self.input.value, self.input.cursor_position, self.level, self.capture.analysis)
        choices = self.offered.choices
        written = self.input.value[self.offered.start : self.offered.end]
        if not choices or [choice.text for choice in choices] == [written]:
            self._close()
            return
        list_ = self.list
        width = min(TEXT_WIDTH, max(cell_len(choice.text) for choice in choices))
        columns = [ListColumn("text", "Tab completes", max(width, 13)), ListColumn("about", "", 0)]
        list_.display = True
        across = min(WIDTH, self.size.width)
        list_.styles.width = across
        before = cell_len(safe(self.input.value[: self.offered.start])) - self.input.scroll_offset.x
        list_.styles.offset = (max(0, min(before, self.size.width - across)), 0)
        list_.show(FixedRows([Row((choice.text, choice.about)) for choice in choices]), columns)
        list_.cursor = -1  # none is chosen before a key says so
        list_.scroll_to(0, 0, animate=False, force=True)

    def _close(self) -> None:
        self.list.display = False

    def action_filter_complete(self) -> None:
        """Takes the completion under the cursor, else the first; shows them where they are not seen."""
        if not self.list.display:
            self._offer()
            if len(self.offered.choices) != 1 or not self.list.display:
                return
        self._take(max(0, self.list.cursor))

    def _take(self, index: int) -> None:
        text, found = self.input.value, self.offered
        choice, rest = safe(found.choices[index].text), text[found.end :]
        if not rest and choice[-1:].lower() in WORDLIKE:
            choice += " "
        self._put(text[: found.start] + choice + rest, found.start + len(choice))
        if not rest:
            self._offer()

    def on_click(self, event: events.Click) -> None:
        list_ = self.list
        if event.widget is not list_:
            return
        event.stop()
        where = event.get_content_offset(list_)
        index = list_.scroll_offset.y + where.y - 1 if where is not None and where.y else -1
        if 0 <= index < len(self.offered.choices):
            self._take(index)

    @on(RowList.Moved, "#completions")
    @on(RowList.Activated, "#completions")
    @on(RowList.HeaderClicked, "#completions")
    def _within(self, event: Message) -> None:
        event.stop()

    # -- up and down: among the completions, else in the history -------------------------------------------------

    def action_filter_older(self) -> None:
        if self.list.display:
            self.list.move(self.list.cursor - 1)
        else:
            self._recall(self._back + 1)

    def action_filter_newer(self) -> None:
        if self.list.display:
            self.list.move(self.list.cursor + 1)
        elif self._back:
            self._recall(self._back - 1)
        else:
            self._offer()

    def _recall(self, back: int) -> None:
        """The filter used so many times ago; 0: what was typed."""
        history: Sequence[str] = self.settings.filters
        if back > len(history):
            return
        if not self._back:
            self._draft = self.input.value
        self._put(history[-back] if back else self._draft)
        self._back = back
