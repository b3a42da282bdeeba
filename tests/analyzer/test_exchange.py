"""Exchange: requests with their responses, as tables; times in ms from the end of the last attempt."""

from typing import Any

import pytest
from encode import xdlms
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import (
    AARE,
    AARQ,
    CLOCK_OBIS,
    DOWN,
    GET,
    GOT,
    MS,
    OPENING,
    RLRE,
    RLRQ,
    UP,
    Link,
    Script,
    Step,
    as_text,
    get,
    got,
    lines,
    on_line,
    opened,
    over_udp,
    rows_of,
    run_of,
    table,
    udp,
    wrap,
)

from analyzer import exchange
from analyzer.model import Exchange, Message
from dissectors.data_types import Data

COLUMNS = "no request responses service obis result attempts blocks frames"
TIMES = ("app_response_ns", "first_response_ns", "complete_ns", "waited_ns")
CLOCK = get(2, CLOCK_OBIS, 8)
EXCEPTION = bytes.fromhex("D80102")


def told(script: Script, expected: str) -> list[dict[str, Any]]:
    found = rows_of(script, "exchange")
    assert table(found, COLUMNS) == lines(expected)
    return found


def times(row: dict[str, Any]) -> tuple[float | None, ...]:
    return tuple(None if row[name] is None else row[name] / MS for name in TIMES)


def spaced(*steps: tuple[float, int, bytes]) -> Script:
    """Datagrams with the ms before each."""
    script = Script()
    for after, direction, apdu in steps:
        script.add(udp(wrap(direction, apdu), direction == UP), after=round(after * MS))
    return script


def test_one_after_the_other() -> None:
    found = told(
        over_udp(*OPENING, (UP, GET), (DOWN, GOT), (UP, RLRQ), (DOWN, RLRE)),
        """
        1 1 2 association - accepted 1 0 1,2
        2 3 4 get 1-0:1.8.0*255 success 1 0 3,4
        3 5 6 release - normal 1 0 5,6
        """,
    )
    assert times(found[1]) == (10, 10, 10, None)
    row = found[1]
    assert (row["lo_ns"], row["hi_ns"]) == (10 * MS - 2000, 10 * MS + 2000)  # the uncertainty of both ends
    assert (row["client_address"], row["server_address"]) == ("10.0.0.1:5000", "10.0.1.7:4059")


def test_repeated_request() -> None:
    """One exchange with two attempts; latency from the last, first_response from the first."""
    found = told(
        spaced((0, UP, GET), (500, UP, GET), (30, DOWN, GOT)), "1 1 3 get 1-0:1.8.0*255 success 2 0 1,3"
    )  # fmt: skip
    assert times(found[0]) == (30, 530, 30, None)


def test_request_that_the_link_repeats() -> None:
    link = Link()
    opening = on_line(*link.up(), *link.talk(*OPENING))
    (_, asked), (_, said) = link.talk((UP, GET), (DOWN, GOT))
    opening.add(asked).add(asked, after=800 * MS).add(said, after=30 * MS)
    found = rows_of(opening, "exchange")
    assert (found[1]["attempts"], found[1]["frames"]) == (2, [5, 7])
    assert times(found[1]) == (30, 830, 30, None)


def test_link_repetition_at_the_end_does_not_wait_backwards() -> None:
    link = Link()
    opening = on_line(*link.up(), *link.talk(*OPENING))
    ((_, asked),) = link.talk((UP, GET))
    opening.add(asked).add(asked, after=800 * MS)
    assert times(rows_of(opening, "exchange")[1]) == (None, None, None, 0)


def test_unanswered() -> None:
    found = told(
        spaced((0, UP, GET), (100, UP, CLOCK), (20, DOWN, got(invoke=2)), (380, UP, get(3)), (20, DOWN, got(invoke=3))),
        """
        1 2 3 get 0-0:1.0.0*255 success 1 0 2,3
        2 4 5 get 1-0:1.8.0*255 success 1 0 4,5
        3 1 - get 1-0:1.8.0*255 - 1 0 1,0
        """,
    )
    assert times(found[2]) == (None, None, None, 520)  # as long as the capture went on


def test_replaced_request_waited_until_its_invoke_id_was_used_again() -> None:
    found = told(
        spaced((0, UP, GET), (70, UP, get(1, CLOCK_OBIS, 8)), (20, DOWN, GOT)),
        """
        1 1 - get 1-0:1.8.0*255 - 1 0 1,0
        2 2 3 get 0-0:1.0.0*255 success 1 0 2,3
        """,
    )
    assert times(found[0]) == (None, None, None, 70)


def test_orphan() -> None:
    found = told(over_udp((DOWN, GOT)), "1 - 1 get - success 1 0 0,1")
    assert times(found[0]) == (None, None, None, None)
    assert found[0]["server_address"] == "10.0.1.7:4059"


def test_interleaved_invoke_ids() -> None:
    told(
        over_udp((UP, get(1)), (UP, CLOCK), (DOWN, got(invoke=2)), (DOWN, got(invoke=1))),
        """
        1 2 3 get 0-0:1.0.0*255 success 1 0 2,3
        2 1 4 get 1-0:1.8.0*255 success 1 0 1,4
        """,
    )


def test_unconfirmed_request_and_notification_stand_alone() -> None:
    told(
        over_udp(
            (UP, xdlms.set_request_normal(0x81, xdlms.attribute(), Data("unsigned", 1))),
            (DOWN, xdlms.data_notification(1, b"", Data("unsigned", 1))),
        ),
        """
        1 1 - set 1-0:1.8.0*255 unconfirmed 1 0 1,0
        2 2 - data-notification - data-notification 1 0 2,0
        """,
    )


def test_exception_answers_the_last_request() -> None:
    told(
        over_udp(*opened(), (UP, get(1)), (UP, CLOCK), (DOWN, EXCEPTION), (DOWN, got(invoke=1))),
        """
        1 1 2 association - accepted 1 0 1,2
        2 4 5 get 0-0:1.0.0*255 service-not-supported 1 0 4,5
        3 3 6 get 1-0:1.8.0*255 success 1 0 3,6
        """,
    )


def block(last: bool, number: int, raw: bytes) -> Step:
    return DOWN, xdlms.get_response_with_datablock(0xC1, last, number, raw)


def more(number: int) -> Step:
    return UP, bytes.fromhex("C002C1") + number.to_bytes(4, "big")


RAW = b"\x09\x08" + bytes(range(8))
BLOCKS = (block(False, 1, RAW[:4]), more(1), block(False, 2, RAW[4:8]), more(2), block(True, 3, RAW[8:]))


def test_blocks() -> None:
    found = told(
        over_udp(*opened(), (UP, GET), *BLOCKS, (UP, get(1)), (DOWN, GOT)),
        """
        1 1 2 association - accepted 1 0 1,2
        2 3 4,6,8 get 1-0:1.8.0*255 success 1 3 3,4
        3 9 10 get 1-0:1.8.0*255 success 1 0 9,10
        """,
    )
    assert times(found[1]) == (10, 10, 50, None)  # first block, and to the end of the last


def test_blocks_that_stop() -> None:
    found = told(
        over_udp(*opened(), (UP, GET), *BLOCKS[:2]),
        """
        1 1 2 association - accepted 1 0 1,2
        2 3 4 get 1-0:1.8.0*255 - 1 1 3,4
        """,
    )
    assert times(found[1]) == (None, None, None, 20)


def test_blocks_of_a_request() -> None:
    first = bytes.fromhex("C102C1") + xdlms.attribute() + b"\0" + xdlms.block(False, 1, RAW[:5])
    second = bytes.fromhex("C103C1") + xdlms.block(True, 2, RAW[5:])
    acknowledged = bytes.fromhex("C502C100000001")
    done = bytes.fromhex("C503C10000000002")
    found = told(
        over_udp(*opened(), (UP, first), (DOWN, acknowledged), (UP, second), (DOWN, done)),
        """
        1 1 2 association - accepted 1 0 1,2
        2 3 4,6 set 1-0:1.8.0*255 success 1 2 3,4
        """,
    )
    assert found[1]["problems"] == []


def test_no_clock_no_times() -> None:
    found = rows_of(as_text(AARQ, AARE, GET, GOT, GET), "exchange")
    assert table(found, "service result") == ["association accepted", "get success", "get -"]
    assert {times(row) for row in found} == {(None,) * 4}
    assert {(row["lo_ns"], row["hi_ns"], row["time"]) for row in found} == {(None,) * 3}


def test_unknown_uncertainty_gives_no_bounds() -> None:
    script = Script()
    script.add(udp(wrap(UP, GET)), uncertainty_ns=None).add(udp(wrap(DOWN, GOT), False))
    row = rows_of(script, "exchange")[0]
    assert (row["app_response_ns"], row["lo_ns"], row["hi_ns"]) == (10 * MS, None, None)


def test_who_held_the_line() -> None:
    """RR polls of a client, records with a duration: link response, polls, line, server and client time."""
    link = Link()
    frames = [*link.up(), *link.talk(*OPENING)]
    (_, asked), (_, said) = link.talk((UP, GET), (DOWN, GOT))
    script = on_line(*frames)

    def send(octets: bytes, after: float, took: float) -> None:
        script.add(octets, after=round(after * MS))
        last = script.records[-1]
        script.ns += round(took * MS)
        script.records[-1] = last.__class__(
            last.no, 0, last.direction, last.first_ns, script.ns, last.uncertainty_ns, octets
        )

    send(asked, 10, 3)
    send(link.frame("RR", False, nr=2), 20, 1)
    send(link.frame("RR", nr=1), 5, 1)
    send(said, 40, 4)
    row = rows_of(script, "exchange")[1]
    assert (row["polls"], row["attempts"], row["frames"]) == (1, 1, [5, 8])
    assert times(row)[:3] == (67, 67, 71)
    assert row["link_response_ns"] in (20 * MS, 40 * MS)
    assert row["line_ns"] == 7 * MS
    assert row["server_ns"] == row["link_response_ns"]


def test_bounded_number_of_waiting_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "WAITING_MAX", 3)
    steps = [(UP, xdlms.get_request_normal(0xC0 | n, xdlms.attribute())) for n in range(10)]
    found = rows_of(over_udp(*steps), "exchange")
    assert [row["request"] for row in found] == list(range(1, 11))


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from([(UP, AARQ), (DOWN, AARE), (UP, GET), (UP, CLOCK), (UP, get(1, CLOCK_OBIS, 8)), (DOWN, GOT),
                         (DOWN, got(invoke=2)), (DOWN, got(3)), (DOWN, EXCEPTION), *BLOCKS, (UP, RLRQ), (DOWN, RLRE)]),
        max_size=14,
    )
)  # fmt: skip
def test_each_message_is_in_one_exchange_and_times_are_sound(steps: list[Step]) -> None:
    """Whatever the order: no message twice, each final response and request somewhere, times not negative."""
    seen: list[Message] = []

    class Tap:
        def frames(self, it: Any) -> Any:
            return it

        def messages(self, it: Any) -> Any:
            for m in it:
                seen.append(m)
                yield m

        def exchanges(self, it: Any) -> Any:
            return it

    found: list[Exchange] = list(run_of(over_udp(*steps), taps=(Tap(),)).exchanges())
    assert [e.no for e in found] == list(range(1, len(found) + 1))
    used = [no for e in found for no in ((e.request,) if e.request else ()) + e.responses]
    assert len(used) == len(set(used)), "a message twice"
    blocks = {m.no for m in seen if m.apdu.block is not None or m.apdu.name == "get-request-next"}
    repeated = sum(e.attempts - 1 for e in found)
    missing = {m.no for m in seen} - set(used) - blocks
    assert len(missing) <= repeated <= len(missing | blocks)
    for e in found:
        for span in (e.app_response_ns, e.complete_ns, e.waited_ns):
            assert span is None or span >= 0
        assert (e.result is None) == (e.request > 0 and e.waited_ns is not None)
