"""A-XDR elements: lengths in every form, counts that lie, presence flags."""

import pytest
from encode import axdr as encode
from encode.read import read
from hypothesis import given
from hypothesis import strategies as st

from dissectors import axdr
from dissectors.context import Context
from dissectors.cursor import Cursor, Stop
from dissectors.field import Field
from dissectors.problem import APDU_TAG

FIELD = Field("test.field", "Thing")


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 4))
def test_length_in_any_form(n: int, width: int) -> None:
    if width and n >= 1 << 8 * width:
        width = 0
    octets = encode.length(n, width)
    c = Cursor(octets)
    assert axdr.length(c) == n
    assert c.left() == 0


@pytest.mark.parametrize("octet", [0x80, 0x85, 0xFF])
def test_length_octets_that_are_none(octet: int) -> None:
    with pytest.raises(Stop) as stopped:
        axdr.length(Cursor(bytes((octet,)) + bytes(8)))
    assert stopped.value.problem.kind.code == "apdu.data"
    assert (stopped.value.problem.start, stopped.value.problem.end) == (0, 1)


def test_count_needs_an_octet_an_element() -> None:
    assert axdr.count(Cursor(b"\x02ab"), FIELD) == 2
    with pytest.raises(Stop) as stopped:
        axdr.count(Cursor(b"\x03ab"), FIELD)
    assert stopped.value.problem.args == ("Thing", 3, 2)


@given(st.binary(max_size=300))
def test_octet_string(value: bytes) -> None:
    def dissect(c: Cursor, ctx: Context) -> bytes:
        return axdr.octets(c, FIELD)

    found, problems, tree, end = read(dissect, encode.octets(value))
    assert (found, problems, end) == (value, (), len(encode.octets(value)))
    assert (tree[0].start, tree[0].end, tree[0].value) == (0, end, value)
    c = Cursor(b"??" + encode.octets(value), 2)
    start, stop = axdr.octets_range(c, FIELD)
    assert c.octets[start:stop] == value and stop == c.pos


def test_boolean_and_present() -> None:
    assert [axdr.boolean(Cursor(bytes((n,))), FIELD) for n in (0, 1, 0xFF)] == [False, True, True]
    assert [axdr.present(Cursor(bytes((n,)))) for n in (0, 1, 9)] == [False, True, True]


def test_notes_are_bounded() -> None:
    c = Cursor(b"\0")
    c.u8(FIELD)
    for _ in range(3 * axdr.MAX_NOTES):
        axdr.note(c, APDU_TAG, 1, 0, "")
    assert len(c.problems) == axdr.MAX_NOTES
