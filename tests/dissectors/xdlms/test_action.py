"""ACTION: methods, parameters, results, return parameters and blocks."""

import pytest
from encode import axdr
from encode import xdlms as encode
from encode.generate import datas
from hypothesis import given
from hypothesis import strategies as st

from dissectors import data
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.data_types import Data
from dissectors.xdlms import action


@given(st.integers(0, 255), st.integers(-128, 127), st.none() | datas)
def test_request_normal(invoke: int, method: int, value: Data | None) -> None:
    octets = encode.action_request_normal(invoke, encode.attribute(15, attribute_id=method), value)
    apdu = action.request(Cursor(octets), EMPTY)
    assert (apdu.class_id, apdu.attribute, apdu.method) == (15, None, method)
    assert (apdu.data is None) == (value is None)
    if apdu.data is not None:
        assert data.build(Cursor(octets, *apdu.data)) == value


@given(st.sampled_from(sorted(action.ACTION_RESULTS)), st.one_of(st.none(), st.just(3), datas))
def test_response_normal(code: int, value: Data | int | None) -> None:
    octets = encode.action_response_normal(0x41, code, value)
    c = Cursor(octets)
    apdu = action.response(c, EMPTY)
    assert apdu.result == action.ACTION_RESULTS[code]
    assert (apdu.data is None) == (value is None or isinstance(value, int))
    assert c.left() == 0 and not c.problems


@pytest.mark.parametrize("choice", [4, 5, 6])
@given(last=st.booleans(), number=st.integers(0, 0xFFFFFFFF), raw=st.binary(max_size=200))
def test_blocks(choice: int, last: bool, number: int, raw: bytes) -> None:
    target = encode.attribute(15)
    before = {4: target, 5: axdr.sequence_of([target]), 6: b""}[choice]
    octets = encode.head(0xC3, choice, 0x41) + before + encode.block(last, number, raw)
    apdu = action.request(Cursor(octets), EMPTY)
    assert apdu.block is not None
    assert (apdu.block.number, apdu.block.last) == (number, last)
    assert octets[slice(*apdu.block.data)] == raw
    assert (apdu.class_id == 15) == (choice == 4)
    if choice == 5:
        assert apdu.items is not None and apdu.items[0].method == 2


def test_lists() -> None:
    asked = action.request(Cursor(encode.example("action-request-with-list")), EMPTY)
    assert asked.items is not None
    assert [(item.class_id, item.method, item.data) for item in asked.items] == [(15, 1, (23, 24)), (70, 2, (24, 26))]
    answered = action.response(Cursor(encode.example("action-response-with-list")), EMPTY)
    assert answered.items is not None
    assert [(item.result, item.data) for item in answered.items] == [("success", None), ("read-write-denied", (9, 11))]
    assert answered.result == "read-write-denied"


def test_pblocks_of_responses() -> None:
    part = action.response(Cursor(encode.example("action-response-with-pblock")), EMPTY)
    assert part.result is None and part.block is not None and part.block.number == 1
    more = action.response(Cursor(encode.example("action-response-next-pblock")), EMPTY)
    assert more.block is not None and more.block.acknowledges
