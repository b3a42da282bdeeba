"""Custom options of a tap's recording: ours come back, anybody else's are left alone."""

import pytest

from captures.tap_option import ENTERPRISE, Fine, Wiring, fine, pack_fine, pack_wiring, wiring

LITTLE, BIG = ENTERPRISE.to_bytes(4, "little"), ENTERPRISE.to_bytes(4, "big")


@pytest.mark.parametrize("head", [LITTLE, BIG])
def test_there_and_back(head: bytes) -> None:
    value = Fine(3, 12_345_678, 90_000)
    assert fine(head + pack_fine(value)) == value
    told = Wiring(line="ttyUSB0+ttyUSB1", hears="client", profile="hdlc", driver="ftdi_sio", character_bits=11)
    assert wiring(head + pack_wiring(told)) == told


@pytest.mark.parametrize(
    "value",
    [
        b"",
        LITTLE,
        b"\1\0\0\0" + pack_fine(Fine(0, 1, 1)),  # another enterprise
        LITTLE + b"else" + bytes(20),
        (LITTLE + pack_fine(Fine(0, 1, 1)))[:-1],
        LITTLE + b"csms\x02" + bytes(19),  # a later version
        LITTLE + b"csms\x01\0\0\0" + b"\xff" * 16,  # no time is so long
    ],
)
def test_anything_else_is_none(value: bytes) -> None:
    assert fine(value) is None


@pytest.mark.parametrize("value", [b"", LITTLE + b"csms{", LITTLE + b"csms[1]", LITTLE + b"csms\xff\xff", b"....{}"])
def test_wiring_that_is_none(value: bytes) -> None:
    assert wiring(value) is None
