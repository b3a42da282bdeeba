"""UDP (RFC 768). Tunnels on their registered ports are seen through where the payload agrees."""

from typing import Final

from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.problem import UDP_LENGTH, UDP_TRUNC
from dissectors.record import Value

SOURCE = Field("udp.source-port", "Source port")
DESTINATION = Field("udp.destination-port", "Destination port")
LENGTH = Field("udp.length", "Length", unit="octets")
CHECKSUM = Field("udp.checksum", "Checksum")
PAYLOAD = Field("udp.payload", "Payload", type="octets")
HEADER = group("!HHHH", SOURCE, DESTINATION, LENGTH, CHECKSUM)
GTP_U: Final = 2152
L2TP: Final = 1701


class Udp(Value, frozen=True, gc=False):
    """payload is cut where the capture is; announced is its length by the header. tunnel: the layer's
    name when the payload is a known encapsulation, else ""."""

    source_port: int
    destination_port: int
    payload: tuple[int, int]
    announced: int
    tunnel: str


def dissect(c: Cursor, ctx: Context) -> Udp:
    """Problems: udp.trunc; udp.length when it is less than the header or more than the datagram. Length 0 is
    a jumbogram (RFC 2675) or segmentation offload: all that is there."""
    source, destination, length, _ = c.read(HEADER)
    if length == 0:
        length = HEADER.size + c.left()
    if length < HEADER.size:
        c.stop(UDP_LENGTH, length, HEADER.size + c.left())
    announced = length - HEADER.size
    if announced > c.left():
        c.note(UDP_LENGTH, 4, length, HEADER.size + c.left())
    tunnel = ""
    first = c.peek()
    if GTP_U in (source, destination) and first >> 4 == 3 and c.peek(1) == 0xFF:
        tunnel = "gtp-u"  # version 1, protocol type GTP, message G-PDU
    elif L2TP in (source, destination) and first >= 0 and first & 0x80 == 0 and c.peek(1) & 0x0F == 2:
        tunnel = "l2tp"  # data message, version 2
    return Udp(source, destination, c.payload(PAYLOAD, min(announced, c.left())), announced, tunnel)


LAYER = Layer(
    "udp",
    "RFC 768",
    dissect,
    UDP_TRUNC,
    (*HEADER.fields, PAYLOAD),
    lambda value: (value.tunnel, value.payload) if value.tunnel else None,
)
