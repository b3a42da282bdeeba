"""The fast way over APDUs: taken for the usual ones, equal to apdus.dissect wherever it is taken."""

import pytest
from encode import xdlms as encode
from encode.generate import damaged, datas, tables
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import apdus, quickapdu, shape
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.data_types import Data
from dissectors.record import Direction
from dissectors.tags import DIRECTION

invokes = st.integers(0, 255)
values = st.one_of(datas, tables())
NORMAL = (
    st.builds(encode.get_request_normal, invokes, st.just(encode.attribute())),
    st.builds(encode.get_response_normal, invokes, st.one_of(values, st.integers(0, 255))),
    st.builds(encode.set_request_normal, invokes, st.just(encode.attribute(7, attribute_id=-1)), values),
    st.builds(lambda i, r: encode.head(0xC5, 1, i) + bytes((r,)), invokes, st.integers(0, 255)),
    st.builds(encode.action_request_normal, invokes, st.just(encode.attribute(15)), st.one_of(st.none(), values)),
    st.builds(
        encode.action_response_normal,
        invokes,
        st.integers(0, 20),
        st.one_of(st.none(), st.integers(0, 20), values),
    ),
    st.builds(
        encode.data_notification,
        st.integers(0, 0xFFFFFFFF),
        st.sampled_from((b"", encode.CLOCK, encode.CLOCK[:5], b"\xff" * 12)),
        values,
    ),
)


def agree(octets: bytes, direction: int = Direction.UNKNOWN) -> bool:
    """Whether the fast way was taken; checks that it says what the slow way says."""
    c = Cursor(octets)
    slow = apdus.dissect(c, Context(direction))
    quick = quickapdu.dissect(octets, direction)
    if quick is None:
        return False
    assert quick == slow
    assert c.problems == ()
    return True


@given(st.one_of(NORMAL), st.sampled_from(Direction))
@settings(max_examples=300, deadline=None)
def test_sound(octets: bytes, direction: Direction) -> None:
    agree(octets, direction)


@given(st.one_of(NORMAL), st.data())
@settings(max_examples=400, deadline=None)
def test_damaged(octets: bytes, more: st.DataObject) -> None:
    agree(octets)
    agree(more.draw(damaged(octets)))


@pytest.mark.parametrize(
    "name",
    [
        "get-request-normal",
        "get-response-normal",
        "get-response-normal error",
        "get-response-normal profile",
        "set-request-normal",
        "set-response-normal",
        "action-request-normal",
        "action-request-normal parameters",
        "action-response-normal",
        "action-response-normal data",
        "data-notification",
        "data-notification dated",
    ],
)
def test_the_usual_ones_go_the_fast_way(name: str) -> None:
    shape._shapes.clear()
    octets = encode.example(name)
    legal = DIRECTION[octets[0]]
    assert agree(octets)
    assert agree(octets, legal)
    assert not agree(octets, Direction.TO_CLIENT if legal == Direction.TO_SERVER else Direction.TO_SERVER)
    assert not agree(octets + b"\0")


@pytest.mark.parametrize("name", encode.EXAMPLES)
def test_every_example(name: str) -> None:
    octets = encode.example(name)
    agree(octets)
    for n in range(len(octets)):
        agree(octets[:n])


def test_a_load_profile() -> None:
    shape._shapes.clear()
    row = Data("structure", [Data("octet-string", encode.CLOCK.hex().upper()), Data("double-long-unsigned", 1)])
    assert agree(encode.get_response_normal(0xC1, Data("array", [row] * 10)))
    assert quickapdu.dissect(b"") is None


def test_an_undefined_result_goes_the_slow_way() -> None:
    assert not agree(bytes.fromhex("C701C14D00"))
    assert not agree(bytes.fromhex("C501C14D"))
    assert not agree(bytes.fromhex("C401C1014D"))
