"""Lines: what several links share, what cannot be read, echoes and collisions."""

import pytest
from timing_script import DOWN, LINE, UP, Ran, frame, profile, run

from dissectors import problem as P
from dissectors.problem import Problem
from dissectors.record import Frame

RESPONSE = 'rule = "link.response"\nmax = "500 ms"'


def hdlc(*rules: str, frames: list[Frame]) -> Ran:
    return run(profile("hdlc", *rules), frames, channels=[LINE])


@pytest.mark.parametrize(
    "between",
    [
        frame(2, "I", DOWN, 20, 30, good=False),
        frame(2, "noise", DOWN, 20, 30, octets=b"\x11\x22"),
        frame(2, "RR", DOWN, 20, 30, problems=(Problem(P.CAPTURE_LOSS, 0, 0, (3,)),)),
    ],
    ids=["bad check sequence", "noise", "loss"],
)
def test_what_cannot_be_read_ends_the_measurement(between: Frame) -> None:
    got = hdlc(RESPONSE, frames=[frame(1, "I", UP, 0, 10), between, frame(3, "I", DOWN, 900, 910)])
    assert got.row("link.response")["count"] == 0


def test_echo_is_no_frame_of_its_own() -> None:
    echo = frame(2, "I", UP, 11, 20, problems=(Problem(P.HDLC_ECHO, 0, 0, (1,)),))
    got = hdlc(RESPONSE, frames=[frame(1, "I", UP, 0, 10), echo, frame(3, "I", DOWN, 40, 45)])
    assert got.measured("link.response") == [30]


def test_both_sides_at_once_collide() -> None:
    rule = 'rule = "line.collision"\nkind = "count"\nsubject = "network"\nmax = "0 count"'
    got = hdlc(rule, frames=[frame(1, "I", UP, 0, 50), frame(2, "I", DOWN, 20, 70), frame(3, "I", UP, 69.5, 90)])
    row = got.row("line.collision")
    assert (row["count"], row["fail"], row["client"]) == (1, 1, None)
