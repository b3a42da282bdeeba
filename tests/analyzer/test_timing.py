"""The stage as a whole: what passes, what is skipped, and the contract of its rows."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timing_script import DOWN, LINE, MS, PACKETS, UP, exchange, frame, profile, run

from analyzer.timing import Timing
from analyzer.timing_rows import EACH_KEYS, ROW_KEYS
from dissectors.profile import builtin

RESPONSE = 'rule = "app.response"\nmax = "500 ms"'


def test_frames_are_the_very_iterable_where_no_rule_needs_them() -> None:
    timing = Timing({"ip-udp": profile("ip-udp", RESPONSE)}, [])
    frames = [frame(1, "wrapper", UP, 0, layer="wrapper", profile="ip-udp")]
    assert timing.frames(frames) is frames
    other = Timing({"hdlc": profile("hdlc", 'rule = "link.response"')}, [])
    assert other.frames(frames) is not frames


def test_unknown_decision_rule() -> None:
    with pytest.raises(ValueError, match="guarded"):
        Timing({}, [], "lenient")


def test_keys_are_those_of_the_contract() -> None:
    got = run(profile("ip-udp", RESPONSE), exchanges=[exchange(1, 0, 100)])
    assert tuple(got.rows[0]) == ROW_KEYS
    assert tuple(got.each[0]) == EACH_KEYS
    json.dumps([got.rows, got.each])
    assert (got.rows[0]["source"], got.rows[0]["client"], got.rows[0]["server"]) == ("a.pcap", 16, 1)
    assert len(got.rows[0]["profile_sha256"]) == 64
    assert got.each[0]["margin_ns"] == 400 * MS


def test_every_rule_of_the_profile_has_a_row() -> None:
    p = profile("ip-udp", RESPONSE, 'rule = "app.push-period"\nkind = "period"\nmax = "10 s"', 'rule = "tcp.connect"')
    got = run(p, exchanges=[exchange(1, 0, 100), exchange(2, 200, 300, server=2)])
    assert [(r["rule"], r["server"], r["verdict"]) for r in got.rows] == [
        ("app.response", 1, "pass"),
        ("app.response", 2, "pass"),
        ("app.push-period", 1, "not-observed"),
        ("app.push-period", 2, "not-observed"),
        ("tcp.connect", None, "not-observed"),
    ]
    assert got.rows[2]["limit_max_ns"] == 10_000 * MS
    assert (got.rows[2]["count"], got.rows[2]["p50_ns"], got.rows[2]["worst_frame"]) == (0, None, None)


def test_rule_of_another_stack_is_not_applicable() -> None:
    text = """
[profile]
name = "ip"
title = "Test communication profile for test networks"
standard = "test"
[[stack]]
name = "tcp"
layers = ["ip", "tcp", "wrapper", "xdlms"]
recognition = {transports = ["tcp"]}
[[stack]]
name = "udp"
layers = ["ip", "udp", "wrapper", "xdlms"]
recognition = {transports = ["udp"]}
[[application.timing]]
rule = "app.response"
kind = "delay"
subject = "server"
stacks = ["tcp"]
max = "1 s"
clause = "1"
confidence = "A"
[[application.timing]]
rule = "app.response"
kind = "delay"
subject = "server"
stacks = ["udp"]
max = "2 s"
clause = "2"
confidence = "A"
"""
    from timing_script import get_request, message

    from dissectors.profile import parse

    got = run(
        parse(text.encode(), "ip.toml"),
        messages=[message(1, UP, 0, 0, get_request(), profile="ip")],
        exchanges=[exchange(1, 0, 100, profile="ip")],
    )
    assert [(r["clause"], r["verdict"], r["limit_max_ns"]) for r in got.rows] == [
        ("1", "not-applicable", 1000 * MS),
        ("2", "pass", 2000 * MS),
    ]


def test_only_profiles_in_force_have_rows() -> None:
    both = [profile("ip-udp", RESPONSE), profile("hdlc", 'rule = "link.response"')]
    assert {r["profile"] for r in run(both, exchanges=[exchange(1, 0, 100)]).rows} == {"ip-udp"}
    assert run(both).rows == []
    assert [r["verdict"] for r in run(both[:1]).rows] == ["not-observed"]  # named by the user


def test_traffic_of_no_profile_is_passed_on() -> None:
    got = run(profile("ip-udp", RESPONSE), exchanges=[exchange(1, 0, 100, profile="")])
    assert got.each == []


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 30)), min_size=1, max_size=130))
@settings(max_examples=60, deadline=None)
def test_rows_against_numpy(samples: list[tuple[int, int]]) -> None:
    exchanges = [exchange(n, n * 5000, n * 5000 + ms, wide) for n, (ms, wide) in enumerate(samples, 1)]
    got = run(profile("ip-udp", RESPONSE), exchanges=exchanges)
    row = got.rows[0]
    values = np.array([ms * MS for ms, _ in samples])
    assert (row["min_ns"], row["max_ns"], row["count"]) == (values.min(), values.max(), len(values))
    assert row["mean_ns"] == pytest.approx(values.mean(), abs=1)
    assert row["p95_ns"] == np.percentile(values, 95, method="inverted_cdf")
    assert (row["p99_ns"] is None) == (len(values) < 100)
    worst = exchanges[int(values.argmax())]
    assert row["max_ns"] == worst.app_response_ns
    assert next(e for e in exchanges if e.frames[1] == row["worst_frame"]).app_response_ns == row["max_ns"]
    verdicts = [e["verdict"] for e in got.each]
    for name in ("pass", "fail", "undecidable", "unanswered", "unjudged"):
        assert row[name] == verdicts.count(name)
    # With and without keeping every measurement the rows are equal: the short way is no other way.
    lean = Timing({"ip-udp": profile("ip-udp", RESPONSE)}, [], keep=False)
    list(lean.exchanges(exchanges))
    lean.end()
    assert lean.rows("a.pcap") == got.rows
    assert list(lean.measurements()) == []
    assert lean.take() == got.findings


def test_findings_are_taken_once() -> None:
    timing = Timing({"ip-udp": profile("ip-udp", RESPONSE)}, [])
    list(timing.exchanges([exchange(1, 0, 900), exchange(2, 1000, 1100)]))
    (finding,) = timing.take()
    assert (finding.code, finding.frame, finding.measured, finding.limit) == (
        "timing.app.response",
        2,
        900 * MS,
        500 * MS,
    )
    assert "900.000 ms (897.955 ms to 902.045 ms)" in finding.text
    assert timing.take() == []


def test_channels_may_grow() -> None:
    channels = [PACKETS]
    timing = Timing({"hdlc": profile("hdlc", 'rule = "link.response"\nmax = "1 s"')}, channels)
    stream = iter(timing.frames([frame(1, "I", UP, 0, 10, channel=3), frame(2, "I", DOWN, 50, 60, channel=3)]))
    channels.append(type(LINE)(3, "late", 250, 1000, 9600, 10, "start"))
    list(stream)
    assert [row["verdict"] for row in timing.each_rows("x")] == ["pass"]


def test_two_receivers_hear_one_line() -> None:
    client, server = LINE, type(LINE)(1, "server", 250, 1000, 9600, 10, "start")
    frames = [frame(1, "I", UP, 0, 10, channel=0), frame(2, "I", DOWN, 50, 60, channel=1)]
    got = run(profile("hdlc", 'rule = "link.response"\nmax = "1 s"'), frames, channels=[client, server])
    assert got.measured("link.response") == [40]


def test_shipped_profiles_use_rules_that_are_measured_or_said_not_to_be() -> None:
    for name in builtin():
        for timing in builtin()[name].timing:
            assert timing.rule.partition(".")[0] in {"link", "app", "tcp", "line", "signon", "radio"}
