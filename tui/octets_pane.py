"""The octets behind a row: a tab for each buffer (as captured, deciphered, joined …), a hex dump, a status line."""

from collections.abc import Sequence
from typing import Protocol

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui import bindings
from tui.hex_view import HexView
from tui.text import line, safe


class Buffer(Protocol):
    """Octets with the name that the nodes of a tree know them by."""

    @property
    def name(self) -> str: ...

    @property
    def octets(self) -> bytes: ...


def status(octets: bytes, cursor: int, selection: tuple[int, int]) -> str:
    """What the octet under the cursor is worth, alone and as the first of more, and what is selected."""
    if not octets:
        return ""
    start, end = selection
    parts = [f"offset {cursor} (0x{cursor:02X})", f"value 0x{octets[cursor]:02X} {octets[cursor]}"]
    if start < end:
        parts.append(f"selection {end - start} octet{'s' if end - start > 1 else ''} {start}..{end}")
    sizes = [n for n in (2, 4) if cursor + n <= len(octets)]
    if sizes:
        numbers = (f"u{8 * n} {int.from_bytes(octets[cursor : cursor + n], 'big')}" for n in sizes)
        parts.append(" ".join(numbers) + " (big endian)")
    return " · ".join(parts)


class BufferTabs(Widget):
    """Names and sizes of the buffers on one line, the active one in reverse; a click chooses."""

    class Chosen(Message):
        """A click on the tab with this number."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"buffer-tabs--active"}
    DEFAULT_CSS = """
    BufferTabs {
        height: 1;
        background: $panel;
        color: $foreground;
        & > .buffer-tabs--active { color: $primary; background: $background; text-style: reverse bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._titles: list[str] = []
        self._active = 0

    def show(self, titles: Sequence[str], active: int) -> None:
        self._titles = [f" {safe(title)} " for title in titles]
        self._active = active
        self.refresh()

    def _shift(self) -> int:
        """Cells cut at the left, so that the active tab is seen."""
        return max(0, sum(map(cell_len, self._titles[: self._active + 1])) - self.size.width)

    def render_line(self, y: int) -> Strip:
        base, active = self.rich_style, self.get_component_rich_style("buffer-tabs--active")
        shift, width = self._shift(), self.size.width
        parts = [(title, active if i == self._active else base) for i, title in enumerate(self._titles)]
        return line(parts, width + shift, base).crop(shift, shift + width)

    def on_click(self, event: Click) -> None:
        right = -self._shift()
        for index, title in enumerate(self._titles):
            right += cell_len(title)
            if event.x < right:
                event.stop()
                self.post_message(self.Chosen(index))
                return


class StatusLine(Widget):
    """One line of text."""

    DEFAULT_CSS = "StatusLine { height: 1; background: $panel; color: $foreground; }"
    text: reactive[str] = reactive("")

    def render_line(self, y: int) -> Strip:
        return line([(self.text, self.rich_style)], self.size.width, self.rich_style)


class OctetsPane(Vertical):
    """All buffers of one row, one of them shown."""

    class OctetSelected(Message):
        """The cursor came to an octet of a buffer, or the selection changed, by key or mouse."""

        def __init__(self, buffer: str, offset: int) -> None:
            super().__init__()
            self.buffer = buffer
            self.offset = offset

    BINDINGS = bindings.of("buffers")
    DEFAULT_CSS = "OctetsPane HexView { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs, self._hex, self._status = BufferTabs(), HexView(), StatusLine()
        self._buffers: list[Buffer] = []
        self._active = 0
        self._wanted: str | None = None  # name of the buffer that a person or the tree chose last
        self._highlight = ("", 0, 0)

    def compose(self) -> ComposeResult:
        yield self._tabs
        yield self._hex
        yield self._status

    def show(self, buffers: Sequence[Buffer]) -> None:
        """The octets of another row, nothing highlighted; the buffer chosen last stays, where there is one of its
        name. No OctetSelected."""
        self._buffers = list(buffers)
        self._highlight = ("", 0, 0)
        self._switch(self._index(self._wanted) or 0)

    def highlight(self, buffer: str, start: int, end: int) -> bool:
        """Brings the buffer to the front and marks its octets start..end; False where no buffer has the name. No
        OctetSelected."""
        index = self._index(buffer)
        if index is None:
            return False
        self._wanted, self._highlight = buffer, (buffer, start, end)
        if index != self._active:
            self._switch(index)
        else:
            self._hex.highlight(start, end)
            self._tell()
        return True

    @property
    def active(self) -> str | None:
        """Name of the buffer shown; None where there is none."""
        return self._buffers[self._active].name if self._buffers else None

    @property
    def selection(self) -> tuple[int, int]:
        """Start and end of the octets selected in the buffer shown; equal where nothing is."""
        return self._hex.selection

    def selected_octets(self) -> bytes:
        return self._hex.selected_octets()

    def action_next_buffer(self) -> None:
        self._choose(self._active + 1)

    def action_previous_buffer(self) -> None:
        self._choose(self._active - 1)

    def on_buffer_tabs_chosen(self, message: BufferTabs.Chosen) -> None:
        message.stop()
        self._choose(message.index)
        self._hex.focus()

    def on_hex_view_octet_selected(self, message: HexView.OctetSelected) -> None:
        message.stop()
        self._tell()
        self.post_message(self.OctetSelected(self._buffers[self._active].name, message.offset))

    def _index(self, name: str | None) -> int | None:
        return next((i for i, buffer in enumerate(self._buffers) if buffer.name == name), None)

    def _choose(self, index: int) -> None:
        """A person's choice, around the ends."""
        if self._buffers:
            index %= len(self._buffers)
            self._wanted = self._buffers[index].name
            self._switch(index)

    def _switch(self, index: int) -> None:
        self._active = index
        self._tabs.show([f"{b.name} {len(b.octets)}" for b in self._buffers], index)
        octets = self._buffers[index].octets if self._buffers else b""
        name, start, end = self._highlight
        self._hex.show(octets, (start, end) if name == self.active else None)
        self._tell()

    def _tell(self) -> None:
        self._status.text = status(self._hex.octets, self._hex.cursor, self._hex.selection)
