"""Line: how much each channel carries, in all and over time."""

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from analyzer import words
from analyzer.load import ChannelLoad, Load, finer, load, wider
from captures.health import size
from tui import bindings
from tui.background import Background
from tui.keyed_list import KeyedList
from tui.loader import Capture
from tui.row_list import FixedRows, ListColumn, Row, RowList
from tui.view import Jump, Say, View

SECOND, DAY = 10**9, 86400 * 10**9
EIGHTHS = " ▏▎▍▌▋▊▉█"
BAR = 12  # cells
FULL = 0.9  # a line so busy has no room for more
CHANNEL_COLUMNS = (
    ListColumn("channel", "Channel", 12), ListColumn("line", "Line", 9), ListColumn("frames", "Frames", 7, True),
    ListColumn("octets", "Octets", 8, True), ListColumn("mean", "Mean load", 10, True),
    ListColumn("max", "Most", 10, True), ListColumn("ways", "To server/client", 16, True),
    ListColumn("requests", "Requests", 8, True), ListColumn("errors", "Errors", 6, True),
    ListColumn("duration", "Duration", 11, True),
)  # fmt: skip
BIN_COLUMNS = (
    ListColumn("time", "From (UTC)", 12), ListColumn("bar", "", BAR), ListColumn("frames", "Frames", 6, True),
    ListColumn("octets", "Octets", 7, True), ListColumn("busy", "Busy", 5, True),
    ListColumn("rate", "Octets/s", 8, True), ListColumn("frame_rate", "Fr./s", 7, True),
    ListColumn("requests", "Req./s", 6, True), ListColumn("errors", "Err.", 4, True),
)  # fmt: skip


def amount(octets: float) -> str:
    """ "860", "5.0 kB"."""
    return size(round(octets)).removesuffix(" octets")


def rate(count: float) -> str:
    """So many a second: "0", "0.04", "3.2", "250"."""
    if not count:
        return "0"
    return f"{count:.0f}" if count >= 100 else f"{count:.1f}" if count >= 1 else f"{count:.2f}"


def percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def bar(share: float, width: int) -> str:
    """A bar of so much of the width; what is there is seen, however little."""
    eighths = min(width * 8, max(round(share * width * 8), 1 if share > 0 else 0))
    full, rest = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


class BinRows:
    """The bins of one channel."""

    def __init__(self, load: Load, one: ChannelLoad) -> None:
        self.load = load
        self.one = one
        self.most = float(one.octets.max()) if load.bins else 0.0

    def __len__(self) -> int:
        return self.load.bins

    def start_ns(self, n: int) -> int:
        return (self.load.first_ns or 0) + n * self.load.width_ns

    def page(self, first: int, last: int) -> list[Row]:
        return [self._row(n) for n in range(first, last)]

    def _row(self, n: int) -> Row:
        one, seconds = self.one, self.load.width_ns / SECOND
        frames, octets, errors = int(one.frames[n]), float(one.octets[n]), int(one.errors[n])
        busy = None if one.busy is None else float(one.busy[n])
        share = busy if busy is not None else octets / self.most if self.most else 0.0
        cells = (
            self._time(n), bar(share, BAR), str(frames), amount(octets), "" if busy is None else percent(busy),
            amount(octets / seconds), rate(frames / seconds),
            rate(int(one.requests[n]) / seconds), str(errors or ""),
        )  # fmt: skip
        if errors:
            return Row(cells, "error", "✗")
        if busy is not None and busy >= FULL:
            return Row(cells, "warning", "!")
        return Row(cells, "" if octets or frames else "muted")

    def _time(self, n: int) -> str:
        """ "10:15:04", with the date at the first bin of a day, with milliseconds where bins are short."""
        text = words.iso(self.start_ns(n)) or ""
        width = self.load.width_ns
        if width >= DAY:
            return text[:10]
        if n and text[:10] != (words.iso(self.start_ns(n - 1)) or "")[:10]:
            return text[5:16].replace("T", " ")
        return text[11:19] if width >= SECOND else text[11:23]


class LineView(View):
    """`channels`: totals; `bins`: the selected channel over time."""

    TITLE = "Line"
    BINDINGS = [*bindings.of("line")]
    DEFAULT_CSS = """
    LineView { layout: vertical; }
    LineView #channels { height: auto; max-height: 33%; min-height: 4; }
    LineView #bins { height: 1fr; border-top: solid $panel; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.width_ns = 0  # of a bin, as a person chose it; 0: by itself
        self.work = Background(self, lambda c: load(c.analysis, self.width_ns, c.turn), self._show)
        self.load: Load | None = None

    def compose(self) -> ComposeResult:
        yield KeyedList(CHANNEL_COLUMNS, id="channels", empty="computing …")
        yield KeyedList(BIN_COLUMNS, id="bins", empty="computing …")

    @property
    def channels(self) -> KeyedList:
        return self.query_one("#channels", KeyedList)

    @property
    def bins(self) -> KeyedList:
        return self.query_one("#bins", KeyedList)

    def fill(self) -> None:
        self.work.ask(soon=False)

    def _show(self, found: Load) -> None:
        before, self.load = self.load, found
        loads = self._loads()
        self.channels.empty = "nothing yet"
        self.channels.styles.height = len(loads) + 2  # its head, and a scroll bar
        keys = [-1 if one.channel is None else one.channel.number for one in loads]
        self.channels.put(keys, FixedRows([_total(found, one) for one in loads]))
        self._show_bins(before is None or before.width_ns != found.width_ns)

    def _loads(self) -> Sequence[ChannelLoad]:
        """All together first, where there are several."""
        assert self.load is not None
        return self.load.channels if len(self.load.channels) == 1 else (self.load.all, *self.load.channels)

    def _show_bins(self, other_width: bool = False) -> None:
        found = self.load
        loads = [] if found is None else self._loads()
        if found is None or not 0 <= self.channels.cursor < len(loads):
            return
        rows = BinRows(found, loads[self.channels.cursor])
        here = self.bins.key
        self.bins.empty = (
            "nothing yet" if not found.all.total_frames else "no frame has a time: the capture has no clock"
        )
        self.bins.put([rows.start_ns(n) for n in range(len(rows))], rows)
        if other_width and isinstance(here, int) and found.bins:
            self.bins.move((here - rows.start_ns(0)) // found.width_ns)

    @on(RowList.Moved, "#channels")
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self._show_bins()

    @on(RowList.Activated, "#channels")
    def _opened(self, event: RowList.Activated) -> None:
        event.stop()
        self.bins.focus()

    @on(RowList.Activated, "#bins")
    def _jump(self, event: RowList.Activated) -> None:
        event.stop()
        if frame := self._frame(event.index):
            self.post_message(Jump("frame", frame))
        else:
            self.post_message(Say("no frame begins in this interval"))

    def _frame(self, index: int) -> int:
        rows = self.bins.rows
        return int(rows.one.frame[index]) if isinstance(rows, BinRows) and 0 <= index < len(rows) else 0

    def action_line_finer(self) -> None:
        self._zoom(finer)

    def action_line_wider(self) -> None:
        self._zoom(wider)

    def _zoom(self, step: Callable[[int], int]) -> None:
        if self.load is not None and self.load.bins:
            self.width_ns = step(self.load.width_ns)
            self.work.ask()
            self.post_message(Say(f"intervals of {words.duration(self.width_ns)}"))

    def selection(self) -> tuple[str, int]:
        frame = self._frame(self.bins.cursor)
        return ("frame", frame) if frame else ("", 0)

    def start(self) -> Widget | None:
        return self.bins


def _total(found: Load, one: ChannelLoad) -> Row:
    channel = one.channel
    seconds = found.duration_ns / SECOND
    if channel is None:
        name, line = "all", ""
    else:
        name = channel.name or str(channel.number)
        line = f"{channel.baud} Bd" if channel.baud else ""
    if one.busy is not None:
        # the last bin is not over: what was carried is set against the time that went by
        mean = (
            percent(min(1.0, float(one.busy.sum()) * found.width_ns / found.duration_ns)) if found.duration_ns else "-"
        )
        most = percent(float(one.busy.max()))
    elif seconds:
        mean = f"{amount(one.total_octets / seconds)}/s"
        most = f"{amount(float(one.octets.max()) * SECOND / found.width_ns)}/s"
    else:
        mean = most = "-"
    told = one.to_server + one.to_client
    ways = f"{percent(one.to_server / told)} / {percent(one.to_client / told)}" if told else "-"
    cells = (
        name, line, str(one.total_frames), amount(one.total_octets), mean, most, ways, str(int(one.requests.sum())),
        str(int(one.errors.sum()) or ""), words.duration(found.duration_ns) if found.bins else "no clock",
    )  # fmt: skip
    return Row(cells)
