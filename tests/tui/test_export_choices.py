from pathlib import Path

import pytest
from screens import open_app, settled

from analyzer.export import FORMATS
from tui.export_choices import choices, counted
from tui.export_dialog import Choice


def named(found: list[Choice], name: str) -> Choice:
    return next(choice for choice in found if choice.name == name)


def test_counted() -> None:
    assert [counted(n, "frame") for n in (0, 1, 1234567)] == ["0 frames", "1 frame", "1 234 567 frames"]


@pytest.mark.asyncio
async def test_what_is_offered_of_the_packet_list(tmp_path: Path) -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        await pilot.press("down", "down", "m")
        await settled(pilot)
        screen.packets.apply('kind == "I"')  # type: ignore[attr-defined]
        await settled(pilot)
        shown = len(screen.packets.shown)  # type: ignore[attr-defined]
        found = choices(screen)  # type: ignore[arg-type]
        assert 0 < shown < 136
        assert named(found, "hdlc-serial-shown.pcapng").count == counted(shown, "frame")
        assert named(found, "hdlc-serial-marked.pcapng").count == "1 frame"
        assert named(found, "hdlc-serial-all.pcapng").count == "136 frames"
        for format in FORMATS:
            assert named(found, f"hdlc-serial-frames.{format}").count == counted(shown, "frame")
            assert named(found, f"hdlc-serial-packets-list.{format}").count == counted(shown, "row")
        assert len({choice.name for choice in found}) == len(found)
        assert named(found, f"hdlc-serial-frame-{screen.packets.no}.txt")  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_every_choice_writes_its_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    async with open_app() as (app, pilot):
        for level in ("frame", "message", "exchange"):
            await pilot.press("down", "down", "down", "m")
            for choice in choices(app.screen):  # type: ignore[arg-type]
                path = tmp_path / level / choice.name
                path.parent.mkdir(exist_ok=True)
                steps = list(choice.start(path, False))
                assert path.stat().st_size > 0, choice.text
                assert steps
            await pilot.press("e")
            await settled(pilot)
    assert list((tmp_path / "message").glob("*.xml"))
    assert (tmp_path / "frame" / "hdlc-serial-packets-list.csv").read_text().startswith("no,time,source,destination")
    assert not list(tmp_path.rglob("*.part"))
