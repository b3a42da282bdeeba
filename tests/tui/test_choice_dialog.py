import pytest
from dialogs import NOTHING, DialogApp
from screens import screen_text

from tui.choice_dialog import ChoiceDialog

CHOICES = [("a", "first [red]", 1), ("j", "second", 2), ("", "third", 3)]


def app(at: int = 0) -> DialogApp:
    return DialogApp(ChoiceDialog("Which?", CHOICES, at))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "keys, value",
    [
        ("a", 1), ("j", 2), ("enter", 1), ("down down enter", 3), ("down up enter", 1),
        ("escape", None), ("x", NOTHING),
    ],
)  # fmt: skip
async def test_a_key_chooses(keys: str, value: object) -> None:
    shown = app()
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys.split())
        await pilot.pause()
        assert shown.got == value


@pytest.mark.asyncio
async def test_it_begins_at_the_choice_at_hand() -> None:
    shown = app(at=2)
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert shown.got == 3


@pytest.mark.asyncio
async def test_the_mouse_chooses_a_line_and_leaves_beside_the_box() -> None:
    shown = app()
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.click("#choices", offset=(8, 0))  # the heading is no choice
        await pilot.pause()
        assert shown.got == NOTHING
        await pilot.click("#choices", offset=(8, 2))
        await pilot.pause()
        assert shown.got == 2
    shown = app()
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.click(offset=(1, 1))
        await pilot.pause()
        assert shown.got is None


@pytest.mark.asyncio
async def test_every_choice_is_seen_as_it_is() -> None:
    shown = app()
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert shown.screen.query_one("#choices").size.height == len(CHOICES) + 1
        text = screen_text(shown)
        assert "Which?" in text and "first [red]" in text and "third" in text


@pytest.mark.asyncio
async def test_the_heading_of_a_long_list_is_no_choice_either() -> None:
    shown = DialogApp(ChoiceDialog("Which?", [("", str(n), n) for n in range(50)], at=40))
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.click("#choices", offset=(8, 0))
        await pilot.pause()
        assert shown.got == NOTHING
        await pilot.press("end", "enter")
        await pilot.pause()
        assert shown.got == 49
