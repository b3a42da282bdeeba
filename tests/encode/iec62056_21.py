"""Encoder for tests: block check characters, parity, and P1 telegrams."""

from functools import reduce
from operator import xor


def block(octets: bytes) -> bytes:
    """With its block check character: all behind the first one, up to and with the last (IEC 62056-21, 6.3.14)."""
    return octets + bytes((reduce(xor, octets[1:], 0),))


def even(octets: bytes) -> bytes:
    """Seven bits with even parity, as a tap of 8N1 hears them."""
    return bytes(octet | (octet.bit_count() & 1) << 7 for octet in octets)


def odd(octets: bytes) -> bytes:
    return bytes(octet ^ 0x80 for octet in even(octets))


def crc16(octets: bytes) -> int:
    """Polynomial 0xA001 reflected, from 0, bit by bit (DSMR P1)."""
    crc = 0
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def telegram(identification: bytes, *lines: bytes) -> bytes:
    text = b"\r\n".join((b"/" + identification, b"", *lines, b"!"))
    return text + b"%04X\r\n" % crc16(text)
