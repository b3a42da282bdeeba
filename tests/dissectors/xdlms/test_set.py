"""SET: objects, values, blocks and results."""

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
from dissectors.xdlms import set as set_


@given(st.integers(0, 255), st.integers(0, 0xFFFF), datas)
def test_request_normal(invoke: int, class_id: int, value: Data) -> None:
    octets = encode.set_request_normal(invoke, encode.attribute(class_id), value)
    apdu = set_.request(Cursor(octets), EMPTY)
    assert (apdu.class_id, apdu.obis, apdu.attribute) == (class_id, encode.OBIS, 2)
    assert apdu.data is not None and data.build(Cursor(octets, *apdu.data)) == value


@given(st.lists(datas, min_size=1, max_size=4))
def test_request_with_list(values: list[Data]) -> None:
    targets = [encode.attribute(class_id) + b"\0" for class_id in range(len(values))]
    written = [axdr.data(value) for value in values]
    octets = encode.head(0xC1, 4, 0x41) + axdr.sequence_of(targets) + axdr.sequence_of(written)
    apdu = set_.request(Cursor(octets), EMPTY)
    assert apdu.items is not None
    assert [item.class_id for item in apdu.items] == list(range(len(values)))
    assert [octets[item.data[0] : item.data[1]] for item in apdu.items if item.data] == written


@pytest.mark.parametrize("choice", [2, 3, 5])
@given(last=st.booleans(), number=st.integers(0, 0xFFFFFFFF), raw=st.binary(max_size=200))
def test_blocks(choice: int, last: bool, number: int, raw: bytes) -> None:
    target = encode.attribute() + b"\0"
    before = {2: target, 3: b"", 5: axdr.sequence_of([target])}[choice]
    octets = encode.head(0xC1, choice, 0x41) + before + encode.block(last, number, raw)
    apdu = set_.request(Cursor(octets), EMPTY)
    assert apdu.block is not None
    assert (apdu.block.number, apdu.block.last) == (number, last)
    assert octets[slice(*apdu.block.data)] == raw
    assert (apdu.class_id == 3) == (choice == 2)
    assert (apdu.items is not None) == (choice == 5)


def test_responses() -> None:
    def read(name: str) -> tuple[str | None, int | None, bool | None]:
        apdu = set_.response(Cursor(encode.example(name)), EMPTY)
        block = apdu.block
        return apdu.result, block and block.number, block and block.last

    assert read("set-response-normal") == ("success", None, None)
    assert read("set-response-datablock") == (None, 1, False)
    assert read("set-response-last-datablock") == ("success", 2, True)
    assert read("set-response-last-datablock-with-list") == ("read-write-denied", 2, True)
    assert read("set-response-with-list") == ("read-write-denied", None, None)
