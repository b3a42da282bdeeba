"""How the time of a row is told; the formats themselves are seen in test_packets_view.py."""

import pytest
from screens import SERIAL, read

from tui import times
from tui.loader import Capture
from tui.shown import Shown


@pytest.fixture(scope="module")
def capture() -> Capture:
    return read(SERIAL)


def test_from_a_request_it_is_the_response_time(capture: Capture) -> None:
    shown = Shown(capture, "message")
    shown.publish(capture.counts().message)
    exchange = next(e for e in map(capture.analysis.exchange, range(1, 30)) if e.app_response_ns and e.attempts == 1)
    told = times.text(capture, shown, "request", [], exchange.responses[0])
    assert told == f"{exchange.app_response_ns / 1e9:.6f}"
    assert times.text(capture, shown, "request", [], exchange.request) == ""


def test_ends_of_the_list(capture: Capture) -> None:
    shown = Shown(capture, "frame")
    shown.publish(10)
    assert times.text(capture, shown, "shown", [], 1) == ""
    assert times.text(capture, shown, "start", [], 1) == "0.000000"
    assert times.stamp(capture, "frame", 0) is None and times.stamp(capture, "frame", 10**6) is None


@pytest.mark.parametrize("level", ["frame", "message", "exchange"])
def test_stamps_are_those_of_the_rows(capture: Capture, level: str) -> None:
    a = capture.analysis
    for no in range(1, 20):
        if level == "exchange":
            e = a.exchange(no)
            expected = (e.asked_ns, e.complete_ns)
            assert times.stamp(capture, level, no) == expected[0]
        else:
            row = a.frame(no) if level == "frame" else a.message(no).pdu
            assert (times.stamp(capture, level, no), times.stamp(capture, level, no, last=True)) == (
                row.first_ns,
                row.last_ns,
            )


def test_a_capture_without_a_clock(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "a.hex"
    path.write_text("7EA0070321930F017E\n7EA0070321930F017E\n")
    made = read(str(path))
    shown = Shown(made, "frame")
    shown.publish(made.counts().frame)
    for format in times.FORMATS:
        assert times.text(made, shown, format.name, [1], 2) in ("-", "-" * 15, "")
