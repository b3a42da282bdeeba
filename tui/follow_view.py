"""Follow: one association's messages in order, blocks joined, with the time that each turn took."""

from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from analyzer import lines, words
from analyzer.columns import NO_TIME
from analyzer.conversation import Conversation, Entries, Entry
from analyzer.model import Message
from dissectors.problem import Severity
from dissectors.record import Direction
from tui import bindings, follow_text
from tui.background import Background
from tui.columns import Cells
from tui.loader import Capture
from tui.packets_view import PacketsView
from tui.paragraph import wrapped
from tui.row_list import FixedRows, ListColumn, Row, RowList
from tui.text import safe
from tui.view import Jump, Say, View

WIDE = 110  # cells from which a row has its time of day
FAR = 400  # frames around one that carries no message, in which its association is looked for
OPENING = frozenset({"SNRM", "UA", "tcp.syn"})  # what stands before the association that it is for
GOOD = (None, "success", "accepted", "normal")
STYLES = {int(Direction.TO_SERVER): "client", int(Direction.TO_CLIENT): "server"}


class Target(NamedTuple):
    """What is followed: an association; or without one the messages between the same two as message `like`."""

    association: int = 0
    like: int = 0

    def __bool__(self) -> bool:
        return bool(self.association or self.like)


class EntryRows:
    """The list, made from the analysis a page at a time."""

    def __init__(self, capture: Capture, entries: Entries, form: str, wide: bool) -> None:
        self.capture = capture
        self.entries = entries
        self.form = form
        self.wide = wide

    def __len__(self) -> int:
        return len(self.entries)

    def page(self, first: int, last: int) -> list[Row]:
        with self.capture.turn():
            return [self._row(index) for index in range(first, last)]

    def _row(self, index: int) -> Row:
        a = self.capture.analysis
        entry = self.entries[index]
        m = a.message(entry.message)
        cells = [str(follow_text.frames_of(a, entry)[0] or "-")]
        if self.wide:
            cells.append(lines.clock(self.began(entry)))
        cells += [self.since(index), lines.ARROWS[m.pdu.direction], follow_text.about(a, entry, m, self.form)]
        return Row(cells, STYLES.get(m.pdu.direction, ""), mark(self.capture, m))

    def began(self, entry: Entry) -> int | None:
        ns = self.capture.analysis.messages.value(entry.first - 1, "first_ns")
        return None if ns == NO_TIME else ns

    def since(self, index: int) -> str:
        """From the end of the entry before (its last attempt) to the start of this one."""
        began = self.began(self.entries[index])
        ended = self.capture.analysis.asked_ns(self.entries[index - 1].message) if index else None
        return "" if began is None or ended is None else words.duration(began - ended)


def mark(capture: Capture, m: Message) -> str:
    """A letter for what is special about a message: its gravest problem, a refusal, ciphered."""
    worst = max((p.severity for p in capture.analysis.run.problems(m)), default=Severity.NOTE)
    if worst > Severity.NOTE:
        return lines.SEVERITY_MARKS[worst]
    if m.apdu.role == "response" and m.apdu.result not in GOOD:
        return "x"
    return "C" if m.security is not None else ""


class FollowView(View):
    """target: what is followed. form: one of follow_text.FORMS. Every time it comes up it follows the association of
    the row selected in the packet view."""

    TITLE = "Follow"
    BINDINGS = bindings.of("follow")
    DEFAULT_CSS = """
    FollowView { layout: vertical; }
    FollowView #head { height: 3; padding: 0 1; background: $panel; }
    FollowView #messages { height: 1fr; }
    FollowView #message { height: 38%; border-top: solid $panel; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self.target = Target()
        self.form = follow_text.FORMS[0]
        self._from: tuple[str, int] = ("", 0)  # the row of the packet view that it was chosen by
        self._conversation: tuple[Capture, Target, Conversation] | None = None
        self._wanted = 0  # message to be on, once it is there
        self.entries = Background(self, self._look_through, self._show)

    def compose(self) -> ComposeResult:
        yield Static("", id="head", markup=False)
        yield RowList(id="messages", empty="nothing to follow: select a row of an association in the packets (1)")
        yield RowList([ListColumn("line", "", 0)], id="message", empty="")

    @property
    def list(self) -> RowList:
        return self.query_one("#messages", RowList)

    @property
    def pane(self) -> RowList:
        return self.query_one("#message", RowList)

    @property
    def wide(self) -> bool:
        return self.size.width >= WIDE

    @property
    def entry(self) -> Entry | None:
        """The selected one."""
        rows, at = self.list.rows, self.list.cursor
        return rows.entries[at] if isinstance(rows, EntryRows) and 0 <= at < len(rows) else None

    # -- what is followed ----------------------------------------------------------------------------------

    def start(self) -> RowList:
        """Comes up: follows what is selected in the packet view, unless it did already."""
        selection = self.screen.query_one(PacketsView).selection()
        if selection != self._from and selection[1]:
            self._from = selection
            target, message = association_of(self.capture, *selection)
            self.follow(target, message)
        return self.list

    def follow(self, target: Target, message: int = 0) -> None:
        """Shows another association, the cursor on a message of it."""
        if target != self.target:
            self.target = target
            self.list.empty = "computing …"
            self.list.show(FixedRows(), cursor=-1)
        self._wanted = message
        self._head()
        self.entries.ask()

    def put(self, capture: Capture) -> None:
        super().put(capture)
        self.target, self._from = Target(), ("", 0)
        self.list.show(FixedRows(), cursor=-1)

    def fill(self) -> None:
        if self.target:
            self._head()
            self.entries.ask(soon=False)
        else:  # the row had no association when it was looked at
            self._from = ("", 0)
            self.start()

    def _look_through(self, capture: Capture) -> tuple[Target, Entries]:
        """In a thread: what the capture has by now."""
        target = self.target
        if self._conversation is None or self._conversation[:2] != (capture, target):
            with capture.turn():
                self._conversation = capture, target, Conversation(capture.analysis, *target)
        conversation = self._conversation[2]
        more = True
        while more and self.target == target:
            with capture.turn():
                more = conversation.take()
        return target, conversation.entries()

    def _show(self, found: tuple[Target, Entries]) -> None:
        target, entries = found
        if target != self.target:
            return
        entry = self.entry
        no = self._wanted or (entry.message if entry is not None else 0)
        self._wanted = 0
        self.list.empty = "no messages"
        self._rows(entries, entries.place(no) if no else 0)

    def _rows(self, entries: Entries, cursor: int) -> None:
        columns = [ListColumn("frame", "Frame", 7, True)]
        columns += [ListColumn("time", "Time (UTC)", 15)] if self.wide else []
        columns += [
            ListColumn("since", "Δ turn", 10, True),
            ListColumn("way", "", 1),
            ListColumn("about", "Message", 0),
        ]
        self.list.show(EntryRows(self.capture, entries, self.form, self.wide), columns, cursor)
        self._look()

    def _again(self) -> None:
        rows = self.list.rows
        if isinstance(rows, EntryRows):
            self._rows(rows.entries, self.list.cursor)

    def on_resize(self) -> None:
        self._head()
        self._again()

    # -- what is seen of it --------------------------------------------------------------------------------

    def _head(self) -> None:
        width = max(10, self.size.width - 2)
        with self.capture.turn():
            found = follow_text.head(Cells(self.capture, "message"), *self.target) if self.target else []
        self.query_one("#head", Static).update("\n".join(safe(line, width) for line in found))

    def _look(self) -> None:
        """The selected message in full."""
        entry = self.entry
        if entry is None:
            self.pane.show(FixedRows(), cursor=-1)
            return
        with self.capture.turn():
            m = self.capture.analysis.message(entry.message)
            found = follow_text.body(self.capture.analysis, m, self.form)
        if self.form == "text":
            found = [part for line in found for part in wrapped(line, self.size.width - 5)]
        title = f"Message {entry.message} as {self.form}"
        self.pane.show(FixedRows([Row([line]) for line in found]), [ListColumn("line", title, 0)], 0)

    @on(RowList.Moved, "#messages")
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self._look()

    @on(RowList.Activated)
    def _opened(self, event: RowList.Activated) -> None:
        event.stop()
        entry = self.entry
        if entry is not None:
            with self.capture.turn():
                frame = follow_text.frames_of(self.capture.analysis, entry)[0]
            self.post_message(Jump("frame", frame))

    def selection(self) -> tuple[str, int]:
        entry = self.entry
        return ("message", entry.message) if entry is not None else ("", 0)

    def cell(self) -> tuple[str, object]:
        return ("association", self.target.association) if self.target.association else ("", None)

    # -- keys ----------------------------------------------------------------------------------------------

    def action_follow_previous(self) -> None:
        self._step(-1)

    def action_follow_next(self) -> None:
        self._step(1)

    def _step(self, step: int) -> None:
        with self.capture.turn():
            count = len(self.capture.analysis.run.associations.table)
        no = self.target.association + step
        if not 0 < no <= count:
            self.post_message(Say(f"no {'next' if step > 0 else 'previous'} association: there are {count}"))
            return
        self.follow(Target(no))

    def action_follow_form(self) -> None:
        at = follow_text.FORMS.index(self.form)
        self.form = follow_text.FORMS[(at + 1) % len(follow_text.FORMS)]
        self._again()
        self.post_message(Say(f"messages as {self.form}"))

    # -- export --------------------------------------------------------------------------------------------

    def text(self) -> str:
        """All of it, each message in full in the form shown. For a thread: a long association takes long."""
        capture, target, form = self.capture, self.target, self.form
        if not target:
            return ""
        with capture.turn():
            a = capture.analysis
            found = [safe(line) for line in follow_text.head(Cells(capture, "message"), *target) if line] + [""]
            conversation = Conversation(a, *target)
        more = True
        while more:
            with capture.turn():
                more = conversation.take()
        rows = EntryRows(capture, conversation.entries(), form, True)
        for index in range(len(rows)):
            with capture.turn():
                m = a.message(rows.entries[index].message)
                row = rows.page(index, index + 1)[0]
                frame, clock, since, way, _ = row.cells
                head, *more_lines = follow_text.body(a, m, form)
            found.append(f"{row.mark or ' '} {frame:>7}  {clock}  {since:>10}  {way}  {safe(head)}")
            found += [f"    {safe(line)}" for line in more_lines]
        return "\n".join(found) + "\n"


def association_of(capture: Capture, level: str, no: int) -> tuple[Target, int]:
    """What a row belongs to, and the message of it or next to it. A frame that carries no message belongs where the
    one before it does, in the same conversation between the same SAPs; one that opens a link where the one after."""
    with capture.turn():
        a = capture.analysis
        own = {"frame": a.links.messages_of_frame, "exchange": a.links.messages_of_exchange}
        messages = own[level](no) if level in own else (no,)
        message = messages[0] if messages else _near(capture, no) if level == "frame" else 0
        if not message:
            return Target(), 0
        association = a.messages.value(message - 1, "association")
        return Target(association, 0 if association else message), message


def _near(capture: Capture, no: int) -> int:
    """The nearest message of the conversation of a frame that carries none, 0 where there is none near."""
    a = capture.analysis
    frame = a.frame(no)
    before, after = range(no - 1, max(0, no - FAR), -1), range(no + 1, min(len(a.frames), no + FAR) + 1)
    for numbers in (after, before) if frame.kind in OPENING else (before, after):
        for other in numbers:
            for message in a.links.messages_of_frame(other):
                p = a.message(message).pdu
                ends = {p.client, p.server}
                if p.path.number == frame.path.number and {frame.source, frame.destination} - {-1} <= ends:
                    return message
    return 0
