"""IPv4 (RFC 791) and IPv6 (RFC 8200) with the extension headers up to the payload."""

from ipaddress import IPv6Address
from typing import Final

from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.problem import IP_CHECKSUM, IP_EXTENSION, IP_LENGTH, IP_TRUNC, IP_VERSION
from dissectors.record import Value

PROTOCOL_NAMES: Final = {
    0: "hop-by-hop",
    1: "icmp",
    2: "igmp",
    4: "ipv4",
    6: "tcp",
    17: "udp",
    41: "ipv6",
    43: "routing",
    44: "fragment",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "icmpv6",
    59: "no-next-header",
    60: "destination-options",
    89: "ospf",
    115: "l2tp",
    132: "sctp",
    135: "mobility",
}
PROTOCOLS: Final = {4: "ipv4", 6: "tcp", 17: "udp", 41: "ipv6", 47: "gre"}
HOP_BY_HOP, ROUTING, FRAGMENT, AH, DESTINATION_OPTIONS, MOBILITY = 0, 43, 44, 51, 60, 135
EXTENSIONS: Final = frozenset({HOP_BY_HOP, ROUTING, FRAGMENT, AH, DESTINATION_OPTIONS, MOBILITY})
MAX_EXTENSIONS: Final = 16


def host(octets: bytes) -> str:
    """The address of 4 or 16 octets as text (RFC 5952 for IPv6), hex for any other size."""
    if len(octets) == 4:
        return "%d.%d.%d.%d" % tuple(octets)  # noqa: UP031  (a fifth of the time of ipaddress)
    return str(IPv6Address(octets)) if len(octets) == 16 else octets.hex()


VERSION4 = Field("ipv4.version", "Version and header length", show=lambda v: f"{v >> 4}, {(v & 15) * 4} octets")
SERVICE = Field("ipv4.service", "Type of service")
LENGTH4 = Field("ipv4.length", "Total length", unit="octets")
IDENTIFICATION4 = Field("ipv4.identification", "Identification")
OFFSET4 = Field("ipv4.fragment", "Flags and fragment offset")
TTL = Field("ipv4.ttl", "Time to live")
PROTOCOL = Field("ipv4.protocol", "Protocol", type="enum", names=PROTOCOL_NAMES)
CHECKSUM = Field("ipv4.checksum", "Header checksum")
SOURCE4 = Field("ipv4.source", "Source", type="octets", show=host)
DESTINATION4 = Field("ipv4.destination", "Destination", type="octets", show=host)
OPTIONS4 = Field("ipv4.options", "Options", type="octets")
PAYLOAD4 = Field("ipv4.payload", "Payload", type="octets")
HEADER4 = group(
    "!BBHHHBBH4s4s",
    VERSION4,
    SERVICE,
    LENGTH4,
    IDENTIFICATION4,
    OFFSET4,
    TTL,
    PROTOCOL,
    CHECKSUM,
    SOURCE4,
    DESTINATION4,
)

VERSION6 = Field("ipv6.version", "Version, traffic class, flow label")
LENGTH6 = Field("ipv6.length", "Payload length", unit="octets")
NEXT = Field("ipv6.next-header", "Next header", type="enum", names=PROTOCOL_NAMES)
HOPS = Field("ipv6.hop-limit", "Hop limit")
SOURCE6 = Field("ipv6.source", "Source", type="octets", show=host)
DESTINATION6 = Field("ipv6.destination", "Destination", type="octets", show=host)
EXTENSION = Field("ipv6.extension", "Extension header", type="node")
EXTENSION_LENGTH = Field("ipv6.extension-length", "Extension length")
EXTENSION_DATA = Field("ipv6.extension-data", "Extension data", type="octets")
OFFSET6 = Field("ipv6.fragment", "Fragment offset and flag")
IDENTIFICATION6 = Field("ipv6.identification", "Identification")
PAYLOAD6 = Field("ipv6.payload", "Payload", type="octets")
HEADER6 = group("!IHBB16s16s", VERSION6, LENGTH6, NEXT, HOPS, SOURCE6, DESTINATION6)
EXTENSION_HEAD = group("!BB", NEXT, EXTENSION_LENGTH)
FRAGMENT_HEAD = group("!HI", OFFSET6, IDENTIFICATION6)


class Ip(Value, frozen=True, gc=False):
    """One IPv4 or IPv6 header with its options or extension headers.

    protocol: of the payload (IPv4 protocol, last IPv6 next header). offset: octets before this
    fragment's payload in the datagram; more: fragments follow. payload is cut where the capture is;
    announced is its length by the header.
    """

    version: int
    source: bytes
    destination: bytes
    protocol: int
    identification: int
    offset: int
    more: bool
    payload: tuple[int, int]
    announced: int

    @property
    def fragment(self) -> bool:
        return self.more or self.offset > 0


def checksum(octets: bytes) -> int:
    """The Internet checksum over an even number of octets (RFC 1071), 0 over a header with a good one."""
    number = int.from_bytes(octets, "big")  # 2**16 is 1 modulo 0xFFFF: the remainder is the folded sum
    return 0xFFFF - (number % 0xFFFF or (0xFFFF if number else 0))


def dissect_v4(c: Cursor, ctx: Context) -> Ip:
    """Problems: ip.trunc, ip.version, ip.length, ip.checksum. A total length of 0 is a packet that the
    adapter was to split (segmentation offload): all that is there. A checksum of 0 is one that the adapter was
    to compute: not a problem."""
    start = c.pos
    first, _, length, identification, fragment, _, protocol, found, source, destination = c.read(HEADER4)
    header = (first & 15) * 4
    if first >> 4 != 4:
        c.stop(IP_VERSION, first >> 4, 4)
    if header < HEADER4.size:
        c.stop(IP_LENGTH, header, HEADER4.size)
    if length == 0:
        length = c.end - start
    if length < header:
        c.stop(IP_LENGTH, length, header)
    if header > HEADER4.size:
        c.take(OPTIONS4, header - HEADER4.size)
    head = c.octets[start : start + header]
    if found and checksum(head):
        c.note(IP_CHECKSUM, header, found, checksum(head[:10] + b"\0\0" + head[12:]))
    announced = length - header
    offset = (fragment & 0x1FFF) * 8
    more = bool(fragment & 0x2000)
    if protocol == AH and not offset and not more:
        before = c.pos
        c.open(EXTENSION)
        protocol, words = c.read(EXTENSION_HEAD)
        c.take(EXTENSION_DATA, words * 4 + 6)
        c.close(AH, f"{PROTOCOL_NAMES[AH]}, {c.pos - before} octets")
        announced = max(0, announced - (c.pos - before))
    payload = c.payload(PAYLOAD4, announced)
    return Ip(4, source, destination, protocol, identification, offset, more, payload, announced)


def dissect_v6(c: Cursor, ctx: Context) -> Ip:
    """Problems: ip.trunc, ip.version, ip.length, ip.extension past MAX_EXTENSIONS headers. A payload length
    of 0 is a jumbogram or segmentation offload: all that is there."""
    first, length, protocol, _, source, destination = c.read(HEADER6)
    if first >> 28 != 6:
        c.stop(IP_VERSION, first >> 28, 6)
    end = c.pos + (length or c.left())
    offset = identification = 0
    more = False
    headers = 0
    while protocol in EXTENSIONS and not offset:
        headers += 1
        if headers > MAX_EXTENSIONS:
            c.note(IP_EXTENSION, 0, MAX_EXTENSIONS)
            break
        extension = protocol
        start = c.pos
        c.open(EXTENSION)
        protocol, words = c.read(EXTENSION_HEAD)
        if extension == FRAGMENT:
            at, identification = c.read(FRAGMENT_HEAD)
            offset, more = at & 0xFFF8, bool(at & 1)
        else:
            size = words * 4 + 8 if extension == AH else words * 8 + 8
            c.take(EXTENSION_DATA, size - 2)
        c.close(extension, f"{PROTOCOL_NAMES[extension]}, {c.pos - start} octets")
        if more:
            break  # what follows is the first part of the datagram: read when it is whole
    announced = end - c.pos
    if announced < 0:
        c.stop(IP_LENGTH, length, length - announced)
    payload = c.payload(PAYLOAD6, announced)
    return Ip(6, source, destination, protocol, identification, offset, more, payload, announced)


def inner(value: Ip) -> tuple[str, tuple[int, int]] | None:
    """The next layer; None for a fragment: only the whole datagram has one."""
    name = PROTOCOLS.get(value.protocol)
    return None if name is None or value.fragment else (name, value.payload)


LAYERS: Final = (
    Layer(
        "ipv4",
        "RFC 791",
        dissect_v4,
        IP_TRUNC,
        (*HEADER4.fields, OPTIONS4, EXTENSION, NEXT, EXTENSION_LENGTH, EXTENSION_DATA, PAYLOAD4),
        inner,
    ),
    Layer(
        "ipv6",
        "RFC 8200",
        dissect_v6,
        IP_TRUNC,
        (*HEADER6.fields, EXTENSION, EXTENSION_LENGTH, EXTENSION_DATA, OFFSET6, IDENTIFICATION6, PAYLOAD6),
        inner,
    ),
)
