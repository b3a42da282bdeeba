"""Decoding again: what was selected and filtered stays, an error leaves everything as it was."""

from pathlib import Path

import pytest
from live_app import open_live, shown
from screens import DEMO, SERIAL, open_app, screen_text, settled
from textual.widgets import Input

from tui.app import CosemscopeApp
from tui.capture_screen import CaptureScreen
from tui.decode_commands import deciphered
from tui.status_bar import StatusBar

CIPHERED = str(DEMO / "wrapper-tcp-ciphered.pcapng")
EK = "000102030405060708090A0B0C0D0E0F"
AK = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"


def screen(app: CosemscopeApp) -> CaptureScreen:
    assert isinstance(app.screen, CaptureScreen)
    return app.screen


def said(app: CosemscopeApp) -> str:
    return app.screen.query_one(StatusBar).said


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (str(DEMO / "keys.toml"), "13 of 13 ciphered messages are deciphered now"),
        (f"4353430000000001:{EK}:{AK}", "13 of 13 ciphered messages are deciphered now"),
        (AK, "none of 13 ciphered messages fits the keys"),
    ],
)
async def test_a_key_is_added(typed: str, words: str) -> None:
    async with open_app(CIPHERED, (80, 24)) as (app, pilot):
        assert screen(app).capture.session.keys is None
        screen(app).packets.list.move(9)
        before = app.capture
        await pilot.press("K")
        app.screen.query_one(Input).value = typed
        await pilot.press("enter")
        await settled(pilot)
        await pilot.pause(0.5)
        assert words in said(app)
        assert app.capture is screen(app).capture and app.capture is not before
        assert screen(app).packets.no == 10
        assert typed not in app.export_screenshot() or typed.endswith(".toml")


@pytest.mark.asyncio
async def test_keys_add_up() -> None:
    """A second key does not take the first away."""
    async with open_app(CIPHERED, keys=[str(DEMO / "keys.toml")]) as (app, pilot):
        assert deciphered(screen(app).capture) == (13, 13)
        await pilot.press("K")
        app.screen.query_one(Input).value = AK
        await pilot.press("enter")
        await settled(pilot)
        assert deciphered(screen(app).capture) == (13, 13)
        await pilot.press("K")
        app.screen.query_one(Input).value = EK
        await pilot.press("enter")
        await settled(pilot)
        args = screen(app).capture.session.args
        assert args.key == [f":{AK}", f":{EK}"] and args.keys == [str(DEMO / "keys.toml")]


@pytest.mark.asyncio
async def test_nothing_ciphered_is_said() -> None:
    async with open_app() as (app, pilot):
        await pilot.press("K")
        app.screen.query_one(Input).value = AK
        await pilot.press("enter")
        await settled(pilot)
        await pilot.pause(0.5)
        assert said(app) == "nothing here is ciphered"


@pytest.mark.asyncio
async def test_another_profile_keeps_row_and_filter() -> None:
    async with open_app() as (app, pilot):
        screen(app).packets.apply("kind == I")
        await settled(pilot)
        screen(app).packets.list.move(5)
        no = screen(app).packets.no
        await pilot.press("p")
        await pilot.press("a")
        await settled(pilot)
        packets = screen(app).packets
        assert screen(app).capture.session.args.profile == ["auto"]
        assert packets.shown.filter == "kind == I" and packets.no == no and said(app) == "profile auto"


@pytest.mark.asyncio
async def test_a_profile_that_cannot_be_leaves_all_as_it_was() -> None:
    async with open_app() as (app, pilot):
        before = app.capture
        await pilot.press("p", "f")
        app.screen.query_one(Input).value = str(DEMO / "keys.toml")
        await pilot.press("enter")
        assert "✗" in screen_text(app) and "keys.toml" in screen_text(app)
        await pilot.press("escape")
        assert app.capture is before
        assert not screen(app).decode_again("", profile=["none-such"])
        await pilot.pause()
        assert "none-such: expected a profile" in said(app) and app.capture is before and before is not None
        assert before.state == "ended" and "136 frames" in screen_text(app)


@pytest.mark.asyncio
async def test_a_file_that_is_gone_leaves_all_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    path.write_bytes(Path(SERIAL).read_bytes())
    async with open_app(str(path)) as (app, pilot):
        path.unlink()
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert "a.pcapng: no such file" in said(app) and "136 frames" in screen_text(app)


@pytest.mark.asyncio
async def test_directions_the_other_way_round_and_back() -> None:
    async with open_app() as (app, pilot):
        packets = screen(app).packets
        packets.list.move(0)
        channel = screen(app).capture.analysis.frame(1).channel
        for swapped in (True, False):
            await pilot.press("d")
            await settled(pilot)
            assert screen(app).capture.analysis.channels[channel].swap is swapped
            assert screen(app).capture.session.args.assume == [f"{channel}:swap={'yes' if swapped else 'no'}"]
        assert "as recorded" in said(app)


@pytest.mark.asyncio
async def test_directions_of_a_network_are_known() -> None:
    async with open_app(str(DEMO / "wrapper-tcp.pcapng")) as (app, pilot):
        before = app.capture
        await pilot.press("d")
        await pilot.pause()
        assert "directions of tcp are known" in said(app) and app.capture is before


@pytest.mark.asyncio
async def test_a_recording_goes_on_while_it_is_decoded_again(tmp_path: Path) -> None:
    async with open_live(tmp_path) as (app, pilot, send):
        send()
        await shown(app, pilot, 1)
        before = app.capture
        await pilot.press("ctrl+r")
        assert app.capture is not before and app.capture is not None
        await shown(app, pilot, 1)
        count = screen(app).packets.shown.total
        send()
        await shown(app, pilot, count + 1)
        assert app.capture.state == "live"
