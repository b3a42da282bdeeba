"""Sign-on timers of IEC 62056-21."""

import pytest
from timing_script import DOWN, MS, UP, Ran, frame, run

from dissectors.profile import parse
from dissectors.record import Channel, Frame

PROFILE = """
[profile]
name = "iec21"
title = "Test communication profile for test networks"
standard = "test"
[[stack]]
name = "iec21"
layers = ["iec62056-21"]
recognition = {transports = ["serial"]}
"""
SLOW = Channel(0, "head", 250, 1000, 300, 10, "start")


def signon(rule: str, *frames: Frame) -> Ran:
    common = 'kind = "delay"\nsubject = "network"\nclause = "6"\nconfidence = "A"\n'
    text = f"{PROFILE}[[application.timing]]\n{rule}\n{common}"
    return run(parse(text.encode(), "iec21.toml"), frames, channels=[SLOW])


def line(no: int, octets: bytes, direction: int, first_ms: float, last_ms: float, gap_ms: float = 0) -> Frame:
    return frame(
        no, "iec62056-21", direction, first_ms, last_ms, layer="iec62056-21", profile="iec21", octets=octets,
        gap_ns=round(gap_ms * MS), server=-1, client=-1,
    )  # fmt: skip


DIALOGUE = (
    line(1, b"/?!\r\n", UP, 0, 167),
    line(2, b"/XXX5\\2ident\r\n", DOWN, 417, 900, 120),
    line(3, b"\x06050\r\n", UP, 1150, 1350),
    line(4, b"\x021.8.0(1)!\r\n\x03\x00", DOWN, 1700, 2000),
    line(5, b"/?!\r\n", UP, 62_000, 62_167),
)


def test_reaction_in_both_directions() -> None:
    got = signon('rule = "signon.reaction"\nmin = "200 ms"\nmax = "1500 ms"', *DIALOGUE)
    assert got.measured("signon.reaction") == [250, 250, 350]
    assert got.rows[0]["verdict"] == "pass"
    assert got.rows[0]["client"] is None


def test_reaction_without_directions() -> None:
    unknown = [
        line(f.no, f.octets, 2, (f.first_ns or 0) / MS - 1.7e12, (f.last_ns or 0) / MS - 1.7e12) for f in DIALOGUE
    ]
    assert signon('rule = "signon.reaction"', *unknown).row("signon.reaction")["count"] == 3


def test_characters_baud_change_set_up_and_inactivity() -> None:
    got = signon('rule = "signon.inter-character"\nmax = "100 ms"', *DIALOGUE)
    assert (got.rows[0]["count"], got.rows[0]["fail"], got.rows[0]["max_ns"]) == (5, 1, 120 * MS)
    assert signon('rule = "signon.baud-change"', *DIALOGUE).measured("signon.baud-change") == [350]
    assert signon('rule = "signon.set-up"', *DIALOGUE).measured("signon.set-up") == [1700]
    assert signon('rule = "signon.inactivity"', *DIALOGUE).measured("signon.inactivity") == [60_000]


def test_parity_bits_do_not_hide_a_request() -> None:
    seven_bits = bytes.fromhex("AF3F218D0A")
    got = signon('rule = "signon.set-up"', line(1, seven_bits, UP, 0, 167), *DIALOGUE[1:4])
    assert got.measured("signon.set-up") == [1700]


@pytest.mark.parametrize(("when", "count"), [('mode = "E"', 4), ('mode = "C"', 0), ('phase = "readout"', 1)])
def test_rules_of_one_mode_or_phase(when: str, count: int) -> None:
    got = signon(
        f'rule = "signon.reaction"\nwhen = {{{when}}}', *DIALOGUE, line(6, b"/XXX5\\2i\r\n", DOWN, 62_400, 62_900)
    )
    assert got.row("signon.reaction")["count"] == count
