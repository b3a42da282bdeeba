"""HDLC framer: no octet lost, every chunking alike, damage and noise, frames without flags, times."""

from pathlib import Path

import pytest
from encode import hdlc as encode
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.link.framing import Chunk, Unit
from dissectors.link.hdlc_framer import HEADS, NOISE_MAX, Framer, read

RR = encode.frame("RR")
GET = encode.frame("I", info=encode.COMMAND + bytes.fromhex("C001C100030100010800FF0200"))
LONG = encode.frame("I", up=False, info=encode.RESPONSE + b"\x7e\xa0\x07" * 40, segmented=True)
NESTED = encode.frame("UI", up=False, info=encode.RESPONSE + RR + GET)


def units(*chunks: bytes, idle_ns: int | None = None) -> list[Unit]:
    framer = Framer(idle_ns)
    out = [unit for number, octets in enumerate(chunks, 1) for unit in framer.feed(Chunk(octets, number))]
    return out + framer.end()


def kinds(found: list[Unit]) -> list[str]:
    return [unit.kind for unit in found]


def codes(unit: Unit) -> list[str]:
    return [p.kind.code for p in unit.problems]


def test_whole_frames() -> None:
    found = units(RR, GET, LONG, NESTED)
    assert kinds(found) == ["RR", "I", "I", "UI"]
    assert [unit.octets for unit in found] == [RR, GET, LONG, NESTED]
    assert found[1].payload == encode.COMMAND + bytes.fromhex("C001C100030100010800FF0200")
    assert all(unit.trusted and not unit.problems for unit in found)


def test_memo_gives_what_dissect_gives() -> None:
    """The value and problems of a frame are the same the first and the second time, and for other information."""
    HEADS.clear()
    frames = [
        encode.frame("I", up, info=info, client=client, server=(1, 0, 1))
        for up in (True, False)
        for client in (16, 1)
        for info in (encode.COMMAND + b"1", encode.RESPONSE + b"2", b"\xe6\xe8\x00X", b"abcd", b"\xff\xe6\x00x")
    ]
    frames += [encode.frame("UI", False, info=i, server=(3, 0, 1)) for i in (b"\xe0\x01\x02\x03", b"\x0f\x01\x02\x03")]
    frames += [encode.frame("I"), encode.frame("SNRM", poll=False), encode.frame("UA", False, encode.parameters())]
    for octets in frames + frames:
        (unit,) = Framer().feed(Chunk(octets, 1))
        value, problems = read(octets)
        assert (unit.value, unit.problems) == (value, problems)
    wrong_hcs = bytearray(frames[0])
    wrong_hcs[6] ^= 1
    wrong_hcs[-3:-1] = encode.check(bytes(wrong_hcs[1:-3]))
    (unit,) = Framer().feed(Chunk(bytes(wrong_hcs), 1))
    assert codes(unit) == ["hdlc.hcs"] and not unit.trusted and unit.payload == b""


def test_shared_flag_and_fill() -> None:
    found = units(b"\x7e\x7e\x7e" + RR + GET[1:] + b"\x7e\x7e" + LONG)
    assert kinds(found) == ["noise", "RR", "I", "noise", "I"]
    assert codes(found[0]) == ["hdlc.fill"] and found[0].octets == b"\x7e\x7e\x7e"
    assert found[2].octets == GET[1:] and found[2].trusted


def test_no_opening_flag_at_the_start() -> None:
    assert kinds(units(RR[1:] + GET)) == ["RR", "I"]


def test_frame_within_a_frame_is_not_searched() -> None:
    assert kinds(units(NESTED[:20], NESTED[20:])) == ["UI"]


@pytest.mark.parametrize("start", [b"\x7e", b"\x7e\xa7\xff", b"\x7e\xa0\x20\x03", b"\x7e\xa0\x03", b"\x7e\xa0", b"abc"])
def test_false_start_swallows_nothing(start: bytes) -> None:
    found = units(start + GET + RR + LONG)
    assert [unit.octets for unit in found if unit.trusted and unit.kind != "noise"] == [GET, RR, LONG]


def test_damaged_frame_is_shown_but_not_trusted() -> None:
    bad = bytearray(GET)
    bad[12] ^= 0x10
    found = units(RR + bytes(bad) + LONG)
    assert kinds(found) == ["RR", "I", "I"]
    assert codes(found[1]) == ["hdlc.fcs"] and not found[1].trusted and found[1].payload == b""


def test_lost_octets_make_noise_and_the_next_frame_is_found() -> None:
    found = units(GET[:9] + GET[12:] + LONG + RR)
    assert kinds(found)[-2:] == ["I", "RR"]
    assert "".join(kinds(found)[:-2]).replace("noise", "") == ""
    assert found[0].octets[:1] == b"\x7e" and "hdlc.noise" in codes(found[0])


def test_good_frame_inside_a_damaged_one() -> None:
    """A length that grew by damage reaches over a good frame; its end happens to be a flag."""
    shift = len(RR)
    bad = bytearray(GET + RR)
    bad[2] += shift
    found = units(bytes(bad) + LONG)
    assert kinds(found) == ["noise", "RR", "I"]


def test_good_frame_that_begins_inside_a_damaged_one_and_ends_after_it() -> None:
    """The claimed end falls on an octet 7E in the middle of the good frame: wait for that one's end."""
    head = b"\x7e\xa0\x00\x03\x21\x13"
    end = LONG.index(b"\x7e", 30)
    stream = head[:2] + bytes([len(head) - 1 + end]) + head[3:] + LONG
    for cut in (len(stream), len(head) + end + 1, len(head) + end + 9):
        found = units(stream[:cut], stream[cut:])
        assert kinds(found) == ["noise", "I"] and found[1].octets == LONG


def test_wrong_format_and_length_between_flags() -> None:
    other = b"\x90\x0a\x00\x02\x00\x23\x21\x93"
    found = units(b"\x7e" + other + encode.check(other) + b"\x7e")
    assert "hdlc.fmt" in codes(found[0])
    other = b"\xa0\x03\x00\x02\x00\x23\x21\x93"
    found = units(b"\x7e" + other + encode.check(other) + b"\x7e")
    assert "hdlc.len" in codes(found[0])


def test_truncated_at_the_end() -> None:
    found = units(RR + LONG[:60])
    assert kinds(found) == ["RR", "noise"] and "hdlc.trunc" in codes(found[1])
    found = units(GET[:-1])
    assert kinds(found) == ["I"] and codes(found[0]) == ["hdlc.trunc"] and found[0].trusted


def test_wrong_closing_flag() -> None:
    found = units(GET[:-1] + b"\x00" + RR)
    assert kinds(found) == ["I", "noise", "RR"] and codes(found[0]) == ["hdlc.flag"]


def test_frames_without_flags() -> None:
    found = units(RR[1:-1], GET[1:-1], LONG[1:-1])
    assert kinds(found) == ["RR", "I", "I"] and not any(unit.problems for unit in found)


def test_loss_gives_up_and_goes_on_in_the_middle() -> None:
    framer = Framer()
    assert framer.feed(Chunk(LONG[:30], 1)) == []
    lost = framer.lose(10)
    assert kinds(lost) == ["noise"] and lost[0].octets == LONG[:30]
    assert kinds(framer.feed(Chunk(LONG[40:] + GET, 2)))[-1] == "I"


def test_times_records_and_gap() -> None:
    framer = Framer()
    half = len(GET) // 2
    a = Chunk(RR + GET[:half], 7, 1000, 1000 + len(RR) + half, 5, b"head")
    b = Chunk(GET[half:], 8, 5000, 6000, 9, b"next")
    (first,) = framer.feed(a)
    (second,) = framer.feed(b)
    assert (first.first_ns, first.last_ns, first.records, first.gap_ns) == (1000, 1000 + len(RR), (7,), None)
    assert (second.first_ns, second.last_ns, second.records) == (1000 + len(RR), 6000, (7, 8))
    assert second.gap_ns == 5000 - (1000 + len(RR) + half)
    assert (first.uncertainty_ns, second.uncertainty_ns) == (5, 9)
    assert (first.carrier, second.carrier) == (b"head", b"next")


def test_unknown_uncertainty_stays_unknown() -> None:
    framer = Framer()
    framer.feed(Chunk(RR[:4], 1, 0, 0, 3))
    (unit,) = framer.feed(Chunk(RR[4:], 2, 9, 9, None))
    assert unit.uncertainty_ns is None


def test_pause_inside_a_frame() -> None:
    framer = Framer(idle_ns=1000)
    assert framer.feed(Chunk(LONG[:50], 1, 0, 10, 0)) == []
    found = framer.feed(Chunk(RR, 2, 2000, 2010, 0))
    assert kinds(found) == ["noise", "RR"] and "hdlc.trunc" in codes(found[0])
    assert framer.feed(Chunk(GET[:9], 3, 3000, 3010, 0)) == []
    assert kinds(framer.feed(Chunk(GET[9:], 4, 3900, 3910, 0))) == ["I"]


def test_noise_is_bounded() -> None:
    framer = Framer()
    for number in range(40):
        framer.feed(Chunk(b"\x7e\xa7" * 500, number))
        assert framer.pending() <= NOISE_MAX + 2100


PIECES = st.one_of(
    st.sampled_from([RR, GET, LONG, NESTED, GET[1:], LONG[:20], GET[:-1], b"\x7e", b"\x7e\x7e", b"\x7e\xa7\xf0"]),
    st.binary(min_size=1, max_size=12),
    st.tuples(st.sampled_from([RR, GET, LONG]), st.integers(0, 60), st.integers(1, 255)).map(
        lambda t: bytes(o ^ t[2] if i == t[1] else o for i, o in enumerate(t[0]))
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=8), st.data())
def test_every_chunking_gives_the_same_units(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"\x7e\x7e" + b"".join(pieces)
    whole = units(stream)
    assert b"".join(unit.octets for unit in whole) == stream
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    for chunks in (parts, [bytes([octet]) for octet in stream]):
        found = units(*chunks)
        assert [(u.octets, u.kind, u.payload, u.trusted, u.problems) for u in found] == [
            (u.octets, u.kind, u.payload, u.trusted, u.problems) for u in whole
        ]


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=6))
def test_good_frames_after_noise_are_found(pieces: list[bytes]) -> None:
    """Whatever came before: after enough fill, a good frame is found."""
    found = units(b"".join(pieces) + b"\x00" * 2100 + GET)
    assert found[-1].octets == GET and found[-1].trusted


FAMILIES = "hdlc-frame session-hdlc han-push han-push-encrypted link-checksum adversarial-real adversarial-test"


@pytest.mark.parametrize("family", [*FAMILIES.split(), "conformance-negative"])
def test_corpus(corpus: Path, family: str) -> None:
    """No octet lost, whole or in pieces."""
    for path in sorted((corpus / family).glob("*.hex")):
        octets = bytes.fromhex(path.read_text())
        found = units(octets)
        assert b"".join(unit.octets for unit in found) == octets, path.name
        pieces = units(*(octets[i : i + 7] for i in range(0, len(octets), 7)))
        assert b"".join(unit.octets for unit in pieces) == octets, path.name
        if octets[0] == 0x7E:
            assert [u.octets for u in pieces] == [u.octets for u in found], path.name
