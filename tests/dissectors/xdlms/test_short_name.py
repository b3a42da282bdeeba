"""Short name services, with their blocks."""

import json
from pathlib import Path

import pytest
from encode import xdlms as encode

from dissectors.apdu import Apdu
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.xdlms import dissect


def read(octets: bytes) -> tuple[Apdu, list[str]]:
    c = Cursor(octets)
    return dissect(c, EMPTY), [p.kind.code for p in c.problems]


def test_read() -> None:
    asked, _ = read(encode.example("read-request"))
    assert asked.items is not None and [item.variable for item in asked.items] == [0x0100, 0x0208]
    octets = encode.example("read-response")
    answered, _ = read(octets)
    assert answered.items is not None and answered.block is not None
    assert [item.result for item in answered.items] == ["success", "read-write-denied", "success"]
    assert octets[slice(*answered.block.data)].hex() == "aabb"
    assert answered.data is None  # three of them: none is the one


def test_one_item_is_the_apdus_own() -> None:
    apdu, _ = read(bytes.fromhex("0C010009060000010000FF"))
    assert (apdu.result, apdu.data) == ("success", (3, 11))
    apdu, _ = read(bytes.fromhex("0C010103"))
    assert (apdu.result, apdu.data) == ("read-write-denied", None)


def test_write() -> None:
    octets = encode.example("write-request")
    apdu, _ = read(octets)
    assert apdu.items is not None and apdu.items[0].variable == 0x2A48
    assert apdu.data == (6, 20)
    apdu, _ = read(encode.example("unconfirmed-write-request"))
    assert not apdu.confirmed
    answered, _ = read(encode.example("write-response"))
    assert answered.result == "read-write-denied"
    assert answered.block is not None and answered.block.acknowledges


def test_written_block_is_the_content_of_the_octet_string() -> None:
    octets = encode.example("write-request block")
    apdu, _ = read(octets)
    assert apdu.block is not None and octets[slice(*apdu.block.data)].hex() == "aabbcc"
    other, _ = read(bytes.fromhex("06010700000101" + "1105"))
    assert other.block is not None and other.block.data == (0, 0)


@pytest.mark.parametrize("octets", ["050103", "050108", "0C0104", "0D0103"])
def test_undefined_choices(octets: str) -> None:
    _, codes = read(bytes.fromhex(octets))
    assert codes == ["apdu.choice"]


def test_report() -> None:
    apdu, codes = read(encode.example("information-report-request timed"))
    assert codes == [] and apdu.items is not None
    assert (apdu.items[0].variable, apdu.data) == (0x1008, (22, 24))


def test_corpus(corpus: Path) -> None:
    """Parameterized access and short names as the source states them."""
    seen = 0
    for path in sorted((corpus / "xdlms-apdu").glob("*.json")):
        item = json.loads(path.read_text(encoding="utf-8"))
        stated = item["expected"]["asserted"]
        name = stated.get("base_name") or stated.get("short_name")
        if name is None:
            continue
        apdu, _ = read(bytes.fromhex(item["derived_by_us"]["apdus"][0]["hex"]))
        assert apdu.items is not None
        assert f"{apdu.items[0].variable:04X}" == name
        seen += 1
    assert seen >= 2
