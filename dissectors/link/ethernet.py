"""Ethernet II and IEEE 802.3 frames, with VLAN tags (802.1Q, 802.1ad), LLC and SNAP, PPPoE session.

The table ETHERTYPES is shared by all layers that name their payload by an EtherType.
"""

from typing import Final

from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.problem import ETH_TRUNC, ETH_VLAN
from dissectors.record import Value

ETHERTYPE_NAMES: Final = {
    0x0800: "ipv4",
    0x0806: "arp",
    0x6558: "ethernet-bridging",
    0x8100: "802.1Q",
    0x86DD: "ipv6",
    0x8809: "slow-protocols",
    0x880B: "ppp",
    0x8863: "pppoe-discovery",
    0x8864: "pppoe-session",
    0x888E: "802.1X",
    0x88A8: "802.1ad",
    0x88CC: "lldp",
    0x88E1: "homeplug",
    0x9100: "q-in-q",
}
ETHERTYPES: Final = {0x0800: "ipv4", 0x86DD: "ipv6", 0x6558: "ethernet", 0x880B: "ppp", 0x8864: "pppoe"}
TAGGED: Final = frozenset({0x8100, 0x88A8, 0x9100})
MAX_TAGS: Final = 4
LONGEST: Final = 0x05DC  # a type field up to here is a length (IEEE 802.3, 3.2.6)
SNAP: Final = 0xAAAA03


def mac(octets: bytes) -> str:
    return octets.hex(":")


DESTINATION = Field("ethernet.destination", "Destination", type="octets", show=mac)
SOURCE = Field("ethernet.source", "Source", type="octets", show=mac)
TYPE = Field("ethernet.type", "Type", type="enum", names=ETHERTYPE_NAMES)
LENGTH = Field("ethernet.length", "Length", unit="octets")
TAG = Field("ethernet.tag", "VLAN tag control")
LLC = Field("ethernet.llc", "LLC: DSAP, SSAP, control", type="octets")
OUI = Field("ethernet.oui", "SNAP organization", type="octets")
PAYLOAD = Field("ethernet.payload", "Payload", type="octets")
ADDRESSES = group("!6s6s", DESTINATION, SOURCE)
VLAN = group("!HH", TAG, TYPE)
PPPOE_VERSION = Field("pppoe.version", "Version and type")
PPPOE_CODE = Field("pppoe.code", "Code")
PPPOE_SESSION = Field("pppoe.session", "Session")
PPPOE_LENGTH = Field("pppoe.length", "Length", unit="octets")
PPPOE_PAYLOAD = Field("pppoe.payload", "Payload", type="octets")
PPPOE = group("!BBHH", PPPOE_VERSION, PPPOE_CODE, PPPOE_SESSION, PPPOE_LENGTH)


class Ethernet(Value, frozen=True, gc=False):
    """type: EtherType, -1 for LLC other than SNAP. vlans: identifiers, outermost first. llc: DSAP,
    SSAP, control of an 802.3 frame."""

    destination: bytes
    source: bytes
    type: int
    vlans: tuple[int, ...]
    llc: bytes
    payload: tuple[int, int]


class Pppoe(Value, frozen=True, gc=False):
    session: int
    payload: tuple[int, int]


def dissect(c: Cursor, ctx: Context) -> Ethernet:
    """Problems: ethernet.trunc; ethernet.vlan-depth past MAX_TAGS tags (reading ends there)."""
    destination, source = c.read(ADDRESSES)
    following = c.peek() << 8 | c.peek(1)
    if 0 <= following <= LONGEST:
        length = c.u16(LENGTH)
        return _llc(c, destination, source, min(length, c.left()))
    type = c.u16(TYPE)
    vlans: tuple[int, ...] = ()
    while type in TAGGED:
        if len(vlans) >= MAX_TAGS:
            c.note(ETH_VLAN, 2, MAX_TAGS)
            break
        tag, type = c.read(VLAN)
        vlans += (tag & 0x0FFF,)
    return Ethernet(destination, source, type, vlans, b"", c.payload(PAYLOAD, c.left()))


def _llc(c: Cursor, destination: bytes, source: bytes, length: int) -> Ethernet:
    """LLC of an 802.3 frame: octets past `length` are padding."""
    start = c.pos
    llc = c.take(LLC, min(3, length))
    type = -1
    if llc == SNAP.to_bytes(3, "big") and length >= 8:
        organization = c.take(OUI, 3)
        inside = c.u16(TYPE)
        if organization in (b"\x00\x00\x00", b"\x00\x00\xf8"):  # RFC 1042, 802.1H
            type = inside
    return Ethernet(destination, source, type, (), llc, c.payload(PAYLOAD, start + length - c.pos))


def dissect_pppoe(c: Cursor, ctx: Context) -> Pppoe:
    """RFC 2516, 4. Problem: ethernet.trunc."""
    _, _, session, length = c.read(PPPOE)
    return Pppoe(session, c.payload(PPPOE_PAYLOAD, length))


def inner(value: Ethernet) -> tuple[str, tuple[int, int]] | None:
    name = ETHERTYPES.get(value.type)
    return None if name is None else (name, value.payload)


LAYER = Layer(
    "ethernet",
    "IEEE 802.3",
    dissect,
    ETH_TRUNC,
    (DESTINATION, SOURCE, TYPE, LENGTH, TAG, LLC, OUI, PAYLOAD),
    inner,
)
PPPOE_LAYER = Layer(
    "pppoe",
    "RFC 2516",
    dissect_pppoe,
    ETH_TRUNC,
    (PPPOE_VERSION, PPPOE_CODE, PPPOE_SESSION, PPPOE_LENGTH, PPPOE_PAYLOAD),
    lambda value: ("ppp", value.payload),
)
