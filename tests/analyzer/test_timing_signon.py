"""Sign-on timers of IEC 62056-21."""

import msgspec
import pytest
from timing_script import DOWN, MS, T0, UP, Ran, frame, run
from traffic import signed_on

from analyzer.run import Run
from analyzer.timing import Timing
from analyzer.timing_signon import value_of
from captures.linktype import USER0
from dissectors.link.iec62056_21 import read
from dissectors.profile import builtin, parse
from dissectors.record import Channel, Frame, Record

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


def test_messages_as_the_link_stage_gives_them_are_not_read_again() -> None:
    given = [msgspec.structs.replace(f, value=read(f.octets)[0]) for f in DIALOGUE]
    assert [value_of(f) for f in given] == [value_of(f) for f in DIALOGUE]
    assert signon('rule = "signon.reaction"', *given).measured("signon.reaction") == [250, 250, 350]


LOWER = 'rule = "signon.reaction"\nmin = "20 ms"\nwhen = {third_letter = "lower"}'
UPPER = 'rule = "signon.reaction"\nmin = "200 ms"\nwhen = {third_letter = "upper"}'


@pytest.mark.parametrize(("name", "rule", "verdicts"), [
    (b"/XXX5METER\r\n", UPPER, ["fail", "pass"]), (b"/XXX5METER\r\n", LOWER, []),
    (b"/XXx5METER\r\n", UPPER, []), (b"/XXx5METER\r\n", LOWER, ["pass", "pass"]),
])  # fmt: skip
def test_the_third_letter_of_the_manufacturer_sets_the_minimum(name: bytes, rule: str, verdicts: list[str]) -> None:
    got = signon(
        rule, line(1, b"/?!\r\n", UP, 0, 167), line(2, name, DOWN, 217, 700), line(3, b"\x06050\r\n", UP, 1000, 1200)
    )
    assert got.verdicts("signon.reaction") == verdicts


def test_each_side_is_blamed_for_its_own_answers() -> None:
    for subject, measured in (("server", [250, 350]), ("client", [250]), ("network", [250, 250, 350])):
        text = f'{PROFILE}[[application.timing]]\nrule = "signon.reaction"\nkind = "delay"\nsubject = "{subject}"\n'
        profile = parse((text + 'clause = "6"\nconfidence = "A"\n').encode(), "iec21.toml")
        assert run(profile, DIALOGUE, channels=[SLOW]).measured("signon.reaction") == measured


def test_the_device_confirms_a_mode_e_sign_on() -> None:
    """The change of rate is over with the confirmation; HDLC ends the set-up, noise between does not."""
    dialogue = (
        *DIALOGUE[:2], line(3, b"\x06252\r\n", UP, 1150, 1350), line(4, b"\x06252\r\n", DOWN, 1650, 1660),
        frame(5, "noise", DOWN, 1700, 1710, layer="noise", profile="iec21"),
        frame(6, "SNRM", UP, 2000, 2010, profile="iec21"),
    )  # fmt: skip
    assert signon('rule = "signon.baud-change"', *dialogue).measured("signon.baud-change") == [300]
    assert signon('rule = "signon.set-up"', *dialogue).measured("signon.set-up") == [2000]
    unconfirmed = (*dialogue[:3], frame(4, "noise", DOWN, 1700, 1710, layer="noise", profile="iec21"))
    assert signon('rule = "signon.baud-change"', *unconfirmed).measured("signon.baud-change") == [350]


def test_wake_up_and_what_follows() -> None:
    woken = (line(1, bytes(84), UP, 0, 2200), line(2, b"/?!\r\n", UP, 3800, 3967))
    assert signon('rule = "signon.wake-up"', *woken).measured("signon.wake-up") == [2200]
    assert signon('rule = "signon.wake-up-wait"', *woken).measured("signon.wake-up-wait") == [1600]
    again = (*DIALOGUE[:4], line(5, bytes(84), UP, 10_000, 12_200))
    assert signon('rule = "signon.inactivity"', *again).measured("signon.inactivity") == [8000]


def test_period_of_telegrams() -> None:
    telegram = b"/XXX5M\r\n\r\n1-0:1.8.0(1*kWh)\r\n!\r\n"
    frames = [line(n, telegram, DOWN, n * 1000, n * 1000 + 5) for n in range(3)]
    rule = '[[application.timing]]\nrule = "signon.period"\nkind = "period"\nsubject = "server"\nclause = "6"\n'
    text = f'{PROFILE}{rule}confidence = "A"\nwhen = {{phase = "push", mode = "D"}}\n'
    got = run(parse(text.encode(), "iec21.toml"), frames, channels=[SLOW])
    assert got.measured("signon.period") == [1000, 1000]


def test_data_in_programming() -> None:
    frames = (
        line(1, b"\x01R1\x02C.1()\x03\x00", UP, 0, 10), line(2, b"\x02C.1(1)\x03\x00", DOWN, 250, 260),
        line(3, b"\x06", UP, 500, 510),
    )  # fmt: skip
    got = signon('rule = "signon.reaction"\nwhen = {phase = "programming"}', *frames)
    assert got.measured("signon.reaction") == [240, 240]


def test_the_shipped_profile_judges_a_sign_on_and_the_hdlc_one_what_follows() -> None:
    """Octets of one line through the whole program: sign-on frames by one profile, HDLC frames by the other."""
    records, now = [], T0
    for no, s in enumerate(signed_on(), 1):
        end = now + len(s.octets) * 1_041_667
        records.append(Record(no, 0, int(not s.up), now, end, 1000, s.octets))
        now = end + 250 * MS
    channel = Channel(0, "head", USER0, 1000, 9600, 10, "start")
    timing = Timing(dict(builtin()), [channel])
    profiles = {}
    for e in timing.frames(Run(records, [channel], list(builtin().values())).frames()):
        profiles[e.layer] = e.profile
    assert profiles == {"iec62056-21": "iec62056-21", "hdlc": "hdlc"}
    timing.end()
    rows = [r for r in timing.rows("a") if r["count"]]
    judged = [r for r in rows if (r["profile"], r["rule"]) == ("iec62056-21", "signon.reaction")]
    assert sorted(r["subject"] for r in judged) == ["client", "server"]
    assert all(r["pass"] == r["count"] for r in judged)
    assert [r for r in rows if (r["profile"], r["rule"]) == ("hdlc", "link.response")]
