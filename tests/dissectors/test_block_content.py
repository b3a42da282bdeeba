"""What joined blocks hold, by the service that carried them: objects, results and ranges of Data."""

import pytest
from encode import axdr, xdlms
from encode.blocks import get_results
from encode.generate import datas
from encode.read import codes
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import apdus
from dissectors.apdu import Apdu
from dissectors.block_content import CONTENTS, dissect, list_items
from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Trace
from dissectors.data_types import Data

U8, U32 = bytes.fromhex("1105"), bytes.fromhex("06000000FF")
Brief = tuple[str | None, str | None]


def apdu(name: str) -> Apdu:
    return apdus.dissect(Cursor(xdlms.example(name)), EMPTY)


def brief(joined: bytes, content: str) -> tuple[list[Brief], list[str]]:
    """(result, Data in hex) of each item, and the problems."""
    items, problems = list_items(joined, content)
    shown = [(item.result, joined[slice(*item.data)].hex() if item.data else None) for item in items]
    return shown, codes(problems)


OK = "success"
LIST = [(OK, "1105"), (OK, "06000000ff")]
TWO = [(None, "1105"), (None, "06000000ff")]


@pytest.mark.parametrize(
    ("content", "joined", "items", "problems"),
    [
        ("get-response-normal", U32, [(OK, "06000000ff")], []),
        ("get-response-normal", b"\0" + U32, [(OK, "06000000ff")], []),
        ("get-response-normal", b"\1\1" + U32 + b"\0", [(OK, "010106000000ff")], ["apdu.trail"]),
        ("get-response-list", get_results([U8, U32]), LIST, []),
        ("get-response-list", b"\2\0" + U8 + b"\1\4", [(OK, "1105"), ("object-undefined", None)], []),
        ("get-response-list", b"\2\0" + U8, [], ["apdu.trunc"]),
        ("get-response", U32, [(OK, "06000000ff")], []),
        ("get-response", get_results([U8, U32]), LIST, []),
        ("set-request-normal", U8, [(None, "1105")], []),
        ("set-request-list", b"\2" + U8 + U32, TWO, []),
        ("set-request", b"\2" + U8 + U32, TWO, []),
        ("set-request", b"\3" + U8 + U8 + U8, [(None, "1105")] * 3, []),
        ("action-request-normal", U8, [(None, "1105")], []),
        ("action-request-list", b"\2" + U8 + b"\0", [(None, "1105"), (None, "00")], []),
        ("action-response-normal", b"\0\1\0" + U8, [(OK, "1105")], []),
        ("action-response-normal", b"\x0c\0", [("type-unmatched", None)], []),
        ("action-response-normal", b"\0" + U8, [(OK, "1105")], []),
        ("action-response-normal", U32, [(OK, "06000000ff")], []),
        ("action-response-list", b"\2\0\1\0" + U8 + b"\3\0", [(OK, "1105"), ("read-write-denied", None)], []),
        ("action-response", b"\2\0\1\0" + U8 + b"\3\0", [(OK, "1105"), ("read-write-denied", None)], []),
        ("read-response", b"\2\0" + U8 + b"\1\3", [(OK, "1105"), ("read-write-denied", None)], []),
        ("read-response", U32, [(OK, "06000000ff")], []),
        ("write-request", bytes.fromhex("0202FA0002FB0802") + U8 + U32, TWO, []),
        ("read-request", bytes.fromhex("0202FA0002FB08"), [(None, None)] * 2, []),
        ("unheard-of", U8, [(None, "1105")], []),
        ("get-response-normal", b"", [], ["apdu.trunc"]),
    ],
)
def test_layouts(content: str, joined: bytes, items: list[Brief], problems: list[str]) -> None:
    assert brief(joined, content) == (items, problems)


def test_names_come_from_the_request() -> None:
    items, problems = list_items(get_results([U8, U32]), "get-response-list", apdu("get-request-with-list"))
    assert [(item.class_id, item.attribute, item.data) for item in items] == [(3, 2, (2, 4)), (8, 2, (5, 10))]
    assert not problems
    (one,), _ = list_items(U8, "get-response-normal", apdu("get-request-normal"))
    assert (one.class_id, one.obis, one.attribute) == (3, xdlms.OBIS, 2)
    (one,), _ = list_items(U8, "action-request-normal", apdu("action-request-with-first-pblock"))
    assert (one.class_id, one.method, one.attribute) == (15, 1, None)
    (first, second), problems = list_items(
        b"\2" + U8 + U32, "set-request-list", apdu("set-request-with-list-and-first-datablock")
    )
    assert (first.class_id, second.class_id) == (3, -1)
    assert codes(problems) == ["apdu.value"] and problems[0].buffer == "joined"
    read = apdu("read-request")
    named, _ = list_items(b"\2\0" + U8 + b"\1\3", "read-response", read)
    assert [item.variable for item in named] == [item.variable for item in read.items or ()]
    unnamed, _ = list_items(b"\1\0" + U8, "read-response", apdu("read-request data-block"))
    assert [item.variable for item in unnamed] == [-1]


@settings(max_examples=60, deadline=None)
@given(st.lists(datas, min_size=1, max_size=4))
def test_any_values(values: list[Data]) -> None:
    raw = [axdr.data(value) for value in values]
    for content, joined in (
        ("get-response-list", get_results(raw)),
        ("set-request-list", axdr.sequence_of(raw)),
        ("action-response-list", axdr.sequence_of([b"\0\1\0" + one for one in raw])),
        ("read-response", get_results(raw)),
    ):
        items, problems = list_items(joined, content)
        assert [joined[slice(*item.data)] for item in items if item.data] == raw
        assert not [problem for problem in problems if problem.severity > 1]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.sampled_from(sorted(CONTENTS)))
def test_both_readers_agree_on_garbage(joined: bytes, content: str) -> None:
    plain, traced = Cursor(joined), Trace(joined)
    assert dissect(plain, content) == dissect(traced, content)
    assert plain.problems == traced.problems
