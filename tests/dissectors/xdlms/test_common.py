"""Shared components: invoke ids, date-times of the head, lists whose counts differ."""

import pytest
from encode import xdlms as encode

from dissectors.apdu import Item
from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Trace
from dissectors.tree import fields
from dissectors.xdlms import common, dissect


@pytest.mark.parametrize("value", range(256))
def test_invoke(value: int) -> None:
    c = Cursor(bytes((value,)))
    assert common.invoke(c) == (value & 15, bool(value & 64))
    t = Trace(bytes((value,)))
    common.invoke(t)
    assert fields(t.finish())["invoke-id-and-priority"] == {
        "invoke-id": value % 16,
        "service-class": "confirmed" if value & 64 else "unconfirmed",
        "priority": "high" if value & 128 else "normal",
    }


@pytest.mark.parametrize("bit", [28, 29, 30, 31])
def test_long_invoke(bit: int) -> None:
    octets = (1 << bit | 0xABCDEF).to_bytes(4, "big")
    assert common.long_invoke(Cursor(octets)) == (0xABCDEF, bit == 30)
    t = Trace(octets)
    common.long_invoke(t)
    assert fields(t.finish())["long-invoke-id-and-priority"] == {
        "long-invoke-id": 0xABCDEF,
        "self-descriptive": "self-descriptive" if bit == 28 else "not-self-descriptive",
        "processing-option": "break-on-error" if bit == 29 else "continue-on-error",
        "service-class": "confirmed" if bit == 30 else "unconfirmed",
        "priority": "high" if bit == 31 else "normal",
    }


@pytest.mark.parametrize(
    ("octets", "value", "codes"),
    [
        ("00", "", []),
        ("0C07E70706040A362600FF8880", "07E70706040A362600FF8880", []),
        ("090C07E70706040A362600FF8880", "07E70706040A362600FF8880", ["apdu.notification-time"]),
        ("0507E7070604", "07E7070604", ["apdu.datetime"]),
        ("0C07E70D06040A362600FF8880", "07E70D06040A362600FF8880", ["apdu.datetime"]),
    ],
)
def test_date_time(octets: str, value: str, codes: list[str]) -> None:
    c = Cursor(bytes.fromhex(octets))
    assert common.date_time(c) == bytes.fromhex(value)
    assert [p.kind.code for p in c.problems] == codes
    assert c.left() == 0


def test_counts_that_differ() -> None:
    c = Cursor(b"")
    items = (Item(1, encode.OBIS, 2), Item(3, encode.OBIS, 2))
    more = common.with_data(c, items, ((0, 1), (1, 2), (2, 3)))
    assert [item.data for item in more] == [(0, 1), (1, 2), (2, 3)]
    assert [item.class_id for item in more] == [1, 3, -1]
    fewer = common.with_data(c, items, ((0, 1),))
    assert [item.data for item in fewer] == [(0, 1), None]
    assert [p.kind.code for p in c.problems] == ["apdu.value", "apdu.value"]
    assert common.with_data(Cursor(b""), items, ((0, 1), (1, 2)))[1].class_id == 3


def test_results_are_named_as_in_the_standard() -> None:
    assert common.DATA_ACCESS_RESULTS[19] == "data-block-number-invalid"
    assert common.ACTION_RESULTS[15] == "long-action-aborted"
    assert sorted(common.ACTION_RESULTS) == [0, 1, 2, 3, 4, 9, 11, 12, 13, 14, 15, 16, 250]
    assert sorted(common.DATA_ACCESS_RESULTS) == [0, 1, 2, 3, 4, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 250]
    assert common.overall(["success", "other-reason", "hardware-fault"]) == "other-reason"


def test_undefined_choice_of_a_result() -> None:
    c = Cursor(bytes.fromhex("C401C10200"))
    apdu = dissect(c, EMPTY)
    assert (apdu.name, apdu.result) == ("get-response-normal", None)
    assert [(p.kind.code, p.args) for p in c.problems] == [("apdu.choice", (2, "Get-Data-Result"))]
