"""calibrate at the command line: measured, kept, and cited by what is recorded and judged later."""

import json
from pathlib import Path

import pytest
from cli_run import run
from terminals import read, send, terminal
from traffic import framed

from captures.calibration import Calibration, save, stored
from captures.recorder import Recorder, RecordPlan


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_the_result_is_printed_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Calibration("/dev/ttyUSB0", "ftdi_sio", "", 9600, 2000, 100_000, 50_000, 0.97, "2026-11-23")
    monkeypatch.setattr("captures.serial.calibrate.calibrate", lambda *given: found)
    done = run("calibrate", "serial:/dev/ttyUSB0?baud=9600", "--feed", "/dev/ttyUSB1")
    assert done.code == 0
    assert "bias 100 us" in done.lines[0] and "kept in" in done.lines[1]
    assert "less than 99 %" in done.err
    assert stored() == {"/dev/ttyUSB0": found.text}


def test_verdicts_of_a_calibrated_tap_say_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    with terminal() as (up, up_name), terminal() as (down, down_name):
        for name in (up_name, down_name):
            save(Calibration(name, "", "", 9600, 2000, 100_000, 50_000, 0.999, "2026-11-23"))
        recorder = Recorder(RecordPlan((f"serial:{up_name},{down_name}?baud=9600",), str(path)))
        send(framed()[:8], up, down, 9600)
        recorder.close()
    _, channels = read(path)
    assert all("calibrated 2026-11-23 at 9600 Bd" in c.calibration for c in channels)
    each = json.loads(run("timing", path, "--format", "json", "--each").text)
    assert {row["needs"] for row in each if row["rule"] == "app.response"} <= {c.calibration for c in channels}


def test_only_a_serial_tap_can_be_calibrated() -> None:
    done = run("calibrate", "ip:lo", "--feed", "/dev/x")
    assert done.code == 2 and "expected a serial tap" in done.err
