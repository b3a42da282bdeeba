import asyncio
import re
import traceback
from pathlib import Path
from typing import Any

import pytest
from screens import SERIAL, SIZES, brought, open_app, screen_text, settled
from terminals import send, terminal
from textual.pilot import Pilot
from traffic import framed

from analyzer.session import Session
from captures.health import Health, RecordPlan, WireHealth
from captures.live import LiveSource
from tui.addresses_view import AddressesView
from tui.app import CosemscopeApp
from tui.health_view import Fact, HealthView, error_name, live_facts, own_frames
from tui.line_view import LineView
from tui.loader import Capture, options
from tui.objects_view import ObjectsView
from tui.timing_view import TimingView

KEY = bytes.fromhex("000102030405060708090A0B0C0D0E0F")


def values(facts: list[Fact]) -> dict[str, str]:
    return {fact.label: fact.value for fact in facts if fact.label and not fact.heading}


@pytest.mark.asyncio
@pytest.mark.parametrize("size", SIZES)
async def test_what_the_capture_is(size: tuple[int, int]) -> None:
    async with open_app(SERIAL, size) as (app, pilot):
        view = await brought(pilot, "health")
        found = values(view.facts)
        assert found["State"] == "ended" and found["Kind"] == "pcapng"
        assert found["Records"] == "136, 5.0 kB of data"
        assert "9600 Bd, 10 bits a character; stamps: start, to 1 ns" in found["0 client"]
        text = screen_text(app)
        assert "every octet is part of a known frame" in text
        assert all(len(line) <= size[0] for line in text.splitlines())


@pytest.mark.asyncio
async def test_noise_is_said_and_leads_to_its_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_text("7E A0 07 03 21 93 0F 01 7E\n00 11 22\n33 44\n")
    async with open_app(str(path), (80, 24)) as (app, pilot):
        view = await brought(pilot, "health")
        assert "no clock" in values(view.facts)["Time"]
        place = next(n for n, fact in enumerate(view._shown) if fact.frame)
        view.table.move(place)
        frame = view._shown[place].frame
        await pilot.press("enter")
        await settled(pilot)
        assert app.screen.packets.no == frame  # type: ignore[attr-defined]
        assert view.capture.analysis.frame(frame).layer in ("noise", "other")


@pytest.mark.asyncio
async def test_a_capture_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcapng"
    path.write_bytes(Path(SERIAL).read_bytes()[:-10])
    async with open_app(str(path)) as (_, pilot):
        view = await brought(pilot, "health")
        cut = next(fact for fact in view.facts if fact.label == "Cut")
        assert cut.mark == "!" and cut.value == view.capture.source.cut


@pytest.mark.asyncio
async def test_a_live_capture_is_looked_at_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_app(SERIAL) as (app, pilot):
        view = await brought(pilot, "health")
        fills: list[float] = []
        now = 1000.0
        monkeypatch.setattr("tui.health_view.time.monotonic", lambda: now)
        monkeypatch.setattr(HealthView, "fill", lambda self: fills.append(now) or setattr(self, "_filled", now))
        counts = app.screen.counts  # type: ignore[attr-defined]
        view.capture.state = view._state = "live"
        view._filled = now
        view.grown(counts)
        assert fills == []
        now += 1.0
        view.grown(counts)
        view.grown(counts)
        assert fills == [1001.0]
        view.capture.state = "ended"
        view.grown(counts)
        assert len(fills) == 2


def test_what_a_recorder_tells() -> None:
    wires = (
        WireHealth("A", octets=10, framing=2, parity=1, baud=9600),
        WireHealth("B", octets=5, baud=9600, gone="unplugged"),
        WireHealth("C", octets=5, baud=300),
    )
    health = Health(
        file="n2.pcapng", records=7, octets=5000, packets=100, dropped=3, queue=200, disk_free=2_000_000, late_us=1500,
        wires=wires,
    )  # fmt: skip
    facts = list(live_facts(health, ["n1.pcapng", "n2.pcapng"], None))
    found, marks = values(facts), {fact.label: fact.mark for fact in facts}
    assert found["Written to"] == "n2.pcapng" and "2 of a ring" in found["Files"]
    assert found["A"] == "9600 Bd, 10 octets, 2 framing errors, 1 parity errors" and marks["A"] == "!"
    assert found["B"].startswith("gone: unplugged") and marks["B"] == "✗"
    assert marks["C"] == "" and marks["Packets"] == "!" and "3 dropped" in found["Packets"]
    assert marks["Not yet written"] == "!" and found["Disk"] == "2.0 MB free"
    assert "1.500 ms late" in found["Latest wake-up"]
    over = list(live_facts(Health(ended="stopped"), [], "disk full"))
    assert ("Ended", "disk full", "✗") in [(f.label, f.value, f.mark) for f in over]


@pytest.mark.asyncio
async def test_a_fault_of_ours_is_told_without_what_was_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.objects import Objects

    def broken(self: Any, m: Any) -> None:
        secret = KEY
        raise ValueError(f"key {secret.hex()}\n  and {secret!r}")

    monkeypatch.setattr(Objects, "add", broken)
    async with open_app(SERIAL, (120, 40)) as (_, pilot):
        view = await brought(pilot, "health")
        assert view.capture.state == "failed" and KEY.hex() in view.capture.crash
        told = "\n".join(f"{fact.label} {fact.value}" for fact in view.facts)
        assert "ValueError" in told and "analyzer/objects.py:" in told
        assert KEY.hex() not in told and repr(KEY) not in told and "and b" not in told


def test_a_traceback_is_cut_to_our_own_files() -> None:
    try:
        error_name(None)  # type: ignore[arg-type]
    except AttributeError:
        crash = traceback.format_exc()
    found = own_frames(crash)
    assert found[-1].startswith("tui/health_view.py:") and found[-1].endswith(" error_name")
    assert not any(line.startswith("/") for line in found)
    assert error_name(crash) == "AttributeError"
    assert error_name("") == "error"


@pytest.mark.asyncio
async def test_a_recording_tells_of_itself_while_every_view_grows(tmp_path: Path) -> None:
    units = framed()
    with terminal() as (up, up_name), terminal() as (down, down_name):
        specs = (f"serial:{up_name},{down_name}?baud=115200",)
        source = LiveSource(specs, plan=RecordPlan(specs, str(tmp_path / "a.pcapng")))
        capture = Capture(Session(options(), print), specs[0], source)
        app = CosemscopeApp(options(), capture)
        try:
            async with app.run_test(size=(120, 40)) as pilot:
                await pilot.press("w")
                view = await shown(app, pilot, HealthView)
                await until(pilot, lambda: "Written to" in values(view.facts))
                assert values(view.facts)["State"] == "live"
                await asyncio.to_thread(send, units[: len(units) // 2], up, down, 115_200)
                half = sum(len(u.octets) for u in units[: len(units) // 2])
                await until(pilot, lambda: sum(w.octets for w in source.recorder.health.wires) == half)
                await until(pilot, lambda: heard(values(view.facts)) == half)
                views: list[Any] = []
                for key, class_ in (("5", TimingView), ("7", ObjectsView), ("8", AddressesView), ("9", LineView)):
                    await pilot.press(key)
                    views.append(await shown(app, pilot, class_))
                before = capture.counts().frame
                await asyncio.to_thread(send, units[len(units) // 2 :], up, down, 115_200)
                await until(pilot, lambda: capture.counts().frame > before)
                for key in "5789":
                    await pilot.press(key)
                await pilot.press("w")
                capture.stop()
                await until(pilot, lambda: values(view.facts).get("State") == "ended" and "Ended" in values(view.facts))
                assert views[3].load is not None and views[3].load.all.total_frames > 0
        finally:
            capture.close()


def heard(found: dict[str, str]) -> int:
    """Octets of all wires."""
    return sum(int(n) for value in found.values() for n in re.findall(r"Bd, (\d+) octets", value))


async def shown(app: CosemscopeApp, pilot: Pilot[Any], class_: Any) -> Any:
    await until(pilot, lambda: bool(app.screen.query(class_)) and app.screen.query_one(class_).is_mounted)
    return app.screen.query_one(class_)


async def until(pilot: Pilot[Any], true: Any) -> None:
    for _ in range(3000):
        await pilot.pause(0.01)
        if true():
            return
    raise AssertionError("it never came")
