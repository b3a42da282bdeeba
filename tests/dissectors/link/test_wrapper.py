"""Wrapper PDUs: the layer, and the framer over every way to cut a stream into chunks."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from encode.wrapper import pdu
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop, Trace
from dissectors.link import wrapper
from dissectors.link.framing import Chunk, Unit
from dissectors.link.wrapper import NOISE, Framer, dissect
from dissectors.problem import WRAPPER_TRUNC
from dissectors.tags import TAGS

GET = bytes.fromhex("C001C100030100010800FF0200")
ANSWER = bytes.fromhex("C401C10006000004D2")


def cut(octets: bytes, at: Iterable[int]) -> list[bytes]:
    places = [0, *sorted({p % (len(octets) + 1) for p in at}), len(octets)]
    return [octets[a:b] for a, b in pairwise(places) if a < b]


def chunks(pieces: list[bytes]) -> list[Chunk]:
    return [Chunk(octets, i + 1, i * 100, i * 100 + 10, 1, b"c%d" % i) for i, octets in enumerate(pieces)]


def run(pieces: list[bytes]) -> list[Unit]:
    framer = Framer()
    out: list[Unit] = []
    for chunk in chunks(pieces):
        out += framer.feed(chunk)
    return out + framer.end()


def facts(units: list[Unit]) -> list[tuple[object, ...]]:
    return [(u.kind, u.octets, u.value, u.payload, u.problems, u.trusted) for u in units]


def codes(unit: Unit) -> list[str]:
    return [p.kind.code for p in unit.problems]


# --- the layer ------------------------------------------------------------------------------------


def test_dissect() -> None:
    octets = pdu(GET, 16, 1)
    c = Cursor(octets, short=WRAPPER_TRUNC)
    value = dissect(c, EMPTY)
    assert (value.version, value.source, value.destination, value.length, value.apdu) == (1, 16, 1, 13, (8, 21))
    assert c.problems == ()
    assert wrapper.LAYER.inner(value) == ("apdu", (8, 21))


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (pdu(GET, version=2), ["wrapper.version"]),
        (pdu(b""), ["wrapper.zero-length"]),
        (pdu(GET, length=20), ["wrapper.trunc"]),
        (pdu(GET, length=10), ["wrapper.trailing"]),
    ],
)
def test_problems(octets: bytes, expected: list[str]) -> None:
    c = Cursor(octets, short=WRAPPER_TRUNC)
    value = dissect(c, EMPTY)
    assert [p.kind.code for p in c.problems] == expected
    assert value.apdu[1] <= len(octets)


def test_short_header_stops() -> None:
    with pytest.raises(Stop) as stopped:
        dissect(Cursor(bytes(7), short=WRAPPER_TRUNC), EMPTY)
    assert stopped.value.problem.text == "Version needs 8 octets, 7 are there"


@given(st.binary(max_size=40))
def test_cursor_equals_trace(octets: bytes) -> None:
    results = []
    for reader in (Cursor, Trace):
        c = reader(octets, short=WRAPPER_TRUNC)
        try:
            results.append((dissect(c, EMPTY), c.problems))
        except Stop as stopped:
            results.append((None, (*c.problems, stopped.problem)))
    assert results[0] == results[1]


# --- the framer -----------------------------------------------------------------------------------


def test_whole_pdu_in_one_chunk() -> None:
    (unit,) = run([pdu(GET)])
    assert (unit.kind, unit.payload, unit.records, unit.gap_ns, unit.carrier) == ("wrapper", GET, (1,), None, b"c0")
    assert unit.value == wrapper.Wrapper(1, 16, 1, 13, (8, 21))
    assert unit.trusted and unit.problems == ()


def test_unit_over_three_chunks_has_their_records_and_times() -> None:
    octets = pdu(GET) + pdu(ANSWER)
    first, second = run([octets[:5], octets[5:9], octets[9:]])
    assert (first.records, first.first_ns, first.last_ns, first.gap_ns) == ((1, 2, 3), 0, 210, 90)
    assert first.carrier == b"c0c1c2"
    assert (second.records, second.first_ns, second.gap_ns, second.carrier) == ((3,), 200, None, b"")


def test_unknown_uncertainty_stays_unknown() -> None:
    framer = Framer()
    octets = pdu(GET)
    framer.feed(Chunk(octets[:4], 1, 0, 0, None))
    (unit,) = framer.feed(Chunk(octets[4:], 2, 5, 5, 1))
    assert unit.uncertainty_ns is None and unit.gap_ns == 5


def test_without_a_clock_no_gap_is_known() -> None:
    framer = Framer()
    octets = pdu(GET)
    framer.feed(Chunk(octets[:4], 1))
    (unit,) = framer.feed(Chunk(octets[4:], 2))
    assert (unit.first_ns, unit.last_ns, unit.gap_ns, unit.records) == (None, None, None, (1, 2))


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        # what, then (kind, octets, problem codes) of each unit
        (pdu(GET, length=20), [("wrapper", 21, ["wrapper.trunc"])]),
        (pdu(GET) + b"\x0d\x0a", [("wrapper", 21, []), ("noise", 2, ["wrapper.trailing"])]),
        (pdu(GET) + b"\x00\x01\x00", [("wrapper", 21, []), ("noise", 3, ["wrapper.trunc"])]),
        (pdu(b"") + pdu(GET), [("wrapper", 8, ["wrapper.zero-length"]), ("wrapper", 21, [])]),
        (pdu(GET, version=2) + pdu(GET), [("wrapper", 21, ["wrapper.version"]), ("wrapper", 21, [])]),
        (pdu(b"\x77abc") + pdu(GET), [("wrapper", 12, []), ("wrapper", 21, [])]),
        (b"garbage, long" + pdu(GET), [("noise", 13, ["wrapper.resync"]), ("wrapper", 21, [])]),
        # a forged length behind an unknown tag does not swallow what follows
        (pdu(b"\x77", length=60000) + pdu(GET), [("noise", 9, ["wrapper.resync"]), ("wrapper", 21, [])]),
        (pdu(GET, version=7, length=60000) + pdu(GET), [("noise", 21, None), ("wrapper", 21, [])]),
        (b"\x00\x02" + bytes(9), [("noise", 11, ["wrapper.version", "wrapper.resync"])]),
    ],
)
def test_wrong_streams(octets: bytes, expected: list[tuple[str, int, list[str] | None]]) -> None:
    units = run([octets])
    assert [(u.kind, len(u.octets)) for u in units] == [(kind, n) for kind, n, _ in expected]
    for unit, (_, _, problems) in zip(units, expected, strict=True):
        assert problems is None or codes(unit) == problems
    assert facts(run(cut(octets, range(len(octets))))) == facts(units)


def test_what_is_cut_or_of_a_wrong_version_is_not_trusted() -> None:
    (short,) = run([pdu(GET, length=20)])
    assert not short.trusted and short.payload == b""
    (old,) = run([pdu(GET, version=2)])
    assert not old.trusted and old.payload == GET


def test_lose_gives_up_and_resynchronizes() -> None:
    framer = Framer()
    stream = pdu(GET) + pdu(ANSWER)
    assert framer.feed(Chunk(pdu(GET)[:12], 1)) == []
    (cut_short,) = framer.lose(5)
    assert codes(cut_short) == ["wrapper.trunc"] and len(cut_short.octets) == 12
    units = framer.feed(Chunk(stream[17:], 2)) + framer.end()
    assert [(u.kind, len(u.octets)) for u in units] == [("noise", 4), ("wrapper", 17)]
    assert codes(units[0]) == ["wrapper.resync"]


def test_after_a_loss_a_header_of_high_wports_on_both_sides_is_no_header() -> None:
    framer = Framer()
    framer.lose(1)
    assert [u.kind for u in framer.feed(Chunk(pdu(GET, 900, 800), 1)) + framer.end()] == ["noise"]


def test_a_header_full_of_0_and_1_is_no_header() -> None:
    dns = bytes.fromhex("f0fb 0120 0001 0000 0000 0108 7765") + b"x" * 30
    assert [u.kind for u in run([dns])] == ["noise"]


def test_long_garbage_is_given_away_in_pieces() -> None:
    framer = Framer()
    out = framer.feed(Chunk(b"\xaa" * 10_000, 1))
    assert [len(u.octets) for u in out] == [NOISE] * 4
    assert b"".join(u.octets for u in out + framer.end()) == b"\xaa" * 10_000


def test_datagrams() -> None:
    """end() after each datagram: nothing of one leaks into the next."""
    framer = Framer()
    first = framer.feed(Chunk(pdu(GET, length=30), 1)) + framer.end()
    second = framer.feed(Chunk(pdu(GET), 2)) + framer.end()
    assert [codes(u) for u in first] == [["wrapper.trunc"]]
    assert [(u.kind, u.records) for u in second] == [("wrapper", (2,))]


TAG = st.sampled_from(sorted(TAGS))
APDU = st.builds(lambda tag, rest: bytes([tag]) + rest, TAG, st.binary(min_size=1, max_size=30))
WPORT = st.integers(1, 0x7F)
GOOD = st.builds(pdu, APDU, WPORT, st.integers(0, 0xFFFF))
LENGTH = st.sampled_from([None, 0, 9, 40])
PARTS = st.one_of(
    GOOD,
    st.builds(pdu, st.binary(max_size=12), WPORT, WPORT, st.sampled_from([0, 1, 1, 1, 2, 256]), LENGTH),
    st.binary(max_size=12),
    st.sampled_from([b"\x00", b"\x00\x01", b"\x00\x01\x00\x01", pdu(GET)[:9], bytes(20)]),
)
STREAM = st.lists(PARTS, max_size=8).map(b"".join)
CUTS = st.lists(st.integers(0, 400), max_size=12)


@given(STREAM, CUTS)
@settings(max_examples=400)
def test_every_chunking_gives_the_same_units_and_no_octet_is_lost(stream: bytes, cuts: list[int]) -> None:
    whole = run([stream])
    assert b"".join(u.octets for u in whole) == stream
    assert facts(run(cut(stream, cuts))) == facts(whole)
    assert facts(run(cut(stream, range(len(stream))))) == facts(whole)


@given(st.lists(GOOD, min_size=1, max_size=6), CUTS)
def test_good_streams_give_their_pdus(pdus: list[bytes], cuts: list[int]) -> None:
    units = run(cut(b"".join(pdus), cuts))
    assert [u.octets for u in units] == pdus
    assert all(u.trusted and not u.problems and u.payload == u.octets[8:] for u in units)


@given(STREAM, CUTS, st.lists(st.booleans(), max_size=12))
def test_losses_lose_nothing_that_was_captured(stream: bytes, cuts: list[int], losses: list[bool]) -> None:
    framer = Framer()
    out: list[Unit] = []
    carriers = b""
    for chunk, lost in zip(chunks(cut(stream, cuts)), losses + [False] * 20, strict=False):
        out += framer.lose(3) if lost else []
        out += framer.feed(chunk)
        carriers += chunk.carrier
    out += framer.end()
    assert b"".join(u.octets for u in out) == stream
    assert b"".join(u.carrier for u in out) == carriers
