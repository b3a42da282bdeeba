"""Seven bits and their parity: the octets that a tap without parity hears."""

from hypothesis import given
from hypothesis import strategies as st

from dissectors.link.seven_bits import Parity, parity, plain

TEXT = b"/?!\r\n"


def even(text: bytes) -> bytes:
    return bytes(octet | (octet.bit_count() & 1) << 7 for octet in text)


def test_the_request_as_a_tap_hears_it() -> None:
    assert even(TEXT) == bytes.fromhex("AF3F218D0A")
    assert plain(even(TEXT)) == TEXT


def test_what_bit_seven_is() -> None:
    odd = bytes(octet ^ 0x80 for octet in even(TEXT))
    assert parity(TEXT) == Parity("none")
    assert parity(even(TEXT)) == Parity("even")
    assert parity(odd) == Parity("odd")
    assert parity(b"") == Parity("none")


def test_octets_that_speak_against_it_are_named() -> None:
    heard = bytearray(even(b"/ABC5METER\r\n"))
    heard[5] ^= 1
    assert parity(heard) == Parity("even", (5,))
    damaged = bytearray(b"/ABC5METER\r\n")
    damaged[2] |= 0x80
    assert parity(bytes(damaged)) == Parity("none", (2,))


@given(st.binary())
def test_any_octets(octets: bytes) -> None:
    found = parity(octets)
    assert len(found.wrong) * 2 <= len(octets) or not octets
    assert max(plain(octets), default=0) < 0x80 and len(plain(octets)) == len(octets)
