from typing import Any

import pytest
from dialogs import NOTHING, DialogApp
from screens import SIZES, screen_text
from textual.pilot import Pilot
from textual.widgets import TextArea

from tui.comment_dialog import CommentDialog, clean


async def pressed(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_enter_gives_the_lines(size: tuple[int, int]) -> None:
    app = DialogApp(CommentDialog("Comment on frame 3", "was late", "[b]by [/nobody]\x1b[2J"))
    async with app.run_test(size=size) as pilot:
        text = screen_text(app)  # type: ignore[arg-type]
        assert "Comment on frame 3" in text and "was late" in text and "Enter: save" in text
        assert "In the capture: [b]by [/nobody]\\x1b[2J" in text
        await pressed(pilot, "ctrl+j", *"why?", "enter")
        assert app.got == "was late\nwhy?"


@pytest.mark.asyncio
async def test_escape_and_cancel_give_nothing() -> None:
    for leave in ("escape", "#cancel"):
        app = DialogApp(CommentDialog("Comment", "old"))
        async with app.run_test() as pilot:
            await pressed(pilot, "x")
            if leave == "escape":
                await pressed(pilot, leave)
            else:
                await pilot.click(leave)
            assert app.got is None


@pytest.mark.asyncio
async def test_save_by_mouse_and_an_empty_text() -> None:
    app = DialogApp(CommentDialog("Comment", " "))
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.got is NOTHING
        await pilot.click("#save")
        assert app.got == ""


@pytest.mark.asyncio
async def test_what_is_pasted_cannot_move_the_cursor() -> None:
    app = DialogApp(CommentDialog("Comment"))
    async with app.run_test() as pilot:
        text = app.screen.query_one(TextArea)
        text.insert("a\x1b[2J\tb\nc\x07")
        await pressed(pilot, "enter")
        assert app.got == "a\\x1b[2J    b\nc\\x07"


def test_clean_keeps_lines() -> None:
    assert clean("a\r\nb\rc\u2028d") == "a\nb\\rc\\u2028d"
    assert clean(clean("\x00\t\\")) == clean("\x00\t\\")
