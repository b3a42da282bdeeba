"""Filters over columns: the same rows as the closures give, for every kind of test."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import DOWN, GET, GOT, MS, OPENING, PROFILES, UP, Link, get, got, on_line

import analyzer
from analyzer import filters
from analyzer.analysis import Analysis
from analyzer.filter_columns import Chooser, select
from analyzer.model import Message
from analyzer.rows import latency
from analyzer.run import Run
from captures.source import open_source
from dissectors.errors import UsageError

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
FILTERS = {
    "frame": [
        "kind == SNRM", "kind != I and layer == hdlc", "length > 20 octets", "direction == server-to-client",
        "hdlc.ns in {1..2}", "problems", "not problems and kind in {I, RR}", "channel == 1", "time_ns", "source == 16",
        "no in {3..7, 12}", "messages == 4 or messages > 20", "not messages",
    ],
    "message": [
        "apdu == get-response-normal", "result != success", "obis == 1-0:1.8.0*255 or class_id == 8", "attribute",
        "method == 1", "not association", "client in {16..32}", "invoke_id < 1", "text contains V", "latency > 1 ms",
        "apdu matches '^get' && !(result == success)", "server >= 1 and physical == 17", "data", "problems",
        "class_id != 3", "profile == hdlc", "obis matches '^1-0'", "direction contains client",
        "latency", "latency != 5 ms", "not latency and no > 10", "latency in {10 ms .. 1 s}", "latency contains 5",
        "hdlc.ns in {1..3}", "hdlc.ns and apdu == aarq", "tcp.flags", "get.result",
    ],
    "exchange": [
        "latency > 1 ms", "result == read-write-denied", "service in {get, set}", "attempts > 1", "unanswered",
        "app_response_ns", "waited_ns > 1 s", "obis", "link_response_ns < 2 ms or polls", "complete_ns <= 0.5 s",
        "hdlc.ns in {1..3}", "tcp.window > 1 and polls < 1", "wrapper.length > 20",
    ],
}  # fmt: skip


def repeated() -> Analysis:
    """An HDLC link on which one I frame is sent twice before it is answered."""
    link = Link()
    script = on_line(*link.up(), *link.talk(*OPENING, (UP, GET), (DOWN, GOT), (UP, get(2))))
    again = script.records[-1].octets
    script.add(again, after=3000 * MS).add(link.apdu(DOWN, got(invoke=2))[1])
    made = Analysis(script.channels, PROFILES)
    for _ in made.load(script.records):
        pass
    return made


REPEATED = repeated()
DEMOS = [analyzer.open(str(DEMO / name)) for name in ("hdlc-tcp.pcapng", "wrapper-tcp.pcapng")]


@pytest.fixture(scope="module", params=["hdlc-serial.pcapng", "wrapper-tcp.pcapng"])
def kept(request: pytest.FixtureRequest) -> Analysis:
    return analyzer.open(str(DEMO / request.param))


@pytest.mark.parametrize(("level", "source"), [(level, text) for level, texts in FILTERS.items() for text in texts])
def test_columns_and_closures_agree(kept: Analysis, level: str, source: str) -> None:
    keep = filters.compile(source, level)
    slow = [n for n, row in enumerate(kept.rows(level), 1) if keep(row, kept.run)]
    assert kept.select(level, source).tolist() == slow


@pytest.mark.parametrize(("level", "source"), [
    ("message", "hdlc.ns in {1..3}"), ("exchange", "hdlc.ns == 2"), ("frame", "messages > 5"),
    ("message", "latency > 9 ms"),
])  # fmt: skip
def test_links_to_frames_and_messages_as_in_a_stream(level: str, source: str) -> None:
    """What a row asks of other rows is the same in a kept capture and in one that streams by."""
    kept = analyzer.open(str(DEMO / "hdlc-serial.pcapng"))
    with closing(open_source(str(DEMO / "hdlc-serial.pcapng"))) as opened:
        run = Run(opened, opened.channels, kept.profiles)
        keep = filters.compile(source, level)
        if level == "frame":
            streamed = [row.no for row in run.frames_with_messages() if keep(row, run)]
        else:
            run.remember_frames()
            rows: Iterable[Any] = run.messages() if level == "message" else run.exchanges()
            streamed = [row.no for row in rows if keep(row, run)]
    assert kept.select(level, source).tolist() == streamed != []


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_parts_give_the_whole(data: st.DataObject) -> None:
    """A Chooser asked for parts, in any division and order, gives what select gives."""
    kept = data.draw(st.sampled_from([REPEATED, *DEMOS]))
    level = data.draw(st.sampled_from(sorted(FILTERS)))
    source = data.draw(st.sampled_from(FILTERS[level]))
    chooser = Chooser(kept, level, source)
    count = len(chooser.table)
    cuts = sorted(data.draw(st.lists(st.integers(0, count), max_size=5)))
    ranges = data.draw(st.permutations(list(zip([0, *cuts], [*cuts, count + 3]))))
    parts = sorted((first, chooser.part(first, last).tolist()) for first, last in ranges)
    assert [number for _, numbers in parts for number in numbers] == kept.select(level, source).tolist()


def test_latency_of_a_request_sent_again() -> None:
    """From the end of its last attempt, on the link too."""
    found = [m for m in REPEATED.rows("message") if isinstance(m, Message) and latency(m) is not None]
    assert [m.request for m in found] == [1, 3, 5] and list(REPEATED.attempt_ns_of) == [5]
    for m in found:
        for operator in ("==", "<="):
            assert m.no in REPEATED.select("message", f"latency {operator} {latency(m)}")
    exchanges = [e.app_response_ns for e in REPEATED.rows("exchange")]  # type: ignore[union-attr]
    assert [latency(m) for m in found] == exchanges


def test_filters_find_something(kept: Analysis) -> None:
    assert len(select(kept, "message", "apdu == get-response-normal")) > 10
    assert len(select(kept, "exchange", "latency > 1 s")) >= 1


def test_a_wrong_name_is_told_even_where_no_row_gets_so_far(kept: Analysis) -> None:
    with pytest.raises(UsageError, match="no field"):
        select(kept, "message", "apdu == nothing and nonsense == 1")


def test_an_empty_capture() -> None:
    empty = Analysis([], [])
    for _ in empty.load([]):
        pass
    found = select(empty, "message", "apdu == aarq or client == 1")
    assert found.dtype == np.int64 and not len(found)


@pytest.mark.parametrize(("level", "source", "least"), [
    ("finding", "severity == warning or code contains tcp", 1), ("finding", "frame > 3 and not exchange", 1),
    ("association", "client == 16 and mechanism", 1), ("association", "conformance contains get", 1),
    ("address", "side == server and sent > 0", 1), ("address", "address in {16..32}", 1),
    ("object", "obis == 1-0:1.8.0*255", 1), ("object", "reads > 1 or text contains kWh", 1), ("object", "value", 5),
])  # fmt: skip
def test_levels_that_are_lists(level: str, source: str, least: int) -> None:
    for kept in DEMOS:
        lists: dict[str, Iterable[Any]] = {
            "finding": kept.findings, "association": kept.run.associations.table,
            "address": kept.addressing.rows.values(), "object": kept.objects.rows(),
        }  # fmt: skip
        every = list(lists[level])
        keep = filters.compile(source, level)
        found = [row for row in every if keep(row, kept.run)]
        assert least <= len(found) <= len(every)
        against = filters.compile(f"not ({source})", level)
        assert len(found) + sum(against(row, kept.run) for row in every) == len(every)
        for name in filters.columns(level):
            for operator in ("", "== 1", "!= 'x'", "contains 1", "in {1 .. 7}", "> 2"):
                test = filters.compile(f"{name} {operator}", level)
                assert all(test(row, kept.run) in (True, False) for row in every)
