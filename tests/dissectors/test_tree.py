"""Projections of a tree: `fields`, lines, JSON nodes."""

import pytest
from encode import xdlms as encode

from dissectors import apdus, tree
from dissectors.context import EMPTY
from dissectors.cursor import Node, Trace
from dissectors.field import Field


def nodes(octets: bytes) -> list[Node]:
    trace = Trace(octets)
    apdus.dissect(trace, EMPTY)
    return trace.finish()


INVOKE = {"invoke-id": 1, "service-class": "confirmed", "priority": "high"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "get-request-normal",
            {
                "invoke-id-and-priority": INVOKE,
                "cosem-attribute-descriptor": {"class-id": 3, "instance-id": "0100010800FF", "attribute-id": 2},
                "access-selection": None,
            },
        ),
        (
            "get-response-normal",
            {"invoke-id-and-priority": INVOKE, "result": {"data": {"type": "double-long-unsigned", "value": 1}}},
        ),
        (
            "get-response-normal error",
            {"invoke-id-and-priority": INVOKE, "result": {"data-access-result": "read-write-denied"}},
        ),
        ("set-response-with-list", {"invoke-id-and-priority": INVOKE, "result": ["success", "read-write-denied"]}),
        (
            "write-response",
            {"write-response": [{"success": None}, {"data-access-error": "read-write-denied"}, {"block-number": 1}]},
        ),
        ("read-request block", {"variable-access-specification": [{"block-number-access": {"block-number": 1}}]}),
    ],
)
def test_fields(name: str, expected: object) -> None:
    assert tree.fields(nodes(encode.example(name))) == expected


def test_half_a_data_is_null() -> None:
    found = tree.fields(nodes(encode.example("data-notification")[:-1]))
    assert found["notification-body"] == {"data-value": None}


def test_empty_list() -> None:
    assert tree.fields(nodes(bytes.fromhex("C505C100")))["result"] == []


def test_lines_are_one_line_each() -> None:
    octets = bytes.fromhex("C401C1000A070A1B5B324A5D85")
    lines = tree.render(nodes(octets), octets)
    assert lines[-1] == r"  4-13 [0A070A1B5B324A5D…] Data: visible-string \n\x1b[2J]\x85"
    assert all(line.isprintable() for line in lines)


def test_json_nodes() -> None:
    made = tree.to_json(nodes(encode.example("set-response-datablock")), "apdu")
    assert [node["field"] for node in made] == [
        "apdu.tag",
        "apdu.choice",
        "apdu.invoke-id-and-priority",
        "apdu.block-number",
    ]
    assert made[3] == {
        "field": "apdu.block-number",
        "label": "Block number",
        "start": 3,
        "end": 7,
        "buffer": "apdu",
        "text": "1",
        "children": [],
    }
    assert [child["field"] for child in made[2]["children"]] == [
        "apdu.invoke-id",
        "apdu.service-class",
        "apdu.priority",
    ]


def test_a_bit_is_a_boolean() -> None:
    flag = Node(Field("test.flag", "Flag", type="bool"), 0, 1, 1)
    assert tree.component(flag) is True
    assert tree.text(flag) == "true"
