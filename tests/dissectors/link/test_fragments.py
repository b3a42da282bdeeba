"""Reassembly of IP fragments: order, holes, overlaps, bounds; scapy's fragment() as the encoder."""

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.packet import Raw

from dissectors.link import fragments
from dissectors.link.fragments import Fragment, Fragments, Whole
from dissectors.link.packets import Packets

KEY = (4, b"ssssdddd", 17, 7)
PAYLOAD = bytes(i * 7 & 255 for i in range(3000))


def put(
    f: Fragments, octets: bytes, offset: int, more: bool, no: int = 1, t: int | None = 0, key: int = 7
) -> Whole | None:
    packet = b"head" + octets + b"pad"
    return f.add(Fragment((*KEY[:3], key), packet, 4, 4 + len(octets), offset, more, no, t))


def test_any_order() -> None:
    parts = [(b"a" * 8, 0, True), (b"b" * 8, 8, True), (b"c" * 3, 16, False)]
    for order in itertools.permutations(parts):
        f = Fragments()
        *unfinished, whole = [put(f, *part, no) for no, part in enumerate(order)]
        assert unfinished == [None, None] and whole is not None
        assert whole.octets == b"aaaaaaaabbbbbbbbccc"
        assert whole.around == b"headpad" * 3 and whole.records == (0, 1, 2) and whole.problems == ()
        assert f.end() == []


def test_first_seen_is_kept_and_the_overlap_noted() -> None:
    f = Fragments()
    put(f, b"b" * 8, 8, True)
    put(f, b"a" * 8 + b"X" * 8, 0, True)
    whole = put(f, b"c", 16, False)
    assert whole is not None and whole.octets == b"aaaaaaaabbbbbbbbc"
    assert [p.kind.code for p in whole.problems] == ["ip.fragment-overlap"]
    assert b"X" * 8 in whole.around


def test_same_octets_twice_are_no_problem() -> None:
    f = Fragments()
    put(f, b"b" * 8, 8, True)
    put(f, b"b" * 8, 8, True)
    whole = put(f, b"a" * 8 + b"b" * 8 + b"c", 0, False)
    assert whole is not None and whole.octets == b"aaaaaaaabbbbbbbbc" and whole.problems == ()


def test_tail_of_one_fragment_over_the_head_of_the_next() -> None:
    f = Fragments()
    put(f, b"a" * 16, 0, True)
    whole = put(f, b"X" * 8 + b"b" * 8, 8, False)
    assert whole is not None and whole.octets == b"a" * 16 + b"b" * 8
    assert [p.kind.code for p in whole.problems] == ["ip.fragment-overlap"]


def test_past_the_end() -> None:
    f = Fragments()
    put(f, b"b" * 8, 8, False)
    put(f, b"z" * 8, 16, True)
    whole = put(f, b"a" * 8, 0, True)
    assert whole is not None and whole.octets == b"aaaaaaaabbbbbbbb"
    assert [p.kind.code for p in whole.problems] == ["ip.length"]
    assert sum(map(len, (whole.octets, whole.around))) == 24 + 3 * 7


def test_larger_than_a_datagram_can_be() -> None:
    f = Fragments()
    assert put(f, bytes(1480), 65528, False) is None
    (lost,) = f.end()
    assert [p.kind.code for p in lost.problems] == ["ip.length", "ip.fragment-lost"]


def test_lost_at_the_end() -> None:
    f = Fragments()
    put(f, b"a" * 8, 0, True, 5, 50)
    put(f, b"c" * 8, 16, True, 6, 60)
    (lost,) = f.end()
    assert (lost.records, lost.times, lost.packets) == ((5, 6), (50, 60), (b"headaaaaaaaapad", b"headccccccccpad"))
    assert [p.text for p in lost.problems] == ["datagram 0x7 never became whole: 16 octets seen"]
    assert f.end() == []


def test_expiry() -> None:
    f = Fragments()
    put(f, b"a" * 8, 0, True, 1, 0)
    assert put(f, b"b", 8, False, 2, fragments.EXPIRY_NS + 1) is None
    assert [lost.records for lost in f.given_up()] == [(1,)]
    f.expire(3 * fragments.EXPIRY_NS)
    assert [lost.records for lost in f.given_up()] == [(2,)]


def test_bounds() -> None:
    f = Fragments()
    for key in range(fragments.MAX_DATAGRAMS + 3):
        put(f, b"a" * 8, 0, True, key, 0, key)
    given_up = f.given_up()
    assert [lost.records for lost in given_up] == [(0,), (1,), (2,)]
    assert given_up[0].problems[0].kind.code == "ip.fragment-bound"
    f = Fragments()
    for key in range(200):  # complete datagrams do not count
        put(f, bytes(60_000), 0, True, key, 0, key)
        assert put(f, b"x", 60_000, False, key, 0, key) is not None
    assert f.given_up() == []
    for key in range(200):
        put(f, bytes(60_000), 0, True, key, 0, key)
    kept = fragments.MAX_OCTETS // 60_007
    assert len(f.given_up()) == 200 - kept and len(f.end()) == kept


@given(
    st.lists(st.tuples(st.integers(0, 12), st.binary(max_size=40), st.booleans()), max_size=12), st.binary(max_size=3)
)
@settings(max_examples=300)
def test_any_fragments_are_accounted_for(parts: list[tuple[int, bytes, bool]], tail: bytes) -> None:
    """Octets in = octets out, and the datagram is what a plain first-seen array holds."""
    f = Fragments()
    total = 0
    wholes: list[Whole] = []
    array: dict[int, int] = {}
    for no, (offset, octets, more) in enumerate(parts):
        total += 7 + len(octets)
        for i, octet in enumerate(octets):
            array.setdefault(offset * 8 + i, octet)
        whole = put(f, octets, offset * 8, more, no)
        if whole is not None:
            wholes.append(whole)
            assert whole.octets == bytes(array[i] for i in range(len(whole.octets)))
            array = {}
    out = sum(len(w.octets) + len(w.around) for w in wholes) + sum(len(p) for a in f.end() for p in a.packets)
    assert out == total


def test_ipv4_of_scapy() -> None:
    made = IP(src="10.0.0.1", dst="10.0.0.2", id=0x1234) / UDP(sport=5000, dport=4059) / Raw(PAYLOAD)
    packets = [bytes(p) for p in fragment(made, 504)]
    assert len(packets) > 5
    random.Random(1).shuffle(packets)
    reader = Packets()
    *waiting, last = [reader.unwrap(octets, 228, no, no * 10) for no, octets in enumerate(packets, 1)]
    assert all(p.waits and p.carrier == b"" and p.problems[-1].kind.code == "ip.fragment" for p in waiting)
    assert last.payload == PAYLOAD and not last.waits
    assert (last.transport, last.source, last.source_port, last.destination_port) == ("udp", "10.0.0.1", 5000, 4059)
    assert sorted(last.records) == list(range(1, len(packets) + 1))
    assert (last.first_ns, last.last_ns, last.reassembled) == (10, 10 * len(packets), "ipv4")
    assert len(last.carrier) + len(last.payload) == sum(map(len, packets))
    assert last.problems == ()


def test_ipv6_of_scapy() -> None:
    made = (
        IPv6(src="2001:db8::1", dst="2001:db8::2")
        / IPv6ExtHdrFragment(id=77)
        / UDP(sport=5000, dport=4059)
        / Raw(PAYLOAD)
    )
    packets = [bytes(p) for p in fragment6(made, 1280)]
    assert len(packets) == 3
    reader = Packets()
    results = [reader.unwrap(octets, 229, no, no) for no, octets in enumerate(reversed(packets))]
    assert [p.waits for p in results] == [True, True, False]
    last = results[-1]
    assert last.payload == PAYLOAD and last.source == "2001:db8::1" and last.reassembled == "ipv6"
    assert len(last.carrier) + len(last.payload) == sum(map(len, packets))
    assert last.problems == ()
