"""Exchanges: every request with its answer, by number, slowest or unanswered first; of the selected one the ladder."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from textual import on
from textual.app import ComposeResult

from analyzer import lines, words
from analyzer.analysis import Analysis
from analyzer.columns import NO_TIME
from analyzer.model import Exchange, Finding
from tui import bindings, ladder
from tui.background import Background
from tui.columns import Cells
from tui.ladder import Rung
from tui.loader import Capture, Counts
from tui.row_list import FixedRows, ListColumn, Row, RowList
from tui.view import Jump, Say, View

EMPTY = "no exchanges yet"
WIDE = 120  # cells from which every column is shown
STEP = 65536  # exchanges read at a time
FINDINGS = 5000  # findings taken in at a tick
Numbers = npt.NDArray[np.int64]
# what of an exchange an order needs
COLUMNS = ("app_response_ns", "request", "responses", "result")


def slowest(rows: npt.NDArray[Any]) -> Numbers:
    """Exchanges by response time, the longest first; then those without one, by number."""
    took = rows["app_response_ns"]
    return np.argsort(np.where(took == NO_TIME, 1, -np.maximum(took, 0)), kind="stable") + 1


def unanswered(rows: npt.NDArray[Any]) -> Numbers:
    """Requests without an answer first."""
    open_ = (rows["request"] > 0) & (rows["responses"] == 0) & (rows["result"] == 0)
    return np.argsort(~open_, kind="stable") + 1


ORDERS: Mapping[str, Callable[[npt.NDArray[Any]], Numbers]] = {"slowest": slowest, "unanswered": unanswered}


def in_order(capture: Capture, order: str) -> Numbers:
    """Numbers of all exchanges so far in an order. For a thread: a million take a second."""
    parts = []
    first = 0
    while True:
        with capture.turn():
            part = capture.analysis.exchanges.part(first, first + STEP)
        if not len(part):
            break
        parts.append(part.array(*COLUMNS))
        first += len(part)
    return ORDERS[order](np.concatenate(parts)) if parts else np.empty(0, np.int64)


class ExchangeRows:
    """The table, made from the analysis a page at a time. numbers: in which order; None: by number."""

    def __init__(self, capture: Capture, count: int, numbers: Numbers | None, wide: bool) -> None:
        self.cells = Cells(capture, "exchange")
        self.count = count
        self.numbers = numbers
        self.wide = wide

    def __len__(self) -> int:
        return self.count

    def number(self, index: int) -> int:
        """Of the exchange at a place, 0 where there is none."""
        if not 0 <= index < self.count:
            return 0
        return index + 1 if self.numbers is None else int(self.numbers[index])

    def place(self, number: int) -> int:
        if self.numbers is None:
            return min(number, self.count) - 1
        found = np.flatnonzero(self.numbers[: self.count] == number)
        return int(found[0]) if len(found) else 0

    def page(self, first: int, last: int) -> list[Row]:
        with self.cells.capture.turn():
            return [self._row(self.cells.item(self.number(index))) for index in range(first, last)]

    def _row(self, e: Exchange) -> Row:
        text = self.cells.text
        clock = lines.clock(e.first_asked_ns if e.request else e.answered_ns)
        if self.wide:
            cells = [str(e.no), clock, text(e, "client"), text(e, "server"), e.service, text(e, "latency")]
            cells += [str(e.attempts), str(e.blocks or ""), text(e, "result"), text(e, "object")]
        else:
            server = lines.sap(e.server) + (f"/{e.physical}" if e.physical >= 0 else "")
            obis = "" if e.target is None else words.obis(e.target.obis) or ""
            cells = [
                str(e.no),
                clock[:8],
                lines.sap(e.client),
                server,
                e.service,
                text(e, "latency"),
                text(e, "result"),
                obis,
            ]
        return Row(cells, *look(e))


def look(e: Exchange) -> tuple[str, str]:
    """Style and mark of an exchange: unanswered, refused, repeated, a notification."""
    if e.request and not e.responses and not e.result:
        return "error", "✗"
    if e.result not in (None, "success", "accepted", "normal", "unconfirmed") and e.responses:
        return "exception", "x"
    if e.attempts > 1:
        return "warning", "!"
    return ("push", "P") if e.result and not e.responses and e.result != "unconfirmed" else ("", "")


def table_columns(wide: bool, width: int) -> list[ListColumn]:
    """Columns that fill a table of so many cells; the object takes what is left."""
    if wide:
        found = [
            ListColumn("no", "No.", 7, True), ListColumn("time", "Time (UTC)", 15), ListColumn("client", "Client", 9),
            ListColumn("server", "Server", 12), ListColumn("service", "Service", 11),
            ListColumn("latency", "Response", 11, True), ListColumn("attempts", "Tries", 5, True),
            ListColumn("blocks", "Blocks", 6, True), ListColumn("result", "Result", 17),
        ]  # fmt: skip
    else:
        found = [
            ListColumn("no", "No.", 6, True), ListColumn("time", "Time", 8), ListColumn("client", "Client", 6),
            ListColumn("server", "Server", 6), ListColumn("service", "Service", 7),
            ListColumn("latency", "Response", 10, True), ListColumn("result", "Result", 11),
        ]  # fmt: skip
    taken = 5 + sum(column.width + 1 for column in found)
    return [*found, ListColumn("object", "Object", max(13, width - taken))]


class ExchangesView(View):
    """order: "" (by number), or one of ORDERS."""

    TITLE = "Exchanges"
    BINDINGS = bindings.of("exchanges")
    DEFAULT_CSS = """
    ExchangesView { layout: vertical; }
    ExchangesView #exchange-table { height: 45%; }
    ExchangesView #exchange { height: 1fr; border-top: solid $panel; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.order = ""
        self.rungs: Sequence[Rung] = ()
        self.sorted = Background(self, self._sort, self._sorted)
        self._seen = 0  # findings taken in
        self._by_frame: dict[int, list[int]] = {}  # places in the list of findings

    def compose(self) -> ComposeResult:
        yield RowList(id="exchange-table", empty=EMPTY)
        yield RowList(id="exchange", empty="")

    @property
    def list(self) -> RowList:
        return self.query_one("#exchange-table", RowList)

    @property
    def ladder_list(self) -> RowList:
        return self.query_one("#exchange", RowList)

    @property
    def no(self) -> int:
        """Number of the selected exchange, 0 without."""
        rows = self.list.rows
        return rows.number(self.list.cursor) if isinstance(rows, ExchangeRows) else 0

    # -- the table -----------------------------------------------------------------------------------------

    def put(self, capture: Capture) -> None:
        super().put(capture)
        self._seen = 0
        self._by_frame = {}
        self.rungs = ()
        self.list.show(FixedRows(), cursor=-1)
        self.ladder_list.show(FixedRows(), cursor=-1)

    def fill(self) -> None:
        if self.order:
            self.sorted.ask(soon=False)
        else:
            self._table(None)
            self._look()

    def grown(self, counts: Counts) -> None:
        if self._take() and self._seen == counts.finding:
            self._look()
        rows = self.list.rows
        if not self.order and isinstance(rows, ExchangeRows) and rows.numbers is None and rows.count < counts.exchange:
            rows.count = counts.exchange
            self.list.grown()

    def _sort(self, capture: Capture) -> tuple[str, Numbers | None]:
        order = self.order
        return order, in_order(capture, order) if order else None

    def _sorted(self, found: tuple[str, Numbers | None]) -> None:
        order, numbers = found
        if order == self.order:
            self._table(numbers)
            self._look()

    def _table(self, numbers: Numbers | None) -> None:
        """The rows in an order; the cursor stays on its exchange."""
        no = self.no
        with self.capture.turn():
            count = len(self.capture.analysis.exchanges) if numbers is None else len(numbers)
        wide = self.size.width >= WIDE
        rows = ExchangeRows(self.capture, count, numbers, wide)
        self.list.empty = EMPTY
        place = rows.place(no) if no else 0
        self.list.show(rows, table_columns(wide, self.size.width), place)

    def on_resize(self) -> None:
        rows = self.list.rows
        self._table(rows.numbers if isinstance(rows, ExchangeRows) else None)
        self._look()

    def action_exchanges_slowest(self) -> None:
        self.sort_by("slowest")

    def action_exchanges_unanswered(self) -> None:
        self.sort_by("unanswered")

    def sort_by(self, order: str) -> None:
        """Another order; the same one again: by number."""
        self.order = "" if order == self.order else order
        self.post_message(Say(f"{self.order} first" if self.order else "by number"))
        if self.order:
            self.list.empty = "computing …"
            self.list.show(FixedRows(), cursor=-1)  # the first ones are what a person asks for
            self.sorted.ask()
        else:
            self._table(None)
            self._look()

    @on(RowList.HeaderClicked, "#exchange-table")
    def _header(self, event: RowList.HeaderClicked) -> None:
        event.stop()
        order = {"latency": "slowest", "result": "unanswered", "no": ""}.get(event.key, self.order)
        if order != self.order:
            self.sort_by(order or self.order)

    # -- the ladder ----------------------------------------------------------------------------------------

    def _take(self) -> bool:
        """Takes in findings that came; whether there were any."""
        with self.capture.turn():
            part = self.capture.analysis.findings[self._seen : self._seen + FINDINGS]
        for place, finding in enumerate(part, self._seen):
            self._by_frame.setdefault(finding.frame, []).append(place)
        self._seen += len(part)
        return bool(part)

    def _look(self) -> None:
        """The ladder of the selected exchange."""
        no, pane = self.no, self.ladder_list
        if not no:
            self.rungs = ()
            pane.show(FixedRows(), cursor=-1)
            return
        width = max(24, self.size.width - ladder.FRAME_WIDTH - ladder.BEFORE_WIDTH - 7)
        with self.capture.turn():
            cells = Cells(self.capture, "frame")
            e = self.capture.analysis.exchange(no)
            frames = ladder.numbers(cells, e)
            self.rungs = ladder.rungs(cells, e, frames, width, self._about(self.capture.analysis, frames, no))
            columns = ladder.columns(cells, e, width)
        pane.show(FixedRows([rung.row for rung in self.rungs]), columns)

    def _about(self, a: Analysis, frames: Sequence[int], no: int) -> Sequence[Finding]:
        """The findings about frames of an exchange, less those about another one."""
        places = [place for frame in frames for place in self._by_frame.get(frame, ())]
        found = [a.findings[place] for place in places]
        return [finding for finding in found if finding.exchange in (0, no)]

    @on(RowList.Moved, "#exchange-table")
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self._look()
        self.ladder_list.move(0)

    # -- going to frames -----------------------------------------------------------------------------------

    @on(RowList.Activated, "#exchange-table")
    def _opened(self, event: RowList.Activated) -> None:
        event.stop()
        self._go(0)

    def action_exchanges_response(self) -> None:
        self._go(1)

    def _go(self, side: int) -> None:
        """To the first frame of the request (0) or of the response (1)."""
        if not self.no:
            return
        with self.capture.turn():
            frame = self.capture.analysis.exchange(self.no).frames[side]
        if frame:
            self.post_message(Jump("frame", frame))
        else:
            self.post_message(Say(("the request was not captured", "the capture holds no response")[side], "warning"))

    @on(RowList.Activated, "#exchange")
    def _frame(self, event: RowList.Activated) -> None:
        event.stop()
        frame = self.rungs[event.index].frame
        if frame:
            self.post_message(Jump("frame", frame))

    def selection(self) -> tuple[str, int]:
        at = self.ladder_list.cursor
        if self.ladder_list.has_focus and 0 <= at < len(self.rungs) and self.rungs[at].frame:
            return "frame", self.rungs[at].frame
        return ("exchange", self.no) if self.no else ("", 0)
