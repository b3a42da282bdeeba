"""Telnet taken out of a stream, however it is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.link.telnet import Telnet, negotiates

WILL_BINARY = b"\xff\xfb\x00"
DO_COM_PORT = b"\xff\xfd\x2c"
SET_BAUD = b"\xff\xfa\x2c\x01\x00\x00\x25\x80\xff\xf0"


def strip(pieces: list[bytes]) -> tuple[bytes, bytes]:
    line = out = b""
    telnet = Telnet()
    for piece in pieces:
        a, b = telnet.feed(piece)
        assert len(a) + len(b) == len(piece)
        line += a
        out += b
    return line, out


def test_without_iac_the_chunk_itself_comes_back() -> None:
    octets = b"\x7e\xa0\x07"
    assert Telnet().feed(octets)[0] is octets


@pytest.mark.parametrize(
    ("octets", "line"),
    [
        (WILL_BINARY + DO_COM_PORT + b"\x7e\xa0", b"\x7e\xa0"),
        (SET_BAUD + b"abc", b"abc"),
        (b"a\xff\xffb", b"a\xffb"),
        (b"a\xff\xf1b", b"ab"),
        (b"\xff\xfa\x2c\xff\xff\x01\xff\xf0b", b"b"),
        (b"a\xff\x10b", b"a\x10b"),
    ],
)
def test_what_stays(octets: bytes, line: bytes) -> None:
    assert strip([octets])[0] == line


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=9).map(lambda b: (b, b.replace(b"\xff", b"\xff\xff"))),
            st.sampled_from([(b"", WILL_BINARY), (b"", DO_COM_PORT), (b"", SET_BAUD), (b"", b"\xff\xf1")]),
        ),
        max_size=8,
    ),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_every_chunking_gives_the_line_back(parts: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    line = b"".join(a for a, _ in parts)
    octets = b"".join(b for _, b in parts)
    places = [0, *sorted(min(c, len(octets)) for c in cuts), len(octets)]
    pieces = [octets[a:b] for a, b in pairwise(places)]
    assert strip(pieces)[0] == line
    assert strip([octets]) == strip([bytes([o]) for o in octets])


@given(st.binary(max_size=40))
def test_any_octets(octets: bytes) -> None:
    strip([octets])


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (WILL_BINARY, True),
        (SET_BAUD, True),
        (b"login: " + DO_COM_PORT, True),
        (b"\xff\xfb", False),
        (b"\xff\xff\x00", False),
        (b"\xff\xfb\x77", False),
        (b"\x7e\xa0\x21\x00\x02\xfe\xff\x03\xff\xfb\x00", False),
        (b"x" * 70 + WILL_BINARY, False),
        (b"", False),
    ],
)
def test_negotiates(octets: bytes, expected: bool) -> None:
    assert negotiates(octets) is expected


def test_reset_forgets_a_sequence_that_was_cut() -> None:
    telnet = Telnet()
    assert telnet.feed(b"a\xff") == (b"a", b"\xff")
    telnet.reset()
    assert telnet.feed(b"\xfb\x00") == (b"\xfb\x00", b"")
