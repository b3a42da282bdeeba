"""Heads of ciphered, signed and divided APDUs."""

import json
from pathlib import Path

import pytest
from encode import axdr
from encode import xdlms as encode
from hypothesis import given
from hypothesis import strategies as st

from dissectors.apdu import Apdu
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.tags import TAGS
from dissectors.xdlms import dissect, general
from dissectors.xdlms.general import BlockTransfer, Ciphered, Signed


def read(octets: bytes) -> tuple[Apdu, list[str]]:
    c = Cursor(octets)
    return dissect(c, EMPTY), [p.kind.code for p in c.problems]


@given(st.sampled_from(sorted(general.GLO_AND_DED)), st.integers(0, 255), st.binary(min_size=4, max_size=200))
def test_glo_and_ded(tag: int, control: int, rest: bytes) -> None:
    octets = bytes((tag,)) + axdr.octets(bytes((control,)) + rest)
    apdu, codes = read(octets)
    found = apdu.detail
    assert isinstance(found, Ciphered)
    assert (apdu.name, apdu.service, codes) == (TAGS[tag], "ciphered", ["apdu.undissected"])
    protected = octets[slice(*found.protected)]
    assert octets[slice(*found.content)] == bytes((control,)) + rest
    if control & 0x30:
        assert (found.counter, protected) == (int.from_bytes(rest[:4], "big"), rest[4:])
    else:
        assert (found.counter, protected) == (-1, rest)
    assert apdu.role in ("request", "response", "")


def test_a_cut_keeps_the_head() -> None:
    octets = encode.example("general-glo-ciphering")[:20]
    apdu, codes = read(octets)
    assert isinstance(apdu.detail, Ciphered)
    assert (apdu.detail.system_title.hex(), apdu.detail.counter) == ("4d4d4d0000bc614e", 0x01234567)
    assert codes == ["apdu.trunc", "apdu.undissected"]


@pytest.mark.parametrize(
    ("name", "kind", "number", "parameters"),
    [
        ("general-ciphering identified", "identified-key", 0, b""),
        ("general-ciphering wrapped", "wrapped-key", 0, b""),
        ("general-ciphering agreed", "agreed-key", -1, b"\x02"),
    ],
)
def test_key_info(name: str, kind: str, number: int, parameters: bytes) -> None:
    apdu, _ = read(encode.example(name))
    info = apdu.detail.header.key_info
    assert (info.kind, info.number, info.parameters) == (kind, number, parameters)


def test_general_ciphering() -> None:
    apdu, _ = read(encode.example("general-ciphering"))
    assert apdu.detail.header.transaction_id.hex() == "0102030405060708"
    assert apdu.detail.header.originator == apdu.detail.system_title == bytes.fromhex("4D4D4D0000BC614E")
    assert apdu.detail.header.key_info is None
    _, codes = read(bytes.fromhex("DD00000000000103"))
    assert codes == ["apdu.choice"]


def test_general_signing() -> None:
    octets = encode.example("general-signing")
    apdu, _ = read(octets)
    assert isinstance(apdu.detail, Signed)
    assert octets[slice(*apdu.detail.content)].hex() == "c002c100000001"
    assert octets[slice(*apdu.detail.signature)].hex() == "aabb"


@given(st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=200))
def test_block_transfer(control: int, number: int, acknowledged: int, raw: bytes) -> None:
    head = bytes((0xE0, control)) + number.to_bytes(2, "big") + acknowledged.to_bytes(2, "big")
    octets = head + axdr.octets(raw)
    apdu, codes = read(octets)
    found = apdu.detail
    assert isinstance(found, BlockTransfer) and apdu.block is not None
    assert codes == []
    assert (found.last, found.streaming, found.window) == (control >= 0x80, bool(control & 0x40), control % 64)
    assert (found.number, found.acknowledged, octets[slice(*found.data)]) == (number, acknowledged, raw)
    assert apdu.block.acknowledges == (not raw)


def test_gateway() -> None:
    apdu, codes = read(encode.example("gateway"))
    assert (apdu.name, apdu.class_id, codes) == ("get-request-normal", 3, [])
    apdu, codes = read(bytes.fromhex("E700"))
    assert (apdu.name, apdu.service, codes) == ("gateway-response", "unknown", ["apdu.trunc"])
    apdu, codes = read(bytes.fromhex("E70000"))
    assert (apdu.name, codes) == ("unknown", ["apdu.trunc"])


def test_corpus(corpus: Path) -> None:
    """Heads of every ciphered and signed APDU of the corpus are read to their end."""
    seen = 0
    for family in ("gbcs", "apdu-ciphered", "han-push-encrypted"):
        for path in sorted((corpus / family).glob("*.json")):
            for stated in json.loads(path.read_text(encoding="utf-8"))["derived_by_us"].get("apdus", []):
                apdu, codes = read(bytes.fromhex(stated["hex"]))
                assert apdu.name.lower() == stated["tag"], path.name
                if apdu.service == "ciphered":
                    assert codes == ["apdu.undissected"], path.name
                    seen += 1
    assert seen >= 25
