import pytest
from screens import DEMO, SERIAL, open_app, settled
from textual.pilot import Pilot

from tui.capture_screen import CaptureScreen
from tui.status_bar import StatusBar

FINE = str(DEMO / "wrapper-tcp-ciphered.pcapng")


async def shown(pilot: Pilot[int]) -> tuple[str, str]:
    """The view and the status, after time enough for the autopsy."""
    screen = pilot.app.screen
    assert isinstance(screen, CaptureScreen)
    for _ in range(20):
        await pilot.pause(0.02)
    await pilot.app.workers.wait_for_complete()
    await settled(pilot)
    return screen.current, screen.query_one(StatusBar).said


@pytest.mark.asyncio
async def test_a_failure_is_shown_first() -> None:
    async with open_app(SERIAL, autopsy_first=True) as (_, pilot):
        assert await shown(pilot) == ("autopsy", "5 of 7 attempts failed; 1 shows the packets")
        await pilot.press("1")
        assert (await shown(pilot))[0] == "packets"


@pytest.mark.asyncio
async def test_without_a_failure_the_packets_stay() -> None:
    async with open_app(FINE, autopsy_first=True) as (_, pilot):
        assert (await shown(pilot))[0] == "packets"


@pytest.mark.asyncio
async def test_who_has_begun_to_work_is_told_only() -> None:
    async with open_app(SERIAL) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        await pilot.press("down")
        assert screen.touched
        screen.settings.autopsy_first, screen._asked = True, False
        assert await shown(pilot) == ("packets", "5 of 7 attempts failed; 2 shows the autopsy")
