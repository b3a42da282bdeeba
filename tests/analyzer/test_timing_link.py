"""Timers of the HDLC link: scripted frames in, measurements and verdicts out."""

from typing import Any

import pytest
from timing_script import DOWN, LINE, MS, TCP, UP, Ran, frame, profile, run

from dissectors.record import Channel, Frame


def hdlc(*rules: str, frames: list[Frame], channel: Channel = LINE, decision: str = "guarded") -> Ran:
    return run(profile("hdlc", *rules), frames, channels=[channel], decision=decision)


RESPONSE = 'rule = "link.response"\nmax = "500 ms"'


@pytest.mark.parametrize(
    ("start_ms", "verdict"),
    [(100, "pass"), (507.9, "pass"), (508.1, "undecidable"), (512.1, "fail"), (511.9, "undecidable")],
)
def test_link_response_runs_from_end_to_start(start_ms: float, verdict: str) -> None:
    # The client's frame ends at 10 ms; both stamps are good to 1 ms, and drift adds 25 us.
    got = hdlc(RESPONSE, frames=[frame(1, "I", UP, 0, 10), frame(2, "I", DOWN, start_ms, start_ms + 5)])
    assert got.verdicts("link.response") == [verdict]
    assert got.measured("link.response") == [pytest.approx(start_ms - 10)]
    assert [f.code for f in got.findings] == ([] if verdict == "pass" else ["timing.link.response"])


def test_link_response_takes_receiver_ready() -> None:
    got = hdlc(
        RESPONSE,
        frames=[
            frame(1, "I", UP, 0, 10),
            frame(2, "RR", DOWN, 40, 45),
            frame(3, "RR", UP, 60, 65),
            frame(4, "RNR", DOWN, 70, 75),
            frame(5, "RR", UP, 160, 165),
            frame(6, "I", DOWN, 190, 200),
        ],
    )
    assert got.measured("link.response") == [30, 5, 25]
    assert got.row("link.response")["pass"] == 3


def test_frame_without_poll_gives_no_turn() -> None:
    got = hdlc(RESPONSE, frames=[frame(1, "UI", UP, 0, 10, poll=False), frame(2, "UI", DOWN, 40, 45)])
    assert got.row("link.response")["verdict"] == "not-observed"


def test_links_of_one_line_are_told_apart() -> None:
    got = hdlc(
        RESPONSE,
        frames=[
            frame(1, "I", UP, 0, 10, server=1),
            frame(2, "I", UP, 20, 30, server=2),
            frame(3, "I", DOWN, 40, 45, server=2),
            frame(4, "I", DOWN, 60, 65, server=1),
        ],
    )
    assert [(r["server"], r["max_ns"]) for r in got.rows] == [(1, 50 * MS), (2, 10 * MS)]


def test_unanswered_frame_is_censored_and_repeated() -> None:
    again: dict[str, Any] = {"octets": b"\x7esame\x7e"}
    got = hdlc(
        RESPONSE,
        'rule = "link.retry-interval"\nkind = "period"\nsubject = "client"\nmin = "1 s"',
        'rule = "link.retries"\nkind = "count"\nsubject = "client"\nmax = "1 count"',
        'rule = "link.idle"\nsubject = "network"',
        'rule = "link.frame-gap"\nsubject = "client"',
        frames=[
            frame(1, "I", UP, 0, 10, **again),
            frame(2, "I", UP, 2000, 2010, **again),
            frame(3, "I", UP, 2500, 2510, **again),
            frame(4, "I", DOWN, 2600, 2610),
        ],
    )
    row = got.row("link.response")
    assert (row["count"], row["unanswered"], row["pass"], row["max_ns"]) == (3, 2, 1, 90 * MS)
    # One wait outlasted the limit: the answer may be late or lost, so the row is not pass.
    assert row["verdict"] == "undecidable"
    assert got.measured("link.retry-interval") == [2000, 500]
    assert got.verdicts("link.retry-interval") == ["pass", "fail"]
    assert got.measured("link.retries") == [2 / MS]
    assert got.verdicts("link.retries") == ["fail"]
    assert got.measured("link.idle") == [1990, 490]
    assert got.measured("link.frame-gap") == []  # each of them gave the turn away


def test_last_frame_waits_until_the_end_of_the_capture() -> None:
    got = hdlc(RESPONSE, frames=[frame(1, "I", UP, 0, 10), frame(2, "noise", DOWN, 800, 810, octets=b"\x7e")])
    assert got.each[0]["verdict"] == "unanswered"
    assert got.each[0]["measured_ns"] == 800 * MS
    assert got.each[0]["hi_ns"] is None


def test_turn_around_ends_with_the_session() -> None:
    got = hdlc(
        'rule = "link.turn-around"\nsubject = "client"\nmin = "20 ms"',
        'rule = "app.session"\nsubject = "network"',
        'rule = "link.set-up"',
        frames=[
            frame(1, "SNRM", UP, 0, 10),
            frame(2, "UA", DOWN, 30, 40),
            frame(3, "I", UP, 50, 60),
            frame(4, "I", DOWN, 80, 90),
            frame(5, "DISC", UP, 150, 160),
            frame(6, "UA", DOWN, 180, 190),
            frame(7, "SNRM", UP, 9000, 9010),
        ],
    )
    assert got.measured("link.turn-around") == [10, 60]
    assert got.verdicts("link.turn-around") == ["fail", "pass"]
    assert got.measured("app.session") == [190]
    assert got.measured("link.set-up") == [20]


INACTIVITY = 'rule = "link.inactivity"\nkind = "timeout"\nmin = "{}"\nmax = "{}"'


@pytest.mark.parametrize(
    ("low", "high", "gap_s", "answer", "verdicts"),
    [
        ("120 s", "120 s", 100, "I", ["pass"]),  # still answering after a gap shorter than min
        ("120 s", "120 s", 100, "DM", ["fail"]),  # link closed before min
        ("120 s", "120 s", 140, "RR", ["fail"]),  # still alive after max
        ("120 s", "120 s", 140, "DM", ["pass"]),  # closed after max
        ("120 s", "120 s", 120, "I", ["undecidable"]),
        ("60 s", "180 s", 100, "I", []),  # between the bounds nothing is learned
        ("60 s", "180 s", 100, "DM", []),
        ("120 s", "120 s", 140, None, ["pass"]),  # no answer at all: closed
        ("120 s", "120 s", 100, None, []),  # silence has other causes too
    ],
)
def test_inactivity_is_judged_by_the_reaction(
    low: str, high: str, gap_s: int, answer: str | None, verdicts: list[str]
) -> None:
    then = 30 + gap_s * 1000
    frames = [frame(1, "RR", UP, 0, 10), frame(2, "RR", DOWN, 20, 30)]
    frames[0:1] = [frame(1, "RR", UP, 20, 30)]
    frames[1] = frame(2, "RR", DOWN, 40, 50)
    frames.append(frame(3, "RR", UP, then, then + 1))
    frames.append(
        frame(4, answer, DOWN, then + 50, then + 55) if answer else frame(4, "SNRM", UP, then + 9, then + 9.5)
    )
    got = hdlc(INACTIVITY.format(low, high), frames=frames)
    assert got.verdicts("link.inactivity") == verdicts
    assert got.row("link.inactivity")["verdict"] == (verdicts[0] if verdicts else "not-observed")


def test_each_frame_of_the_client_restarts_inactivity() -> None:
    frames = []
    for n, at in enumerate((0, 100_000, 200_000)):
        frames += [frame(2 * n + 1, "RR", UP, at, at + 10), frame(2 * n + 2, "RR", DOWN, at + 20, at + 30)]
    assert hdlc(INACTIVITY.format("120 s", "120 s"), frames=frames).verdicts("link.inactivity") == ["pass", "pass"]


def test_the_frame_that_ends_a_gap_lasts_too() -> None:
    # 119.9 s until its start, 120.1 s until its end: the timer may have run out in between.
    frames = [frame(1, "RR", UP, 0, 100), frame(2, "RR", DOWN, 110, 120)]
    frames += [frame(3, "I", UP, 120_000, 120_200), frame(4, "DM", DOWN, 120_210, 120_220)]
    assert hdlc(INACTIVITY.format("120 s", "120 s"), frames=frames).verdicts("link.inactivity") == ["undecidable"]


def test_frames_of_the_server_do_not_restart_inactivity() -> None:
    got = hdlc(
        INACTIVITY.format("120 s", "120 s"),
        frames=[
            frame(1, "RR", UP, 0, 10),
            frame(2, "RR", DOWN, 20, 30),
            frame(3, "UI", DOWN, 100_000, 100_010),
            frame(4, "RR", UP, 140_000, 140_010),
            frame(5, "I", DOWN, 140_020, 140_030),
        ],
    )
    assert got.verdicts("link.inactivity") == ["fail"]


OCTETS = 'rule = "link.inter-octet"\nkind = "timeout"\nmin = "25 ms"\nmax = "30 ms"'


@pytest.mark.parametrize(
    ("gap_ms", "answered", "verdicts"),
    [
        (5, True, ["pass"]),
        (40, True, ["fail"]),
        (40, False, ["pass"]),
        (5, False, []),
        (27, True, []),
        (29, True, ["undecidable"]),
        (None, True, ["undecidable"]),
    ],
)
def test_inter_octet_time_out_of_the_meter(gap_ms: float | None, answered: bool, verdicts: list[str]) -> None:
    frames = [frame(1, "I", UP, 0, 60, gap_ns=None if gap_ms is None else round(gap_ms * MS))]
    frames.append(
        frame(2, "I", DOWN, 90, 200, gap_ns=90 * MS) if answered else frame(2, "SNRM", UP, 900, 901, gap_ns=0)
    )
    got = hdlc(OCTETS, frames=frames)
    assert got.verdicts("link.inter-octet") == verdicts
    if gap_ms is None:
        assert got.each[0]["needs"] == "octet-times"


def test_inter_octet_delay_speaks_of_the_subject() -> None:
    got = hdlc(
        'rule = "link.inter-octet"\nsubject = "client"\nmax = "20 ms"',
        'rule = "link.inter-octet"\nsubject = "server"\nmax = "20 ms"',
        frames=[frame(1, "I", UP, 0, 60, gap_ns=5 * MS), frame(2, "I", DOWN, 90, 200, gap_ns=50 * MS)],
    )
    assert [(row["subject"], row["max_ns"], row["verdict"]) for row in got.rows] == [
        ("client", 5 * MS, "pass"),
        ("server", 50 * MS, "fail"),
    ]


def test_frame_gap_of_a_burst_and_window_stall() -> None:
    got = hdlc(
        'rule = "link.frame-gap"\nmax = "100 ms"',
        'rule = "link.frame-gap"\nsubject = "client"\nmax = "100 ms"',
        'rule = "link.segment-gap"',
        'rule = "link.window-stall"\nsubject = "client"',
        frames=[
            frame(1, "RR", UP, 0, 5),
            frame(2, "I", DOWN, 10, 20, ns=0, poll=False, segmented=True),
            frame(3, "I", DOWN, 150, 160, ns=1, poll=False),
            frame(4, "RR", DOWN, 165, 170),
            frame(5, "RR", UP, 200, 205, nr=2),
        ],
    )
    assert got.measured("link.frame-gap") == [130, 5]
    assert got.row("link.frame-gap", subject="server")["fail"] == 1
    assert got.row("link.frame-gap", subject="client")["count"] == 0
    assert got.measured("link.segment-gap") == [130]
    assert got.measured("link.window-stall") == [40]


@pytest.mark.parametrize(
    ("channel", "uncertainty_ns", "needs"),
    [
        (Channel(0, "a", 250, baud=0, stamp="start"), MS, "baud"),
        (Channel(0, "a", 250, baud=9600, stamp="unknown"), MS, "stamp"),
        (Channel(0, "a", 250, baud=0, stamp="unknown"), None, "baud,stamp,uncertainty"),
        (LINE, None, "uncertainty"),
    ],
)
def test_what_is_missing_is_named(channel: Channel, uncertainty_ns: int | None, needs: str) -> None:
    frames = [
        frame(1, "I", UP, 0, uncertainty_ns=uncertainty_ns),
        frame(2, "I", DOWN, 40, uncertainty_ns=uncertainty_ns),
        frame(3, "I", UP, 80, uncertainty_ns=uncertainty_ns),
        frame(4, "I", DOWN, 120, uncertainty_ns=uncertainty_ns),
    ]
    got = hdlc(RESPONSE, frames=frames, channel=channel, decision="simple")
    assert got.verdicts("link.response") == ["undecidable", "undecidable"]
    assert got.each[0]["needs"] == needs
    assert got.row("link.response")["verdict"] == "undecidable"
    assert len(got.findings) == 1  # said once, not for each measurement
    assert needs in got.findings[0].text


def test_hdlc_in_tcp_needs_no_baud_rate() -> None:
    more = profile("hdlc", RESPONSE).octets.decode() + (
        '[[stack]]\nname = "hdlc-tcp"\nlayers = ["ip", "tcp", "hdlc", "llc", "xdlms"]\n'
        '[stack.recognition]\ntransports = ["tcp"]\n'
    )
    from dissectors.profile import parse

    frames = [frame(1, "I", UP, 0, path=TCP[0]), frame(2, "I", DOWN, 40, path=TCP[1])]
    got = run(parse(more.encode(), "x.toml"), frames, channels=[Channel(0, "eth0", 1)])
    assert got.verdicts("link.response") == ["pass"]


def test_ends_in_one_record_decide_nothing() -> None:
    frames = [
        frame(
            1,
            "I",
            UP,
            0,
            10,
        ),
        frame(2, "I", DOWN, 40, 45),
    ]
    import msgspec

    frames[1] = msgspec.structs.replace(frames[1], records=(1,))
    got = hdlc(RESPONSE, frames=frames)
    assert (got.each[0]["verdict"], got.each[0]["needs"]) == ("undecidable", "octet-times")


def test_fill_flags_are_no_part_of_a_frame() -> None:
    # Three more flags at 9600 Bd: 3.125 ms after the record's first octet.
    fill = frame(2, "I", DOWN, 40, 50, octets=b"\x7e\x7e\x7e\x7e\xa0\x07\x7e")
    got = hdlc(RESPONSE, frames=[frame(1, "I", UP, 0, 10), fill])
    assert got.measured("link.response") == [pytest.approx(33.125)]


def test_line_units_need_the_baud_rate() -> None:
    rule = 'rule = "link.response"\nmin = "11 bit"\nmax = "330 bit + 50 ms"'
    frames = [frame(1, "I", UP, 0, 10), frame(2, "I", DOWN, 40, 45)]
    got = hdlc(rule, frames=frames)
    assert got.rows[0]["limit_min_ns"] == 1_145_833
    assert got.rows[0]["limit_max_ns"] == 84_375_000
    assert got.rows[0]["verdict"] == "pass"
    missing = hdlc(rule, frames=frames, channel=Channel(0, "a", 250, stamp="start"))
    assert (missing.each[0]["verdict"], missing.each[0]["needs"]) == ("undecidable", "baud")


def test_stated_baud_rate_is_said_with_each_verdict() -> None:
    stated = Channel(0, "a", 250, 1000, 9600, 10, "start", assumed=("baud=9600", "stamp=start"))
    frames = [frame(1, "I", UP, 0, 10), frame(2, "I", DOWN, 40, 45)]
    got = hdlc('rule = "link.response"\nmax = "400 bit"', frames=frames, channel=stated)
    assert got.rows[0]["limit_from"] == "assume"
    assert got.each[0]["needs"] == "assumed baud=9600,stamp=start"
    failed = hdlc('rule = "link.response"\nmax = "10 ms"', frames=frames, channel=stated)
    assert failed.findings[0].text.endswith("(assumed baud=9600,stamp=start)")
