"""The list: any number of rows, of which only those on the screen are made; keys, mouse, hostile cells."""

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tui.row_list import FixedRows, ListColumn, Row, RowList

COLUMNS = (ListColumn("no", "No.", 7, right=True), ListColumn("a", "A", 12), ListColumn("rest", "Rest", 0))
HOSTILE = (
    "[red]not markup[/]", "\x1b[31mred\x1b[0m", "a\nb\tc\x00", "日本語のメーター名です" * 5, "e\u0301\u0301\u0301" * 9,
    "\u202eabc\u202d",     "👩‍👩‍👧‍👦 family", "x" * 1_000_000, "\ud800", "\u200b" * 50, "",
)  # fmt: skip


class Million:
    """A million rows that count how many were made."""

    def __init__(self, count: int = 1_000_000) -> None:
        self.count = count
        self.made = 0

    def __len__(self) -> int:
        return self.count

    def page(self, first: int, last: int) -> list[Row]:
        self.made += last - first
        return [Row((str(n + 1), f"row {n}", "x"), "error" if n % 7 == 0 else "", "!") for n in range(first, last)]


class Screen(App[None]):
    def __init__(self, rows: object) -> None:
        super().__init__()
        self.list = RowList(COLUMNS)
        self.list.rows = rows  # type: ignore[assignment]
        self.said: list[tuple[str, int]] = []

    def compose(self) -> ComposeResult:
        yield self.list

    def on_mount(self) -> None:
        self.list.show(self.list.rows)
        self.list.focus()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        self.said.append(("moved", event.index))

    def on_row_list_activated(self, event: RowList.Activated) -> None:
        self.said.append(("activated", event.index))

    def on_row_list_header_clicked(self, event: RowList.HeaderClicked) -> None:
        self.said.append((event.key, -1))

    def lines(self) -> list[str]:
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]


@pytest.mark.asyncio
async def test_only_rows_on_the_screen_are_made() -> None:
    rows = Million()
    app = Screen(rows)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("end")
        await pilot.pause()
        assert app.list.cursor == 999_999 and "1000000" in app.lines()[-1]
        await pilot.press("home", "pagedown", "pagedown", "down", "up", "up")
        await pilot.pause()
        assert app.list.cursor == 2 * app.list.page_rows - 1
        assert rows.made < 24 * 12
        assert app.said[0] == ("moved", 999_999)


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(80, 24), (20, 5), (200, 60)])
async def test_hostile_cells_keep_the_lines_whole(size: tuple[int, int]) -> None:
    app = Screen(FixedRows([Row((str(n), text, text), "", "[") for n, text in enumerate(HOSTILE)]))
    async with app.run_test(size=size) as pilot:
        for key in ("down", "end", "right", "right", "home"):
            await pilot.press(key)
            await pilot.pause()
            for line in app.lines():
                assert cell_len(line) == size[0]
                assert line.isprintable()


@pytest.mark.asyncio
async def test_it_follows_its_end_until_a_person_goes_up() -> None:
    rows = Million(100)
    app = Screen(rows)
    async with app.run_test(size=(80, 24)) as pilot:
        app.list.tail = True
        rows.count = 200
        app.list.grown()
        await pilot.pause()
        assert app.list.cursor == 199
        await pilot.press("up")
        rows.count = 300
        app.list.grown()
        await pilot.pause()
        assert app.list.cursor == 198 and not app.list.tail
        assert app.list.virtual_size.height == 301


class Later(Million):
    """A row knows what it is about when the next one is there."""

    def page(self, first: int, last: int) -> list[Row]:
        return [Row((str(n + 1), "known" if n + 1 < self.count else "not yet")) for n in range(first, last)]


@pytest.mark.asyncio
async def test_what_is_known_late_is_shown_late() -> None:
    rows = Later(5)
    app = Screen(rows)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "not yet" in app.lines()[5] and "known" in app.lines()[4]
        rows.count = 6
        app.list.grown()
        await pilot.pause()
        assert "known" in app.lines()[5] and "not yet" in app.lines()[6]


@pytest.mark.asyncio
async def test_the_mouse_selects_opens_and_names_columns() -> None:
    app = Screen(Million(50))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(RowList, offset=(12, 5))
        assert app.list.selected == (4, "a")
        await pilot.click(RowList, offset=(12, 0))
        await pilot.click(RowList, offset=(30, 7), times=2)
        await pilot.pause()
        assert ("a", -1) in app.said and ("activated", 6) in app.said
        assert app.list.selected == (6, "rest")


@pytest.mark.asyncio
async def test_columns_wider_than_the_screen_are_reached() -> None:
    app = Screen(FixedRows([Row([f"cell {n}" for n in range(12)])]))
    async with app.run_test(size=(40, 10)) as pilot:
        app.list.show(app.list.rows, [ListColumn(str(n), f"column {n}", 12) for n in range(12)])
        await pilot.press(*["right"] * 11)
        await pilot.pause()
        assert "column 11" in app.lines()[0] and "cell 11" in app.lines()[1]
        await pilot.press(*["left"] * 11)
        await pilot.pause()
        assert "column 0" in app.lines()[0]


@pytest.mark.asyncio
async def test_no_rows() -> None:
    app = Screen(FixedRows())
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("down", "up", "end", "home", "pagedown", "enter", "left", "right")
        assert app.list.cursor == -1 and app.said == []
        assert "nothing yet" in "\n".join(app.lines())
        app.list.show(FixedRows([Row(("1",))]))
        assert app.list.cursor == 0


@pytest.mark.asyncio
async def test_other_rows_keep_the_cursor_where_they_can() -> None:
    app = Screen(Million(100))
    async with app.run_test(size=(40, 10)):
        app.list.move(80)
        app.list.show(Million(90))
        assert app.list.cursor == 80
        app.list.show(Million(50))
        assert app.list.cursor == 49
        app.list.show(Million(50), cursor=3)
        assert app.list.cursor == 3
