"""Filters over columns: the same rows as the closures give, for every kind of test."""

from pathlib import Path

import numpy as np
import pytest

import analyzer
from analyzer import filters
from analyzer.analysis import Analysis
from analyzer.filter_columns import select
from dissectors.errors import UsageError

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
FILTERS = {
    "frame": [
        "kind == SNRM", "kind != I and layer == hdlc", "length > 20 octets", "direction == server-to-client",
        "hdlc.ns in {1..2}", "problems", "not problems and kind in {I, RR}", "channel == 1", "time_ns", "source == 16",
    ],
    "message": [
        "apdu == get-response-normal", "result != success", "obis == 1-0:1.8.0*255 or class_id == 8", "attribute",
        "method == 1", "not association", "client in {16..32}", "invoke_id < 1", "text contains V", "latency > 1 ms",
        "apdu matches '^get' && !(result == success)", "server >= 1 and physical == 17", "data", "problems",
        "class_id != 3", "profile == hdlc", "obis matches '^1-0'", "direction contains client",
    ],
    "exchange": [
        "latency > 1 ms", "result == read-write-denied", "service in {get, set}", "attempts > 1", "unanswered",
        "app_response_ns", "waited_ns > 1 s", "obis", "link_response_ns < 2 ms or polls", "complete_ns <= 0.5 s",
    ],
}  # fmt: skip


@pytest.fixture(scope="module", params=["hdlc-serial.pcapng", "wrapper-tcp.pcapng"])
def kept(request: pytest.FixtureRequest) -> Analysis:
    return analyzer.open(str(DEMO / request.param))


@pytest.mark.parametrize(("level", "source"), [(level, text) for level, texts in FILTERS.items() for text in texts])
def test_columns_and_closures_agree(kept: Analysis, level: str, source: str) -> None:
    keep = filters.compile(source, level)
    slow = [n for n, row in enumerate(kept.rows(level), 1) if keep(row, kept.run)]
    assert kept.select(level, source).tolist() == slow


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
