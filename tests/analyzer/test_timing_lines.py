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


COLLISION = 'rule = "line.collision"\nkind = "count"\nsubject = "network"\nmax = "0 count"'


def test_collisions_that_the_link_stage_told_are_counted_once() -> None:
    told = (Problem(P.LINE_COLLISION, 0, 0, (1, "it overlaps frame 1 of the other wire")),)
    run = frame(3, "collision", UP, 80, 90, layer="line", problems=told)
    got = hdlc(COLLISION, frames=[frame(1, "I", UP, 0, 50), frame(2, "I", DOWN, 20, 70, problems=told), run])
    row = got.row("line.collision")
    assert (row["count"], row["fail"], row["worst_frame"]) == (2, 2, 2)
    assert [f.code for f in got.findings] == ["timing.line.collision"] * 2


@pytest.mark.parametrize(("kind", "measured"), [("glitch", [30]), ("echo", [30]), ("status", [30]), ("collision", [])])
def test_what_stands_beside_frames(kind: str, measured: list[int]) -> None:
    """Only a collision ends what is under way."""
    told = (Problem(P.LINE_COLLISION, 0, 0, (1, "")),) if kind == "collision" else ()
    between = frame(2, kind, UP, 11, 12, layer="line", problems=told, octets=b"\0")
    got = hdlc(RESPONSE, frames=[frame(1, "I", UP, 0, 10), between, frame(3, "I", DOWN, 40, 45)])
    assert got.measured("link.response") == measured


@pytest.mark.parametrize("kind", [P.CAPTURE_LOSS, P.CAPTURE_CLOCK_STEP])
def test_a_loss_or_a_clock_step_of_its_own_row_ends_the_measurement(kind: P.Kind) -> None:
    between = frame(2, "status", UP, 11, 12, layer="line", problems=(Problem(kind, 0, 0, ("3",)),), octets=b"")
    got = hdlc(RESPONSE, frames=[frame(1, "I", UP, 0, 10), between, frame(3, "I", DOWN, 40, 45)])
    assert got.row("link.response")["count"] == 0
