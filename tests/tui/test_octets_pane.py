"""Buffers in tabs above one hex dump: linked both ways, by key and mouse, and the status line's numbers."""

from pathlib import Path
from typing import NamedTuple

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot

import analyzer
from analyzer.trees import frame_tree
from tui.hex_view import HexView
from tui.octets_pane import BufferTabs, OctetsPane, StatusLine, status
from tui.tree_view import TreeView

DEMO = Path(__file__).parents[2] / "captures" / "demo" / "hdlc-serial.pcapng"


class Named(NamedTuple):
    name: str
    octets: bytes


FRAME, APDU = Named("frame", bytes(range(64))), Named("apdu", b"\xc4\x01\xc1\x00\x06\x00\x00\x30\x39")


class Screen(App[None]):
    def __init__(self, *buffers: Named) -> None:
        super().__init__()
        self.buffers = buffers
        self.told: list[tuple[str, int]] = []

    def compose(self) -> ComposeResult:
        yield OctetsPane()

    def on_mount(self) -> None:
        self.pane.show(self.buffers)
        self.query_one(HexView).focus()

    @property
    def pane(self) -> OctetsPane:
        return self.query_one(OctetsPane)

    def on_octets_pane_octet_selected(self, message: OctetsPane.OctetSelected) -> None:
        self.told.append((message.buffer, message.offset))

    def tabs(self) -> str:
        return self.query_one(BufferTabs).render_line(0).text.rstrip()

    def status(self) -> str:
        return self.query_one(StatusLine).text


async def keys(pilot: Pilot[None], *names: str) -> None:
    await pilot.press(*names)
    await pilot.pause()


@pytest.mark.parametrize(
    ("cursor", "selection", "said"),
    [
        (0, (0, 0), "offset 0 (0x00) · value 0xC4 196 · u16 50177 u32 3288449280 (big endian)"),
        (5, (5, 9), "offset 5 (0x05) · value 0x00 0 · selection 4 octets 5..9 · u16 0 u32 12345 (big endian)"),
        (7, (7, 8), "offset 7 (0x07) · value 0x30 48 · selection 1 octet 7..8 · u16 12345 (big endian)"),
        (8, (8, 8), "offset 8 (0x08) · value 0x39 57"),
    ],
)
def test_status(cursor: int, selection: tuple[int, int], said: str) -> None:
    assert status(APDU.octets, cursor, selection) == said


def test_status_of_nothing() -> None:
    assert status(b"", 0, (0, 0)) == ""


@pytest.mark.asyncio
async def test_buffers_are_switched_by_key_and_mouse() -> None:
    screen = Screen(FRAME, APDU)
    async with screen.run_test(size=(80, 24)) as pilot:
        assert (screen.pane.active, screen.tabs()) == ("frame", " frame 64  apdu 9")
        await keys(pilot, "full_stop")
        assert screen.pane.active == "apdu"
        assert screen.status().startswith("offset 0 (0x00) · value 0xC4 196")
        await keys(pilot, "full_stop")
        assert screen.pane.active == "frame"
        await keys(pilot, "comma")
        assert screen.pane.active == "apdu"
        await pilot.click(BufferTabs, offset=(3, 0))
        assert screen.pane.active == "frame"
        await pilot.click(BufferTabs, offset=(11, 0))
        assert screen.pane.active == "apdu"
        await pilot.click(BufferTabs, offset=(40, 0))
        assert screen.pane.active == "apdu"
        active = [s.text for s in screen.query_one(BufferTabs).render_line(0) if s.style and s.style.reverse]
        assert active == [" apdu 9 "]
        assert screen.told == []


@pytest.mark.asyncio
async def test_a_highlight_brings_its_buffer_and_stays_with_it() -> None:
    screen = Screen(FRAME, APDU)
    async with screen.run_test(size=(80, 24)) as pilot:
        pane, view = screen.pane, screen.query_one(HexView)
        assert pane.highlight("apdu", 4, 9)
        assert (pane.active, view.highlighted, view.cursor) == ("apdu", (4, 9), 4)
        assert screen.status().startswith("offset 4 ")
        assert not pane.highlight("packet", 0, 1)
        await keys(pilot, "full_stop")
        assert (pane.active, view.highlighted) == ("frame", (0, 0))
        await keys(pilot, "full_stop")
        assert (pane.active, view.highlighted) == ("apdu", (4, 9))
        pane.highlight("apdu", 7, 8)
        assert screen.status().startswith("offset 7 ")
        pane.highlight("frame", 7, 8)
        pane.show([APDU, FRAME])
        assert (pane.active, view.highlighted) == ("frame", (0, 0))
        assert screen.told == []


@pytest.mark.asyncio
async def test_the_buffer_chosen_stays_for_the_next_row() -> None:
    screen = Screen(FRAME, APDU)
    async with screen.run_test(size=(80, 24)) as pilot:
        await keys(pilot, "full_stop", "right", "right")
        assert screen.told == [("apdu", 1), ("apdu", 2)]
        screen.pane.show([FRAME])
        assert (screen.pane.active, screen.query_one(HexView).cursor) == ("frame", 0)
        screen.pane.show([FRAME, APDU])
        assert screen.pane.active == "apdu"
        screen.pane.show([])
        await keys(pilot, "full_stop", "comma", "right", "ctrl+a")
        assert (screen.pane.active, screen.status(), screen.tabs()) == (None, "", "")
        assert not screen.pane.highlight("apdu", 0, 1)


@pytest.mark.asyncio
async def test_selecting_is_told_and_seen_in_the_status() -> None:
    screen = Screen(APDU)
    async with screen.run_test(size=(80, 24)) as pilot:
        await keys(pilot, "shift+right")
        assert screen.told == [("apdu", 1)]
        assert (screen.pane.selection, screen.pane.selected_octets()) == ((0, 2), b"\xc4\x01")
        assert "selection 2 octets 0..2" in screen.query_one(StatusLine).render_line(0).text


@pytest.mark.asyncio
async def test_the_active_tab_is_seen_among_many() -> None:
    screen = Screen(*(Named(f"buffer {i}", bytes(i)) for i in range(1, 10)))
    async with screen.run_test(size=(30, 10)) as pilot:
        await keys(pilot, "comma")
        assert screen.tabs().endswith("buffer 9 9")
        await pilot.click(BufferTabs, offset=(8, 0))
        assert screen.pane.active == "buffer 8"


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(80, 24), (20, 5), (200, 60)])
async def test_hostile_names_and_sizes(size: tuple[int, int]) -> None:
    screen = Screen(Named("[red]\x1b\u202e漢", bytes(3)), Named("", b""))
    async with screen.run_test(size=size) as pilot:
        for widget in (screen.query_one(BufferTabs), screen.query_one(StatusLine)):
            strip = widget.render_line(0)
            assert strip.cell_length == size[0]
            assert strip.text.isprintable()
        await keys(pilot, "full_stop")
        assert screen.pane.active == ""


@pytest.mark.asyncio
async def test_tree_and_octets_follow_each_other_without_end() -> None:
    """As the program will link them: the tree highlights, an octet reveals."""
    analysis = analyzer.open(str(DEMO))
    frame = analysis.frame(5)

    class Linked(App[None]):
        said = 0

        def compose(self) -> ComposeResult:
            with Horizontal():
                yield TreeView()
                yield OctetsPane()

        def on_mount(self) -> None:
            self.query_one(TreeView).show(frame_tree(frame, analysis.run))
            self.query_one(OctetsPane).show([Named("frame", frame.octets)])

        def on_tree_view_node_selected(self, message: TreeView.NodeSelected) -> None:
            self.said += 1
            node = message.node
            assert self.query_one(OctetsPane).highlight(node.buffer, node.start, node.end)

        def on_octets_pane_octet_selected(self, message: OctetsPane.OctetSelected) -> None:
            self.said += 1
            tree = self.query_one(TreeView)
            assert tree.reveal(message.buffer, message.offset)
            node = tree.selected
            assert node is not None and node.start <= message.offset < node.end
            self.query_one(OctetsPane).highlight(node.buffer, node.start, node.end)

    screen = Linked()
    async with screen.run_test(size=(80, 24)) as pilot:
        tree, view = screen.query_one(TreeView), screen.query_one(HexView)
        tree.focus()
        await keys(pilot, "down", "down")
        assert tree.selected is not None
        assert (view.highlighted, screen.said) == ((tree.selected.start, tree.selected.end), 2)
        view.focus()
        for count in range(len(frame.octets) - 1):
            assert screen.said == 2 + count
            await keys(pilot, "right")
            assert view.highlighted[0] <= view.cursor < view.highlighted[1]
        assert view.cursor == len(frame.octets) - 1
