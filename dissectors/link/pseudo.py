"""Link types without Ethernet: Linux cooked captures, BSD loopback, raw IP, PPP (tcpdump.org LINKTYPE list)."""

from typing import Final

from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.link.ethernet import ETHERTYPE_NAMES, ETHERTYPES
from dissectors.problem import ETH_TRUNC
from dissectors.record import Value

PACKET_TYPES: Final = {0: "to-us", 1: "broadcast", 2: "multicast", 3: "to-another", 4: "from-us"}
# AF_INET is 2 everywhere; AF_INET6 differs: NetBSD and OpenBSD 24, FreeBSD 28, macOS 30, Linux 10
FAMILIES: Final = {2: "ipv4", 10: "ipv6", 24: "ipv6", 28: "ipv6", 30: "ipv6"}
PPP_PROTOCOLS: Final = {0x0021: "ipv4", 0x0057: "ipv6"}
PPP_NAMES: Final = {
    0x0021: "ipv4",
    0x0057: "ipv6",
    0x002D: "compressed-tcp",
    0x002F: "uncompressed-tcp",
    0x8021: "ipcp",
    0x8057: "ipv6cp",
    0xC021: "lcp",
    0xC023: "pap",
    0xC025: "link-quality",
    0xC223: "chap",
}

SLL_PACKET = Field("sll.packet-type", "Packet type", type="enum", names=PACKET_TYPES)
SLL_HARDWARE = Field("sll.hardware", "ARPHRD type")
SLL_LENGTH = Field("sll.address-length", "Address length", unit="octets")
SLL_ADDRESS = Field("sll.address", "Address", type="octets")
SLL_PROTOCOL = Field("sll.protocol", "Protocol", type="enum", names=ETHERTYPE_NAMES)
SLL_RESERVED = Field("sll.reserved", "Reserved")
SLL_INTERFACE = Field("sll.interface", "Interface index")
SLL_PAYLOAD = Field("sll.payload", "Payload", type="octets")
SLL = group("!HHH8sH", SLL_PACKET, SLL_HARDWARE, SLL_LENGTH, SLL_ADDRESS, SLL_PROTOCOL)
SLL2 = group("!HHIHBB8s", SLL_PROTOCOL, SLL_RESERVED, SLL_INTERFACE, SLL_HARDWARE, SLL_PACKET, SLL_LENGTH, SLL_ADDRESS)
FAMILY = Field("loopback.family", "Address family", type="octets")
LOOPBACK_PAYLOAD = Field("loopback.payload", "Payload", type="octets")
RAW_PAYLOAD = Field("raw-ip.payload", "Packet", type="octets")
PPP_DIRECTION = Field("ppp.direction", "Direction", type="enum", names={0: "received", 1: "sent"})
PPP_ADDRESS = Field("ppp.address", "Address")
PPP_CONTROL = Field("ppp.control", "Control")
PPP_PROTOCOL = Field("ppp.protocol", "Protocol", type="enum", names=PPP_NAMES)
PPP_PAYLOAD = Field("ppp.payload", "Payload", type="octets")
PPP_HEAD = group("!BB", PPP_ADDRESS, PPP_CONTROL)


class Pseudo(Value, frozen=True, gc=False):
    """next: name of the layer inside, "" where we know none. type: protocol number as written."""

    next: str
    type: int
    payload: tuple[int, int]


def dissect_sll(c: Cursor, ctx: Context) -> Pseudo:
    """LINKTYPE_LINUX_SLL (113)."""
    _, _, _, _, protocol = c.read(SLL)
    return Pseudo(ETHERTYPES.get(protocol, ""), protocol, c.payload(SLL_PAYLOAD, c.left()))


def dissect_sll2(c: Cursor, ctx: Context) -> Pseudo:
    """LINKTYPE_LINUX_SLL2 (276)."""
    protocol, *_ = c.read(SLL2)
    return Pseudo(ETHERTYPES.get(protocol, ""), protocol, c.payload(SLL_PAYLOAD, c.left()))


def dissect_null(c: Cursor, ctx: Context) -> Pseudo:
    """LINKTYPE_NULL (0): the family in the byte order of the capturing machine, so both are tried."""
    octets = c.take(FAMILY, 4)
    family = int.from_bytes(octets, "little")
    if family > 0xFFFF:
        family = int.from_bytes(octets, "big")
    return Pseudo(FAMILIES.get(family, ""), family, c.payload(LOOPBACK_PAYLOAD, c.left()))


def dissect_loop(c: Cursor, ctx: Context) -> Pseudo:
    """LINKTYPE_LOOP (108): the family in network byte order."""
    family = int.from_bytes(c.take(FAMILY, 4), "big")
    return Pseudo(FAMILIES.get(family, ""), family, c.payload(LOOPBACK_PAYLOAD, c.left()))


def dissect_raw(c: Cursor, ctx: Context) -> Pseudo:
    """LINKTYPE_RAW (101; 12 and 14 as some systems write it), and GTP-U: the version nibble says which IP."""
    version = c.peek() >> 4
    name = {4: "ipv4", 6: "ipv6"}.get(version, "")
    return Pseudo(name, version, c.payload(RAW_PAYLOAD, c.left()))


def dissect_ppp(c: Cursor, ctx: Context) -> Pseudo:
    """RFC 1661, 2, with or without address and control FF 03 (RFC 1662, 3.1), protocol field
    compressed to one octet where its low bit is set (RFC 1661, 6.5)."""
    if c.peek() == 0xFF and c.peek(1) == 0x03:
        c.read(PPP_HEAD)
    protocol = c.u8(PPP_PROTOCOL) if c.peek() & 1 else c.u16(PPP_PROTOCOL)
    return Pseudo(PPP_PROTOCOLS.get(protocol, ""), protocol, c.payload(PPP_PAYLOAD, c.left()))


def dissect_ppp_direction(c: Cursor, ctx: Context) -> Pseudo:
    """LINKTYPE_PPP_WITH_DIR (204): one octet before the PPP header."""
    c.u8(PPP_DIRECTION)
    return dissect_ppp(c, ctx)


def inner(value: Pseudo) -> tuple[str, tuple[int, int]] | None:
    return (value.next, value.payload) if value.next else None


_SLL = (SLL_PACKET, SLL_HARDWARE, SLL_LENGTH, SLL_ADDRESS, SLL_PROTOCOL)
_LOOPBACK = (FAMILY, LOOPBACK_PAYLOAD)
_PPP = (PPP_ADDRESS, PPP_CONTROL, PPP_PROTOCOL, PPP_PAYLOAD)
LAYERS: Final = (
    Layer("sll", "LINKTYPE_LINUX_SLL", dissect_sll, ETH_TRUNC, (*_SLL, SLL_PAYLOAD), inner),
    Layer(
        "sll2", "LINKTYPE_LINUX_SLL2", dissect_sll2, ETH_TRUNC, (*_SLL, SLL_RESERVED, SLL_INTERFACE, SLL_PAYLOAD), inner
    ),
    Layer("raw-ip", "LINKTYPE_RAW", dissect_raw, ETH_TRUNC, (RAW_PAYLOAD,), inner),
    Layer("null", "LINKTYPE_NULL", dissect_null, ETH_TRUNC, _LOOPBACK, inner),
    Layer("loop", "LINKTYPE_LOOP", dissect_loop, ETH_TRUNC, _LOOPBACK, inner),
    Layer("ppp", "RFC 1661", dissect_ppp, ETH_TRUNC, _PPP, inner),
    Layer("ppp-direction", "LINKTYPE_PPP_WITH_DIR", dissect_ppp_direction, ETH_TRUNC, (PPP_DIRECTION, *_PPP), inner),
)
