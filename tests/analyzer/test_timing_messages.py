"""Blocks, pushes, sessions, and the limits that a meter announces."""

import pytest
from timing_script import DOWN, GET_RESPONSE, MS, SERIAL, TCP, UP, exchange, frame, get_request, message, profile, run

from analyzer.model import Message, Target
from dissectors.apdu import Apdu, Block

NEXT = Apdu(0xC0, "get-request-next", "get", "request", 1, block=Block(1, False, (0, 0), True))
BLOCK = Apdu(0xC4, "get-response-with-datablock", "get", "response", 1, result="success", block=Block(1, False, (0, 0)))
PUSH = Apdu(0x0F, "data-notification", "data-notification", "unsolicited", 7, False)


def test_block_to_block_leaves_the_first_block_out() -> None:
    got = run(
        profile("ip-udp", 'rule = "app.block-to-block"\nmax = "50 ms"'),
        messages=[
            message(1, UP, 0, 0, get_request()),
            message(2, DOWN, 900, 900, BLOCK, request=1),
            message(3, UP, 910, 910, NEXT, request=1),
            message(4, DOWN, 940, 940, BLOCK, request=1),
            message(5, UP, 950, 950, NEXT, request=1),
            message(6, DOWN, 1050, 1050, BLOCK, request=1),
        ],
    )
    assert got.measured("app.block-to-block") == [30, 100]
    assert got.verdicts("app.block-to-block") == ["pass", "fail"]


def test_first_block_of_a_long_request_calls_for_none() -> None:
    long = Apdu(0xC1, "set-request-with-first-datablock", "set", "request", 1, block=Block(1, False, (0, 0)))
    answer = Apdu(0xC5, "set-response-datablock", "set", "response", 1, block=Block(1, False, (0, 0), True))
    messages = [message(1, UP, 0, 0, long), message(2, DOWN, 10, 10, answer, request=1)]
    assert run(profile("ip-udp", 'rule = "app.block-to-block"'), messages=messages).each == []


def pushes(*moments: tuple[float, bytes]) -> list[Message]:
    return [message(n, DOWN, at, at + 5, PUSH, octets=octets) for n, (at, octets) in enumerate(moments, 1)]


def test_push_period_is_told_by_list() -> None:
    got = run(
        profile("ip-udp", 'rule = "app.push-period"\nkind = "period"\nmin = "9 s"\nmax = "11 s"'),
        messages=pushes((0, b"short"), (10_000, b"SHORT"), (15_000, b"the long list"), (25_000, b"short")),
    )
    assert got.measured("app.push-period") == [10_000, 15_000]
    assert got.verdicts("app.push-period") == ["pass", "fail"]


def test_push_jitter_and_repetition() -> None:
    got = run(
        profile("ip-udp", 'rule = "app.push-jitter"\nmax = "1 s"', 'rule = "app.push-repetition"\nkind = "period"'),
        messages=pushes((0, b"a"), (10_000, b"b"), (20_000, b"c"), (42_000, b"d"), (52_000, b"d")),
    )
    # The fourth came 22 s after the third: one was missed, this one is 2 s late.
    assert got.measured("app.push-jitter") == [0, 0, 2000, 0]
    assert got.verdicts("app.push-jitter") == ["pass", "pass", "fail", "pass"]
    assert got.measured("app.push-repetition") == [9995]


def test_session_of_a_profile_without_link() -> None:
    aarq, aare = (
        Apdu(tag, name, "association", role)
        for tag, name, role in ((0x60, "aarq", "request"), (0x61, "aare", "response"))
    )
    rlrq, rlre = (
        Apdu(tag, name, "release", role) for tag, name, role in ((0x62, "rlrq", "request"), (0x63, "rlre", "response"))
    )
    got = run(
        profile("ip-udp", 'rule = "app.session"\nsubject = "network"'),
        messages=[
            message(1, UP, 0, 1, aarq),
            message(2, DOWN, 10, 11, aare),
            message(3, UP, 500, 501, rlrq),
            message(4, DOWN, 600, 601, rlre),
        ],
    )
    assert got.measured("app.session") == [601]


INACTIVITY = 'rule = "link.inactivity"\nkind = "timeout"\nmin = "120 s"\nmax = "120 s"\nparameter = "23.8"'
HDLC_PORT = Target(23, bytes((0, 0, 22, 0, 0, 255)), 8, None)
RANGE = '\n[layers.hdlc]\ninactivity_s = {default = 120, min = 0, max = 3600, unit = "s", mirrors = "23.8"}\n'


def announce(no: int, at: float, seconds: int, target: Target = HDLC_PORT, result: str = "success") -> Message:
    octets = b"\xc4\x01\xc1\x00\x12" + seconds.to_bytes(2, "big")
    apdu = Apdu(0xC4, "get-response-normal", "get", "response", 1, result=result, data=(4, 7))
    return message(no, DOWN, at, at + 1, apdu, octets=octets, target=target, path=SERIAL[1], profile="hdlc")


def gaps(*seconds: float) -> list:  # type: ignore[type-arg]
    """Polls of the client, each answered, so many seconds apart."""
    at, frames = 0.0, []
    for n, gap in enumerate((0, *seconds)):
        at += gap * 1000
        frames += [frame(2 * n + 1, "RR", UP, at, at + 1), frame(2 * n + 2, "I", DOWN, at + 10, at + 20)]
    return frames


@pytest.mark.parametrize(
    ("announced", "verdict", "source"),
    [
        ([], "fail", "profile"),
        ([announce(1, 0, 300)], "pass", "class 23 attribute 8 seen in frame 1"),
        ([announce(1, 0, 60)], "fail", "class 23 attribute 8 seen in frame 1"),
        ([announce(1, 0, 0)], "unjudged", None),  # switched off
        ([announce(1, 0, 300, result="object-undefined")], "fail", "profile"),
        # Two ports of one meter, and nobody knows which one is tapped.
        (
            [announce(1, 0, 300), announce(2, 1, 60, Target(23, bytes((0, 1, 22, 0, 0, 255)), 8, None))],
            "fail",
            "profile",
        ),
        ([announce(1, 0, 300, Target(23, bytes((0, 0, 22, 0, 0, 255)), 7, None))], "fail", "profile"),
    ],
)
def test_announced_inactivity_replaces_the_limit(announced: list[Message], verdict: str, source: str | None) -> None:
    from timing_script import LINE

    from analyzer.timing import Timing

    p = profile("hdlc", INACTIVITY)
    timing = Timing({"hdlc": p}, [LINE])
    assert list(timing.messages(announced)) == announced
    list(timing.frames(gaps(140)))
    timing.end()
    (each,) = timing.each_rows("x")
    assert (each["verdict"], each["limit_from"]) == (verdict, source)


def test_it_holds_from_the_moment_it_was_seen() -> None:
    from timing_script import LINE

    from analyzer.timing import Timing

    timing = Timing({"hdlc": profile("hdlc", INACTIVITY)}, [LINE])
    frames = iter(timing.frames(gaps(140, 140)))
    for _ in range(4):
        next(frames)
    list(timing.messages([announce(1, 141_000, 300)]))
    list(frames)
    assert [row["verdict"] for row in timing.each_rows("x")] == ["fail", "pass"]
    assert timing.rows("x")[0]["limit_max_ns"] == 300_000 * MS


@pytest.mark.parametrize(("seconds", "findings"), [(3600, []), (3601, ["profile.limit"])])
def test_an_announced_value_is_checked_itself(seconds: int, findings: list[str]) -> None:
    p = profile("hdlc", INACTIVITY, more=RANGE)
    got = run(p, messages=[announce(1, 0, seconds)])
    assert [f.code for f in got.findings] == findings


def test_a_tcp_port_is_known_by_its_host() -> None:
    p = profile("ip-tcp", 'rule = "tcp.inactivity"\nkind = "timeout"\nmin = "180 s"\nmax = "180 s"\nparameter = "41.6"')
    from analyzer.timing import Timing

    octets = b"\xc4\x01\xc1\x00\x12\x01\x2c"
    apdu = Apdu(0xC4, "get-response-normal", "get", "response", 1, result="success", data=(4, 7))
    tcp = Target(41, bytes((0, 0, 25, 0, 0, 255)), 6, None)
    timing = Timing({"ip-tcp": p}, [])
    list(timing.messages([message(1, DOWN, 0, 0, apdu, octets=octets, target=tcp, path=TCP[1], profile="ip-tcp")]))
    frames = []
    for n, at in enumerate((0, 200_000)):
        for side, later in ((UP, 0), (DOWN, 10)):
            frames.append(
                frame(2 * n + side + 1, "wrapper", side, at + later, layer="wrapper", path=TCP[side], profile="ip-tcp")
            )
    list(timing.frames(frames))
    (each,) = timing.each_rows("x")
    assert (each["verdict"], each["limit_max_ns"]) == ("pass", 300_000 * MS)


@pytest.mark.parametrize(
    "octets", [b"", b"\xc4\x01\xc1\x00\x12", b"\xc4\x01\xc1\x00\x09\x02\x01\x2c", b"\xc4\x01\xc1\x00\xee\xee\xee"]
)
def test_garbage_announces_nothing(octets: bytes) -> None:
    apdu = Apdu(0xC4, "get-response-normal", "get", "response", 1, result="success", data=(4, max(4, len(octets))))
    garbage = message(1, DOWN, 0, 1, apdu, octets=octets, target=HDLC_PORT, path=SERIAL[1], profile="hdlc")
    got = run(profile("hdlc", INACTIVITY), gaps(140), [garbage])
    assert got.findings[0].code == "timing.link.inactivity"
    assert "profile" in got.findings[0].text


def test_what_nobody_watches_passes_by() -> None:
    got = run(
        profile("ip-udp", 'rule = "app.response"'),
        messages=[message(1, UP, 0, 0, get_request()), message(2, DOWN, 1, 1, GET_RESPONSE)],
        exchanges=[exchange(1, 0, 1)],
    )
    (watch,) = got.timing.watches.values()
    assert watch is not None and watch.idle
