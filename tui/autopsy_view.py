"""Autopsy: every attempt to reach a meter, failures first; of the selected one its ladder, evidence and causes."""

from collections.abc import Sequence
from typing import NamedTuple

from textual import on
from textual.app import ComposeResult

from analyzer import lines
from analyzer.explain import MARKS, Attempt
from tui.background import Background
from tui.columns import Cells
from tui.keyed_list import KeyedList
from tui.loader import Capture
from tui.paragraph import wrapped
from tui.row_list import FixedRows, ListColumn, Row, RowList
from tui.view import Jump, View

WIDE = 110  # cells from which every column of the list is shown
EVIDENCE = 12  # frames of a failed step that are shown
STEP_WIDTH = 16
NONE = "no attempt to reach a meter was recognised: see the health of the capture (w), or run cosemscope doctor"
STATES = {"ok": "good", "failed": "error", "not-seen": "muted", "not-needed": "muted"}


class Line(NamedTuple):
    """A line of the ladder. frame: the evidence that Enter goes to, 0 for none. step: its name, "" for none."""

    row: Row
    frame: int = 0
    step: str = ""


def end(sap: int | None, physical: int | None = None) -> str:
    """ "1/17": a SAP as it is seen, with the server's physical device."""
    return ("?" if sap is None else str(sap)) + ("" if physical is None else f"/{physical}")


def number(sap: int | None) -> int:
    """A SAP as rows have it: -1 for none."""
    return -1 if sap is None else sap


def order(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Failures first, each group as it was seen."""
    return sorted(attempts, key=lambda a: (not a.failed, a.no))


def summary(attempts: Sequence[Attempt]) -> str:
    """How many attempts failed, in words."""
    failed = sum(bool(a.failed) for a in attempts)
    if not attempts:
        return NONE
    return f"{failed} of {len(attempts)} attempts failed" if failed else f"nothing failed in {len(attempts)} attempts"


def list_row(a: Attempt, wide: bool) -> Row:
    """An attempt as a row of the list."""
    clock = (a.time or "")[11:26] or "-"
    words = a.step(a.failed).text if a.failed else f"nothing failed; {a.exchanges} exchanges"
    cells = [str(a.no), clock if wide else clock[:8], end(a.client), end(a.server, a.physical)]
    if wide:
        cells += [a.server_address or "-", a.reached or "-"]
    return Row([*cells, a.failed or "-", words], "error" if a.failed else "good", "✗" if a.failed else "✓")


def list_columns(wide: bool) -> list[ListColumn]:
    found = [
        ListColumn("no", "No.", 4, True), ListColumn("time", "Time", 15 if wide else 8),
        ListColumn("client", "Client", 6), ListColumn("server", "Server", 7),
    ]  # fmt: skip
    if wide:
        found += [ListColumn("host", "Server's host", 21), ListColumn("reached", "Reached", 14)]
    return [*found, ListColumn("failed", "Failed at", 14 if wide else 11), ListColumn("sentence", "What failed", 0)]


def ladder(a: Attempt, width: int, evidence: Sequence[tuple[int, str]] = ()) -> list[Line]:
    """The sentence, the steps with the evidence of the failed one, and the causes, in lines of at most width cells.

    evidence: of the failed step: number and line of each frame."""
    found = [Line(Row([text], "error" if a.failed else "good")) for text in wrapped(a.sentence, width)]
    for step in a.steps:
        frames = "" if not step.frames else f"  (frame {', '.join(map(str, step.frames[:6]))})"
        texts = wrapped(step.text + frames, width - STEP_WIDTH) or [""]
        for n, text in enumerate(texts):
            name, mark = ("", "") if n else (step.name, MARKS[step.state])
            row = Row([f"{name:<{STEP_WIDTH}}{text}"], STATES[step.state], mark)
            found.append(Line(row, step.frames[0] if step.frames else 0, step.name))
        if step.name == a.failed:
            found += [Line(Row([f"    {text}"]), frame, step.name) for frame, text in evidence]
    for n, cause in enumerate(a.causes, 1):
        head, *more = wrapped(cause.text, width - 9) or [""]
        found.append(Line(Row([f"cause {n}  {head}"], "warning", str(n)[-1])))
        found += [Line(Row([f"         {text}"], "warning")) for text in more]
        found += [Line(Row([f"         {text}"], "muted")) for text in wrapped(cause.evidence, width - 9)]
    return found


class AttemptRows:
    """The list."""

    def __init__(self, attempts: Sequence[Attempt], wide: bool) -> None:
        self.attempts = attempts
        self.wide = wide

    def __len__(self) -> int:
        return len(self.attempts)

    def page(self, first: int, last: int) -> list[Row]:
        return [list_row(a, self.wide) for a in self.attempts[first:last]]


class AutopsyView(View):
    """attempts: those shown, failures first. The autopsy is made in a thread, and again while rows come."""

    TITLE = "Autopsy"
    DEFAULT_CSS = """
    AutopsyView { layout: vertical; }
    AutopsyView #attempts { height: 35%; min-height: 4; }
    AutopsyView #ladder { height: 1fr; border-top: solid $panel; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.attempts: Sequence[Attempt] = ()
        self.lines: list[Line] = []
        self.autopsy = Background(self, lambda capture: order(capture.attempts()), self._take)

    def compose(self) -> ComposeResult:
        yield KeyedList(id="attempts", empty="computing …")
        yield RowList([ListColumn("line", "", 0)], id="ladder", empty="")

    @property
    def list(self) -> KeyedList:
        return self.query_one("#attempts", KeyedList)

    @property
    def ladder_list(self) -> RowList:
        return self.query_one("#ladder", RowList)

    @property
    def attempt(self) -> Attempt | None:
        """The selected one."""
        at = self.list.cursor
        return self.attempts[at] if 0 <= at < len(self.attempts) else None

    # -- filling -------------------------------------------------------------------------------------------

    def fill(self) -> None:
        self.autopsy.ask(soon=not self.attempts)

    def _take(self, attempts: Sequence[Attempt]) -> None:
        self.attempts = attempts
        self.list.empty = NONE
        self._rows()
        self._look()

    def _rows(self) -> None:
        wide = self.size.width >= WIDE
        columns = list_columns(wide)
        if self.attempts:
            columns[-1] = ListColumn("sentence", f"What failed ({summary(self.attempts)})", 0)
        self.list.put([a.no for a in self.attempts], AttemptRows(self.attempts, wide), columns)

    def on_resize(self) -> None:
        self._rows()
        self._look()

    # -- the selected attempt ------------------------------------------------------------------------------

    def _look(self) -> None:
        a = self.attempt
        pane = self.ladder_list
        if a is None:
            self.lines = []
            pane.show(FixedRows(), [ListColumn("line", "", 0)])
            return
        with self.capture.turn():
            cells = Cells(self.capture, "frame")
            client = cells.sap(a.profile, number(a.client), True)
            server = cells.sap(a.profile, number(a.server), False, number(a.physical))
            cells.raw = True
            frames = a.step(a.failed).frames[:EVIDENCE] if a.failed else ()
            evidence = [(no, frame_line(cells, no)) for no in frames if no <= len(self.capture.analysis.frames)]
        hosts = f" {a.client_address} → {a.server_address}" if a.client_address or a.server_address else ""
        title = f"Attempt {a.no}: {client} → {server}{hosts}"
        self.lines = ladder(a, max(20, self.size.width - 5), evidence)
        pane.show(FixedRows([line.row for line in self.lines]), [ListColumn("line", title, 0)])

    @on(RowList.Moved, "#attempts")
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self._look()
        self.ladder_list.move(0)

    @on(RowList.Activated, "#attempts")
    def _opened(self, event: RowList.Activated) -> None:
        """To the first frame of the step that failed."""
        event.stop()
        self._to_failure()

    def _to_failure(self) -> None:
        a = self.attempt
        if a is not None:
            frames = a.step(a.failed).frames if a.failed else []
            self.post_message(Jump("frame", frames[0] if frames else a.first_frame))

    @on(RowList.Activated, "#ladder")
    def _evidence(self, event: RowList.Activated) -> None:
        """To the frame of the line; from one that has none, such as a cause, to where it failed."""
        event.stop()
        frame = self.lines[event.index].frame
        if frame:
            self.post_message(Jump("frame", frame))
        else:
            self._to_failure()

    def selection(self) -> tuple[str, int]:
        a = self.attempt
        if self.ladder_list.has_focus and 0 <= self.ladder_list.cursor < len(self.lines):
            frame = self.lines[self.ladder_list.cursor].frame
            if frame:
                return "frame", frame
        return ("frame", a.first_frame) if a is not None else ("", 0)


def frame_line(cells: Cells, no: int) -> str:
    """A frame as evidence: number, time, way, what it is. In the capture's turn."""
    f = cells.item(no)
    ends = cells.text(f, "source"), cells.text(f, "destination")
    return f"frame {no}  {lines.clock(f.first_ns)}  {ends[0]} → {ends[1]}  {cells.text(f, 'info')}"
