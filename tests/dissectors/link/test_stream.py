"""TCP delivery in order, against an oracle that knows the stream."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.link.stream import ACK, FIN, RST, SYN, Event, Half

MOD = 1 << 32


def codes(event: Event) -> list[str]:
    return [p.kind.code for p in event.problems]


def brief(events: list[Event] | None) -> list[tuple[str, bytes, int, list[str]]] | None:
    return None if events is None else [(e.kind, e.octets, e.lost, codes(e)) for e in events]


def opened(isn: int = 1000, **bounds: int) -> Half:
    half = Half(**bounds)
    assert half.feed(isn, SYN, b"", 0) == []
    return half


def test_in_order_is_none() -> None:
    half = opened()
    assert half.feed(1001, ACK, b"abc", 1) is None
    assert half.feed(1004, ACK, b"", 2) is None
    assert half.feed(1004, ACK, b"def", 3) is None
    assert half.next == 1007


def test_sequence_numbers_wrap() -> None:
    half = opened(MOD - 3)
    assert half.feed(MOD - 2, ACK, b"abcd", 1) is None
    assert half.next == 2
    assert half.feed(2, ACK, b"e", 2) is None


def test_retransmission_same_and_other_content() -> None:
    half = opened()
    half.feed(1001, ACK, b"abcdef", 1)
    assert brief(half.feed(1001, ACK, b"abcdef", 2)) == [("repeat", b"abcdef", 0, ["tcp.retransmission"])]
    assert brief(half.feed(1001, ACK, b"abXdef", 3)) == [("repeat", b"abXdef", 0, ["tcp.overlap"])]
    assert brief(half.feed(1003, ACK, b"cdefgh", 4)) == [
        ("repeat", b"cdef", 0, ["tcp.retransmission"]),
        ("deliver", b"gh", 0, []),
    ]


def test_first_seen_is_kept_among_held_segments() -> None:
    half = opened()
    assert half.feed(1004, ACK, b"def", 1) == []
    assert brief(half.feed(1003, ACK, b"cXefg", 2)) == [("repeat", b"Xef", 0, ["tcp.overlap"])]
    assert half.waiting == 5
    assert brief(half.feed(1001, ACK, b"ab", 3)) == [
        ("deliver", b"ab", 0, []),
        ("deliver", b"c", 0, ["tcp.reordered"]),
        ("deliver", b"def", 0, ["tcp.reordered"]),
        ("deliver", b"g", 0, []),
    ]
    assert half.waiting == 0 and half.feed(1008, ACK, b"h", 4) is None


def test_acknowledged_gap_is_given_up() -> None:
    half = opened()
    half.feed(1001, ACK, b"ab", 1)
    assert half.feed(1006, ACK, b"fg", 2) == []
    assert half.acknowledge(1003) is None
    assert brief(half.acknowledge(1008)) == [("lose", b"", 3, ["tcp.gap"]), ("deliver", b"fg", 0, ["tcp.reordered"])]
    assert brief(half.feed(1003, ACK, b"cde", 3)) == [("repeat", b"cde", 0, ["tcp.late"])]


def test_gap_acknowledged_before_the_next_segment_comes() -> None:
    half = opened()
    half.feed(1001, ACK, b"ab", 1)
    assert half.acknowledge(1006) is None
    assert brief(half.feed(1006, ACK, b"f", 2)) == [
        ("lose", b"", 3, ["tcp.gap"]),
        ("deliver", b"f", 0, ["tcp.reordered"]),
    ]


@pytest.mark.parametrize("bounds", [{"bound_octets": 10}, {"bound_segments": 2}])
def test_bounds_give_the_gap_up(bounds: dict[str, int]) -> None:
    half = opened(**bounds)
    assert half.feed(1003, ACK, b"cccc", 1) == []
    assert half.feed(1007, ACK, b"dddd", 2) == []
    events = half.feed(1011, ACK, b"eeee", 3)
    assert events is not None
    assert [(e.kind, e.lost) for e in events] == [("lose", 2), ("deliver", 0), ("deliver", 0), ("deliver", 0)]
    assert codes(events[0]) == ["tcp.gap", "tcp.bound"]
    assert half.waiting == 0


def test_end_delivers_what_was_held() -> None:
    half = opened()
    half.feed(1003, ACK, b"c", 1)
    half.feed(1006, ACK, b"f", 2)
    assert [(e.kind, e.octets, e.lost) for e in half.end()] == [
        ("lose", b"", 2),
        ("deliver", b"c", 0),
        ("lose", b"", 2),
        ("deliver", b"f", 0),
    ]
    assert half.end() == []


def test_start_in_the_middle_of_a_connection() -> None:
    half = Half()
    assert half.feed(5000, ACK, b"", 1) == []
    assert brief(half.feed(5000, ACK, b"ab", 2)) == [("deliver", b"ab", 0, ["tcp.mid-stream"])]
    assert half.feed(5002, ACK, b"cd", 3) is None
    assert brief(half.feed(4990, ACK, b"xyz", 4)) == [("repeat", b"xyz", 0, ["tcp.mid-stream"])]


@pytest.mark.parametrize("octets", [b"", b"\0"])
def test_keep_alive(octets: bytes) -> None:
    half = opened()
    half.feed(1001, ACK, b"ab", 1)
    assert brief(half.feed(1002, ACK, octets, 2)) == [("repeat", octets, 0, ["tcp.keep-alive"])]
    assert half.feed(1003, ACK, b"c", 3) is None


def test_fin_in_order_out_of_order_and_again() -> None:
    half = opened()
    assert half.feed(1003, FIN | ACK, b"cd", 1) == []
    assert [e.kind for e in half.feed(1001, ACK, b"ab", 2) or []] == ["deliver", "deliver", "end"]
    assert half.next == 1006
    assert brief(half.feed(1005, FIN | ACK, b"", 3)) == [("repeat", b"", 0, ["tcp.retransmission"])]


def test_fin_behind_a_gap() -> None:
    half = opened()
    assert half.feed(1005, FIN | ACK, b"", 1) == []
    assert brief(half.acknowledge(1006)) == [("lose", b"", 4, ["tcp.gap"]), ("end", b"", 0, [])]


def test_rst_gives_up_what_is_held() -> None:
    half = opened()
    half.feed(1003, ACK, b"c", 1)
    assert [e.kind for e in half.feed(1001, RST, b"", 2) or []] == ["lose", "deliver", "end"]


def test_syn_again_and_new_connection_on_the_same_ports() -> None:
    half = opened()
    assert brief(half.feed(1000, SYN, b"", 1)) == [("repeat", b"", 0, ["tcp.retransmission"])]
    half.feed(1001, ACK, b"ab", 2)
    assert [e.kind for e in half.feed(900_000, SYN, b"", 3) or []] == ["restart"]
    assert half.feed(900_001, ACK, b"cd", 4) is None


def test_octets_in_a_syn() -> None:
    half = Half()
    assert brief(half.feed(7, SYN, b"ab", 1)) == [("deliver", b"ab", 0, [])]
    assert half.feed(10, ACK, b"c", 2) is None


@st.composite
def segments(draw: st.DrawFn) -> tuple[int, bytes, list[tuple[int, int]]]:
    """isn, stream, and segments (start, end) as captured: cut at random, some twice with other borders,
    some lost, in any order."""
    stream = draw(st.binary(min_size=1, max_size=60))
    at = sorted({draw(st.integers(1, len(stream))) for _ in range(draw(st.integers(0, 8)))} | {len(stream)})
    pieces = [(a, b) for a, b in zip([0, *at], at, strict=False) if a < b]
    for _ in range(draw(st.integers(0, 4))):
        a, b = sorted((draw(st.integers(0, len(stream))), draw(st.integers(0, len(stream)))))
        pieces += [(a, b)] if a < b else []
    kept = [piece for piece in pieces if draw(st.integers(0, 9)) != 0]
    return draw(st.sampled_from([0, 1000, MOD - 1, MOD - 20])), stream, draw(st.permutations(kept))


@given(segments())
@settings(max_examples=300)
def test_against_the_oracle(case: tuple[int, bytes, list[tuple[int, int]]]) -> None:
    isn, stream, pieces = case
    half = opened(isn)
    seen = set()
    events: list[Event] = []
    for token, (a, b) in enumerate(pieces):
        payload = stream[a:b]
        got = half.feed((isn + 1 + a) % MOD, ACK, payload, token)
        events += [Event("deliver", payload, token)] if got is None else got
        seen |= set(range(a, b))
    events += half.end()
    at = 0
    delivered = set()
    for event in events:
        if event.kind == "lose":
            at += event.lost
        elif event.kind == "deliver":
            assert event.octets == stream[at : at + len(event.octets)]
            delivered |= set(range(at, at + len(event.octets)))
            at += len(event.octets)
        else:
            assert event.kind == "repeat" and codes(event) in (["tcp.retransmission"], ["tcp.keep-alive"])
    assert delivered == seen
    assert half.waiting == 0 and half.position == max((b for _, b in pieces), default=0)
    for token, (a, b) in enumerate(pieces):
        assert sum(len(e.octets) for e in events if e.token == token) == b - a


@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, MOD - 1), st.integers(990, 1100)),
            st.integers(0, 63),
            st.binary(max_size=20),
            st.one_of(st.none(), st.integers(0, MOD - 1), st.integers(990, 1100)),
        ),
        max_size=30,
    )
)
@settings(max_examples=300)
def test_any_segments_are_accounted_for_and_bounded(case: list[tuple[int, int, bytes, int | None]]) -> None:
    half = Half(64, 4)
    events: list[Event] = []
    for token, (sequence, flags, payload, acknowledged) in enumerate(case):
        got = half.feed(sequence, flags, payload, token)
        events += [Event("deliver", payload, token)] if got is None else got
        assert half.waiting <= 64
        if acknowledged is not None:
            events += half.acknowledge(acknowledged) or []
    events += half.end()
    assert half.waiting == 0
    for token, (_, _, payload, _) in enumerate(case):
        assert sum(len(e.octets) for e in events if e.token == token and e.kind in ("deliver", "repeat")) == len(
            payload
        )
