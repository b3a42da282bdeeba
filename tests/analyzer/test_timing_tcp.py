"""TCP connections: handshake, inactivity, keep-alive, parallel connections."""

from typing import Any

import pytest
from timing_script import DOWN, PACKETS, TCP, UP, frame, profile, run

from analyzer.timing_tcp import host_of
from dissectors.record import Frame, Path

NAMES = {"connect": "delay", "keep-alive": "period", "connections": "count"}


def event(no: int, kind: str, direction: int, at_ms: float, **other: Any) -> Frame:
    other.setdefault("profile", "ip-tcp")
    other.setdefault("path", TCP[direction])
    return frame(no, f"tcp.{kind}", direction, at_ms, layer="tcp", uncertainty_ns=1000, **other)


def pdu(no: int, direction: int, at_ms: float, payload: bytes = b"\xc0", **other: Any) -> Frame:
    other.setdefault("path", TCP[direction])
    return frame(
        no,
        "wrapper",
        direction,
        at_ms,
        layer="wrapper",
        profile="ip-tcp",
        payload=payload,
        uncertainty_ns=1000,
        **other,
    )


def rule(name: str, more: str = "") -> str:
    return f'rule = "tcp.{name}"\nkind = "{NAMES[name]}"\n{more}'


def test_connect_waits_for_the_profile() -> None:
    frames = [
        event(1, "syn", UP, 0, profile=""),
        event(2, "syn", UP, 1000, profile=""),
        event(3, "syn", DOWN, 1080, profile=""),
        event(4, "ack", UP, 1081, profile=""),
        pdu(5, UP, 1100),
    ]
    got = run(profile("ip-tcp", rule("connect", 'max = "1 s"')), frames, channels=[PACKETS])
    assert got.measured("tcp.connect") == [1080]  # from the first attempt
    assert got.verdicts("tcp.connect") == ["fail"]
    assert (got.rows[0]["client"], got.rows[0]["server"]) == (None, None)


def test_syn_without_answer_is_unanswered() -> None:
    got = run(profile("ip-tcp", rule("connect")), [event(1, "syn", UP, 0)], channels=[PACKETS])
    assert got.verdicts("tcp.connect") == ["unanswered"]


INACTIVITY = 'rule = "tcp.inactivity"\nkind = "timeout"\nmin = "180 s"\nmax = "180 s"'


@pytest.mark.parametrize(
    ("gap_s", "then", "verdicts"),
    [
        (100, "answer", ["pass"]),
        (200, "answer", ["fail"]),
        (200, "fin", ["pass"]),
        (200, "rst", ["pass"]),
        (100, "rst", ["fail"]),
        (100, "fin", ["fail"]),
        (100, "client", []),
        (100, "released", []),
    ],
)
def test_inactivity(gap_s: int, then: str, verdicts: list[str]) -> None:
    at = gap_s * 1000
    frames = [pdu(1, UP, 0), event(2, "ack", UP, 50_000), event(3, "keep-alive", UP, 60_000)]
    frames += {
        "answer": [pdu(4, UP, at), pdu(5, DOWN, at + 10)],
        "fin": [event(4, "fin", DOWN, at)],
        "rst": [pdu(4, UP, at), event(5, "rst", DOWN, at + 1)],
        "client": [event(4, "fin", UP, at), event(5, "fin", DOWN, at + 1)],
        "released": [pdu(2, DOWN, 10, b"\x63"), event(4, "fin", DOWN, at)],
    }[then]
    got = run(profile("ip-tcp", INACTIVITY), frames, channels=[PACKETS])
    assert got.verdicts("tcp.inactivity") == verdicts


def test_pushes_of_the_server_do_not_restart_it() -> None:
    frames = [pdu(1, UP, 0), pdu(2, DOWN, 100_000, b"\x0f"), event(3, "fin", DOWN, 181_000)]
    got = run(profile("ip-tcp", INACTIVITY), frames, channels=[PACKETS])
    assert (got.measured("tcp.inactivity"), got.verdicts("tcp.inactivity")) == ([181_000], ["pass"])


def test_closing_between_the_bounds_is_pass_where_the_moment_shows() -> None:
    rule = 'rule = "tcp.inactivity"\nkind = "timeout"\nmin = "60 s"\nmax = "180 s"'
    got = run(profile("ip-tcp", rule), [pdu(1, UP, 0), event(2, "fin", DOWN, 100_000)], channels=[PACKETS])
    assert got.verdicts("tcp.inactivity") == ["pass"]


def test_keep_alive_of_each_side() -> None:
    frames = [
        pdu(1, UP, 0),
        *(
            event(2 + n, "keep-alive", side, at)
            for n, (side, at) in enumerate(((UP, 60_000), (DOWN, 61_000), (UP, 120_000)))
        ),
    ]
    frames += [pdu(9, UP, 121_000), event(10, "keep-alive", UP, 180_000)]
    got = run(profile("ip-tcp", rule("keep-alive", 'max = "60 s"')), frames, channels=[PACKETS])
    assert got.measured("tcp.keep-alive") == [60_000]


def test_connections_open_at_one_time() -> None:
    frames = []
    for n in (1, 2, 3):
        path = (Path(n, "tcp", f"10.0.0.1:{n}", "10.0.1.7:4059"), Path(n, "tcp", "10.0.1.7:4059", f"10.0.0.1:{n}"))
        at = n * 100
        frames += [event(10 * n, "syn", UP, at, path=path[UP]), event(10 * n + 1, "syn", DOWN, at + 1, path=path[DOWN])]
        frames.append(pdu(10 * n + 2, UP, at + 2, path=path[UP]))
        if n == 2:
            frames.append(event(10 * n + 3, "fin", UP, at + 3, path=path[UP]))
    got = run(profile("ip-tcp", rule("connections", 'max = "1 count"')), frames, channels=[PACKETS])
    assert [row["measured_ns"] for row in got.each] == [1, 2, 2]
    assert got.verdicts("tcp.connections") == ["pass", "fail", "fail"]


def test_hosts() -> None:
    assert (host_of("10.0.0.1:4059"), host_of("[2001:db8::1]:4059"), host_of(None)) == (
        "10.0.0.1",
        "[2001:db8::1]",
        None,
    )
