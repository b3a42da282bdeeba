"""The table of Data types, and the scalars that can be noted as wrong."""

import pytest
from encode import axdr as encode

from dissectors import data_types
from dissectors.cursor import Cursor
from dissectors.data_types import TAGS, TYPES, WIDTHS

CONTRACT = {
    *("null-data", "boolean", "bit-string", "octet-string", "visible-string", "utf8-string", "bcd", "compact-array"),
    *("double-long", "double-long-unsigned", "integer", "long", "unsigned", "long-unsigned", "long64", "enum"),
    *("long64-unsigned", "float32", "float64", "date-time", "date", "time", "dont-care", "array", "structure"),
    *("delta-integer", "delta-long", "delta-double-long", "delta-unsigned", "delta-long-unsigned"),
    "delta-double-long-unsigned",
}


def test_names_are_those_of_the_contract() -> None:
    assert set(TAGS) == CONTRACT
    for name in CONTRACT - {"array", "structure", "compact-array"}:
        assert TAGS[name] == encode.tag(name)


def test_widths() -> None:
    assert len(WIDTHS) == 256
    assert {tag for tag, width in enumerate(WIDTHS) if width >= 0} == {t for t, v in TYPES.items() if v.width >= 0}


@pytest.mark.parametrize(
    ("tag", "octets", "value", "codes"),
    [
        (4, "04A0", "1010", []),
        (4, "04AF", "1010", ["apdu.data-padding"]),
        (4, "00", "", []),
        (4, "810980FF", "100000001", ["apdu.data-padding"]),
        (12, "02C3A4", "ä", []),
        (12, "02C328", "\\xc3(", ["apdu.data"]),
        (10, "01E4", "ä", []),
        (13, "12", "12", []),
        (3, "02", True, []),
        (26, "07E70D0604", "07E70D0604", ["apdu.datetime"]),
        (27, "18000000", "18000000", ["apdu.datetime"]),
        (27, "FFFFFFFF", "FFFFFFFF", []),
        (25, "07E70706040A362600FF8880", "07E70706040A362600FF8880", []),
        (25, "07E70706040A36260017F080", "07E70706040A36260017F080", ["apdu.datetime"]),
        (23, "7FC00000", "NaN", []),
        (23, "FF800000", "-Infinity", []),
        (24, "7FF0000000000000", "Infinity", []),
        (24, "3FF8000000000000", 1.5, []),
    ],
)
def test_scalars(tag: int, octets: str, value: object, codes: list[str]) -> None:
    c = Cursor(bytes.fromhex(octets))
    assert data_types.read_scalar(c, tag) == value
    assert [p.kind.code for p in c.problems] == codes
    assert c.left() == 0
