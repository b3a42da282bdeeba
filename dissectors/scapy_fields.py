"""Field types of DLMS/COSEM for scapy packets: A-XDR lengths, counts, octet strings, logical names, COSEM Data.

What scapy builds is the shortest encoding. What it dissected and was written otherwise (a length of three octets
where one would do, TRUE as FF) keeps its octets beside the value, so that a packet builds back as it was.
Reading is done by the dissectors; only writing is told here, from their tables.
"""

from collections.abc import Callable
from struct import pack
from typing import Any

from scapy.fields import ConditionalField, Field, PacketListField
from scapy.packet import Packet

from dissectors import axdr, data
from dissectors.cosem import obis
from dissectors.cursor import Cursor, Stop
from dissectors.data_types import (
    ARRAY,
    BIT_STRING,
    COMPACT_ARRAY,
    INTEGERS,
    OCTET_STRING,
    SIGNED,
    STRUCTURE,
    TAGS,
    TYPES,
    UTF8_STRING,
    VISIBLE_STRING,
    Data,
)
from dissectors.errors import UsageError
from dissectors.problem import APDU_TRUNC
from dissectors.xdlms.common import obis_text

BOOLEAN, FLOAT32, FLOAT64 = TAGS["boolean"], TAGS["float32"], TAGS["float64"]
MANY = 1 << 16  # elements of a list; scapy believes in 100 else


def cursor(octets: bytes) -> Cursor:
    return Cursor(octets, 0, len(octets), APDU_TRUNC, "apdu")


# -- lengths and octet strings -------------------------------------------------------------------------------


class WrittenOctets(bytes):
    """Octets that were encoded otherwise than we would. encoded: with their length."""

    encoded: bytes

    def __new__(cls, value: bytes, encoded: bytes = b"") -> "WrittenOctets":
        made = super().__new__(cls, value)
        made.encoded = encoded
        return made


class WrittenNumber(int):
    """A length or count that was encoded otherwise than we would."""

    encoded: bytes

    def __new__(cls, value: int, encoded: bytes = b"") -> "WrittenNumber":
        made = super().__new__(cls, value)
        made.encoded = encoded
        return made


def length(n: int) -> bytes:
    """A length or count, A-XDR and BER alike: one octet to 127, else their number and they."""
    if n < 0x80:
        return bytes((n,))
    width = (n.bit_length() + 7) // 8
    return bytes((0x80 | width,)) + n.to_bytes(width, "big")


class Length(Field[Any, bytes]):
    """A length or count. None: what `measure` gives for the packet."""

    __slots__ = ["measure"]

    def __init__(self, name: str, measure: Callable[[Any], int]) -> None:
        super().__init__(name, None)
        self.measure = measure

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        n = self.measure(pkt) if val is None else val
        return s + (n.encoded if isinstance(n, WrittenNumber) else length(n))

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Any]:
        c = cursor(s)
        try:
            n = axdr.length(c)
        except Stop:  # no length: the octets stay where they are
            return s, WrittenNumber(0)
        octets = s[: c.pos]
        return s[c.pos :], n if octets == length(n) else WrittenNumber(n, octets)


def count(name: str, of: str) -> Length:
    """The number of elements in a list field."""
    return Length(name, lambda pkt: len(pkt.getfieldval(of)))


def several(name: str, of: type[Packet], number: str) -> PacketListField:
    """A SEQUENCE OF; number: the field that counts it."""
    return PacketListField(name, [], of, count_from=lambda pkt: pkt.getfieldval(number), max_count=MANY)


class Octets(Field[bytes, bytes]):
    """An OCTET STRING with its length. Cut short, it is what is left."""

    def __init__(self, name: str, default: bytes = b"") -> None:
        super().__init__(name, default)

    def any2i(self, pkt: Packet | None, x: Any) -> bytes:
        return x if isinstance(x, bytes) else bytes(x)

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        return s + (val.encoded if isinstance(val, WrittenOctets) else length(len(val)) + val)

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, bytes]:
        c = cursor(s)
        try:
            n = axdr.length(c)
            value = c.take(axdr.LENGTH, n)
        except Stop:
            return b"", WrittenOctets(s, s)
        octets = s[: c.pos]
        return s[c.pos :], value if octets == length(n) + value else WrittenOctets(value, octets)

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        return bytes(x).hex().upper()


class Obis(Field[bytes, bytes]):
    """A logical name: six octets, or the text "1-0:1.8.0*255"."""

    def __init__(self, name: str) -> None:
        super().__init__(name, bytes(6), "6s")

    def any2i(self, pkt: Packet | None, x: Any) -> bytes:
        if isinstance(x, bytes):
            return x
        found = obis.parse(x) if isinstance(x, str) else None
        if found is None:
            raise UsageError(f"{self.name} {x!r}: expected six octets or a text such as 1-0:1.8.0*255")
        return found

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        return obis_text(x)


# -- COSEM Data ----------------------------------------------------------------------------------------------


class WrittenData(Data, frozen=True, gc=False):
    """A Data that was encoded otherwise than we would, or that we do not encode (compact-array)."""

    encoded: bytes = b""


def encode(value: Data) -> bytes:
    """One Data with its tag. UsageError: a type that is none, a value that is not of its type."""
    if value.type not in TAGS:
        raise UsageError(f"Data {value.type!r}: expected one of {', '.join(TAGS)}")
    if isinstance(value, WrittenData):
        return value.encoded
    tag = TAGS[value.type]
    try:
        return bytes((tag,)) + _content(tag, value.value)
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise UsageError(f"Data {value.type} of {value.value!r}: {error}") from None


def _content(tag: int, value: Any) -> bytes:
    if tag in (ARRAY, STRUCTURE):
        return length(len(value)) + b"".join(encode(element) for element in value)
    if tag in INTEGERS:
        return int(value).to_bytes(TYPES[tag].width, "big", signed=tag in SIGNED)
    return _OTHERS.get(tag, bytes.fromhex)(value)  # bcd and clocks are octets of their own width


def _counted(octets: bytes) -> bytes:
    return length(len(octets)) + octets


def _bits(value: str) -> bytes:
    padded = value + "0" * (-len(value) % 8)
    return length(len(value)) + bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))


def _no_compact_array(value: Any) -> bytes:
    raise ValueError("a compact-array is not built; give the field its octets")


_OTHERS: dict[int, Callable[[Any], bytes]] = {
    TAGS["null-data"]: lambda value: b"",
    TAGS["dont-care"]: lambda value: b"",
    BOOLEAN: lambda value: bytes((bool(value),)),
    BIT_STRING: _bits,
    OCTET_STRING: lambda value: _counted(bytes.fromhex(value)),
    VISIBLE_STRING: lambda value: _counted(value.encode("latin-1")),
    UTF8_STRING: lambda value: _counted(value.encode("utf-8")),
    FLOAT32: lambda value: pack(">f", float(value)),
    FLOAT64: lambda value: pack(">d", float(value)),
    COMPACT_ARRAY: _no_compact_array,
}


class DataField(Field[Any, bytes]):
    """A COSEM Data: a Data of dissectors.data, or octets that are written as they are."""

    def __init__(self, name: str) -> None:
        super().__init__(name, Data("null-data", None))

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        if not isinstance(x, Data | bytes):
            raise UsageError(f'{self.name} {x!r}: expected a Data such as Data("long-unsigned", 5), or octets')
        return x

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        return s + (val if isinstance(val, bytes) else encode(val))

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Any]:
        c = cursor(s)
        try:
            value = data.build(c)
        except Stop:  # no Data: octets to look at
            return b"", s
        octets = s[: c.pos]
        try:
            same = encode(value) == octets
        except UsageError:
            same = False
        return s[c.pos :], value if same else WrittenData(value.type, value.value, value.of, octets)

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        return x.hex().upper() if isinstance(x, bytes) else shown(x)


def shown(value: Data) -> str:
    """A Data with all that is in it, on one line."""
    if isinstance(value.value, list):
        return f"{value.type}({', '.join(map(shown, value.value))})"
    return data.text_of(value)


def when(field: Any, name: str, value: int) -> Any:
    """A component that is there where another field has this value."""
    return ConditionalField(field, lambda pkt: pkt.getfieldval(name) == value)


def unless(field: Any, name: str, value: int) -> Any:
    """A component that is there where another field has any other value."""
    return ConditionalField(field, lambda pkt: pkt.getfieldval(name) != value)


class Part(Packet):
    """An element of a list: what follows it belongs to the next."""

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes | None]:
        return b"", s
