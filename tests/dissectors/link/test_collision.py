"""Evidence of two senders, and what is only damage."""

import pytest
from encode.hdlc import COMMAND, RESPONSE, frame

from dissectors.link.collision import begun, cut_short, is_glitch, overlap_ns, two_in_one
from dissectors.link.framing import Chunk

MS = 1_000_000
REQUEST = frame("I", True, COMMAND + bytes.fromhex("C001C100030100010800FF0200"))
ANSWER = frame("I", False, RESPONSE + bytes.fromhex("C401C1000600000001"))
OTHER = frame("I", True, COMMAND + bytes.fromhex("C001C100030100010800FF0200"), client=1)


def chunk(octets: bytes, first_ms: float, last_ms: float, uncertainty_ns: int | None = 0) -> Chunk:
    return Chunk(octets, 1, round(first_ms * MS), round(last_ms * MS), uncertainty_ns)


def test_the_beginning_of_a_frame() -> None:
    found = begun(REQUEST)
    assert found is not None
    assert (found.end, found.source, len(found.destination)) == (len(REQUEST) - 1, b"\x21", 4)
    for octets in (b"", REQUEST[:6], REQUEST[1:], b"\x7e\xa0\x03\x03\x21", b"\x7e\xa0\x20\x02\x02\x02\x02\x02\x21"):
        assert begun(octets) is None


def test_glitches_are_short_and_at_rest_levels() -> None:
    assert is_glitch(b"\x00", False, 1) and is_glitch(b"\xff\x00\xff", False, 1)
    assert is_glitch(b"\x00\xff\x00\xff", False, 2) and not is_glitch(b"\x00\xff\x00\xff", False, 1)
    assert is_glitch(b"\x3c", True, 1) and not is_glitch(b"\x3c", False, 1)
    assert not is_glitch(bytes(7), True, 2)


def test_overlap_is_certain_or_none() -> None:
    assert overlap_ns(chunk(b"a", 0, 10), chunk(b"b", 6, 20)) == 4 * MS
    assert overlap_ns(chunk(b"a", 0, 10, MS), chunk(b"b", 6, 20, MS)) == 2 * MS
    assert overlap_ns(chunk(b"a", 0, 10, 3 * MS), chunk(b"b", 6, 20, MS)) == 0
    assert overlap_ns(chunk(b"a", 0, 10), chunk(b"b", 11, 20)) == 0
    assert overlap_ns(chunk(b"a", 0, 10, None), chunk(b"b", 6, 20)) == 0
    assert overlap_ns(chunk(b"a", 0, 10), chunk(b"b", 6, 6)) == 0


@pytest.mark.parametrize(
    ("run", "after", "expected"),
    [
        (chunk(REQUEST[:12], 0, 12), chunk(ANSWER, 12.5, 40), True),
        (chunk(REQUEST[:12], 0, 12), chunk(OTHER, 12.5, 40), True),
        (chunk(REQUEST[:12], 0, 12), chunk(REQUEST, 12.5, 40), False),  # the same sender begins anew
        (chunk(REQUEST[:12], 0, 12), chunk(ANSWER, 30, 60), False),  # octets were lost, and it was answered
        (chunk(REQUEST[:12], 0, 12, None), chunk(ANSWER, 12, 40), False),
        (chunk(REQUEST[:-2], 0, 28), chunk(ANSWER, 28, 60), True),
        (chunk(REQUEST[:-1], 0, 29), chunk(ANSWER, 29, 60), False),  # the flag between is shared
        (chunk(b"\x11\x22", 0, 2), chunk(ANSWER, 2, 40), False),
        (Chunk(REQUEST[:12], 1), chunk(ANSWER, 2, 40), False),
    ],
)
def test_a_frame_cut_short(run: Chunk, after: Chunk, expected: bool) -> None:
    assert cut_short(run, after) is expected


def test_a_run_that_begins_like_one_and_goes_on_like_another() -> None:
    assert two_in_one(REQUEST[:9] + ANSWER[0:20], [])  # the answer's header stands inside
    assert two_in_one(REQUEST[:16] + b"\x00\x81" + ANSWER[-8:], [ANSWER])
    assert not two_in_one(REQUEST[:16] + b"\x00\x81" + REQUEST[-8:], [REQUEST, ANSWER])
    assert not two_in_one(REQUEST[:-3] + b"\x00\x00\x7e", [ANSWER])
    assert not two_in_one(REQUEST[:-4] + b"\x7e" + b"\x00" + ANSWER[2:], [ANSWER])  # one after the other, both damaged
    assert not two_in_one(ANSWER[5:], [ANSWER]) and not two_in_one(REQUEST[:20], [b"\x7e"])
    same = frame("I", True, COMMAND, server=(16, 0, 1))
    assert not two_in_one(same[:8] + same, [])
