"""The program: what it begins with, what of a person's own files it takes, how captures follow each other."""

from pathlib import Path

import pytest
from screens import DEMO, SERIAL, open_app, screen_text, settled
from textual import events

from tui import settings
from tui.app import CosemscopeApp
from tui.capture_screen import CaptureScreen
from tui.loader import open_capture, options
from tui.start_screen import StartScreen
from tui.status_bar import StatusBar


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = tmp_path / "cosemscope"
    found.mkdir()
    return found


def said(app: CosemscopeApp) -> str:
    return app.screen.query_one(StatusBar).said


@pytest.mark.asyncio
async def test_a_capture_has_its_screen_and_is_remembered() -> None:
    async with open_app() as (app, pilot):
        assert isinstance(app.screen, CaptureScreen)
        assert [spec.rpartition("/")[2] for spec in app.settings.recent] == ["hdlc-serial.pcapng"]
        await pilot.press("ctrl+o")
        assert isinstance(app.screen, StartScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, CaptureScreen)


@pytest.mark.asyncio
async def test_another_capture_takes_the_place_of_one() -> None:
    async with open_app() as (app, pilot):
        first = app.capture
        app.open_spec(str(DEMO / "wrapper-tcp.pcapng"))
        await app.workers.wait_for_complete()
        await settled(pilot)
        assert app.capture is not first and app.capture is not None
        assert "229 frames" in screen_text(app)
        assert first is not None and first.source.path.endswith("hdlc-serial.pcapng")
        app.open_spec("nowhere.pcapng")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "nowhere.pcapng: no such file" in said(app)
        app.open_spec("-")
        await pilot.pause()
        assert "stdin is the keyboard" in said(app)
        app.capture.close()


@pytest.mark.asyncio
async def test_keys_typed_after_the_last_one_open_nothing() -> None:
    async with open_app() as (app, pilot):
        for key in ("q", "c", "question_mark", "q"):
            app.post_message(events.Key(key, None))
        await pilot.pause(0.2)
    assert app.leaving and not app.crash


@pytest.mark.asyncio
async def test_what_is_typed_in_one_go_arrives_where_it_was_meant() -> None:
    """As it is after the program was busy: all keys at once. An "s" in the list would open the dialog that saves."""
    async with open_app() as (app, pilot):
        for key in ("4", "1", "slash", *"obis"):
            app.post_message(events.Key(key, "/" if key == "slash" else key))
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, CaptureScreen) and screen.bar.input.has_focus
        assert screen.bar.text == "obis" and screen.touched
        app.post_message(events.Key("escape", None))
        await settled(pilot)
        assert screen.packets.list.has_focus


@pytest.mark.asyncio
async def test_a_view_that_comes_late_leaves_the_keys_to_who_types() -> None:
    async with open_app() as (app, pilot):
        for key in ("5", "slash", *"kind"):  # its first time: it is made first
            app.post_message(events.Key(key, "/" if key == "slash" else key))
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, CaptureScreen) and screen.current == "timing"
        assert screen.bar.input.has_focus and screen.bar.text == "kind"


@pytest.mark.asyncio
async def test_own_keys_and_colours(folder: Path) -> None:
    (folder / "keys.toml").write_text('set = "vim"\n[keys]\n"app.theme" = "f9"\n"app.keys" = "f8"\n')
    (folder / "colours.toml").write_text(
        '[[rule]]\nname = "a"\nstyle = "good"\nmark = "U"\nfilters = { frame = "kind == UA" }\n'
    )
    async with open_app() as (app, pilot):
        assert isinstance(app.screen, CaptureScreen)
        app.screen.packets.list.move(0)
        await pilot.press("j")
        assert app.screen.packets.list.cursor == 1
        await pilot.press("ctrl+t")
        assert app.theme == "textual-dark"
        await pilot.press("f9")
        assert app.theme == "textual-light"
        await pilot.press("f8")  # a command that has no key by itself
        assert app.settings.keys == "plain"
        await pilot.press("j")
        assert app.screen.packets.list.cursor == 1
        assert app.screen.packets.list.row(1).mark == "U"


@pytest.mark.asyncio
@pytest.mark.parametrize("file", ["keys.toml", "colours.toml", "tui.json"])
async def test_a_file_of_a_person_that_cannot_be_read(file: str, folder: Path) -> None:
    """It is said, the defaults hold, and the file stays as it is."""
    (folder / file).write_text("[nothing")
    async with open_app() as (app, pilot):
        await pilot.pause()
        assert str(folder / file) in said(app)
        assert app.keys_in_force["go.frame"] == "g,ctrl+g"
        app.close_all()
    assert (folder / file).read_text() == "[nothing"


@pytest.mark.asyncio
async def test_what_is_remembered_is_written_in_the_end() -> None:
    async with open_app() as (app, pilot):
        await pilot.press("ctrl+t", "t")
        app.close_all()
    assert (settings.load().theme, settings.load().time) == (app.theme, app.settings.time)
    assert settings.load().theme == "textual-light"


@pytest.mark.asyncio
async def test_an_error_of_our_own_ends_the_program_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: CaptureScreen) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(CaptureScreen, "action_rows_time", broken)
    capture = open_capture(SERIAL)
    app = CosemscopeApp(options(), capture)
    with pytest.raises(RuntimeError, match="broken"):
        async with app.run_test() as pilot:
            await settled(pilot, capture)
            await pilot.press("t")
    assert app.return_code == 1 and app.crash.count("Traceback") == 1 and "RuntimeError: broken" in app.crash
