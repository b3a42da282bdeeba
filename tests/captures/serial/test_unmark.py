"""Octets and errors out of a terminal with PARMRK."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.serial.unmark import Unmarker
from dissectors.record import Flag


@pytest.mark.parametrize(
    ("data", "octets", "errors"),
    [
        (b"\x7e\xa0", b"\x7e\xa0", ()),
        (b"\xff\xff", b"\xff", ()),
        (b"a\xff\x00\x55b", b"a\x55b", ((1, Flag.FRAMING_ERROR),)),
        (b"\xff\x00\x00", b"\x00", ((0, Flag.BREAK),)),
        (b"\xff\x00\xff\xff\xff", b"\xff\xff", ((0, Flag.FRAMING_ERROR),)),
        (b"\xff\x41", b"\xff\x41", ()),  # no driver does it, no octet is lost
    ],
)
def test_what_a_terminal_delivers(data: bytes, octets: bytes, errors: tuple[tuple[int, Flag], ...]) -> None:
    assert Unmarker().feed(data) == (octets, errors)


def test_parity_errors_are_named_on_a_line_with_parity() -> None:
    assert Unmarker(Flag.PARITY_ERROR).feed(b"\xff\x00\x41") == (b"A", ((0, Flag.PARITY_ERROR),))


@given(st.lists(st.tuples(st.integers(0, 255), st.booleans()), max_size=60), st.lists(st.integers(0, 200), max_size=6))
def test_every_cut_gives_the_same(line: list[tuple[int, bool]], cuts: list[int]) -> None:
    """Marked as a driver does it, cut anywhere: the octets and their errors come back."""
    marked = b"".join(
        bytes((0xFF, 0, octet)) if bad else b"\xff\xff" if octet == 0xFF else bytes((octet,)) for octet, bad in line
    )
    edges = sorted({0, len(marked), *(cut for cut in cuts if cut < len(marked))})
    unmarker, octets, errors = Unmarker(), bytearray(), []
    for start, end in itertools.pairwise(edges):
        more, found = unmarker.feed(marked[start:end])
        errors += [(len(octets) + index, flag) for index, flag in found]
        octets += more
    assert bytes(octets) == bytes(octet for octet, _ in line)
    assert [index for index, _ in errors] == [index for index, (_, bad) in enumerate(line) if bad]
    assert all((flag is Flag.BREAK) == (line[index][0] == 0) for index, flag in errors)
