"""Commands of display filters: typed, made of what is selected, switched, kept under a name."""

from collections.abc import Callable

from textual import events, on

from analyzer.completion import check, combine, quote
from dissectors.errors import UsageError
from tui.capture_base import CaptureBase
from tui.choice_dialog import ChoiceDialog
from tui.columns import LEVELS
from tui.filter_bar import FilterBar
from tui.line_dialog import LineDialog
from tui.row_list import RowList
from tui.tree_view import TreeView
from tui.view import FilterBy

# key, what a person reads, how (as FilterBy has it), how (as completion.combine has it), needs a filter before
HOWS = (
    ("a", "apply", "apply", "apply", False),
    ("p", "prepare", "prepare", "apply", False),
    ("x", "exclude", "exclude", "not", False),
    ("n", "and", "and", "and", True),
    ("o", "or", "or", "or", True),
    ("t", "and not", "and-not", "and-not", True),
)
COMBINED = {how: combined for _, _, how, combined, _ in HOWS}
NAMED = 9  # bookmarks that have a digit as their key


class FilterCommands(CaptureBase):
    """filter.*"""

    @property
    def bar(self) -> FilterBar:
        return self.query_one(FilterBar)

    def filter(self, source: str) -> bool:
        """Shows the rows that pass; False, and why, where that is no filter of their level."""
        try:
            self.packets.apply(source)
        except UsageError as error:
            self.say(str(error), "error")
            return False
        if source:
            self.settings.filtered(source)
            self.bar.text = source
        return True

    # -- the filter bar ------------------------------------------------------------------------------------

    @on(FilterBar.Applied)
    def _applied(self, event: FilterBar.Applied) -> None:
        if self.filter(event.filter):
            self.show_view("packets")
            self.set_focus(self.packets.list)

    @on(FilterBar.Left)
    def _left(self) -> None:
        widget = self.view.start()
        if widget is not None:
            self.set_focus(widget)

    def action_filter_edit(self) -> None:
        self.set_focus(self.bar.input)

    def action_filter_toggle(self) -> None:
        """The filter off; or on again, as it is typed, else the last one used."""
        if self.packets.shown.filter:
            self.filter("")
            self.say("filter off")
            return
        source = self.bar.text or next(reversed(self.settings.filters), "")
        if not source:
            self.say("no filter yet: type one after /, or make one of a cell with f", "warning")
        elif self.filter(source):
            self.say("filter on")

    def action_filter_clear(self) -> None:
        self.filter("")
        self.bar.text = ""
        self.say("no filter")

    def action_filter_cancel(self) -> None:
        """Stops a search, else the filter."""
        stopped = "" if self.stop_asked() else self.stop_filter()
        if stopped:
            self.say(stopped, "warning")

    # -- from a cell or field --------------------------------------------------------------------------------

    def action_filter_selected(self) -> None:
        name, value = self.view.cell()
        if not name:
            self.say("nothing here that a filter knows: choose a cell or a field", "warning")
            return
        test = quote(name, value)
        level = next((level for level in (self.packets.level, *LEVELS) if check(test, level) is None), "")
        if not level:
            self.say(f"no filter knows {name}", "warning")
        elif level == self.packets.level:
            self._choose_how(test, level)
        else:
            title = f"{self.packets.level}s have no field {name}; {level}s have it"
            choices = [("y", f"show {level}s, and filter them by {test}", True)]
            self.app.push_screen(
                ChoiceDialog(title, choices), lambda yes: self._choose_how(test, level) if yes else None
            )

    def _choose_how(self, test: str, level: str) -> None:
        old = self._old(level)
        choices = [
            (key, f"{words:<8} {combine(old, test, combined)}", how)
            for key, words, how, combined, needs_old in HOWS
            if old or not needs_old
        ]

        def chosen(how: str | None) -> None:
            if how is not None:
                self._filter_by(test, how, level)

        self.app.push_screen(ChoiceDialog(f"Filter {level}s", choices), chosen)

    def _old(self, level: str) -> str:
        """The filter that another test is added to: as it is typed, where the level can have it."""
        return self.bar.text if check(self.bar.text, level) is None else ""

    def _filter_by(self, test: str, how: str, level: str) -> None:
        source = combine(self._old(level), test, COMBINED[how])
        if how == "prepare":
            self.bar.text = source
            self.set_focus(self.bar.input)
            return
        if self.view is not self.packets:
            self.history.append(self.here())
            self.show_view("packets")
        if level != self.packets.level:
            self.packets.to_level(level)
            self.settings.level = level
        self.filter(source)

    def on_filter_by(self, event: FilterBy) -> None:
        event.stop()
        self._filter_by(event.test, event.how, event.level or self.packets.level)

    def on_click(self, event: events.Click) -> None:
        """The right button: filter by the cell or field under it, which is the selected one by now."""
        widget = event.widget
        if event.button != 3 or not isinstance(widget, RowList | TreeView):
            return
        where = event.get_content_offset(widget)
        if where is None or (isinstance(widget, RowList) and not where.y):
            return  # a border, or the titles
        event.stop()
        self.action_filter_selected()

    # -- bookmarks -------------------------------------------------------------------------------------------

    def action_filter_bookmarks(self) -> None:
        kept = self.settings.bookmarks
        wide = max((len(name) for name in kept), default=0)
        choices: list[tuple[str, str, tuple[str, str]]] = [
            (str(n) if n <= NAMED else "", f"{name:<{wide}}  {source}", ("use", name))
            for n, (name, source) in enumerate(kept.items(), 1)
        ]
        if self.bar.text:
            choices.append(("a", f"add {self.bar.text}", ("add", "")))
        if kept:
            choices += [("r", "rename one …", ("rename", "")), ("d", "delete one …", ("delete", ""))]
        if not choices:
            self.say("no bookmarks: type a filter, then b", "warning")
            return
        self.app.push_screen(ChoiceDialog("Bookmarked filters", choices), self._bookmark)

    def _bookmark(self, chosen: tuple[str, str] | None) -> None:
        what, name = chosen or ("", "")
        kept = self.settings.bookmarks
        if what == "use":
            if self.filter(kept[name]):
                self.show_view("packets")
        elif what == "add":
            source = self.bar.text
            self._ask_name("Name of the bookmark", source, lambda kept_as: kept.update({kept_as: source}))
        elif what:
            choices = [("", f"{name}  {source}", name) for name, source in kept.items()]
            then = self._rename if what == "rename" else self._delete
            self.app.push_screen(ChoiceDialog(f"Which one to {what}?", choices), then)

    def _rename(self, old: str | None) -> None:
        if old is None:
            return
        kept = self.settings.bookmarks

        def put(new: str) -> None:
            renamed = {new if name == old else name: source for name, source in kept.items()}
            kept.clear()
            kept.update(renamed)

        self._ask_name(f"Another name for {old}", old, put)

    def _delete(self, name: str | None) -> None:
        if name is not None:
            del self.settings.bookmarks[name]
            self.say(f"bookmark {name} deleted")

    def _ask_name(self, title: str, value: str, put: Callable[[str], None]) -> None:
        """Asks for a name that no bookmark has; value is offered."""

        def free(line: str) -> None:
            if not line.strip():
                raise UsageError("a bookmark needs a name")
            if line.strip() != value and line.strip() in self.settings.bookmarks:
                raise UsageError("another bookmark has this name")

        def named(line: str | None) -> None:
            if line is not None:
                put(line.strip())
                self.say(f"bookmark {line.strip()}")

        self.app.push_screen(LineDialog(title, value, free), named)
