import pytest
from screens import SERIAL, SIZES, brought, made, open_app, screen_text


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_the_profile_in_force_comes_first(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await brought(pilot, "profile")
        found = view.choice.rows.page(0, len(view.choice.rows))
        assert found[0].cells[:2] == ["hdlc", "136"] and found[0].mark == "●"
        assert [row.mark for row in found[1:]] == [""] * (len(view.capture.profiles) - 1)
        profile = view.capture.profiles[0]
        assert {row.cells[4] for row in found} >= {profile.sha256}
        text = screen_text(app)
        assert "3-layer connection-oriented" in text and "1 Scope" in text
        assert all(len(line) <= size[0] for line in text.splitlines())


@pytest.mark.asyncio
async def test_contents_turn_the_text() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await brought(pilot, "profile")
        assert view.contents.has_focus
        place = next(n for n, row in enumerate(view.contents.rows.page(0, 99)) if "7.6 Media" in row.cells[0])
        view.contents.move(place)
        await pilot.pause(0.05)
        shown = view.text.rows.page(view.text.cursor, view.text.cursor + 1)[0]
        assert shown.cells[0].startswith("7.6 Media access") and shown.style == "heading"
        assert view.text.scroll_offset.y == view.text.cursor
        await pilot.press("enter", "down", "down")
        assert view.text.has_focus


@pytest.mark.asyncio
async def test_another_profile_has_another_document() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await brought(pilot, "profile")
        view.choice.focus()
        await pilot.press("end", "enter")
        await made(pilot, "profile")
        assert view.profiles[view.choice.cursor].head.title in view.text.rows.page(0, 1)[0].cells[0]
        assert view.contents.cursor == 0 and view.text.cursor == 0
        view.fill()
        await made(pilot, "profile")
        assert view.choice.cursor == len(view.profiles) - 1


@pytest.mark.asyncio
async def test_another_width_wraps_anew_and_keeps_the_place() -> None:
    async with open_app(SERIAL, (80, 24)) as (_, pilot):
        view = await brought(pilot, "profile")
        view.contents.move(12)
        await pilot.pause(0.05)
        before = len(view.text.rows), view.text.key
        await pilot.resize_terminal(200, 60)
        await pilot.pause(0.2)
        assert len(view.text.rows) < before[0] and view.text.key == before[1]
