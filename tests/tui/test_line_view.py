from pathlib import Path

import pytest
from screens import DEMO, SERIAL, SIZES, brought, made, open_app, screen_text, settled

from tui.line_view import BinRows, bar, rate


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_totals_and_bins_are_there(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await brought(pilot, "line")
        assert [row.cells[:4] for row in view.channels.rows.page(0, 3)] == [
            ("all", "", "136", "5.0 kB"),
            ("client", "9600 Bd", "70", "1.8 kB"),
            ("meter", "9600 Bd", "66", "3.2 kB"),
        ]
        text = screen_text(app)
        assert "98 %" in text and "17:24:27.200" in text and "█" in text
        assert all(len(line) <= size[0] for line in text.splitlines())


@pytest.mark.asyncio
async def test_enter_goes_to_the_first_frame_of_the_interval() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await brought(pilot, "line")
        assert view.load is not None
        index = next(n for n, no in enumerate(view.load.all.frame) if no > 20)
        view.bins.move(index)
        await pilot.press("enter")
        await settled(pilot)
        assert app.screen.packets.no == view.load.all.frame[index]  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_an_interval_without_frames_goes_nowhere() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await brought(pilot, "line")
        assert view.load is not None
        view.bins.move(next(n for n, no in enumerate(view.load.all.frame) if not no))
        await pilot.press("enter")
        await settled(pilot)
        assert view.display and view.bins.has_focus
        assert "no frame begins" in screen_text(app)


@pytest.mark.asyncio
async def test_a_channel_alone_and_other_widths_keep_the_place() -> None:
    async with open_app(SERIAL) as (_, pilot):
        view = await brought(pilot, "line")
        view.channels.move(2)
        await pilot.pause(0.05)
        rows = view.bins.rows
        assert isinstance(rows, BinRows) and rows.one.channel is not None and rows.one.channel.name == "meter"
        view.bins.move(60)
        await pilot.press("minus")
        await made(pilot, "line")
        assert view.load is not None and view.load.width_ns == 500_000_000
        assert view.bins.cursor == 24
        await pilot.press("plus")
        await made(pilot, "line")
        assert view.load.width_ns == 200_000_000
        assert view.bins.cursor == 59  # the interval that holds the start of the longer one
        assert view.channels.cursor == 2


@pytest.mark.asyncio
async def test_without_baud_there_are_octets_a_second() -> None:
    async with open_app(str(DEMO / "wrapper-tcp.pcapng")) as (_, pilot):
        view = await brought(pilot, "line")
        (row,) = view.channels.rows.page(0, 1)
        assert row.cells[4] == "1.3 kB/s" and row.cells[6] == "47 % / 53 %"
        assert {r.cells[4] for r in view.bins.rows.page(0, 20)} == {""}


@pytest.mark.asyncio
async def test_without_a_clock_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_text("7E A0 07 03 21 93 0F 01 7E\n")
    async with open_app(str(path), (80, 24)) as (app, pilot):
        view = await brought(pilot, "line")
        assert not len(view.bins.rows)
        assert "the capture has no clock" in screen_text(app)
        assert view.channels.rows.page(0, 1)[0].cells[2] == "1"


def test_bars_and_rates() -> None:
    assert bar(0, 8) == "" and bar(1, 8) == "█" * 8 and bar(0.5, 8) == "████" and bar(0.001, 8) == "▏"
    assert bar(7, 4) == "████"
    assert [rate(n) for n in (0, 0.04, 3.21, 250.4)] == ["0", "0.04", "3.2", "250"]
