import csv

import pytest
from screens import open_app, settled

from analyzer import filters
from tui.copy_forms import Form, as_csv, forms


def made(found: list[Form]) -> dict[str, str]:
    assert len({form.key for form in found}) == len(found) and "F" not in {form.key for form in found}
    return {form.key: form.make() for form in found}


def test_a_line_of_csv_is_defused() -> None:
    assert as_csv(["1", '=a"b', "x,y"]) == '1,"\'=a""b","x,y"'


@pytest.mark.asyncio
async def test_forms_of_a_frame() -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        await pilot.press("down", "down", "right", "right", "right", "right")
        await settled(pilot)
        frame = screen.capture.analysis.frame(3)  # type: ignore[attr-defined]
        with screen.capture.turn():  # type: ignore[attr-defined]
            found = made(list(forms(screen)))  # type: ignore[arg-type]
        cells = screen.packets.list.row(2).cells  # type: ignore[attr-defined]
        assert found["r"] == "\t".join(cells)
        assert next(csv.reader([found["c"]])) == list(cells)
        assert found["v"] == "I" and found["f"] == 'kind == "I"'
        assert found["h"] == frame.octets.hex(" ").upper()
        assert "frame_3[71]" in found["a"] and found["d"].startswith("00000000  7e a0")
        assert found["s"].startswith("~\\xa0E") and "AssociationRequest" in found["x"]
        assert "aarq" in found["t"]


@pytest.mark.asyncio
async def test_forms_of_messages_and_exchanges() -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        for level in ("message", "exchange"):
            await pilot.press("e")
            await settled(pilot)
            with screen.capture.turn():  # type: ignore[attr-defined]
                found = made(list(forms(screen)))  # type: ignore[arg-type]
            assert "AssociationRequest" in found["x"], level
            assert ("h" in found) is (level == "message")
            assert filters.compile(found.get("f", "not no"), level)


@pytest.mark.asyncio
async def test_forms_of_a_field() -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        packets = screen.packets  # type: ignore[attr-defined]
        await pilot.press("down", "down")
        await settled(pilot)
        await pilot.press("enter")
        assert packets.tree_pane.find("Frame length")
        node = packets.tree_pane.selected
        found = made(list(forms(screen)))  # type: ignore[arg-type]
        assert found["n"] == f"{node.label}: {node.text}" and found["v"] == node.text
        octets = packets.detail.buffers[0].octets[node.start : node.end]
        assert len(octets) == 2 and found["h"] == octets.hex(" ").upper()
        assert found["t"] == packets.tree_pane.text()
        assert filters.compile(found["f"], "frame")


@pytest.mark.asyncio
async def test_forms_of_octets() -> None:
    async with open_app() as (app, pilot):
        screen = app.screen
        await pilot.press("down", "down")
        await settled(pilot)
        screen.packets.octets_pane.query_one("HexView").focus()  # type: ignore[attr-defined]
        await pilot.pause()
        octets = screen.capture.analysis.frame(3).octets  # type: ignore[attr-defined]
        assert made(list(forms(screen)))["h"] == octets.hex(" ").upper()  # type: ignore[arg-type]
        await pilot.press("shift+right", "shift+right")
        found = made(list(forms(screen)))  # type: ignore[arg-type]
        assert found["h"] == "7E A0 45" and set(found) == set("hads")
