"""The tree as a person drives it: keys, mouse, search, hostile texts, sizes."""

from inspect import isawaitable
from pathlib import Path

import pytest
from rich.cells import cell_len
from screens import Watched
from textual.app import App, ComposeResult
from textual.pilot import Pilot

import analyzer
from analyzer.trees import TreeNode, frame_tree
from tui.tree_view import TreeView

DEMO = Path(__file__).parents[2] / "captures" / "demo" / "hdlc-serial.pcapng"
SIZES = [(80, 24), (30, 6), (200, 60)]


def node(label: str, *children: TreeNode, at: tuple[int, int] = (0, 0), text: str = "", field: str = "") -> TreeNode:
    return TreeNode(field or label.lower(), label, *at, "frame", text, children)


FRAME = (
    node(
        "hdlc",
        node("Flag", at=(0, 1), text="126"),
        node("Control", node("N(S)", at=(1, 2), text="2"), node("N(R)", at=(1, 2)), at=(1, 2), text="0x54"),
        at=(0, 8),
        text="IEC 62056-46",
    ),
    node(
        "apdu",
        node("Tag", at=(2, 3), text="get-request (192)"),
        node("Value", at=(3, 7), text="[red]\x1b[2J\u202eZähler"),
        node("hdlc.fcs", at=(6, 7), text="FCS is wrong", field="problem.hdlc.fcs"),
        at=(2, 8),
    ),
)


class Screen(App[None]):
    def __init__(self, roots: tuple[TreeNode, ...] = FRAME) -> None:
        super().__init__()
        self.roots = roots
        self.told: list[str] = []

    def compose(self) -> ComposeResult:
        yield TreeView()

    def on_mount(self) -> None:
        self.tree_view.show(self.roots)
        self.tree_view.focus()

    @property
    def tree_view(self) -> TreeView:
        return self.query_one(TreeView)

    def on_tree_view_node_selected(self, message: TreeView.NodeSelected) -> None:
        self.told.append(message.node.label)

    def seen(self) -> list[str]:
        """The lines on the screen."""
        view = self.tree_view
        return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def label(screen: Screen) -> str | None:
    found = screen.tree_view.selected
    return None if found is None else found.label


async def keys(pilot: Pilot[None], *names: str) -> None:
    await pilot.press(*names)
    await pilot.pause()


@pytest.mark.asyncio
async def test_lines() -> None:
    screen = Screen()
    async with screen.run_test(size=(80, 24)):
        assert screen.seen()[:9] == [
            "▾ hdlc: IEC 62056-46",
            "    Flag: 126",
            "  ▸ Control: 0x54",
            "▾ ✗ apdu",
            "    Tag: get-request (192)",
            "    Value: [red]\\x1b[2J\\u202eZähler",
            "    ✗ hdlc.fcs: FCS is wrong",
            "",
            "",
        ]
        assert screen.tree_view.text().splitlines() == screen.seen()[:7]
        assert screen.told == []
        assert label(screen) == "hdlc"


@pytest.mark.asyncio
async def test_keys_move_open_and_close() -> None:
    screen = Screen()
    async with screen.run_test(size=(80, 24)) as pilot:
        await keys(pilot, "down", "down", "right")
        assert screen.seen()[2:5] == ["  ▾ Control: 0x54", "      N(S): 2", "      N(R)"]
        await keys(pilot, "right")
        assert label(screen) == "N(S)"
        await keys(pilot, "left")
        assert label(screen) == "Control"
        await keys(pilot, "left", "left", "space")
        assert screen.seen()[:2] == ["▸ hdlc: IEC 62056-46", "▾ ✗ apdu"]
        assert screen.told == ["Flag", "Control", "N(S)", "Control", "hdlc"]
        await keys(pilot, "enter", "end", "end")
        assert label(screen) == "hdlc.fcs"
        await keys(pilot, "minus")
        assert (label(screen), screen.seen()[:3]) == ("apdu", ["▸ hdlc: IEC 62056-46", "▸ ✗ apdu", ""])
        await keys(pilot, "home", "asterisk", "pagedown", "pageup", "up")
        assert label(screen) == "hdlc"
        assert screen.seen()[3:5] == ["      N(S): 2", "      N(R)"]


@pytest.mark.asyncio
async def test_the_mouse_selects_and_toggles() -> None:
    screen = Screen()
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.click(TreeView, offset=(10, 2))
        assert (label(screen), screen.told) == ("Control", ["Control"])
        assert screen.seen()[2] == "  ▸ Control: 0x54"
        await pilot.click(TreeView, offset=(2, 2))
        assert screen.seen()[2:4] == ["  ▾ Control: 0x54", "      N(S): 2"]
        await pilot.click(TreeView, offset=(10, 0), times=2)
        assert screen.seen()[0] == "▸ hdlc: IEC 62056-46"
        await pilot.click(TreeView, offset=(10, 20))
        assert label(screen) == "hdlc"


@pytest.mark.asyncio
async def test_the_next_row_keeps_the_field_and_what_is_open() -> None:
    screen = Screen()
    async with screen.run_test(size=(80, 24)) as pilot:
        await keys(pilot, "down", "down", "right", "right")
        told = list(screen.told)
        screen.tree_view.show(FRAME[1:])
        assert label(screen) == "apdu"
        screen.tree_view.show(FRAME)
        await pilot.pause()
        assert label(screen) == "N(S)"
        assert screen.told == told
        screen.tree_view.show(())
        await keys(pilot, "down", "right", "left", "space", "minus", "asterisk", "end", "shift+right", "shift+left")
        assert label(screen) is None
        assert screen.seen()[:2] == ["No fields", ""]


@pytest.mark.asyncio
async def test_reveal_is_silent_and_find_tells() -> None:
    screen = Screen()
    async with screen.run_test(size=(80, 24)) as pilot:
        view = screen.tree_view
        assert view.reveal("frame", 1)
        await pilot.pause()
        assert (label(screen), screen.told) == ("N(S)", [])
        assert not view.reveal("frame", 99)
        assert not view.reveal("packet", 1)
        assert view.find("fcs", 1)
        await pilot.pause()
        assert (label(screen), screen.told) == ("hdlc.fcs", ["hdlc.fcs"])
        assert view.find("n(r)", 1)
        assert view.find("flag", -1)
        assert not view.find("[green]", 1)
        await pilot.pause()
        assert screen.told == ["hdlc.fcs", "N(R)", "Flag"]


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_hostile_texts_keep_every_line_in_its_width(size: tuple[int, int]) -> None:
    texts = [
        "x" * 1_000_000,
        "漢" * 1_000_000,
        "\u0301" * 1_000_000,
        "[/]" * 9,
        "\x1b]0;t\x07",
        "\U0001f469\u200d\U0001f469" * 60,
    ]
    tree = node("leaf", text="deepest")
    for _ in range(40):
        tree = node("level", tree)
    screen = Screen((node("top", *(node(text, text=text) for text in texts)), tree))
    async with screen.run_test(size=size) as pilot:
        await keys(pilot, "end", "asterisk", "end")
        assert label(screen) == "leaf"
        assert any("leaf: deepest" in text for text in screen.seen())
        await keys(pilot, "home")
        for y in range(size[1]):
            strip = screen.tree_view.render_line(y)
            assert (
                strip.cell_length
                == screen.tree_view.scrollable_content_region.width
                == sum(cell_len(s.text) for s in strip)
            )
            assert strip.text.isprintable()


@pytest.mark.asyncio
async def test_twenty_thousand_children_are_walked_from_end_to_end() -> None:
    items = [node("Item", at=(i, i + 1), text=str(i)) for i in range(20_000)]
    screen = Screen((node("data", *items, at=(0, 20_000)), node("next")))
    async with screen.run_test(size=(80, 24)) as pilot:
        view = screen.tree_view
        assert view.virtual_size.height == 2003
        await keys(pilot, "end", "up")
        assert (label(screen), screen.seen()[-2:]) == (None, ["  ▸ … 18 000 more", "  next"])
        await keys(pilot, "enter")
        assert (label(screen), view.virtual_size.height) == ("Item", 4003)
        assert view.selected is items[2000]
        assert view.reveal("frame", 19_999)
        assert view.selected is items[19_999]
        await keys(pilot, "home", "down", "enter")
        assert screen.seen()[:2] == ["▾ data", "  ▸ … 16 000 more"]


@pytest.mark.asyncio
async def test_long_lines_are_panned() -> None:
    screen = Screen((node("top", node("Text", text="0123456789" * 5)),))
    async with screen.run_test(size=(30, 6)) as pilot:
        await keys(pilot, "down")
        assert screen.seen()[1] == "    Text: 0123456789012345678…"
        await keys(pilot, *["shift+right"] * 9)
        assert screen.seen()[1].endswith("456789")
        await keys(pilot, *["shift+left"] * 9)
        assert screen.seen()[1].startswith("    Text: 0")


@pytest.mark.asyncio
async def test_the_cursor_stays_on_the_screen_when_it_shrinks() -> None:
    screen = Screen((node("top", *(node(f"Item {i}") for i in range(100))),))
    async with screen.run_test(size=(80, 24)) as pilot:
        await keys(pilot, *["down"] * 20)
        await pilot.resize_terminal(60, 8)
        await pilot.pause()
        assert "    Item 19" in screen.seen()


@pytest.mark.asyncio
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "nord"])
async def test_the_cursor_is_seen_without_colours(theme: str) -> None:
    screen = Screen()
    async with screen.run_test(size=(80, 24)) as pilot:
        screen.theme = theme
        await pilot.pause()
        first, second = screen.tree_view.render_line(0), screen.tree_view.render_line(1)
        assert all(s.style and s.style.reverse for s in first)
        assert not any(s.style and s.style.reverse for s in second)
        screen.set_focus(None)
        await pilot.pause()
        assert all(s.style and s.style.underline and not s.style.reverse for s in screen.tree_view.render_line(0))


@pytest.mark.asyncio
async def test_a_tree_shown_before_it_is_mounted_is_seen() -> None:
    class Early(App[None]):
        def compose(self) -> ComposeResult:
            view = TreeView()
            view.show(FRAME[1:])
            yield view

    screen = Early()
    async with screen.run_test(size=(80, 24)):
        assert screen.query_one(TreeView).render_line(0).text.rstrip() == "▾ ✗ apdu"


@pytest.mark.asyncio
async def test_a_real_frame() -> None:
    analysis = analyzer.open(str(DEMO))
    screen = Screen(frame_tree(analysis.frame(1), analysis.run))
    async with screen.run_test(size=(80, 24)):
        assert screen.tree_view.find("check sequence")
        assert label(screen) == "Frame check sequence"
        assert "Frame format: 0x" in screen.tree_view.text()


class WatchedTreeView(Watched, TreeView):
    pass


@pytest.mark.asyncio
async def test_lines_that_change_are_drawn_again_and_few_others() -> None:
    class Watching(Screen):
        def compose(self) -> ComposeResult:
            view = WatchedTreeView()
            view.drawn = set()
            yield view

    screen = Watching((*FRAME, node("long", *(node(f"Item {i}", text="x" * 200) for i in range(40)))))
    async with screen.run_test(size=(80, 24)) as pilot:
        view = screen.query_one(WatchedTreeView)
        names = [
            "down",
            "down",
            "right",
            "right",
            "left",
            "left",
            "end",
            "shift+right",
            "shift+left",
            "minus",
            "asterisk",
        ]
        steps = [(lambda name=name: pilot.press(name)) for name in names]
        for step in (
            *steps,
            lambda: view.reveal("frame", 1),
            lambda: view.find("Item 39"),
            lambda: view.show(FRAME[::-1]),
            lambda: screen.set_focus(None),
            lambda: view.show(()),
        ):
            before = [view.render_line(y) for y in range(24)]
            view.drawn.clear()
            done = step()
            if isawaitable(done):
                await done
            await pilot.pause()
            drawn = set(view.drawn)
            changed = {y for y in range(24) if view.render_line(y) != before[y]}
            assert changed
            assert changed <= drawn
        view.show(FRAME)
        view.focus()
        await keys(pilot, "home")
        view.drawn.clear()
        await keys(pilot, "down", "down")
        assert view.drawn == {0, 1, 2}
