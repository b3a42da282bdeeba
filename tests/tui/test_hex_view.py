"""Octets as a person reads, walks and marks them: layout by width, cursor, selection, highlight, mouse."""

from inspect import isawaitable

import pytest
from screens import Watched
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip

from tui.bindings import COMMANDS
from tui.hex_view import HexView

OCTETS = bytes(range(0x30, 0x30 + 40))


class Screen(App[None]):
    def __init__(self, octets: bytes = OCTETS, highlight: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.octets = octets
        self.highlight = highlight
        self.told: list[int] = []

    def compose(self) -> ComposeResult:
        yield HexView()

    def on_mount(self) -> None:
        self.hex_view.show(self.octets, self.highlight)
        self.hex_view.focus()

    @property
    def hex_view(self) -> HexView:
        return self.query_one(HexView)

    def on_hex_view_octet_selected(self, message: HexView.OctetSelected) -> None:
        self.told.append(message.offset)

    def seen(self) -> list[str]:
        """The lines on the screen."""
        return [self.strip(y).text.rstrip() for y in range(self.hex_view.size.height)]

    def strip(self, y: int) -> Strip:
        strip = self.hex_view.render_line(y)
        assert strip.cell_length == self.hex_view.scrollable_content_region.width == len(strip.text)
        return strip


def styled(strip: Strip, what: str) -> str:
    """The text drawn with an attribute: "reverse", "underline", "bold"."""
    return "".join(segment.text for segment in strip if segment.style and getattr(segment.style, what))


async def keys(pilot: Pilot[None], *names: str) -> None:
    await pilot.press(*names)
    await pilot.pause()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("width", "per_line", "first"),
    [
        (20, 4, "0000  30 31 32 33 …"),
        (39, 4, "0000  30 31 32 33  0123"),
        (40, 8, "0000  30 31 32 33 34 35 36 37  01234567"),
        (72, 8, "0000  30 31 32 33 34 35 36 37  01234567"),
        (73, 16, "0000  30 31 32 33 34 35 36 37  38 39 3A 3B 3C 3D 3E 3F  0123456789:;<=>?"),
        (
            139,
            32,
            "0000  30 31 32 33 34 35 36 37  38 39 3A 3B 3C 3D 3E 3F  40 41 42 43 44 45 46 47  48 49 4A 4B 4C 4D 4E 4F"
            "  0123456789:;<=>?@ABCDEFGHIJKLMNO",
        ),
    ],
)
async def test_as_many_octets_a_line_as_fit(width: int, per_line: int, first: str) -> None:
    screen = Screen()
    async with screen.run_test(size=(width, 10)):
        assert screen.seen()[0] == first
        assert screen.hex_view.virtual_size.height == -(-len(OCTETS) // per_line)


@pytest.mark.asyncio
async def test_marked_lines_stand_as_plain_ones_do() -> None:
    screen = Screen(highlight=(0, 40))
    async with screen.run_test(size=(73, 10)) as pilot:
        marked = [text.replace("[", " ").replace("]", " ") for text in screen.seen()]
        assert screen.seen()[0].startswith("0000 [30 31")
        assert "50 51 52 53 54 55 56 57]" in screen.seen()[2]
        screen.hex_view.highlight(0, 0)
        await keys(pilot, "ctrl+end")
        assert screen.seen()[:2] == marked[:2]
        assert screen.seen()[2].split() == marked[2].split()
        assert screen.seen()[2].index("PQRS") == screen.seen()[0].index("0123")


@pytest.mark.asyncio
async def test_a_highlight_is_bracketed_across_lines() -> None:
    screen = Screen()
    async with screen.run_test(size=(73, 10)) as pilot:
        view = screen.hex_view
        view.highlight(14, 24)
        assert view.cursor == 14
        assert screen.seen()[:3] == [
            "0000  30 31 32 33 34 35 36 37  38 39 3A 3B 3C 3D[3E 3F  0123456789:;<=>?",
            "0010  40 41 42 43 44 45 46 47] 48 49 4A 4B 4C 4D 4E 4F  @ABCDEFGHIJKLMNO",
            "0020  50 51 52 53 54 55 56 57                           PQRSTUVW",
        ]
        assert styled(screen.strip(1), "bold") == "40 41 42 43 44 45 46 47]@ABCDEFG"
        assert styled(screen.strip(0), "reverse") == "3E>"
        view.highlight(14, 15)
        assert screen.seen()[0][45:58] == " 3D[3E]3F  01"
        view.highlight(8, 16)
        assert screen.seen()[0].endswith(" 37 [38 39 3A 3B 3C 3D 3E 3F] 0123456789:;<=>?")
        assert view.cursor == 14  # it stood in the range
        await keys(pilot, "down")
        assert screen.seen()[0].count("]") == 1
        assert "]" not in screen.seen()[1]
        await keys(pilot, "up")
        screen.told.clear()
        view.highlight(30, 99)
        assert view.highlighted == (30, 40)
        view.highlight(5, 5)
        await pilot.pause()
        assert (view.highlighted, view.cursor) == ((5, 5), 30)
        assert not any("[" in text for text in screen.seen())
        assert screen.told == []


@pytest.mark.asyncio
async def test_keys_move_and_select() -> None:
    screen = Screen()
    async with screen.run_test(size=(73, 10)) as pilot:
        view = screen.hex_view
        await keys(pilot, "right", "down", "end", "home", "up", "left", "left")
        assert screen.told == [1, 17, 31, 16, 0, 0, 0]
        assert (view.selection, view.selected_octets()) == ((0, 0), b"")
        await keys(pilot, "right", "shift+right", "shift+right")
        assert (view.selection, view.selected_octets()) == ((1, 4), b"123")
        assert styled(screen.strip(0), "underline") == "31 3212"
        await keys(pilot, "shift+left", "shift+left", "shift+left")
        assert view.selection == (0, 2)
        await keys(pilot, "shift+down")
        assert view.selection == (1, 17)
        await keys(pilot, "shift+up", "shift+end")
        assert view.selection == (1, 16)
        await keys(pilot, "shift+home", "ctrl+a")
        assert view.selected_octets() == OCTETS
        await keys(pilot, "ctrl+home", "ctrl+end", "up", "end", "down")
        assert screen.told[-5:] == [0, 39, 23, 31, 39]
        await keys(pilot, "pageup", "pagedown")
        assert screen.told[-2:] == [7, 39]


@pytest.mark.asyncio
async def test_the_mouse_selects_in_hex_and_text_and_by_dragging() -> None:
    screen = Screen()
    async with screen.run_test(size=(73, 10)) as pilot:
        view = screen.hex_view
        where = {6: 0, 7: 0, 8: 0, 9: 1, 30: 7, 31: 8, 53: 15, 54: 15, 56: 0, 57: 1, 71: 15}
        for x, octet in where.items():
            await pilot.click(HexView, offset=(x, 1))
            assert view.cursor == 16 + octet, x
        assert view.selection == (31, 31)
        await pilot.mouse_down(HexView, offset=(56, 0))
        await pilot.hover(HexView, offset=(59, 1))
        await pilot.mouse_up(HexView, offset=(59, 1))
        assert view.selection == (0, 20)
        await pilot.hover(HexView, offset=(66, 1))
        assert view.selection == (0, 20)
        await pilot.click(HexView, offset=(57, 0), shift=True)
        assert view.selection == (0, 2)
        await pilot.click(HexView, offset=(56, 8))
        assert (view.cursor, view.selection) == (39, (39, 39))


@pytest.mark.asyncio
async def test_dragging_past_the_end_scrolls() -> None:
    screen = Screen(bytes(1000))
    async with screen.run_test(size=(73, 10)) as pilot:
        await pilot.mouse_down(HexView, offset=(56, 9))
        assert screen.hex_view.cursor == 144
        screen.hex_view.styles.height = 5
        await pilot.pause()
        for _ in range(3):
            await pilot.hover(offset=(57, 9))
            await pilot.hover(offset=(58, 9))
        assert screen.hex_view.scroll_offset.y > 6
        await pilot.mouse_up(HexView, offset=(58, 2))


@pytest.mark.asyncio
async def test_no_octets() -> None:
    screen = Screen(b"")
    async with screen.run_test(size=(80, 24)) as pilot:
        await keys(pilot, *{key for c in COMMANDS if c.where == "octets" for key in c.plain.split(",")})
        await pilot.click(HexView, offset=(10, 0))
        screen.hex_view.highlight(3, 9)
        assert screen.seen()[:2] == ["No octets", ""]
        assert (screen.told, screen.hex_view.selected_octets()) == ([], b"")


@pytest.mark.asyncio
async def test_a_megabyte() -> None:
    screen = Screen(bytes(range(256)) * 4096, (0xFFFF8, 0xFFFFC))
    async with screen.run_test(size=(80, 24)) as pilot:
        assert screen.hex_view.cursor == 0xFFFF8
        assert screen.seen()[-1].startswith("0FFFF0  F0 F1 F2 F3 F4 F5 F6 F7 [F8 F9 FA FB]FC FD FE FF  ........")
        await keys(pilot, "ctrl+home")
        assert screen.seen()[2].endswith(""" !"#$%&'()*+,-./""")
        await keys(pilot, "ctrl+end")
        screen.hex_view.show(b"short")
        assert screen.seen()[0] == "0000  73 68 6F 72 74                                    short"
        assert (screen.hex_view.cursor, screen.hex_view.scroll_offset.y) == (0, 0)


@pytest.mark.asyncio
async def test_the_cursor_stays_on_the_screen_when_the_width_changes() -> None:
    screen = Screen(bytes(range(256)) * 8)
    async with screen.run_test(size=(200, 10)) as pilot:
        screen.hex_view.highlight(1000, 1001)
        await pilot.resize_terminal(50, 10)
        await pilot.pause()
        assert any("[E8]" in text for text in screen.seen())


@pytest.mark.asyncio
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "nord"])
async def test_the_marks_are_seen_without_colours(theme: str) -> None:
    screen = Screen(highlight=(2, 4))
    async with screen.run_test(size=(73, 10)) as pilot:
        screen.theme = theme
        await keys(pilot, "down", "shift+right")
        assert styled(screen.strip(0), "bold") == "[32 33]23"
        assert styled(screen.strip(1), "underline") == "42B"
        assert styled(screen.strip(1), "reverse") == "43C"
        screen.set_focus(None)
        await pilot.pause()
        assert styled(screen.strip(1), "reverse") == "43C"


class WatchedHexView(Watched, HexView):
    pass


@pytest.mark.asyncio
async def test_lines_that_change_are_drawn_again_and_few_others() -> None:
    class Watching(Screen):
        def compose(self) -> ComposeResult:
            view = WatchedHexView()
            view.drawn = set()
            yield view

    screen = Watching(bytes(range(256)) * 4)
    async with screen.run_test(size=(73, 10)) as pilot:
        view = screen.query_one(WatchedHexView)
        names = ["right", "down", "shift+down", "shift+right", "shift+up", "left", "pagedown", "ctrl+end", "ctrl+home"]
        steps = [(lambda name=name: pilot.press(name)) for name in names]
        for step in (
            *steps,
            lambda: view.highlight(3, 40),
            lambda: view.highlight(20, 24),
            lambda: view.show(bytes(1024)),
            lambda: view.show(b"0123"),
            lambda: screen.set_focus(None),
        ):
            before = [screen.strip(y) for y in range(10)]
            view.drawn.clear()
            done = step()
            if isawaitable(done):
                await done
            await pilot.pause()
            drawn = set(view.drawn)
            changed = {y for y in range(10) if screen.strip(y) != before[y]}
            assert changed
            assert changed <= drawn

        view.show(bytes(1024))
        view.focus()
        await pilot.pause()
        view.drawn.clear()
        await keys(pilot, "down", "right")
        assert view.drawn == {0, 1}
