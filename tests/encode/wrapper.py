"""Writes wrapper PDUs (IEC 62056-4-7), right and wrong ones."""


def pdu(apdu: bytes, source: int = 16, destination: int = 1, version: int = 1, length: int | None = None) -> bytes:
    head = (version, source, destination, len(apdu) if length is None else length)
    return b"".join(field.to_bytes(2, "big") for field in head) + apdu
