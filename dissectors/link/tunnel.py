"""Encapsulations that the packets of meters travel in: GRE, PPTP, GTP-U, L2TP version 2.

IP in IP and 6in4 need no header of their own: ip.PROTOCOLS.
"""

from typing import Final

from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.link.ethernet import ETHERTYPE_NAMES, ETHERTYPES
from dissectors.problem import TUNNEL_TRUNC
from dissectors.record import Value

GRE_FLAGS = Field("gre.flags", "Flags and version")
GRE_PROTOCOL = Field("gre.protocol", "Protocol", type="enum", names=ETHERTYPE_NAMES)
GRE_CHECKSUM = Field("gre.checksum", "Checksum")
GRE_OFFSET = Field("gre.offset", "Reserved or routing offset")
GRE_KEY = Field("gre.key", "Key (PPTP: payload length, call)")
GRE_SEQUENCE = Field("gre.sequence", "Sequence number")
GRE_ACKNOWLEDGEMENT = Field("gre.acknowledgement", "Acknowledgement number")
GRE_ROUTE = Field("gre.route", "Source route entry", type="octets")
GRE_PAYLOAD = Field("gre.payload", "Payload", type="octets")
GRE_HEAD = group("!HH", GRE_FLAGS, GRE_PROTOCOL)
GRE_SUM = group("!HH", GRE_CHECKSUM, GRE_OFFSET)
HAS_CHECKSUM, HAS_ROUTING, HAS_KEY, HAS_SEQUENCE, HAS_ACKNOWLEDGEMENT = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080

GTP_FLAGS = Field("gtp-u.flags", "Version and flags")
GTP_TYPE = Field("gtp-u.type", "Message type", type="enum", names={1: "echo-request", 2: "echo-response", 255: "g-pdu"})
GTP_LENGTH = Field("gtp-u.length", "Length", unit="octets")
GTP_TEID = Field("gtp-u.teid", "Tunnel endpoint identifier")
GTP_SEQUENCE = Field("gtp-u.sequence", "Sequence number")
GTP_NPDU = Field("gtp-u.n-pdu", "N-PDU number")
GTP_NEXT = Field("gtp-u.next", "Next extension header")
GTP_EXTENSION_LENGTH = Field("gtp-u.extension-length", "Extension length (4 octets each)")
GTP_EXTENSION = Field("gtp-u.extension", "Extension content", type="octets")
GTP_PAYLOAD = Field("gtp-u.payload", "Payload", type="octets")
GTP_HEAD = group("!BBHI", GTP_FLAGS, GTP_TYPE, GTP_LENGTH, GTP_TEID)
GTP_OPTIONAL = group("!HBB", GTP_SEQUENCE, GTP_NPDU, GTP_NEXT)
G_PDU: Final = 255

L2TP_FLAGS = Field("l2tp.flags", "Flags and version")
L2TP_LENGTH = Field("l2tp.length", "Length", unit="octets")
L2TP_TUNNEL = Field("l2tp.tunnel", "Tunnel")
L2TP_SESSION = Field("l2tp.session", "Session")
L2TP_NS = Field("l2tp.ns", "Ns")
L2TP_NR = Field("l2tp.nr", "Nr")
L2TP_OFFSET = Field("l2tp.offset", "Offset size", unit="octets")
L2TP_PAD = Field("l2tp.pad", "Offset padding", type="octets")
L2TP_PAYLOAD = Field("l2tp.payload", "Payload", type="octets")
L2TP_NUMBERS = group("!HH", L2TP_TUNNEL, L2TP_SESSION)
L2TP_SEQUENCE = group("!HH", L2TP_NS, L2TP_NR)
CONTROL, LENGTH_THERE, SEQUENCE_THERE, OFFSET_THERE = 0x8000, 0x4000, 0x0800, 0x0200


class Tunnel(Value, frozen=True, gc=False):
    """next: name of the layer inside, "" where there is none. identifier: key, call, TEID or session."""

    next: str
    identifier: int
    payload: tuple[int, int]


def dissect_gre(c: Cursor, ctx: Context) -> Tunnel:
    """RFC 2784, 2890 (key, sequence), 1701 (routing), 2637 (version 1: PPTP). Problem: tunnel.trunc."""
    flags, protocol = c.read(GRE_HEAD)
    pptp = flags & 7 == 1
    key = -1
    if flags & (HAS_CHECKSUM | HAS_ROUTING) and not pptp:
        c.read(GRE_SUM)
    if flags & HAS_KEY:
        key = c.u32(GRE_KEY)
    if flags & HAS_SEQUENCE:
        c.u32(GRE_SEQUENCE)
    if flags & HAS_ACKNOWLEDGEMENT and pptp:
        c.u32(GRE_ACKNOWLEDGEMENT)
    if flags & HAS_ROUTING and not pptp:
        more = True
        while more:  # each entry takes four octets at least: bounded by the packet
            more = any(c.take(GRE_ROUTE, 4 + max(0, c.peek(3))))
    length = c.left()
    if pptp and key >= 0:
        length = min(length, key >> 16)
        key &= 0xFFFF
    # a PPTP packet without sequence number is an acknowledgement alone
    inside = "" if flags & 7 > 1 or (pptp and not flags & HAS_SEQUENCE) else ETHERTYPES.get(protocol, "")
    return Tunnel(inside, key, c.payload(GRE_PAYLOAD, length))


def dissect_gtp(c: Cursor, ctx: Context) -> Tunnel:
    """3GPP TS 29.281, 5: G-PDU with its extension headers. Problem: tunnel.trunc."""
    flags, type, length, teid = c.read(GTP_HEAD)
    end = c.pos + length
    if flags & 7:
        _, _, following = c.read(GTP_OPTIONAL)
        if flags & 4:
            while following:  # at least four octets each: bounded by the packet
                words = c.u8(GTP_EXTENSION_LENGTH)
                if not words:
                    break
                c.take(GTP_EXTENSION, words * 4 - 2)
                following = c.u8(GTP_NEXT)
    inside = "raw-ip" if type == G_PDU else ""
    return Tunnel(inside, teid, c.payload(GTP_PAYLOAD, max(0, end - c.pos)))


def dissect_l2tp(c: Cursor, ctx: Context) -> Tunnel:
    """RFC 2661, 3.1: data messages carry PPP. Problem: tunnel.trunc."""
    start = c.pos
    flags = c.u16(L2TP_FLAGS)
    end = c.end
    if flags & LENGTH_THERE:
        end = start + c.u16(L2TP_LENGTH)
    _, session = c.read(L2TP_NUMBERS)
    if flags & SEQUENCE_THERE:
        c.read(L2TP_SEQUENCE)
    if flags & OFFSET_THERE:
        c.take(L2TP_PAD, c.u16(L2TP_OFFSET))
    inside = "" if flags & CONTROL or flags & 0x0F != 2 else "ppp"
    return Tunnel(inside, session, c.payload(L2TP_PAYLOAD, max(0, end - c.pos)))


def inner(value: Tunnel) -> tuple[str, tuple[int, int]] | None:
    return (value.next, value.payload) if value.next and value.payload[1] > value.payload[0] else None


LAYERS: Final = (
    Layer(
        "gre",
        "RFC 2784",
        dissect_gre,
        TUNNEL_TRUNC,
        (*GRE_HEAD.fields, *GRE_SUM.fields, GRE_KEY, GRE_SEQUENCE, GRE_ACKNOWLEDGEMENT, GRE_ROUTE, GRE_PAYLOAD),
        inner,
    ),
    Layer(
        "gtp-u",
        "3GPP TS 29.281",
        dissect_gtp,
        TUNNEL_TRUNC,
        (*GTP_HEAD.fields, *GTP_OPTIONAL.fields, GTP_EXTENSION_LENGTH, GTP_EXTENSION, GTP_PAYLOAD),
        inner,
    ),
    Layer(
        "l2tp",
        "RFC 2661",
        dissect_l2tp,
        TUNNEL_TRUNC,
        (
            L2TP_FLAGS,
            L2TP_LENGTH,
            *L2TP_NUMBERS.fields,
            *L2TP_SEQUENCE.fields,
            L2TP_OFFSET,
            L2TP_PAD,
            L2TP_PAYLOAD,
        ),
        inner,
    ),
)
