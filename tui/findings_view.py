"""Findings: grouped by what they say, worst first, and the single ones of a group."""

import time
from array import array
from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from analyzer import lines
from analyzer.model import Finding
from dissectors.problem import SEVERITY_NAMES, Severity
from tui import bindings
from tui.keyed_list import KeyedList
from tui.loader import Capture, Counts
from tui.paragraph import wrapped
from tui.row_list import ListColumn, Row, RowList
from tui.view import Jump, Say, View

WIDE = 110  # cells from which clauses have a column of their own
PART = 2000  # findings taken in at a time
TAKE_SECONDS = 0.015  # of a tick
Key = tuple[int, str]  # severity, code


class Group:
    """All findings of one code and severity. places: of its findings in the analysis' list."""

    def __init__(self, first: Finding) -> None:
        self.first = first
        self.places = array("I")

    def row(self, wide: bool) -> Row:
        f = self.first
        cells = [f.code, str(len(self.places)), str(f.frame or "-")]
        return Row(
            [*cells, f.clause, f.text] if wide else [*cells, said(f)], SEVERITY_NAMES[f.severity], mark(f.severity)
        )


def mark(severity: int) -> str:
    return lines.SEVERITY_MARKS[severity]


def said(f: Finding) -> str:
    """What was seen, with the clause of the standard."""
    return f"{f.text}  [{f.clause}]" if f.clause else f.text


def words(counts: Sequence[int]) -> str:
    """ "✗2 errors  !1 warning  ·40 notes" of how many findings there are by severity."""
    parts = []
    for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE):
        count, name = counts[severity], SEVERITY_NAMES[severity]
        parts.append(f"{mark(severity)}{count} {name}{'' if count == 1 else 's'}")
    return "  ".join(parts)


class Groups:
    """The findings of a capture by code, taken in as they come. least: severity from which they are shown."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.counts = [0, 0, 0]
        self.seen = 0
        self._by_key: dict[Key, Group] = {}

    def take(self, seconds: float) -> bool:
        """Takes in what came, for about so long; whether there was anything."""
        until = time.monotonic() + seconds
        before = self.seen
        while True:
            with self.capture.turn():
                part = self.capture.analysis.findings[self.seen : self.seen + PART]
            for place, f in enumerate(part, self.seen):
                group = self._by_key.get((f.severity, f.code))
                if group is None:
                    group = self._by_key[f.severity, f.code] = Group(f)
                group.places.append(place)
                self.counts[f.severity] += 1
            self.seen += len(part)
            if len(part) < PART or time.monotonic() > until:
                return self.seen > before

    def shown(self, least: int) -> list[tuple[Key, Group]]:
        """Those of a severity or worse: worst first, then the most frequent."""
        found = [(key, group) for key, group in self._by_key.items() if key[0] >= least]
        return sorted(found, key=lambda item: (-item[0][0], -len(item[1].places), item[0][1]))


class GroupRows:
    def __init__(self, groups: Sequence[Group], wide: bool) -> None:
        self.groups = groups
        self.wide = wide

    def __len__(self) -> int:
        return len(self.groups)

    def page(self, first: int, last: int) -> list[Row]:
        return [group.row(self.wide) for group in self.groups[first:last]]


class FindingRows:
    """The single findings of a group."""

    def __init__(self, capture: Capture, places: "array[int]", wide: bool) -> None:
        self.capture = capture
        self.places = places
        self.wide = wide

    def __len__(self) -> int:
        return len(self.places)

    def finding(self, index: int) -> Finding:
        with self.capture.turn():
            return self.capture.analysis.findings[self.places[index]]

    def page(self, first: int, last: int) -> list[Row]:
        with self.capture.turn():
            found = [self.capture.analysis.findings[place] for place in self.places[first:last]]
        return [self._row(f) for f in found]

    def _row(self, f: Finding) -> Row:
        clock = lines.clock(f.time_ns)
        cells = [str(f.frame or "-"), clock if self.wide else clock[:12]]
        if self.wide:
            about = (("message", f.message), ("exchange", f.exchange), ("association", f.association))
            cells.append(next((f"{name} {no}" for name, no in about if no), ""))
        return Row([*cells, said(f)], SEVERITY_NAMES[f.severity], mark(f.severity))


class FindingsView(View):
    """least: severity from which findings are shown."""

    TITLE = "Findings"
    BINDINGS = bindings.of("findings")
    DEFAULT_CSS = """
    FindingsView { layout: vertical; }
    FindingsView #counts { height: 1; padding: 0 1; text-style: bold; }
    FindingsView #groups { height: 50%; }
    FindingsView #findings-of { height: 1fr; border-top: solid $panel; }
    FindingsView #whole { height: 3; padding: 0 1; background: $panel; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.least = int(Severity.NOTE)
        self.groups = Groups(capture)
        self.shown: list[tuple[Key, Group]] = []

    def compose(self) -> ComposeResult:
        yield Static("", id="counts", markup=False)
        yield KeyedList(id="groups", empty="nothing was found")
        yield RowList(id="findings-of", empty="")
        yield Static("", id="whole", markup=False)

    @property
    def group_list(self) -> KeyedList:
        return self.query_one("#groups", KeyedList)

    @property
    def list(self) -> RowList:
        return self.query_one("#findings-of", RowList)

    @property
    def wide(self) -> bool:
        return self.size.width >= WIDE

    @property
    def finding(self) -> Finding | None:
        """The selected one: of the group its first, where the group has the keys."""
        rows = self.list.rows
        if not isinstance(rows, FindingRows) or not len(rows):
            return None
        return rows.finding(max(0, self.list.cursor))

    # -- filling -------------------------------------------------------------------------------------------

    def put(self, capture: Capture) -> None:
        super().put(capture)
        self.groups = Groups(capture)

    def fill(self) -> None:
        self.groups.take(TAKE_SECONDS)
        self._show()

    def grown(self, counts: Counts) -> None:
        if self.groups.seen < counts.finding and self.groups.take(TAKE_SECONDS) and self.groups.seen == counts.finding:
            self._show()

    def _show(self) -> None:
        of = ("all", "warnings and errors", "errors only")[self.least]
        self.query_one("#counts", Static).update(f"{words(self.groups.counts)}   shown: {of}")
        self.shown = self.groups.shown(self.least)
        wide = self.wide
        columns = [
            ListColumn("code", "Code", 26),
            ListColumn("count", "Count", 7, True),
            ListColumn("frame", "First", 7, True),
        ]
        columns += [ListColumn("clause", "Clause", 20)] if wide else []
        columns += [ListColumn("text", "What was seen first", 0)]
        rows = GroupRows([group for _, group in self.shown], wide)
        self.group_list.put([key for key, _ in self.shown], rows, columns)
        self._of_group(same=True)

    def _of_group(self, same: bool) -> None:
        """The findings of the selected group. same: it is the group that was shown, and may have grown."""
        at = self.group_list.cursor
        places = self.shown[at][1].places if 0 <= at < len(self.shown) else array("I")
        old = self.list.rows
        same = same and isinstance(old, FindingRows) and old.places is places
        columns = [ListColumn("frame", "Frame", 7, True), ListColumn("time", "Time", 15 if self.wide else 12)]
        columns += [ListColumn("about", "About", 16)] if self.wide else []
        columns += [ListColumn("text", "What was seen", 0)]
        self.list.show(FindingRows(self.capture, places, self.wide), columns, None if same else 0)
        self._whole()

    def _whole(self) -> None:
        """The selected finding to its last word."""
        f = self.finding
        text = "" if f is None else f"{mark(f.severity)} {f.code}: {said(f)}"
        self.query_one("#whole", Static).update("\n".join(wrapped(text, self.size.width - 2)[:3]))

    def on_resize(self) -> None:
        self._show()

    # -- keys ----------------------------------------------------------------------------------------------

    def action_findings_errors(self) -> None:
        self._only(Severity.ERROR)

    def action_findings_warnings(self) -> None:
        self._only(Severity.WARNING)

    def action_findings_all(self) -> None:
        self._only(Severity.NOTE)

    def _only(self, least: Severity) -> None:
        self.least = int(least)
        self._show()
        self.post_message(Say(f"{sum(len(group.places) for _, group in self.shown)} findings shown"))

    @on(RowList.Moved, "#groups")
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self._of_group(same=False)

    @on(RowList.Moved, "#findings-of")
    def _other(self, event: RowList.Moved) -> None:
        event.stop()
        self._whole()

    @on(RowList.Activated, "#groups")
    def _opened(self, event: RowList.Activated) -> None:
        event.stop()
        self.list.focus()

    @on(RowList.Activated, "#findings-of")
    def _chosen(self, event: RowList.Activated) -> None:
        """To the frame, or what else the finding is about."""
        event.stop()
        level, no = self.selection()
        if no:
            self.post_message(Jump(level, no))
        else:
            self.post_message(Say("this is about the capture as a whole"))

    def selection(self) -> tuple[str, int]:
        f = self.finding
        if f is None:
            return "", 0
        return next(
            ((level, no) for level, no in (("frame", f.frame), ("message", f.message), ("exchange", f.exchange)) if no),
            ("", 0),
        )
