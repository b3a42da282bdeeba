from typing import Any

import pytest
from screens import DEMO, SERIAL, SIZES, open_app, screen_text, settled
from textual.pilot import Pilot

import analyzer
from analyzer.addressing import Seen
from tui.addresses_view import AddressesView, test_of
from tui.app import CosemscopeApp
from tui.capture_screen import CaptureScreen
from tui.view import FilterBy

filter_of = test_of
del test_of  # no test of its own
CAPTURES = sorted(DEMO.glob("*.pcapng"))


async def at_addresses(app: CosemscopeApp, pilot: Pilot[Any]) -> AddressesView:
    await pilot.press("8")
    await settled(pilot)
    return app.screen.query_one(AddressesView)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda p: p.stem)
def test_the_filter_of_an_address_finds_the_frames_it_counted(path: Any) -> None:
    a = analyzer.open(str(path))
    for seen in a.addressing.rows.values():
        found = a.select("frame", filter_of(seen, len(a.channels) == 1))
        if seen.side == "physical":  # damaged frames show an address too, which is not believed
            found = [no for no in found if a.frame(int(no)).physical >= 0]
        assert len(found) == seen.sent + seen.received, (seen.side, seen.sap, seen.host)


def test_pairs_are_both_ways_alike() -> None:
    a = analyzer.open(SERIAL)
    found = [(c.sap, s.sap, c.channel) for c, s in a.addressing.pairs()]
    assert found == [(32, 1, 0), (32, 1, 1), (16, 1, 0), (16, 1, 1), (32, 5, 0)]


def test_the_host_of_an_address_is_quoted() -> None:
    seen = Seen("p", 0, "client", 16, 'a"b\\')
    assert '"a\\"b\\\\"' in filter_of(seen, True)


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_who_there_is_and_what_is_reserved(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await at_addresses(app, pilot)
        found = view.addresses.rows.page(0, len(view.addresses.rows))
        assert [row.mark for row in found if row.cells[:2] == ("server", "5")] == ["!"]
        assert ("client", "16", "public client", "mandatory", "11", "0") in [row.cells[:6] for row in found]
        text = screen_text(app)
        assert "management logical device" in text
        assert all(len(line) <= size[0] for line in text.splitlines())


@pytest.mark.asyncio
async def test_the_other_ends_follow_the_cursor() -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await at_addresses(app, pilot)
        assert [row.cells[:2] for row in view.peers.rows.page(0, 9)] == [("server", "1"), ("server", "5")]
        await pilot.press("end")
        await settled(pilot)
        assert [row.cells[:2] for row in view.peers.rows.page(0, 9)] == [("client", "32")]


@pytest.mark.asyncio
async def test_enter_filters_by_the_address_and_by_the_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[FilterBy] = []
    monkeypatch.setattr(CaptureScreen, "on_filter_by", lambda self, event: got.append(event), raising=False)
    async with open_app(SERIAL) as (app, pilot):
        view = await at_addresses(app, pilot)
        await pilot.press("enter")
        view.peers.focus()
        await pilot.press("down", "enter")
        await settled(pilot)
        a = app.screen.capture.analysis  # type: ignore[attr-defined]
        assert [(e.how, e.level) for e in got] == [("apply", "frame")] * 2
        assert list(a.select("frame", got[1].test)) == [127, 128]
        assert len(a.select("frame", got[0].test)) == 59
