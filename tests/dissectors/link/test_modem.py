"""Modem dialogues and where they end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.link.modem import dialogue

SNRM = bytes.fromhex("7EA0070303938C117E")


@pytest.mark.parametrize(
    ("octets", "end", "text", "open"),
    [
        (b"ATZ\r\r\nOK\r\n" + SNRM, 10, "ATZ | OK", False),
        (b"ATDT0123456\r\r\nCONNECT 9600\r\n" + SNRM, 28, "ATDT0123456 | CONNECT 9600", False),
        (b"\r\nRING\r\n\r\nRING\r\n", 16, "RING | RING", True),
        (b"ATA\r\nCONN", 5, "ATA", True),
        (b"+++" + SNRM, 3, "+++", False),
        (b"+++ATH\r\nOK\r\n", 12, "+++ | ATH | OK", True),
        (b"\r\nNO CARRIER\r\n/?!\r\n", 14, "NO CARRIER", False),
        (b"AT+CSQ\r\r\n+CSQ: 17,99\r\n\r\nOK\r\n", 28, "AT+CSQ | +CSQ: 17,99 | OK", True),
        (b"CONNECT\r\n\x00\x01\x00\x10", 9, "CONNECT", False),
    ],
)
def test_dialogues(octets: bytes, end: int, text: str, open: bool) -> None:
    found = dialogue(octets)
    assert found is not None and (found.end, found.text, found.open) == (end, text, open)


@pytest.mark.parametrize("octets", [b"", SNRM, b"AT", b"/?!\r\n", b"\x00\x01\x00\x10AT\r\n", b"ATTENTION all \x01\r\n"])
def test_something_else(octets: bytes) -> None:
    assert dialogue(octets) is None


@given(
    st.lists(
        st.one_of(st.binary(max_size=9), st.sampled_from([b"AT", b"OK\r\n", b"+++", b"\r\n", b"RING"])), max_size=9
    )
)
def test_any_octets(parts: list[bytes]) -> None:
    octets = b"".join(parts)
    found = dialogue(octets)
    assert found is None or 0 < found.end <= len(octets)
