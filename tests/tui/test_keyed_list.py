import pytest
from textual.app import App, ComposeResult

from tui.keyed_list import KeyedList
from tui.row_list import FixedRows, ListColumn, Row


class Shell(App[None]):
    def compose(self) -> ComposeResult:
        yield KeyedList([ListColumn("a", "A", 10)])


def put(list_: KeyedList, keys: list[int], top: bool = False) -> None:
    list_.put(keys, FixedRows([Row([str(key)]) for key in keys]), top=top)


@pytest.mark.asyncio
async def test_the_cursor_goes_where_its_row_goes() -> None:
    app = Shell()
    async with app.run_test(size=(40, 12)) as pilot:
        list_ = app.query_one(KeyedList)
        assert list_.key is None
        put(list_, list(range(100)))
        list_.move(50)
        await pilot.pause()
        top = list_.scroll_offset.y
        put(list_, list(range(20, 100)))
        await pilot.pause()
        assert (list_.key, list_.cursor) == (50, 30)
        assert list_.scroll_offset.y == top - 20  # it stands on the same line of the screen
        put(list_, list(range(-5, 100)))
        await pilot.pause()
        assert (list_.key, list_.cursor) == (50, 55)
        assert list_.scroll_offset.y == top + 5


@pytest.mark.asyncio
async def test_a_row_that_is_gone_leaves_the_cursor_in_its_place() -> None:
    app = Shell()
    async with app.run_test(size=(40, 12)):
        list_ = app.query_one(KeyedList)
        put(list_, [1, 2, 3])
        list_.move(1)
        put(list_, [1, 3])
        assert list_.key == 3
        put(list_, [])
        assert list_.key is None and list_.cursor == -1
        put(list_, [7, 8])
        assert list_.key == 7


@pytest.mark.asyncio
async def test_other_rows_may_begin_at_the_top() -> None:
    app = Shell()
    async with app.run_test(size=(40, 12)):
        list_ = app.query_one(KeyedList)
        put(list_, [1, 2, 3])
        list_.move(2)
        put(list_, [1, 2, 3], top=True)
        assert list_.key == 1
