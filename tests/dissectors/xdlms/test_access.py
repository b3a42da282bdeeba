"""ACCESS: specifications, data and results side by side."""

import pytest
from encode import xdlms as encode

from dissectors.apdu import Apdu
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.xdlms import dissect


def read(octets: bytes) -> tuple[Apdu, list[str]]:
    c = Cursor(octets)
    apdu = dissect(c, EMPTY)
    return apdu, [p.kind.code for p in c.problems]


def test_request() -> None:
    octets = encode.example("access-request")
    apdu, codes = read(octets)
    assert codes == [] and apdu.items is not None
    assert [(item.class_id, item.attribute, item.method) for item in apdu.items] == [
        (1, 2, None),
        (1, 2, None),
        (15, None, 1),
        (7, 2, None),
        (7, 2, None),
    ]
    assert [octets[slice(*(item.data or (0, 0)))].hex() for item in apdu.items] == ["00", "1105", "090111", "00", "00"]


def test_response() -> None:
    apdu, codes = read(encode.example("access-response"))
    assert codes == [] and apdu.items is not None
    assert [item.result for item in apdu.items] == ["success", "read-write-denied", "success"]
    assert apdu.result == "read-write-denied"
    repeated, codes = read(encode.example("access-response self-descriptive"))
    assert codes == [] and repeated.items is not None
    assert (repeated.items[0].class_id, repeated.items[0].result) == (1, "success")


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("D9000000010001060001", "apdu.choice"),
        ("D9000000010001030001000000000000010200 00", "apdu.value"),
        ("DA0000000100000100020100010000", "apdu.trail"),
        ("DA00000001000002000001010 0", "apdu.value"),
        ("DA000000010000010001090 0", "apdu.choice"),
    ],
)
def test_what_does_not_fit(octets: str, code: str) -> None:
    _, codes = read(bytes.fromhex(octets.replace(" ", "")))
    assert code in codes
