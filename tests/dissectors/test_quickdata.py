"""The fast ways over Data equal the slow ways, on sound and on damaged octets."""

from encode import axdr as encode
from encode.generate import damaged, datas, tables
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import data, quickdata, shape
from dissectors.cursor import Cursor, Stop
from dissectors.data_types import Data

buffers = st.one_of(datas, tables()).map(encode.data)


def agree(octets: bytes) -> None:
    try:
        c = Cursor(octets)
        data.scan(c)
        end = c.pos
    except Stop as stopped:
        end, problem = -1, stopped.problem
    try:
        assert quickdata.scan(octets, 0, len(octets)) == end
    except Stop as stopped:
        assert end == -1 and stopped.problem == problem
    proven = quickdata.prove(octets, 0, len(octets))
    assert proven in (-1, end)
    if proven >= 0:
        assert not c.problems
    try:
        expected = data.to_json(data.build(Cursor(octets)))
    except Stop:
        expected = None
    try:
        assert quickdata.json(octets) == expected
    except Stop:
        assert expected is None


@given(buffers)
@settings(max_examples=200, deadline=None)
def test_sound(octets: bytes) -> None:
    agree(octets)


@given(buffers, st.data())
@settings(max_examples=300, deadline=None)
def test_damaged(octets: bytes, more: st.DataObject) -> None:
    agree(octets)  # so that its shape is known when the damaged one comes
    agree(more.draw(damaged(octets)))


@given(tables())
def test_tables_go_the_fast_way(d: Data) -> None:
    shape._shapes.clear()  # layouts seen before cost the credit to learn new ones
    octets = encode.data(d)
    assert quickdata.prove(octets, 0, len(octets)) == len(octets)


@given(buffers, st.binary(max_size=4), st.binary(max_size=4))
def test_inside_a_buffer(octets: bytes, before: bytes, after: bytes) -> None:
    whole = before + octets + after
    end = len(before) + len(octets)
    assert quickdata.scan(whole, len(before), end) == end
    assert quickdata.prove(whole, len(before), end - 1) in (-1, *range(len(before), end))


def test_json_of_one() -> None:
    assert quickdata.json(bytes.fromhex("10FFFE")) == b'{"type":"long","value":-2}'
    assert quickdata.json(bytes.fromhex("0902ABCD")) == b'{"type":"octet-string","value":"ABCD"}'
    assert quickdata.json(b'\x02\x01\x0a\x02"\x01') == (
        b'{"type":"structure","value":[{"type":"visible-string","value":"\\"\\u0001"}]}'
    )
