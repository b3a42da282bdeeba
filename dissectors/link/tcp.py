"""TCP segments (RFC 9293, 3.1). Putting them in order is stream.py."""

from typing import Final

from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.problem import TCP_OFFSET, TCP_TRUNC
from dissectors.record import Value

FLAG_NAMES: Final = ("cwr", "ece", "urg", "ack", "psh", "rst", "syn", "fin")
SOURCE = Field("tcp.source-port", "Source port")
DESTINATION = Field("tcp.destination-port", "Destination port")
SEQUENCE = Field("tcp.sequence", "Sequence number")
ACKNOWLEDGEMENT = Field("tcp.acknowledgement", "Acknowledgement number")
OFFSET = Field("tcp.offset", "Data offset", show=lambda v: f"{(v >> 4) * 4} octets")
FLAGS = Field("tcp.flags", "Flags", type="bits", bits=FLAG_NAMES)
WINDOW = Field("tcp.window", "Window", unit="octets")
CHECKSUM = Field("tcp.checksum", "Checksum")
URGENT = Field("tcp.urgent", "Urgent pointer")
OPTIONS = Field("tcp.options", "Options", type="node")
OPTION = Field(
    "tcp.option",
    "Option",
    type="enum",
    names={0: "end", 1: "no-operation", 2: "mss", 3: "window-scale", 4: "sack-permitted", 5: "sack", 8: "timestamps"},
)
OPTION_LENGTH = Field("tcp.option-length", "Option length", unit="octets")
OPTION_DATA = Field("tcp.option-data", "Option data", type="octets")
MSS = Field("tcp.mss", "Maximum segment size", unit="octets")
PAYLOAD = Field("tcp.payload", "Payload", type="octets")
HEADER = group("!HHIIBBHHH", SOURCE, DESTINATION, SEQUENCE, ACKNOWLEDGEMENT, OFFSET, FLAGS, WINDOW, CHECKSUM, URGENT)


class Tcp(Value, frozen=True, gc=False):
    """flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16. window unscaled. mss: -1 without the option."""

    source_port: int
    destination_port: int
    sequence: int
    acknowledgement: int
    flags: int
    window: int
    mss: int
    payload: tuple[int, int]


def dissect(c: Cursor, ctx: Context) -> Tcp:
    """Problems: tcp.trunc; tcp.offset when it is less than the header or beyond the segment."""
    source, destination, sequence, acknowledgement, offset, flags, window, _, _ = c.read(HEADER)
    options = (offset >> 4) * 4 - HEADER.size
    if options < 0:
        c.stop(TCP_OFFSET, offset >> 4)
    mss = -1
    if options:
        if options > c.left():
            c.stop(TCP_OFFSET, offset >> 4)
        mss = _options(c, c.pos + options)
    return Tcp(source, destination, sequence, acknowledgement, flags, window, mss, c.payload(PAYLOAD, c.left()))


def _options(c: Cursor, end: int) -> int:
    """Reads the options up to `end`; the maximum segment size or -1. What does not fit is padding."""
    mss = -1
    c.open(OPTIONS)
    while c.pos < end:
        kind = c.u8(OPTION)
        if kind == 0:
            break
        if kind == 1:
            continue
        if c.pos >= end or not 2 <= c.peek() <= end - c.pos + 1:
            break
        length = c.u8(OPTION_LENGTH)
        if kind == 2 and length == 4:
            mss = c.u16(MSS)
        elif length > 2:
            c.take(OPTION_DATA, length - 2)
    if c.pos < end:
        c.take(OPTION_DATA, end - c.pos)
    c.close()
    return mss


LAYER = Layer(
    "tcp", "RFC 9293", dissect, TCP_TRUNC, (*HEADER.fields, OPTIONS, OPTION, OPTION_LENGTH, OPTION_DATA, MSS, PAYLOAD)
)
