"""Commands that find: in a thread, with progress and Escape to stop it."""

import time
from functools import partial

from textual.message import Message
from textual.worker import get_current_worker

from analyzer.search import Numbers, Search
from dissectors.errors import UsageError
from tui.capture_base import FIND, CaptureBase
from tui.columns import Cells
from tui.find_dialog import KEPT, FindDialog, Query, recalled
from tui.packets_view import PacketsView

SAY_SECONDS = 0.2  # between two words on progress


class Found(Message):
    """A search ended. no: the row, 0 for none. looked: rows of `total` that it looked at. why: it could not begin."""

    def __init__(
        self, run: "Run", no: int = 0, looked: int = 0, total: int = 0, stopped: bool = False, why: str = ""
    ) -> None:
        super().__init__()
        self.run = run
        self.no = no
        self.looked = looked
        self.total = total
        self.stopped = stopped
        self.why = why


class Run:
    """One search under way: the rows as they were shown when it began, and the one where it begins."""

    def __init__(self, view: PacketsView, query: Query) -> None:
        self.view = view
        self.capture = view.capture
        self.level = view.level
        self.query = query
        self.start = view.no
        self.shown = view.shown
        self.total = view.shown.total
        self.among: Numbers | None = view.shown.numbers() if view.shown.filter else None
        self.growing = view.shown.busy or view.capture.state in ("reading", "live")
        self._names = view.names[view.level]
        with view.capture.turn():
            self._when = view.when()
        self._cells = Cells(view.capture, view.level, view.cells.raw)

    @property
    def beyond(self) -> int:
        """Rows to look at up to the end, or all of them."""
        if self.query.wraps:
            return self.total
        return self.total - self.start if self.query.step > 0 else max(0, self.start - 1)

    @property
    def overtaken(self) -> bool:
        """Other rows are shown now."""
        return self.view.shown is not self.shown

    def text(self, no: int) -> str:
        """A row as the list has it. In the capture's turn."""
        return "  ".join(self._cells.texts(self._cells.item(no), self._names, self._when))


class FindCommands(CaptureBase):
    """find.*"""

    searched: Query | None = None
    searching: Run | None = None

    def last_search(self) -> Query | None:
        """The last one, of an earlier session too."""
        if self.searched is None and self.settings.searches:
            self.searched = recalled(self.settings.searches[-1])
        return self.searched

    def action_find_open(self) -> None:
        self.app.push_screen(
            FindDialog(self.packets.level, self.last_search() or Query(), self.settings.searches), self._find
        )

    def _find(self, query: Query | None) -> None:
        if query is None:
            return
        line = query.remembered()
        self.settings.searches = [*(other for other in self.settings.searches if other != line), line][-KEPT:]
        self.search(query)

    def action_find_next(self) -> None:
        self._again(1)

    def action_find_previous(self) -> None:
        self._again(-1)

    def _again(self, step: int) -> None:
        query = self.last_search()
        if query is None:
            self.action_find_open()
        else:
            self.search(Query(query.kind, query.needle, query.place, step, query.wraps))

    def search(self, query: Query) -> None:
        """Looks for it among the rows shown, from the selected one on; `Found` says how it ended."""
        self.searched = query
        self.searching = Run(self.packets, query)
        self.run_worker(partial(self._look, self.searching), group=FIND, thread=True, exclusive=True)

    # -- the search's thread ---------------------------------------------------------------------------------

    def _look(self, run: Run) -> None:
        worker, query = get_current_worker(), run.query
        looked = found = 0
        said = time.monotonic()
        try:
            search = Search(query.kind, query.needle, query.place)
            with run.capture.turn():
                steps = search.find(
                    run.capture.analysis, run.level, run.start, query.step, run.total, run.text, run.among
                )
            while looked < run.beyond and not (found or worker.is_cancelled or run.overtaken):
                with run.capture.turn():
                    looked, found = next(steps, (run.beyond, 0))
                if time.monotonic() - said > SAY_SECONDS:
                    said = time.monotonic()
                    self.say(f"finding {query.needle!r}: {looked} of {run.beyond} rows looked at, Esc stops")
        except UsageError as error:
            self.post_message(Found(run, why=str(error)))
            return
        except Exception as error:  # a search must not end the program
            self.post_message(Found(run, why=f"find: internal error: {type(error).__name__}: {error}"))
            return
        stopped = looked < run.beyond and not found
        self.post_message(Found(run, found, looked, run.beyond, stopped))

    # -- what was found --------------------------------------------------------------------------------------

    def on_found(self, event: Found) -> None:
        event.stop()
        run = event.run
        if run is not self.searching:
            return  # another one is in its place
        self.searching = None
        query, needle = run.query, repr(run.query.needle)
        if event.why:
            self.say(event.why, "error")
        elif event.stopped:
            self.say(f"find stopped: {event.looked} of {event.total} rows looked at, no {needle} in them", "warning")
        elif event.no:
            self.jump(run.level, event.no)
            self._point(query)
            around = event.no <= run.start if query.step > 0 else event.no >= run.start
            only = event.no == run.start
            self.say(
                f"{needle} is in {run.level} {event.no}" + (" only" if only else ", around the end" if around else "")
            )
        else:
            self.say(f"{needle} not found in {self._looked_at(run)}" + "; more may come" * run.growing, "warning")

    def _looked_at(self, run: Run) -> str:
        """All rows that a search in vain was among."""
        if not run.query.wraps:
            way = "up to the end" if run.query.step > 0 else "before this one"
            return f"the {run.beyond} {run.level}s {way}" + ("" if run.among is None else " that are shown")
        return f"{run.total} {run.level}s" if run.among is None else f"{len(run.among)} {run.level}s shown"

    def _point(self, query: Query) -> None:
        """The field or the octets that were meant."""
        packets = self.packets
        packets.look()
        if query.kind == "filter" or packets.detail is None:
            return
        if query.place == "octets" or query.kind == "hex":
            pattern = query.pattern()
            for buffer in packets.detail.buffers:
                match = pattern.search(buffer.octets)
                if match is not None:
                    packets.tree_pane.reveal(buffer.name, match.start())
                    packets.octets_pane.highlight(buffer.name, *match.span())
                    return
        elif query.place == "details":
            packets.tree_pane.action_first()
            packets.tree_pane.find(query.needle)
