import pytest
from dialogs import NOTHING, DialogApp
from textual.widgets import Static

from dissectors.errors import UsageError
from tui.line_dialog import LineDialog


def number(line: str) -> int:
    try:
        return int(line)
    except ValueError:
        raise UsageError(f"{line!r} is no [b]number") from None


@pytest.mark.asyncio
async def test_a_line_that_will_not_do_is_said_and_can_be_mended() -> None:
    app = DialogApp(LineDialog("Which number?", "1", number))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("end", "x", "enter")
        await pilot.pause()
        trouble = app.screen.query_one("#trouble", Static)
        assert trouble.display and "'1x' is no [b]number" in str(trouble.render())
        assert app.got == NOTHING
        await pilot.press("backspace", "2", "enter")
        await pilot.pause()
        assert app.got == "12"


@pytest.mark.asyncio
async def test_escape_gives_nothing() -> None:
    app = DialogApp(LineDialog("Which number?", "1", number))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        await pilot.pause()
        assert app.got is None
