"""The packet view: list, tree and octets, linked both ways, at every size."""

import pytest
from screens import DEMO, SIZES, open_app, screen_text, settled
from textual.geometry import Offset

from dissectors.errors import UsageError
from tui import times
from tui.packets_view import LAYOUTS, PacketsView


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_rows_tree_and_octets_are_there(size: tuple[int, int]) -> None:
    async with open_app(size=size) as (app, pilot):
        await pilot.press("end")
        await settled(pilot)
        text = screen_text(app)
        assert "136" in text and "Frame 136" in text
        assert all(len(line) <= size[0] for line in text.splitlines())


@pytest.mark.asyncio
async def test_list_to_tree_to_octets_and_back() -> None:
    async with open_app(size=(140, 50)) as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        packets.select("frame", 6)
        await settled(pilot)
        assert packets.no == 6 and packets.detail is not None and packets.detail.no == 6
        assert packets.octets_pane.active == "frame"
        assert packets.tree_pane.find("long-unsigned 2304")
        await settled(pilot)
        packets.octets_pane.post_message(packets.octets_pane.OctetSelected("frame", 17))
        await settled(pilot)
        assert packets.tree_pane.selected is not None
        assert packets.tree_pane.selected.start <= 17 < packets.tree_pane.selected.end
        await pilot.press("tab", "down", "down", "down")
        await settled(pilot)
        node = packets.tree_pane.selected
        assert node is not None


@pytest.mark.asyncio
async def test_levels_keep_the_selection() -> None:
    async with open_app() as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        packets.select("frame", 31)
        await settled(pilot)
        said = []
        for _ in range(3):
            await pilot.press("e")
            await settled(pilot)
            said.append((packets.level, packets.frame_of(packets.level, packets.no)))
        assert [level for level, _ in said] == ["message", "exchange", "frame"]
        assert said[0][1] == said[1][1] == said[2][1] == 31


@pytest.mark.asyncio
async def test_a_filter_keeps_the_row_and_a_wrong_one_changes_nothing() -> None:
    async with open_app() as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        packets.select("frame", 40)
        packets.apply('kind == "I"')
        await settled(pilot)
        assert 0 < len(packets.shown) < packets.shown.total
        near = packets.no
        assert abs(near - 40) < 10
        with pytest.raises(UsageError):
            packets.apply("kind ==")
        assert packets.shown.filter == 'kind == "I"'
        packets.apply("")
        await settled(pilot)
        assert packets.no == near and len(packets.shown) == 136
        packets.apply('kind == "I"')
        await settled(pilot)
        packets.select("frame", 1)  # which the filter hides
        assert packets.shown.filter == "" and packets.no == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_layouts_and_panes_alone(size: tuple[int, int]) -> None:
    async with open_app(size=size) as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        for _ in LAYOUTS:
            await settled(pilot)
            rows, details = packets.list.region, packets.query_one("#details").region
            if packets.layout_name == "right":
                assert rows.height == details.height and rows.width + details.width == size[0]
            elif packets.layout_name == "bottom":
                assert rows.width == details.width == size[0]
            else:
                assert details.area == 0 and rows.width == size[0]
            await pilot.press("L")
        assert packets.layout_name == LAYOUTS[0]
        await settled(pilot)
        before = packets.list.region.height
        await pilot.press("ctrl+down", "ctrl+down")
        await settled(pilot)
        assert packets.list.region.height > before
        for pane in (packets.list, packets.tree_pane, packets.octets_pane.query_one("HexView")):
            pane.focus()
            await pilot.press("z")
            await settled(pilot)
            shown = [p for p in (packets.list, packets.tree_pane, packets.octets_pane) if p.region.area]
            assert len(shown) == 1 and shown[0].region.width == size[0]
            await pilot.press("z")
            await settled(pilot)
            assert all(p.region.area for p in (packets.list, packets.tree_pane, packets.octets_pane))


@pytest.mark.asyncio
async def test_the_line_between_is_dragged() -> None:
    async with open_app(size=(120, 40)) as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        line = packets.query_one("#details").region
        await pilot.mouse_down(offset=Offset(50, line.y))
        await pilot.hover(offset=Offset(50, line.y + 6))
        await pilot.mouse_up(offset=Offset(50, line.y + 6))
        await settled(pilot)
        assert packets.query_one("#details").region.y == pytest.approx(line.y + 6, abs=1)
        assert app.settings.share == packets.share


@pytest.mark.asyncio
async def test_times() -> None:
    async with open_app() as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        packets.select("frame", 31)
        await settled(pilot)
        seen = {}
        for _ in times.FORMATS:
            await pilot.press("t")
            seen[packets.time] = packets.list.row(30).cells[1]
        assert set(seen) == {f.name for f in times.FORMATS}
        assert seen["absolute"] == "17:24:33.138684"
        a = packets.capture.analysis
        ns = [a.frames.row(n)[0] for n in range(31)]
        assert seen["start"] == f"{(ns[30] - ns[0]) / 1e9:.6f}"
        assert seen["previous"] == seen["shown"] == f"{(ns[30] - ns[29]) / 1e9:.6f}"
        assert seen["direction"] == f"{(ns[30] - ns[28]) / 1e9:.6f}"
        packets.apply('source == "16" && kind == "I"')
        await settled(pilot)
        packets.set_time("shown")
        place = packets.shown.place(31)
        other = packets.shown.number(place - 1)
        assert packets.list.row(place).cells[1] == f"{(ns[30] - ns[other - 1]) / 1e9:.6f}"


@pytest.mark.asyncio
async def test_time_references() -> None:
    async with open_app() as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        packets.select("frame", 10)
        await settled(pilot)
        await pilot.press("T")
        await settled(pilot)
        assert packets.time == "reference"
        assert packets.list.row(9).cells[1] == "*REF*"
        ns = [packets.capture.analysis.frames.row(n)[0] for n in range(12)]
        assert packets.list.row(11).cells[1] == f"{(ns[11] - ns[9]) / 1e9:.6f}"
        await pilot.press("T")
        assert packets.reference_frames == set()


@pytest.mark.asyncio
async def test_columns_of_any_field() -> None:
    async with open_app() as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        packets.set_columns(["no", "hdlc.ns", "uncertainty_ns", "info"])
        await settled(pilot)
        row = packets.list.row(5)
        assert row.cells[:2] == ["6", "1"] and row.cells[2].endswith("us")
        with pytest.raises(UsageError, match=r"no field 'nosuch'"):
            packets.set_columns(["nosuch"])
        assert packets.names["frame"][1] == "hdlc.ns"


@pytest.mark.asyncio
async def test_raw_and_resolved() -> None:
    async with open_app() as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        assert packets.list.row(0).cells[3] == "1/17 management logical device"
        await pilot.press("v")
        assert packets.list.row(0).cells[3] == "1/17"


@pytest.mark.asyncio
async def test_cells_become_filters() -> None:
    async with open_app(str(DEMO / "wrapper-tcp.pcapng")) as (app, pilot):
        packets = app.screen.query_one(PacketsView)
        packets.to_level("message")
        packets.select("message", 4)
        await settled(pilot)
        keys = {}
        for column, name in enumerate(packets.names["message"]):
            packets.list.move(packets.list.cursor, column)
            keys[name] = packets.cell()
        assert keys["info"] == ("apdu", packets.cells.item(4).apdu.name)
        assert keys["client"][0] == "client" and keys["no"] == ("no", 4)
