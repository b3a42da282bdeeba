"""M-Bus telegram on a wired bus (EN 13757-2, FT1.2; DLMS/COSEM transport of EN 13757-1 and IEC 62056-7-3).

    68 L L 68  C A CI  [STSAP DTSAP] …  CS 16

L counts from C to the last octet before CS. CS is the sum of those octets modulo 256. CI 00 to 1F
carries DLMS: bits 3 to 0 number the segment, bit 4 marks the last; then the two SAPs follow.
"""

from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.problem import MBUS_CHECKSUM, MBUS_LENGTH, MBUS_START, MBUS_STOP, MBUS_TRUNC
from dissectors.record import Value

START, STOP = 0x68, 0x16
HEAD_OCTETS, TAIL_OCTETS = 3, 2  # C, A, CI; checksum and stop

START_1 = Field("mbus.start", "Start", show=lambda v: f"0x{v:02X}")
LENGTH_1 = Field("mbus.length", "Length", unit="octets")
LENGTH_2 = Field("mbus.length-repeated", "Length repeated", unit="octets")
START_2 = Field("mbus.start-repeated", "Start repeated", show=lambda v: f"0x{v:02X}")
CONTROL = Field("mbus.control", "C field", show=lambda v: f"0x{v:02X}")
ADDRESS = Field("mbus.address", "A field")
INFORMATION = Field("mbus.ci", "CI field", show=lambda v: f"0x{v:02X}")
SOURCE = Field("mbus.stsap", "STSAP")
DESTINATION = Field("mbus.dtsap", "DTSAP")
PAYLOAD = Field("mbus.payload", "Payload", type="octets")
CHECKSUM = Field("mbus.checksum", "Checksum", show=lambda v: f"0x{v:02X}")
END = Field("mbus.stop", "Stop", show=lambda v: f"0x{v:02X}")
HEADER = group("!BBBB", START_1, LENGTH_1, LENGTH_2, START_2)
FIXED = group("!BBB", CONTROL, ADDRESS, INFORMATION)
SAPS = group("!BB", SOURCE, DESTINATION)
TAIL = group("!BB", CHECKSUM, END)


class Mbus(Value, frozen=True, gc=False):
    """source, destination: SAPs of a DLMS transport, -1 without. segment: number of it, last: bit 4
    of CI. payload: range of the APDU part, or of the application data of another CI."""

    control: int
    address: int
    information: int
    source: int
    destination: int
    segment: int
    last: bool
    payload: tuple[int, int]


def dissect(c: Cursor, ctx: Context) -> Mbus:
    """Problems: mbus.start, mbus.length (the two differ, or too short), mbus.trunc, mbus.checksum, mbus.stop."""
    first, length, repeated, second = c.read(HEADER)
    if first != START or second != START:
        c.stop(MBUS_START, first, second)
    if length != repeated:
        c.note(MBUS_LENGTH, 3, length, f"repeated as {repeated}")
    if length < HEAD_OCTETS:
        c.stop(MBUS_LENGTH, length, f"at least {HEAD_OCTETS} are needed")
    begin = c.pos
    control, address, information = c.read(FIXED)
    source = destination = -1
    dlms = information < 0x20
    left = length - HEAD_OCTETS
    if dlms and left >= SAPS.size:
        source, destination = c.read(SAPS)
        left -= SAPS.size
    if left + TAIL_OCTETS > c.left():
        c.stop(MBUS_TRUNC, "Telegram", left + TAIL_OCTETS, c.left())
    payload = c.payload(PAYLOAD, left)
    total = sum(c.octets[begin : payload[1]]) & 0xFF
    checksum, stop = c.read(TAIL)
    if checksum != total:
        c.note(MBUS_CHECKSUM, 2, checksum, total)
    if stop != STOP:
        c.note(MBUS_STOP, 1, stop)
    return Mbus(control, address, information, source, destination, information & 15, bool(information & 16), payload)


def inner(value: Mbus) -> tuple[str, tuple[int, int]] | None:
    """A single segment (CI 10) is a whole APDU; others wait for reassembly."""
    whole = value.source >= 0 and value.last and value.segment == 0
    return ("apdu", value.payload) if whole and value.payload[1] > value.payload[0] else None


LAYER = Layer(
    "mbus",
    "EN 13757-2",
    dissect,
    MBUS_TRUNC,
    (*HEADER.fields, *FIXED.fields, *SAPS.fields, PAYLOAD, *TAIL.fields),
    inner,
)
