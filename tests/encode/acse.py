"""ACSE APDUs as octets, for tests: BER with minimal lengths, or with lengths of a chosen width."""

from collections.abc import Iterable

OID_PREFIX = bytes.fromhex("6085740508")
CONFORMANCE = 0x007E1F


def length(n: int, width: int = 0) -> bytes:
    """A BER length; width 1 to 4 forces the long form with that many octets."""
    if not width and n < 0x80:
        return bytes((n,))
    width = width or (n.bit_length() + 7) // 8
    return bytes((0x80 | width,)) + n.to_bytes(width, "big")


def tlv(tag: int, *contents: bytes, width: int = 0) -> bytes:
    value = b"".join(contents)
    return bytes((tag,)) + length(len(value), width) + value


def oid(arc: int, number: int) -> bytes:
    return OID_PREFIX + bytes((arc, number))


def context(number: int) -> bytes:
    return tlv(0xA1, tlv(0x06, oid(1, number)))


def integer(tag: int, value: int) -> bytes:
    n = (value.bit_length() // 8) + 1
    return tlv(tag, tlv(0x02, value.to_bytes(n, "big", signed=True)))


def authentication(tag: int, value: bytes) -> bytes:
    return tlv(tag, tlv(0x80, value))


def information(apdu: bytes) -> bytes:
    return tlv(0xBE, tlv(0x04, apdu))


def initiate_request(
    key: bytes | None = None,
    response_allowed: bool | None = None,
    quality: int | None = None,
    version: int = 6,
    conformance: int = CONFORMANCE,
    max_pdu: int = 0x04B0,
    short: bool = False,
) -> bytes:
    """response_allowed None: the default is used. short: conformance tag without its number."""
    return b"".join(
        (
            b"\x01",
            b"\x00" if key is None else b"\x01" + bytes((len(key),)) + key,
            b"\x00" if response_allowed is None else b"\x01" + (b"\xff" if response_allowed else b"\x00"),
            b"\x00" if quality is None else b"\x01" + quality.to_bytes(1, "big", signed=True),
            bytes((version,)),
            block(conformance, short),
            max_pdu.to_bytes(2, "big"),
        )
    )


def initiate_response(
    quality: int | None = None,
    version: int = 6,
    conformance: int = CONFORMANCE,
    max_pdu: int = 0x01F4,
    vaa: int = 0x0007,
    short: bool = False,
) -> bytes:
    return b"".join(
        (
            b"\x08",
            b"\x00" if quality is None else b"\x01" + quality.to_bytes(1, "big", signed=True),
            bytes((version,)),
            block(conformance, short),
            max_pdu.to_bytes(2, "big"),
            vaa.to_bytes(2, "big"),
        )
    )


def block(conformance: int, short: bool = False) -> bytes:
    return bytes.fromhex("5F0400" if short else "5F1F0400") + conformance.to_bytes(3, "big")


def apdu(tag: int, components: Iterable[bytes], width: int = 0) -> bytes:
    return tlv(tag, *components, width=width)


def aarq(
    context_number: int = 1,
    mechanism: int | None = None,
    value: bytes | None = None,
    title: bytes | None = None,
    user: bytes | None = None,
) -> bytes:
    """An AARQ as clients send it; user: the xDLMS APDU, an InitiateRequest by default."""
    parts = [context(context_number)]
    if title is not None:
        parts.append(tlv(0xA6, tlv(0x04, title)))
    if mechanism is not None:
        parts += [tlv(0x8A, b"\x07\x80"), tlv(0x8B, oid(2, mechanism))]
    if value is not None:
        parts.append(authentication(0xAC, value))
    parts.append(information(initiate_request() if user is None else user))
    return apdu(0x60, parts)


def aare(
    result: int = 0,
    diagnostic: int = 0,
    context_number: int = 1,
    mechanism: int | None = None,
    value: bytes | None = None,
    title: bytes | None = None,
    user: bytes | None = None,
    provider: bool = False,
) -> bytes:
    """An AARE as servers send it; user: the xDLMS APDU, an InitiateResponse by default."""
    source = tlv(0xA2 if provider else 0xA1, tlv(0x02, bytes((diagnostic,))))
    parts = [context(context_number), integer(0xA2, result), tlv(0xA3, source)]
    if title is not None:
        parts.append(tlv(0xA4, tlv(0x04, title)))
    if mechanism is not None:
        parts += [tlv(0x88, b"\x07\x80"), tlv(0x89, oid(2, mechanism))]
    if value is not None:
        parts.append(authentication(0xAA, value))
    parts.append(information(initiate_response() if user is None else user))
    return apdu(0x61, parts)


def rlrq(reason: int | None = 0, user: bytes | None = None) -> bytes:
    return _release(0x62, reason, user)


def rlre(reason: int | None = 0, user: bytes | None = None) -> bytes:
    return _release(0x63, reason, user)


def _release(tag: int, reason: int | None, user: bytes | None) -> bytes:
    parts = [] if reason is None else [tlv(0x80, bytes((reason,)))]
    if user is not None:
        parts.append(information(user))
    return apdu(tag, parts)
