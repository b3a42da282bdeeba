"""What calibrating a tap found (cosemscope calibrate), kept for this machine: later recordings carry it in the
description of the wire, and verdicts cite it.

One JSON file in the user's data folder: device → Calibration.
"""

import os
import sys
from pathlib import Path

import msgspec

from dissectors.errors import CaptureError
from dissectors.record import Value


class Calibration(Value, frozen=True):
    """Errors of `octets` stamps of a known schedule: bias_ns the median, spread_ns half of what 99 % lie within,
    coverage the share whose true time lay within the stated uncertainty. when: date, ISO 8601."""

    device: str
    driver: str
    serial_number: str
    baud: int
    octets: int
    bias_ns: int
    spread_ns: int
    coverage: float
    when: str

    @property
    def text(self) -> str:
        """In one line, as verdicts cite it."""
        return (
            f"tap {os.path.basename(self.device)} calibrated {self.when} at {self.baud} Bd: bias "
            f"{self.bias_ns / 1000:.0f} us, spread {self.spread_ns / 1000:.0f} us, stated uncertainty held for "
            f"{self.coverage:.1%} of {self.octets} octets"
        )


def folder() -> Path:
    """Where this user's data is kept."""
    given = os.environ.get("XDG_DATA_HOME") or os.environ.get("APPDATA")
    if given:
        return Path(given) / "cosemscope"
    home = Path.home()
    return home / ("Library/Application Support" if sys.platform == "darwin" else ".local/share") / "cosemscope"


def load() -> dict[str, Calibration]:
    """By device; what cannot be read is no calibration."""
    try:
        return msgspec.json.decode((folder() / "calibration.json").read_bytes(), type=dict[str, Calibration])
    except (OSError, msgspec.MsgspecError):
        return {}


def stored() -> dict[str, str]:
    """Device → what a recording says of its calibration."""
    return {device: found.text for device, found in load().items()}


def save(calibration: Calibration) -> Path:
    """Keeps it, in place of an older one of the device; gives the file."""
    path = folder() / "calibration.json"
    kept = load() | {calibration.device: calibration}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
    except OSError as error:
        raise CaptureError(f"{path}: cannot be written ({error.strerror})") from None
    return path
