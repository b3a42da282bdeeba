"""Likeness against a plain edit distance, and what lies near enough in time."""

import random
from itertools import pairwise

import pytest
from encode.hdlc import COMMAND, RESPONSE, frame
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.link.echo import MOST, SHORTEST, WHOLE, Likeness, alike, another, lasted, soon
from dissectors.link.framing import Chunk
from dissectors.link.hdlc_framer import read

MS = 1_000_000
GET = frame("I", True, COMMAND + bytes.fromhex("C001C100030100010800FF0200"))


def distance(a: bytes, b: bytes) -> int:
    """The edit distance by the table of the textbook."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        new = [i]
        for j, y in enumerate(b, 1):
            new.append(min(row[j] + 1, new[j - 1] + 1, row[j - 1] + (x != y)))
        row = new
    return row[-1]


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        (GET, WHOLE),
        (GET[:5] + GET[6:], Likeness(lost=1)),
        (GET[:5] + GET[4:], Likeness(doubled=1)),
        (GET[:8] + b"\x99" + GET[8:], Likeness(added=1)),
        (GET[:8] + b"\x99" + GET[9:], Likeness(altered=1)),
        (GET[2:10] + GET[9:20] + GET[22:], Likeness(lost=4, doubled=1)),
        (GET[6:20], Likeness(lost=len(GET) - 14)),
        (b"", None),
        (GET[6:12], None),
        (bytes(len(GET)), None),
        (GET + GET, None),
    ],
)
def test_what_became_of_the_octets(copy: bytes, expected: Likeness | None) -> None:
    assert alike(GET, copy) == expected


def test_words() -> None:
    assert WHOLE.words == "whole"
    assert Likeness(lost=1).words == "1 octet lost"
    assert Likeness(lost=3, doubled=1, altered=2).words == "3 octets lost, 1 doubled, 2 altered"
    assert Likeness(added=2).words == "2 octets added"


def test_short_things_are_like_nothing() -> None:
    assert alike(b"\x06" * (SHORTEST - 1), b"\x06" * (SHORTEST - 1)) is None


@settings(max_examples=200)
@given(st.binary(min_size=SHORTEST, max_size=60), st.data())
def test_the_count_is_the_edit_distance(original: bytes, data: st.DataObject) -> None:
    copy = bytearray(original)
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(copy)))
        change = data.draw(st.sampled_from(["lose", "add", "alter", "double"]))
        if change == "add":
            copy[at:at] = bytes([data.draw(st.integers(0, 255))])
        elif at < len(copy):
            octet = copy[at]
            copy[at : at + 1] = {"lose": b"", "alter": bytes([octet ^ 1]), "double": bytes([octet, octet])}[change]
    found = alike(original, bytes(copy))
    true = distance(original, bytes(copy))
    if found is None:
        assert true > len(original) // 4
    elif not (len(copy) >= 8 and bytes(copy) in original):
        assert found.lost + found.doubled + found.added + found.altered == true <= len(original) // 4
        assert len(original) - found.lost + found.doubled + found.added == len(copy)


def test_the_work_is_bounded() -> None:
    """Two long runs that differ in many places: the search gives up after MOST of them."""
    rng = random.Random(4)
    original = bytes(rng.randrange(2) for _ in range(2048))
    copy = bytearray(original)
    for at in range(0, 2048, 60):
        copy[at] ^= 1
    assert alike(original, bytes(copy)) is None  # more than MOST
    for at in range(0, 240, 60):
        copy[at] ^= 1
    found = alike(original, bytes(copy))
    assert found is not None and found.altered + found.lost + found.added + found.doubled <= MOST


def chunk(octets: bytes, first_ms: float, last_ms: float | None = None, uncertainty_ns: int | None = 0) -> Chunk:
    last = first_ms if last_ms is None else last_ms
    return Chunk(octets, 1, round(first_ms * MS), round(last * MS), uncertainty_ns)


def test_soon_with_octet_times() -> None:
    """10 octets in 10 ms: a character lasts 1 ms."""
    sent = chunk(bytes(10), 0, 10)
    assert lasted(sent)
    told = [soon(sent, chunk(b"x", at), 100 * MS) for at in (-1.1, -0.9, 5, 10, 12.9, 13.1, 50)]
    assert told == [False, True, True, True, True, False, False]
    blurred = chunk(bytes(10), 0, 10, MS)
    assert soon(blurred, chunk(b"x", 14.5, uncertainty_ns=MS), 100 * MS)
    assert not soon(sent, chunk(b"x", 12.5), 2 * MS)  # a profile may say less


def test_soon_at_300_baud_ends_before_the_shortest_reaction() -> None:
    sent = chunk(bytes(6), 0, 200)
    assert soon(sent, chunk(b"x", 209), 100 * MS) and not soon(sent, chunk(b"x", 220), 100 * MS)


def test_soon_without_octet_times() -> None:
    for sent in (chunk(bytes(10), 0), chunk(bytes(10), 0, 0, None)):
        assert not lasted(sent)
        told = [soon(sent, chunk(b"x", at), 100 * MS) for at in (-1, 0, 99, 101)]
        assert told == [False, True, True, False]
    assert not soon(Chunk(b"x", 1), chunk(b"x", 0), MS) and not soon(sent, Chunk(b"x", 1), MS)


def test_a_right_header_of_another_frame_is_no_copy() -> None:
    frames = [frame("I", True, COMMAND + b"\xc0\x01\xc1", ns=ns) for ns in (0, 1)]
    answer = frame("I", False, RESPONSE + b"\xc4\x01\xc1", ns=0)
    for one, other in pairwise([*frames, answer]):
        damaged = other[:-3] + bytes([other[-3] ^ 0x10]) + other[-2:]
        assert another(read(damaged)[0], damaged, one)
        assert not another(read(damaged)[0], damaged, other)
    broken = bytearray(frames[1])
    broken[-5] ^= 1
    broken[6] ^= 1  # the header's own check sequence is wrong too
    assert not another(read(bytes(broken))[0], bytes(broken), frames[0])
    poll = frame("RR")[:-3] + b"\x00\x00\x7e"
    assert not another(read(poll)[0], poll, frames[0]) and not another(None, poll, frames[0])
