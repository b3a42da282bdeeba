import pytest
from encode import acse as encode
from encode.read import codes, fields, flat, read
from hypothesis import given
from hypothesis import strategies as st

from dissectors.field import text_value
from dissectors.xdlms import initiate
from dissectors.xdlms.initiate import CONFORMANCE, CONFORMANCE_BIT, InitiateRequest, InitiateResponse


def test_conformance_names() -> None:
    assert len(CONFORMANCE) == len(set(CONFORMANCE)) == 24
    assert CONFORMANCE_BIT["action"] == 1 and CONFORMANCE_BIT["reserved-zero"] == 1 << 23
    assert CONFORMANCE_BIT["get"] == 1 << 4 and CONFORMANCE_BIT["general-block-transfer"] == 1 << 21
    # the rule book's example: bits 9 to 14 and 19 to 23
    assert initiate.conformance_names(0x007E1F) == [*CONFORMANCE[9:15], *CONFORMANCE[19:]]


@given(
    st.none() | st.binary(min_size=16, max_size=16) | st.binary(min_size=32, max_size=32),
    st.none() | st.booleans(),
    st.none() | st.integers(-128, 127),
    st.integers(0, (1 << 24) - 1),
    st.integers(12, 0xFFFF) | st.just(0),
    st.booleans(),
)
def test_request_is_read_back(
    key: bytes | None, allowed: bool | None, quality: int | None, bits: int, size: int, short: bool
) -> None:
    octets = encode.initiate_request(key, allowed, quality, 6, bits, size, short)
    apdu, problems, tree, end = read(initiate.initiate_request, octets)
    value = apdu.detail
    assert isinstance(value, InitiateRequest) and end == len(octets)
    assert (value.quality_of_service, value.conformance, value.max_pdu) == (quality, bits, size)
    assert value.response_allowed == (allowed is not False)
    assert (value.dedicated_key is None) == (key is None)
    if key is not None:
        assert octets[slice(*value.dedicated_key)] == key
    assert codes(problems) == ["apdu.value"] * short
    found = fields(tree)
    assert found["proposed-conformance"] == initiate.conformance_names(bits)
    assert found["dedicated-key"] == (None if key is None else "•" * len(key))
    assert found["response-allowed"] is (allowed is not False)


@given(st.none() | st.integers(-128, 127), st.integers(0, (1 << 24) - 1), st.sampled_from([7, 0xFA00]))
def test_response_is_read_back(quality: int | None, bits: int, vaa: int) -> None:
    octets = encode.initiate_response(quality, 6, bits, 500, vaa)
    apdu, problems, tree, end = read(initiate.initiate_response, octets)
    assert apdu.detail == InitiateResponse(quality, 6, bits, 500, vaa) and end == len(octets)
    assert not problems
    assert fields(tree) == {
        "negotiated-quality-of-service": quality,
        "negotiated-dlms-version-number": 6,
        "negotiated-conformance": initiate.conformance_names(bits),
        "server-max-receive-pdu-size": 500,
        "vaa-name": vaa,
    }


def test_worked_example_with_dedicated_key() -> None:
    octets = bytes.fromhex("01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0")
    apdu, problems, tree, end = read(initiate.initiate_request, octets)
    assert apdu.detail == InitiateRequest((3, 19), True, None, 6, 0x007E1F, 1200) and end == len(octets)
    assert not problems
    assert "0011223344" not in repr(apdu) + "".join(f"{n.value!r}{n.text}" for n in flat(tree))


@pytest.mark.parametrize(
    ("octets", "code", "word"),
    [
        (encode.initiate_request(version=5), "apdu.version", "5"),
        (encode.initiate_request(max_pdu=11), "apdu.value", "11 octets"),
        (encode.initiate_request(key=bytes(8)), "apdu.value", "8 octets"),
        (b"\x01\x02" + encode.initiate_request(key=bytes(16))[2:], "apdu.value", "presence flag"),
        (encode.initiate_request().replace(b"\x5f\x1f\x04\x00", b"\x5f\x1f\x04\x01"), "apdu.value", "unused"),
    ],
)
def test_noted_and_read_on(octets: bytes, code: str, word: str) -> None:
    apdu, problems, _, end = read(initiate.initiate_request, octets)
    assert codes(problems) == [code] and word in problems[0].text
    assert apdu is not None and end == len(octets)


@pytest.mark.parametrize(("octets", "code"), [("0100000006AA", "apdu.value"), ("01000000065F1F05", "apdu.value")])
def test_conformance_head_that_is_none_stops(octets: str, code: str) -> None:
    apdu, problems, tree, _ = read(initiate.initiate_request, bytes.fromhex(octets))
    assert apdu is None and codes(problems) == [code]
    assert fields(tree)["proposed-dlms-version-number"] == 6


def test_key_longer_than_the_octets_stops() -> None:
    apdu, problems, _, _ = read(initiate.initiate_request, bytes.fromhex("0101FF00"))
    assert apdu is None and problems[-1].args == ("Dedicated key", 255, 1)


def test_vaa_name_fits_neither() -> None:
    _, problems, _, _ = read(initiate.initiate_response, encode.initiate_response(vaa=8))
    assert codes(problems) == ["apdu.vaa"] and "0x0008" in problems[0].text


def test_vaa_name_in_words() -> None:
    for vaa, words in ((7, "0x0007 (logical name referencing)"), (0xFA00, "short name"), (8, "0x0008")):
        _, _, tree, _ = read(initiate.initiate_response, encode.initiate_response(vaa=vaa))
        assert words in text_value(tree[-1].field, tree[-1].value)


@given(st.binary(max_size=40))
def test_noise_never_raises(octets: bytes) -> None:
    for tag, (_, function) in initiate.TABLE.items():
        read(function, bytes((tag,)) + octets)
