from pathlib import Path

import pytest
from dialogs import NOTHING, DialogApp
from screens import SIZES, screen_text
from textual.widgets import Button, Input

from tui.export_dialog import Choice, ExportDialog, Wish


def nothing(path: Path, overwrite: bool) -> list[tuple[int, int | None]]:  # type: ignore[misc]
    raise NotImplementedError


CHOICES = [
    Choice("All frames as pcapng", "1 234 frames", "demo-all.pcapng", nothing),  # type: ignore[arg-type]
    Choice("This list as csv", "3 rows", "demo-list.csv", nothing),  # type: ignore[arg-type]
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_what_and_where(size: tuple[int, int]) -> None:
    app = DialogApp(ExportDialog(CHOICES))
    async with app.run_test(size=size) as pilot:
        text = screen_text(app)  # type: ignore[arg-type]
        assert "1 234 frames" in text and "demo-all.pcapng" in text and "Cancel" in text
        await pilot.press("down")
        await pilot.pause()
        assert app.screen.query_one("#path", Input).value == "demo-list.csv"
        await pilot.press("enter")
        assert app.got == Wish(CHOICES[1], Path("demo-list.csv"), False)


@pytest.mark.asyncio
async def test_a_name_that_was_typed_stays_but_for_its_suffix() -> None:
    app = DialogApp(ExportDialog(CHOICES))
    async with app.run_test() as pilot:
        path = app.screen.query_one("#path", Input)
        path.value = "mine.pcapng"
        await pilot.press("tab", "down")
        await pilot.pause()
        assert path.value == "mine.csv"
        await pilot.press("enter")
        assert app.got == Wish(CHOICES[1], Path("mine.csv"), False)


@pytest.mark.asyncio
async def test_a_file_that_exists_is_replaced_when_asked_twice(folder: Path) -> None:
    (folder / "demo-all.pcapng").write_text("")
    app = DialogApp(ExportDialog(CHOICES))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert app.got is NOTHING and "exists: save once more" in screen_text(app)  # type: ignore[arg-type]
        await pilot.click("#save")
        assert app.got == Wish(CHOICES[0], Path("demo-all.pcapng"), True)


@pytest.mark.asyncio
@pytest.mark.parametrize("typed, said", [
    ("", "expected the name of a file"), ("no/such/x.csv", "there is no folder no/such"), (".", ". is a folder"),
])  # fmt: skip
async def test_what_cannot_be_is_said(typed: str, said: str) -> None:
    app = DialogApp(ExportDialog(CHOICES))
    async with app.run_test() as pilot:
        app.screen.query_one("#path", Input).value = typed
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert app.got is NOTHING and said in screen_text(app)  # type: ignore[arg-type]


@pytest.mark.asyncio
@pytest.mark.parametrize("by", ["escape", "#cancel", "beside"])
async def test_leaving_gives_nothing(by: str) -> None:
    app = DialogApp(ExportDialog(CHOICES))
    async with app.run_test() as pilot:
        if by == "beside":
            await pilot.click(offset=(0, 0))
        else:
            await (pilot.click(by) if by.startswith("#") else pilot.press(by))
        assert app.got is None


@pytest.mark.asyncio
async def test_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    app = DialogApp(ExportDialog(CHOICES))
    async with app.run_test() as pilot:
        app.screen.query_one("#path", Input).value = "~/x.pcapng"
        app.screen.query_one("#save", Button).press()
        await pilot.pause()
        assert app.got == Wish(CHOICES[0], folder / "x.pcapng", False)
