"""calibrate: how good a tap's time stamps are, measured with a second port, and kept for later recordings."""

import argparse
from collections.abc import Callable

from analyzer.session import Session
from captures import calibration
from captures.spec import SerialSpec, parse
from dissectors.errors import CaptureError, UsageError


def command(args: argparse.Namespace, session: Session, write: Callable[[str], None]) -> int:
    spec = parse(args.spec)
    if not isinstance(spec, SerialSpec):
        raise UsageError(f"calibrate {args.spec}: expected a serial tap, such as serial:/dev/ttyUSB0?baud=9600")
    try:
        from captures.serial.calibrate import calibrate
    except ImportError:
        raise CaptureError("calibrate: wants a POSIX system (Linux, macOS)") from None
    found = calibrate(spec, args.feed, args.octets, session.say)
    write(found.text)
    if found.coverage < 0.99:
        session.insist(
            "less than 99 % of the true times lay within what recordings of this tap state: see docs/time-stamps.md"
        )
    write(f"kept in {calibration.save(found)}; recordings of this tap will say so")
    return 0
