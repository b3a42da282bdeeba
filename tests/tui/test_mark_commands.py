import os
from pathlib import Path

import pytest
from screens import DEMO, open_app, screen_text, settled

from analyzer.marks import Marks, Place
from captures.pcapng_copy import copy
from tui.capture_screen import CaptureScreen
from tui.comment_dialog import CommentDialog

SERIAL = DEMO / "hdlc-serial.pcapng"


@pytest.fixture
def capture(tmp_path: Path) -> str:
    """The demo with a comment of its own on packet 2."""
    path = tmp_path / "serial.pcapng"
    with path.open("wb") as file:
        for _ in copy(str(SERIAL), range(1, 1000), file, {2: "[red]seen\non the line"}):
            pass
    return str(path)


@pytest.mark.asyncio
async def test_marks_are_kept_at_once_and_are_there_again(capture: str) -> None:
    async with open_app(capture) as (app, pilot):
        packets = app.screen.packets  # type: ignore[attr-defined]
        await pilot.press("m", "down", "down", "m", "T")
        assert packets.marked == {1, 3}
        assert packets.list.row(2).mark == "●" and packets.list.row(1).mark != "●"
        assert Marks.load(capture).marked == {Place(1), Place(3)}
        assert Marks.load(capture).time_references == {Place(3)}
        await pilot.press("m")
        assert Marks.load(capture).marked == {Place(1)}
    async with open_app(capture) as (app, pilot):
        packets = app.screen.packets  # type: ignore[attr-defined]
        assert packets.marked == {1} and packets.list.row(0).mark == "●"
        assert packets.reference_frames == {3}
        app.screen.action_mark_clear()  # type: ignore[attr-defined]
        assert packets.marked == set() and Marks.load(capture).marked == set()
        assert packets.list.row(0).mark != "●"


@pytest.mark.asyncio
async def test_a_mark_is_of_the_frame_at_every_level() -> None:
    async with open_app() as (app, pilot):
        packets = app.screen.packets  # type: ignore[attr-defined]
        await pilot.press("e", "down", "down", "m")
        frame = packets.frame_of("message", 3)
        assert packets.marked == {frame} and frame > 3
        assert packets.list.row(2).mark == "●"


@pytest.mark.asyncio
async def test_comments_stand_in_the_list_and_at_the_top_of_the_tree(capture: str) -> None:
    async with open_app(capture) as (app, pilot):
        packets = app.screen.packets  # type: ignore[attr-defined]
        await pilot.press("c")
        await pilot.pause()
        assert isinstance(app.screen, CommentDialog) and app.screen.held == ""
        await pilot.press(*"late", "ctrl+j", *"twice", "enter")
        await settled(pilot)
        assert Marks.load(capture).comments == {Place(1): "late\ntwice"} and packets.comments.keys() == {1}
        assert packets.list.row(0).mark == "✎"
        await pilot.press("m")
        assert packets.list.row(0).mark == "◉"
        await pilot.press("m")
        assert "Comment: late" in screen_text(app) and "Comment: twice" in screen_text(app)
        await pilot.press("c", *["backspace"] * 20, "enter")
        await settled(pilot)
        assert Marks.load(capture).comments == {} and packets.list.row(0).mark != "✎"


@pytest.mark.asyncio
async def test_what_the_capture_says_itself_is_shown(capture: str) -> None:
    async with open_app(capture) as (app, pilot):
        packets = app.screen.packets  # type: ignore[attr-defined]
        commented = [no for no in range(1, 10) if 2 in packets.capture.analysis.frame(no).records]
        packets.list.move(commented[0] - 1)
        await settled(pilot)
        assert packets.list.row(commented[0] - 1).mark == "✎"
        assert "Comment in the capture: [red]seen" in screen_text(app)
        await pilot.press("c")
        await pilot.pause()
        assert isinstance(app.screen, CommentDialog)
        assert (app.screen.text, app.screen.held) == ("", "[red]seen\non the line")


@pytest.mark.asyncio
async def test_marks_that_cannot_be_kept_are_said_in_one_line(capture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(f"{capture}.marks.json").write_text("{}")
    async with open_app(capture) as (app, pilot):
        bar = app.screen.query_one("#status")
        assert "is no file of marks" in bar.said  # type: ignore[attr-defined]
        await pilot.press("m")
        assert app.screen.packets.marked == {1}  # type: ignore[attr-defined]
        await pilot.pause()
        said = bar.said  # type: ignore[attr-defined]
        assert said.startswith("frame 1 marked, 1 in all; not kept: ") and "\n" not in said


@pytest.mark.asyncio
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written(capture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(capture).parent
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    folder.chmod(0o500)
    try:
        async with open_app(capture) as (app, pilot):
            await pilot.press("m")
            assert "not kept" in app.screen.query_one("#status").said  # type: ignore[attr-defined]
    finally:
        folder.chmod(0o700)


@pytest.mark.asyncio
async def test_a_mark_stays_where_it_is_when_the_capture_is_decoded_anew() -> None:
    """Its frames are found again as they come, by the records that they begin in."""
    async with open_app(str(SERIAL)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        packets = screen.packets
        packets.list.move(99)
        await pilot.press("m", "T")
        (place,) = screen.marks.marked
        assert place == Place(packets.capture.analysis.frame(100).records[0])
        screen.replace_capture(screen.capture.again(profile=["iec62056-21"]))
        assert packets.marked == packets.reference_frames == set()
        await settled(pilot)
        assert packets.marked == packets.reference_frames == {100}
        assert packets.list.rows.page(99, 100)[0].mark == "●"
