"""Block transfers as APDUs, for tests: data cut into blocks by service and side; general blocks (IEC 62056-5-3)."""

from collections.abc import Sequence

from encode import axdr, xdlms

INVOKE = 0xC1


def cut(raw: bytes, size: int) -> list[bytes]:
    """Parts of up to size octets, at least one."""
    return [raw[i : i + size] for i in range(0, len(raw), size)] or [b""]


def sn_block(last: bool, number: int, raw: bytes) -> bytes:
    return bytes((last,)) + number.to_bytes(2, "big") + axdr.octets(raw)


def carried(kind: str, last: bool, number: int, part: bytes, invoke: int = INVOKE) -> bytes:
    """One block APDU. kind: service and side; the first of a request names its object (or two, for "-list")."""
    target = xdlms.attribute(7, attribute_id=2)
    targets = axdr.sequence_of([target + b"\0", xdlms.attribute() + b"\0"])
    methods = axdr.sequence_of([target, xdlms.attribute()])
    block = xdlms.block(last, number, part)
    if kind == "get-response":
        return xdlms.get_response_with_datablock(invoke, last, number, part)
    if kind == "set-request":
        return xdlms.head(0xC1, 2, invoke) + target + b"\0" + block if number == 1 else later(0xC1, 3, block, invoke)
    if kind == "set-request-list":
        return xdlms.head(0xC1, 5, invoke) + targets + block if number == 1 else later(0xC1, 3, block, invoke)
    if kind == "action-request":
        return xdlms.head(0xC3, 4, invoke) + target + block if number == 1 else later(0xC3, 6, block, invoke)
    if kind == "action-request-list":
        return xdlms.head(0xC3, 5, invoke) + methods + block if number == 1 else later(0xC3, 6, block, invoke)
    if kind == "action-response":
        return later(0xC7, 2, block, invoke)
    if kind == "read-request":
        return b"\x05\x01\x06" + sn_block(last, number, part)
    if kind == "read-response":
        return b"\x0c\x01\x02" + sn_block(last, number, part)
    if kind == "write-request":
        return b"\x06\x01\x07" + bytes((last,)) + number.to_bytes(2, "big") + b"\x01\x09" + axdr.octets(part)
    raise ValueError(kind)


def later(tag: int, choice: int, block: bytes, invoke: int) -> bytes:
    return xdlms.head(tag, choice, invoke) + block


def acknowledged(kind: str, number: int, invoke: int = INVOKE) -> bytes:
    """The APDU of the other side that acknowledges a block, or asks for the next."""
    heads = {
        "get-response": xdlms.head(0xC0, 2, invoke),
        "set-request": xdlms.head(0xC5, 2, invoke),
        "action-request": xdlms.head(0xC7, 4, invoke),
        "action-response": xdlms.head(0xC3, 2, invoke),
        "read-request": b"\x0c\x01\x03",
        "read-response": b"\x05\x01\x05",
        "write-request": b"\x0d\x01\x02",
    }
    kind = kind.removesuffix("-list")
    width = 2 if kind.startswith(("read", "write")) else 4
    return heads[kind] + number.to_bytes(width, "big")


def general(
    number: int, part: bytes, last: bool = False, streaming: bool = False, window: int = 0, acknowledged: int = 0
) -> bytes:
    """A general-block-transfer APDU."""
    control = last << 7 | streaming << 6 | window
    return bytes((0xE0, control)) + number.to_bytes(2, "big") + acknowledged.to_bytes(2, "big") + axdr.octets(part)


def push(raw: bytes, size: int, streaming: bool = False) -> list[bytes]:
    """An unconfirmed general block transfer of raw; streaming: with the bit that some meters set."""
    parts = cut(raw, size)
    return [general(n, part, n == len(parts), streaming) for n, part in enumerate(parts, 1)]


def get_results(values: Sequence[bytes]) -> bytes:
    """A list of Get-Data-Result, each a Data in octets."""
    return axdr.sequence_of([b"\0" + value for value in values])
