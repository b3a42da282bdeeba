"""What calibrating found is kept, and cited."""

from pathlib import Path

import pytest

from captures import calibration
from captures.calibration import Calibration
from dissectors.errors import CaptureError

FOUND = Calibration("/dev/ttyUSB0", "ftdi_sio", "FT1234", 9600, 4000, 812_000, 240_000, 0.9987, "2026-11-23")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def test_kept_by_device() -> None:
    assert calibration.load() == {}
    calibration.save(FOUND)
    path = calibration.save(Calibration("/dev/ttyS0", "serial", "", 300, 9, 1, 1, 1.0, "2026-11-23"))
    assert path.is_file()
    assert calibration.load()["/dev/ttyUSB0"] == FOUND
    assert calibration.stored()["/dev/ttyUSB0"] == (
        "tap ttyUSB0 calibrated 2026-11-23 at 9600 Bd: bias 812 us, spread 240 us, "
        "stated uncertainty held for 99.9% of 4000 octets"
    )


def test_a_spoilt_file_is_no_calibration(home: Path) -> None:
    calibration.save(FOUND)
    (home / "cosemscope" / "calibration.json").write_text("{")
    assert calibration.load() == {}


def test_where_nothing_can_be_kept(home: Path) -> None:
    home.write_text("a file, no folder")
    with pytest.raises(CaptureError, match="cannot be written"):
        calibration.save(FOUND)


def test_where_the_system_keeps_such_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.delenv("APPDATA", raising=False)
    assert calibration.folder() == Path.home() / ".local/share/cosemscope"
    monkeypatch.setattr("sys.platform", "darwin")
    assert calibration.folder() == Path.home() / "Library/Application Support/cosemscope"
