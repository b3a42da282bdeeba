"""GET: what the encoder writes is what the Apdu says."""

from encode import axdr
from encode import xdlms as encode
from encode.generate import datas
from hypothesis import given
from hypothesis import strategies as st

from dissectors import data
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.data_types import Data
from dissectors.xdlms import dissect, get

invokes = st.integers(0, 255)
results = st.one_of(datas, st.sampled_from((1, 2, 3, 4, 250)))


def built(octets: bytes, found: tuple[int, int] | None) -> Data | None:
    return None if found is None else data.build(Cursor(octets, *found))


@given(invokes, st.integers(0, 0xFFFF), st.binary(min_size=6, max_size=6), st.integers(-128, 127), st.none() | datas)
def test_request_normal(invoke: int, class_id: int, obis: bytes, attribute: int, parameters: Data | None) -> None:
    selection = None if parameters is None else (1, parameters)
    octets = encode.get_request_normal(invoke, encode.attribute(class_id, obis, attribute), selection)
    c = Cursor(octets)
    apdu = get.request(c, EMPTY)
    assert (apdu.class_id, apdu.obis, apdu.attribute) == (class_id, obis, attribute)
    assert (apdu.invoke_id, apdu.confirmed) == (invoke % 16, bool(invoke & 64))
    assert c.left() == 0 and not c.problems


@given(invokes, results)
def test_response_normal(invoke: int, value: Data | int) -> None:
    octets = encode.get_response_normal(invoke, value)
    apdu = get.response(Cursor(octets), EMPTY)
    if isinstance(value, int):
        assert (apdu.result, apdu.data) == (get.common.DATA_ACCESS_RESULTS[value], None)
    else:
        assert apdu.result == "success"
        assert built(octets, apdu.data) == value


@given(invokes, st.lists(results, max_size=4))
def test_response_with_list(invoke: int, values: list[Data | int]) -> None:
    octets = encode.get_response_with_list(invoke, values)
    apdu = get.response(Cursor(octets), EMPTY)
    assert apdu.items is not None
    assert [built(octets, item.data) for item in apdu.items] == [None if isinstance(v, int) else v for v in values]
    failed = [get.common.DATA_ACCESS_RESULTS[v] for v in values if isinstance(v, int)]
    assert apdu.result == (failed[0] if failed else "success")


@given(invokes, st.booleans(), st.integers(0, 0xFFFFFFFF), st.binary(max_size=200))
def test_response_with_datablock(invoke: int, last: bool, number: int, raw: bytes) -> None:
    octets = encode.get_response_with_datablock(invoke, last, number, raw)
    apdu = get.response(Cursor(octets), EMPTY)
    assert apdu.block is not None
    assert (apdu.block.number, apdu.block.last, apdu.block.acknowledges) == (number, last, False)
    start, end = apdu.block.data
    assert octets[start:end] == raw


def test_next_acknowledges() -> None:
    apdu = get.request(Cursor(encode.example("get-request-next")), EMPTY)
    assert apdu.block is not None
    assert (apdu.block.number, apdu.block.acknowledges, apdu.block.data) == (1, True, (0, 0))


def test_undefined_choice_of_a_block() -> None:
    c = Cursor(bytes.fromhex("C402C1000000000102"))
    assert dissect(c, EMPTY).name == "get-response-with-datablock"
    assert [(p.kind.code, p.args) for p in c.problems] == [("apdu.choice", (2, "DataBlock-G result"))]


def test_a_data_beside_its_encoder() -> None:
    d = Data("structure", [Data("octet-string", "AA"), Data("long", -2)])
    assert axdr.data(d) == bytes.fromhex("02020901AA10FFFE")
