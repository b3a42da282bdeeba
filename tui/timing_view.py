"""Timing: each rule's statistics and verdict, failures first; below, what the selected one rests on."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Static

from analyzer import lines, words
from analyzer.model import Measurement
from analyzer.percentiles import percentile_interval
from analyzer.timing_report import limit_text, value_text
from analyzer.timing_rows import each_row
from analyzer.timing_snapshot import Behind, RowKey, Snapshot
from analyzer.verdict import NOT_APPLICABLE, NOT_OBSERVED
from dissectors.profile_types import RULES
from tui.background import Background
from tui.histogram import histogram
from tui.keyed_list import KeyedList
from tui.loader import Capture, Counts
from tui.row_list import ListColumn, Row, RowList
from tui.text import safe
from tui.view import Jump, View

WIDE = 110
MEASURED = 1000  # measurements that are shown of a rule, the worst
HIGHEST = 10  # lines of a histogram
RuleRow = tuple[RowKey, dict[str, Any]]
# verdict -> its place among the rows, mark, style
LOOKS: Mapping[str, tuple[int, str, str]] = {
    "fail": (0, "✗", "error"), "undecidable": (1, "?", "warning"), "unanswered": (2, "?", "warning"),
    "pass": (3, "✓", "good"), "unjudged": (4, "·", ""), NOT_OBSERVED: (5, " ", "muted"),
    NOT_APPLICABLE: (6, " ", "muted"),
}  # fmt: skip
RULE_COLUMNS = (
    ListColumn("rule", "Rule", 21), ListColumn("verdict", "Verdict", 12), ListColumn("client", "Client", 6, True),
    ListColumn("server", "Server", 6, True), ListColumn("limit", "Limit", 23), ListColumn("count", "Count", 7, True),
    ListColumn("pass", "Pass", 7, True), ListColumn("fail", "Fail", 5, True), ListColumn("undec", "Undec.", 6, True),
    ListColumn("unansw", "Unansw.", 7, True), ListColumn("min", "Min", 11, True), ListColumn("p50", "p50", 11, True),
    ListColumn("p95", "p95", 11, True), ListColumn("p99", "p99", 11, True), ListColumn("max", "Max", 11, True),
    ListColumn("frame", "Worst", 7, True), ListColumn("subject", "Of", 8), ListColumn("from", "Limit from", 12),
    ListColumn("profile", "Profile", 16),
)  # fmt: skip
MEASURED_COLUMNS = (
    ListColumn("measured", "Measured", 11, True), ListColumn("bounds", "Between", 25), ListColumn("limit", "Limit", 23),
    ListColumn("verdict", "Verdict", 12), ListColumn("frames", "Frames", 15), ListColumn("margin", "Margin", 11, True),
    ListColumn("time", "Time (UTC)", 15), ListColumn("needs", "Missing", 30),
)  # fmt: skip
# what a measurement lacks -> how a person says it
NEEDS: Mapping[str, str] = {
    "time": "a clock in the capture", "octet-times": "a time for each octet", "baud": "the baud rate",
    "stamp": "what of a record its time is of", "uncertainty": "how far times may be off", "slot": "the slot time",
}  # fmt: skip


def missing(needs: str) -> str:
    """ "baud,stamp" in words."""
    return ", ".join(NEEDS.get(one, one) for one in needs.split(","))


class RuleRows:
    """Rows of the rules, their text made when seen."""

    def __init__(self, rows: Sequence[RuleRow]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def page(self, first: int, last: int) -> list[Row]:
        return [_rule_row(row) for _, row in self.rows[first:last]]


def _rule_row(row: dict[str, Any]) -> Row:
    _, mark, style = LOOKS[row["verdict"]]
    heard = row["count"] or row["unanswered"]
    counts = [str(row[name]) if heard else "" for name in ("count", "pass", "fail", "undecidable", "unanswered")]
    values = [value_text(row, f"{name}_ns") if heard else "" for name in ("min", "p50", "p95", "p99", "max")]
    ends = [lines.cell(row[name]) for name in ("client", "server")]
    last = [lines.cell(row["worst_frame"]) if heard else "", row["subject"], row["limit_from"] or "", row["profile"]]
    return Row([row["rule"], row["verdict"], *ends, limit_text(row), *counts, *values, *last], style, mark)


class MeasuredRows:
    """Measurements of one rule, the worst first."""

    def __init__(self, capture: Capture, measurements: Sequence[Measurement]) -> None:
        self.capture = capture
        self.measurements = measurements

    def __len__(self) -> int:
        return len(self.measurements)

    def page(self, first: int, last: int) -> list[Row]:
        timing = self.capture.timing
        with self.capture.turn():
            found = [each_row(timing.book, "", m, timing.decision) for m in self.measurements[first:last]]
        return [_measured_row(row) for row in found]


def _measured_row(row: dict[str, Any]) -> Row:
    _, mark, style = LOOKS[row["verdict"]]
    lo, hi = value_text(row, "lo_ns"), value_text(row, "hi_ns")
    cells = (
        value_text(row, "measured_ns"), "-" if lo == hi == "-" else f"{lo} … {hi}", limit_text(row), row["verdict"],
        f"{lines.cell(row['start_frame'])} → {lines.cell(row['end_frame'])}", value_text(row, "margin_ns"),
        lines.clock(row["end_ns"] if row["end_ns"] is not None else row["start_ns"]), missing(row["needs"] or ""),
    )  # fmt: skip
    return Row(cells, style, mark)


class Shape(Static):
    """Histogram and statistics of one rule."""

    DEFAULT_CSS = """
    Shape { padding: 0 1; background: $surface; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False, id="shape")
        self.row: dict[str, Any] | None = None
        self.behind: Behind | None = None

    def put(self, row: dict[str, Any] | None, behind: Behind | None) -> None:
        self.row, self.behind = row, behind
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width, height = self.content_size.width, self.content_size.height
        if self.row is None or self.behind is None or not width:
            self.update("")
            return
        told = [textwrap.wrap(safe(line), width) for line in summary(self.row, self.behind)]
        head = [*told[0], *told[1]][: max(1, height - 3)]
        bars = self._bars(width, max(1, min(HIGHEST, height - len(head) - 2)))
        rest = [line for wrapped in told[2:] for line in wrapped]
        self.update(Text("\n".join([*head, *bars, *rest]), no_wrap=True))

    def _bars(self, width: int, height: int) -> list[str]:
        assert self.row is not None and self.behind is not None
        show = str if self.row["kind"] == "count" else words.duration
        limits = [n for n in (self.row["limit_min_ns"], self.row["limit_max_ns"]) if n is not None]
        return histogram(self.behind.values, width, height, list(dict.fromkeys(limits)), show)


def summary(row: dict[str, Any], behind: Behind) -> list[str]:
    """What there is to say of a rule, the most important first, a line each."""
    rule, n = behind.timing, len(behind.values) + len(behind.waits)
    numbers = [f"{name} {value_text(row, name + '_ns')}" for name in ("min", "p50", "p95", "p99", "max", "mean")]
    out = [f"{row['rule']}: {row['verdict']}.  n {n}  " + "  ".join(numbers)]
    facts = [f"limit {limit_text(row)}" + (f" from {row['limit_from']}" if row["limit_from"] else "")]
    facts += [f"{count} undecided for want of {missing(needs)}" for needs, count in behind.needs.items()]
    if len(behind.waits):
        longest = words.duration(int(behind.waits.max()))
        facts.append(f"{len(behind.waits)} without an answer, the longest wait {longest}")
    out.append("; ".join(facts))
    ranks = percentile_interval(len(behind.values), 95) if not len(behind.waits) else None
    if ranks is not None:
        ordered = np.sort(behind.values)
        low, high = (int(ordered[rank - 1]) for rank in ranks)
        told = {"low": low, "high": high, "kind": row["kind"]}
        out.append(f"p95 lies between {value_text(told, 'low')} and {value_text(told, 'high')} (95 % confidence)")
    info = RULES[row["rule"]]
    out += [f"from {info.start}", f"to {info.end}"]
    per = "" if rule.per == "each" else f", judged by {rule.per} of {rule.min_samples} or more"
    out.append(f"{rule.kind} of {rule.subject}{per}; {rule.clause}; confidence {rule.confidence}")
    out.append(f"decidable with {info.decidable}")
    return [*out, *filter(None, [rule.text])]


class TimingView(View):
    """`rules`: the rules. `measured`: the worst measurements of the selected one."""

    TITLE = "Timing"
    DEFAULT_CSS = """
    TimingView { layout: vertical; }
    TimingView #rules { height: 5fr; }
    TimingView #below { height: 8fr; layout: vertical; border-top: solid $panel; }
    TimingView #shape { height: 7; }
    TimingView #measured { height: 1fr; }
    TimingView.wide #below { layout: horizontal; }
    TimingView.wide #shape { height: 1fr; width: 1fr; }
    TimingView.wide #measured { width: 1fr; border-left: solid $panel; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.snapshot = Snapshot(capture.timing, capture.spec, capture.turn)
        self.rules_work = Background(self, lambda capture: self.snapshot.rows(), self._show_rules)
        self.behind_work = Background(self, self._find_behind, self._show_behind)
        self._state = ""
        self._rules: list[RuleRow] = []
        self._shown_key: RowKey | None = None

    def compose(self) -> ComposeResult:
        yield KeyedList(RULE_COLUMNS, id="rules", empty="computing …")
        with Container(id="below"):
            yield Shape()
            yield KeyedList(MEASURED_COLUMNS, id="measured", empty="nothing measured")

    @property
    def rules(self) -> KeyedList:
        return self.query_one("#rules", KeyedList)

    @property
    def measured(self) -> KeyedList:
        return self.query_one("#measured", KeyedList)

    def put(self, capture: Capture) -> None:
        super().put(capture)
        self.snapshot = Snapshot(capture.timing, capture.spec, capture.turn)

    def fill(self) -> None:
        self._state = self.capture.state
        self.rules_work.ask(soon=False)

    def grown(self, counts: Counts) -> None:
        if self.capture.state != self._state:  # the end of the input measures what waited for it
            self.fill()

    def on_resize(self) -> None:
        self.set_class(self.size.width >= WIDE, "wide")

    def _show_rules(self, found: list[RuleRow]) -> None:
        self._rules = sorted(found, key=lambda one: LOOKS[one[1]["verdict"]][0])
        self.rules.empty = "no traffic of a known profile: nothing to measure"
        self.rules.put([key for key, _ in self._rules], RuleRows(self._rules))
        self.behind_work.ask(soon=False)

    @on(RowList.Moved, "#rules")
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self.behind_work.ask()

    @property
    def selected(self) -> RuleRow | None:
        return self._rules[self.rules.cursor] if 0 <= self.rules.cursor < len(self._rules) else None

    def _find_behind(self, capture: Capture) -> tuple[RuleRow, Behind | None] | None:
        selected = self.selected
        return None if selected is None else (selected, self.snapshot.behind(selected[0], MEASURED))

    def _show_behind(self, found: tuple[RuleRow, Behind | None] | None) -> None:
        (key, row), behind = found if found is not None else ((None, None), None)
        self.query_one(Shape).put(row, behind)
        worst = [] if behind is None else behind.worst
        keys = [(m.start_frame, m.end_frame, m.start_ns) for m in worst]
        rows = MeasuredRows(self.capture, worst)
        self.measured.put(keys, rows, top=key != self._shown_key)
        self._shown_key = key

    @on(RowList.Activated, "#rules")
    def _opened(self, event: RowList.Activated) -> None:
        event.stop()
        self.measured.focus()

    @on(RowList.Activated, "#measured")
    def _jump(self, event: RowList.Activated) -> None:
        event.stop()
        rows = self.measured.rows
        if isinstance(rows, MeasuredRows):
            m = rows.measurements[event.index]
            self.post_message(Jump("frame", m.end_frame or m.start_frame))

    def selection(self) -> tuple[str, int]:
        selected = self.selected
        frame = None if selected is None else selected[1]["worst_frame"]
        return ("frame", frame) if frame else ("", 0)

    def start(self) -> Widget | None:
        return self.rules
