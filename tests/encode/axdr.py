"""A-XDR and COSEM Data as octets, for tests: written from IEC 62056-5-3, not from the dissectors."""

import struct
from collections.abc import Sequence

from dissectors.data_types import Data

FIXED = {
    "boolean": (3, ">?"),
    "double-long": (5, ">i"),
    "double-long-unsigned": (6, ">I"),
    "integer": (15, ">b"),
    "long": (16, ">h"),
    "unsigned": (17, ">B"),
    "long-unsigned": (18, ">H"),
    "long64": (20, ">q"),
    "long64-unsigned": (21, ">Q"),
    "enum": (22, ">B"),
    "float32": (23, ">f"),
    "float64": (24, ">d"),
    "delta-integer": (28, ">b"),
    "delta-long": (29, ">h"),
    "delta-double-long": (30, ">i"),
    "delta-unsigned": (31, ">B"),
    "delta-long-unsigned": (32, ">H"),
    "delta-double-long-unsigned": (33, ">I"),
}
HEX = {"bcd": 13, "date-time": 25, "date": 26, "time": 27}
EMPTY = {"null-data": 0, "dont-care": 255}
STRINGS = {"octet-string": 9, "visible-string": 10, "utf8-string": 12}


def length(n: int, width: int = 0) -> bytes:
    """An A-XDR length; width 1 to 4 forces the long form with that many octets."""
    if not width and n < 0x80:
        return bytes((n,))
    width = width or (n.bit_length() + 7) // 8
    return bytes((0x80 | width,)) + n.to_bytes(width, "big")


def octets(value: bytes) -> bytes:
    return length(len(value)) + value


def optional(value: bytes | None) -> bytes:
    return b"\0" if value is None else b"\1" + value


def sequence_of(values: Sequence[bytes]) -> bytes:
    return length(len(values)) + b"".join(values)


def content(d: Data) -> bytes:
    """The value without its tag."""
    if d.type in FIXED:
        value = float(d.value) if isinstance(d.value, str) else d.value
        return struct.pack(FIXED[d.type][1], value)
    if d.type in EMPTY:
        return b""
    if d.type in HEX:
        return bytes.fromhex(d.value)
    if d.type == "octet-string":
        return octets(bytes.fromhex(d.value))
    if d.type in STRINGS:
        return octets(d.value.encode("latin-1" if d.type == "visible-string" else "utf-8"))
    if d.type == "bit-string":
        padded = d.value + "0" * (-len(d.value) % 8)
        return length(len(d.value)) + bytes(int(padded[i : i + 8], 2) for i in range(0, len(padded), 8))
    raise ValueError(d.type)


def data(d: Data) -> bytes:
    """A Data with its tag; compact-array is not written here."""
    if d.type in ("array", "structure"):
        return bytes((1 if d.type == "array" else 2,)) + sequence_of([data(part) for part in d.value])
    return bytes((tag(d.type),)) + content(d)


def tag(name: str) -> int:
    if name == "bit-string":
        return 4
    return FIXED[name][0] if name in FIXED else (HEX | EMPTY | STRINGS)[name]
