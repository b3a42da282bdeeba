"""Plans: which rules hold where, limits in ns, moments of frames; findings in words."""

import pytest
from timing_script import LINE, PACKETS, UP, exchange, frame, profile, run

from analyzer.timing_plan import Book, Plan, Port, amount
from dissectors.duration import Duration
from dissectors.profile import parse
from dissectors.record import Channel

P = profile("hdlc", 'rule = "link.response"\nmax = "1 s"')


@pytest.mark.parametrize(
    ("text", "channel", "expected"),
    [
        ("1500 ms", PACKETS, (1_500_000_000, "")),
        ("11 bit", LINE, (1_145_833, "")),
        ("2 char", Channel(0, "x", 250, baud=300, character_bits=11), (73_333_333, "")),
        ("11 bit", PACKETS, (None, "baud")),
        ("3 count", PACKETS, (3, "")),
        ("2 slot", PACKETS, (None, "slot")),
        (None, PACKETS, (None, "")),
    ],
)
def test_amounts(text: str | None, channel: Channel, expected: tuple[int | None, str]) -> None:
    assert amount(None if text is None else Duration(text), channel, P) == expected


def test_slots_are_of_the_profile() -> None:
    p = profile("hdlc", more="\n[layers.physical]\nslot_us = 150000\n")
    assert amount(Duration("2 slot"), PACKETS, p) == (300_000_000, "")


@pytest.mark.parametrize(
    ("name", "transport", "serial"),
    [
        ("hdlc", "serial", True),
        ("hdlc", "text", True),
        ("hdlc", "exported", True),
        ("hdlc", "tcp", False),
        ("ip-udp", "udp", False),
        ("ip-udp", "text", False),
    ],
)
def test_where_frames_last(name: str, transport: str, serial: bool) -> None:
    assert Plan(profile(name), PACKETS, transport).serial is serial


def test_rules_of_another_baud_rate_do_not_hold() -> None:
    p = profile("hdlc", 'rule = "link.response"\nwhen = {baud = 300}', 'rule = "link.set-up"\nwhen = {baud = 9600}')
    assert list(Plan(p, LINE, "serial").rules) == ["link.set-up"]


def test_moments_of_a_frame() -> None:
    plan = Plan(P, LINE, "serial")
    f = frame(3, "I", UP, 10, 20, octets=b"\x7e\x7e\xa0\x7e")
    start, end = plan.start(f), plan.end(f)
    assert start.ns is not None and end.ns is not None and f.first_ns is not None
    assert start.ns - f.first_ns == 1_041_666  # one flag at 9600 Bd
    assert (end.ns, end.early_ns, end.late_ns, end.frame, end.record) == (f.last_ns, 1_000_000, 1_000_000, 3, 3)
    assert plan.edge(None, 5, 1, 3, 3).needs == "time"


def test_columns_are_made_once() -> None:
    book = Book({"hdlc": P}, [LINE], True, True)
    plan = book.plan("hdlc", 0, "serial")
    assert plan is not None and plan is book.plan("hdlc", 0, "serial")
    assert book.of(plan, "link.response", 1, 2)[0] is book.of(plan, "link.response", 1, 2)[0]
    assert book.of(plan, "link.idle", 1, 2) == []
    assert book.plan("", 0, "serial") is None
    assert book.plan("unknown", 0, "serial") is None


def test_unknown_channels_stay_apart() -> None:
    got = run(
        profile("ip-udp", 'rule = "app.response"'),
        exchanges=[exchange(1, 0, 1, channel=7), exchange(2, 5, 6, channel=8)],
    )
    assert [row["channel"] for row in got.each] == ["7", "8"]


def test_announced_values_without_a_known_unit_change_nothing() -> None:
    book = Book({"hdlc": P}, [LINE], True, True)
    plan = book.plan("hdlc", 0, "serial")
    assert plan is not None
    (column,) = book.of(plan, "link.response", 16, 1)
    port = Port(0, None, 1)
    book.announce(plan, "19.9", port, b"", 5, 1, 1)
    assert book.limit(column, port) is column.limit
    assert book.findings == []


@pytest.mark.parametrize(
    ("rule", "took", "width", "words"),
    [
        ('max = "500 ms"', 600, 1, "limit at most 500.000 ms (profile)"),
        ('min = "500 ms"', 100, 1, "limit at least 500.000 ms (profile)"),
        ('min = "200 ms"\nmax = "500 ms"', 600, 1, "limit 200.000 ms to 500.000 ms (profile)"),
        ('max = "500 ms"', 500, 1, "undecidable: the limit lies within the uncertainty"),
        ('max = "500 ms"', 500, None, "undecidable: needs uncertainty"),
    ],
)
def test_findings_in_words(rule: str, took: float, width: float | None, words: str) -> None:
    got = run(
        profile("ip-udp", f'rule = "app.response"\nseverity = "error"\n{rule}'), exchanges=[exchange(1, 0, took, width)]
    )
    (finding,) = got.findings
    assert words in finding.text
    assert finding.severity == (0 if "undecidable" in words else 2)
    assert (finding.clause, finding.frame, finding.exchange, finding.unit) == ("test 1", 2, 1, "ns")


def test_profiles_with_two_stacks_on_one_transport() -> None:
    text = P.octets.decode().replace('transports = ["serial"]', 'transports = ["serial", "tcp"]')
    assert list(Plan(parse(text.encode(), "x.toml"), PACKETS, "tcp").rules) == ["link.response"]
