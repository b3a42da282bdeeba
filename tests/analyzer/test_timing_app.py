"""app.response and association set-up: scripted exchanges in, verdicts out."""

import pytest
from timing_script import GET_RESPONSE, MS, PACKETS, SERIAL, exchange, get_request, message, profile, run

from analyzer.model import Target
from analyzer.timing_app import Edges, matches
from dissectors.record import Channel

RESPONSE = 'rule = "app.response"\nmax = "500 ms"'
DISCONNECT = Target(70, bytes((0, 0, 96, 3, 10, 255)), None, 1)
HLS = Target(15, bytes((0, 0, 40, 0, 0, 255)), None, 1)


@pytest.mark.parametrize(
    ("took", "width", "guarded", "simple"),
    [
        (100, 2, "pass", "pass"),
        (497, 2, "pass", "pass"),
        (499, 2, "undecidable", "pass"),
        (501, 2, "undecidable", "fail"),
        (503, 2, "fail", "fail"),
        (100, None, "undecidable", "undecidable"),
        (-5, 2, "undecidable", "undecidable"),
    ],
)
def test_response(took: float, width: float | None, guarded: str, simple: str) -> None:
    for decision, verdict in (("guarded", guarded), ("simple", simple)):
        got = run(profile("ip-udp", RESPONSE), exchanges=[exchange(1, 0, took, width)], decision=decision)
        assert got.verdicts("app.response") == [verdict]
        assert got.measured("app.response") == [took]
        assert got.each[0]["decision_rule"] == decision
        assert [f.exchange for f in got.findings] == ([] if verdict == "pass" else [1])
    if width is None:
        assert got.each[0]["needs"] == "uncertainty"
    if took > 0 and width is not None:
        drift = -(-took * MS // 19_999)
        assert got.each[0]["hi_ns"] == pytest.approx((took + width) * MS + drift, abs=1)


def test_without_limit_it_is_measured_and_unjudged() -> None:
    got = run(
        profile("ip-udp", 'rule = "app.response"'), exchanges=[exchange(n, n * 100, n * 100 + n) for n in (1, 2, 3)]
    )
    row = got.row("app.response")
    assert (row["count"], row["unjudged"], row["p50_ns"], row["verdict"]) == (3, 3, 2 * MS, "unjudged")
    assert (row["limit_max_ns"], row["limit_from"], got.findings) == (None, None, [])


def test_confidence_c_informs_and_never_judges() -> None:
    got = run(
        profile("ip-udp", RESPONSE + '\nconfidence = "C"'), exchanges=[exchange(1, 0, 9000), exchange(2, 9500, 9600)]
    )
    row = got.row("app.response")
    assert (row["unjudged"], row["pass"], row["fail"], row["verdict"]) == (2, 0, 0, "unjudged")
    assert (row["limit_max_ns"], got.findings) == (500 * MS, [])


def test_unanswered_is_censored() -> None:
    exchanges = [exchange(n, n * 1000, n * 1000 + 50) for n in range(1, 10)]
    exchanges.append(exchange(10, 20_000, None, waited_ms=3000))
    got = run(profile("ip-udp", RESPONSE), exchanges=exchanges)
    row = got.row("app.response")
    assert (row["count"], row["pass"], row["unanswered"]) == (10, 9, 1)
    assert (row["p90_ns"], row["p95_ns"], row["max_ns"]) == (50 * MS, 3000 * MS, 50 * MS)
    assert row["verdict"] == "undecidable"
    assert got.each[-1]["verdict"] == "unanswered"


def test_notifications_and_orphans_are_not_measured() -> None:
    push = exchange(1, 0, None, service="data-notification")
    import msgspec

    push = msgspec.structs.replace(push, result="data-notification")
    orphan = msgspec.structs.replace(exchange(2, 0, 5), request=0, app_response_ns=None)
    got = run(profile("ip-udp", RESPONSE), exchanges=[push, orphan])
    assert got.row("app.response")["verdict"] == "not-observed"


def test_rules_with_a_condition_speak_of_what_fits() -> None:
    got = run(
        profile(
            "ip-udp",
            RESPONSE,
            'rule = "app.response"\nwhen = {service = "action", class_id = 70}\nmax = "60 s"',
            'rule = "app.response"\nwhen = {obis = "1-b:1.8.0*255"}\nmax = "1 s"',
            'rule = "app.response"\nwhen = {phase = "association"}',
        ),
        exchanges=[
            exchange(1, 0, 100),
            exchange(2, 1000, 5000, service="action", target=DISCONNECT),
            exchange(3, 6000, 6005, service="association", target=None),
        ],
    )
    assert [(r["count"], r["pass"], r["fail"]) for r in got.rows] == [(3, 2, 1), (1, 1, 0), (1, 1, 0), (1, 0, 0)]


def test_obis_patterns() -> None:
    assert matches("1-b:1.8.0*255", "1-0:1.8.0*255")
    assert not matches("1-b:1.8.0*255", "0-0:1.8.0*255")
    assert not matches("1-b:1.8.0*255", None)


@pytest.mark.parametrize(("hls", "expected"), [(False, 100), (True, 700)])
def test_association_is_set_up_with_its_last_step(hls: bool, expected: int) -> None:
    exchanges = [exchange(1, 0, 100, service="association", target=None)]
    exchanges.append(exchange(2, 500, 700, service="action", target=HLS) if hls else exchange(2, 500, 700))
    got = run(profile("ip-udp", 'rule = "app.association-set-up"\nmax = "2 s"'), exchanges=exchanges)
    assert got.measured("app.association-set-up") == [expected]
    assert got.verdicts("app.association-set-up") == ["pass"]


def test_association_at_the_end_of_the_capture() -> None:
    exchanges = [exchange(1, 0, 100, service="association", target=None)]
    got = run(profile("ip-udp", 'rule = "app.association-set-up"'), exchanges=exchanges)
    assert got.measured("app.association-set-up") == [100]


def test_one_sided_stamps_are_not_counted_twice() -> None:
    usb = Channel(0, "usb", 250, 1000, 9600, 10, "end", True)
    messages = [
        message(1, 0, 0, 20, get_request(), path=SERIAL[0], profile="hdlc", uncertainty_ns=16 * MS),
        message(2, 1, 520, 600, GET_RESPONSE, path=SERIAL[1], profile="hdlc", uncertainty_ns=16 * MS),
    ]
    e = exchange(1, 20, 520, 32, profile="hdlc")
    got = run(
        profile("hdlc", 'rule = "app.response"\nmax = "520 ms"'), messages=messages, exchanges=[e], channels=[usb]
    )
    # 500 ms, late by up to 16 ms at either end, and 2 % of two octets; not 32 ms.
    assert got.each[0]["hi_ns"] == pytest.approx(516 * MS, abs=100_000)
    assert got.verdicts("app.response") == ["pass"]


@pytest.mark.parametrize(
    ("channel", "needs"),
    [(Channel(0, "log", 147, stamp="end"), "baud"), (Channel(0, "log", 147, baud=9600, stamp="unknown"), "stamp")],
)
def test_serial_messages_need_baud_and_stamp(channel: Channel, needs: str) -> None:
    messages = [
        message(1, 0, 20, 20, get_request(), path=SERIAL[0], profile="hdlc"),
        message(2, 1, 120, 120, GET_RESPONSE, path=SERIAL[1], profile="hdlc"),
    ]
    got = run(
        profile("hdlc", RESPONSE),
        messages=messages,
        exchanges=[exchange(1, 20, 120, profile="hdlc")],
        channels=[channel],
    )
    assert (got.each[0]["verdict"], got.each[0]["needs"]) == ("undecidable", needs)


@pytest.mark.parametrize(
    ("per", "samples", "slow", "verdict"),
    [("p95", 20, 1, "pass"), ("p95", 20, 2, "fail"), ("p95", 30, 0, "undecidable"), ("mean", 2, 2, "fail")],
)
def test_percentile_judges_the_row_as_a_whole(per: str, samples: int, slow: int, verdict: str) -> None:
    rule = f'{RESPONSE}\nper = "{per}"\nmin_samples = {samples}'
    exchanges = [exchange(n, n * 10_000, n * 10_000 + (9000 if n <= slow else 100)) for n in range(1, 21)]
    got = run(profile("ip-udp", rule), exchanges=exchanges)
    row = got.row("app.response")
    assert (row["unjudged"], row["fail"], row["verdict"]) == (20, 0, verdict)


def test_unanswered_requests_count_in_a_percentile() -> None:
    rule = f'{RESPONSE}\nper = "p95"\nmin_samples = 20'
    exchanges = [exchange(n, n * 10_000, n * 10_000 + 100) for n in range(1, 19)]
    late = [exchange(n, n * 10_000, None, waited_ms=wait) for n, wait in ((19, 9000), (20, 9000))]
    assert run(profile("ip-udp", rule), exchanges=exchanges + late).row("app.response")["verdict"] == "fail"
    early = [exchange(n, n * 10_000, None, waited_ms=wait) for n, wait in ((19, 1), (20, 1))]
    assert run(profile("ip-udp", rule), exchanges=exchanges + early).row("app.response")["verdict"] == "undecidable"


def test_channels_of_one_pair_share_a_row() -> None:
    exchanges = [exchange(1, 0, 100), exchange(2, 1000, 1300, channel=1)]
    got = run(profile("ip-udp", RESPONSE), exchanges=exchanges, channels=[PACKETS, Channel(1, "eth1", 1)])
    row = got.row("app.response")
    assert (row["count"], row["max_ns"], row["worst_frame"]) == (2, 300 * MS, 4)
    assert [r["channel"] for r in got.each] == ["0", "1"]


def test_edges_remember_the_last_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.timing_app.EDGES_MAX", 3)
    edges = Edges()
    for ns in (10, 20, 10, 30, None, 40):
        edges.add(ns, (ns or 0, 0, ""))
    assert edges.found == {20: (20, 0, ""), 30: (30, 0, ""), 40: (40, 0, "")}
