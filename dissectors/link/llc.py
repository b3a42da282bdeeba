"""LLC sublayer header of HDLC (IEC 62056-46, clause 5): destination LSAP, source LSAP, quality.

Three octets, once in front of a complete APDU: E6 E6 00 from a client, E6 E7 00 from a server.
FF as destination addresses all.
"""

from dissectors import problem
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.record import Direction, Value

DESTINATIONS = {0xE6: "COSEM", 0xFF: "all"}
SOURCES = {0xE6: "command", 0xE7: "response"}
EXPECTED = {Direction.TO_SERVER: 0xE6, Direction.TO_CLIENT: 0xE7}
DESTINATION = Field("llc.destination-lsap", "Destination LSAP", type="enum", names=DESTINATIONS)
SOURCE = Field("llc.source-lsap", "Source LSAP", type="enum", names=SOURCES)
QUALITY = Field("llc.quality", "Quality", clause="5.4")
APDU = Field("llc.apdu", "APDU", type="node")
HEADER = group("!BBB", DESTINATION, SOURCE, QUALITY)
SIZE = HEADER.size


class Llc(Value, frozen=True, gc=False):
    destination: int
    source: int
    quality: int
    apdu: tuple[int, int]


def dissect(c: Cursor, ctx: Context) -> Llc:
    """Problems: hdlc.llc for other LSAPs, or a source LSAP that does not fit the direction; hdlc.llc-q."""
    destination, source, quality = c.read(HEADER)
    expected = EXPECTED.get(Direction(ctx.direction))
    if destination not in DESTINATIONS or source not in SOURCES or expected not in (None, source):
        words = f"E6 {expected:02X} 00" if expected else "E6 E6 00 or E6 E7 00"
        c.note(problem.HDLC_LLC, SIZE, f"{destination:02X} {source:02X} {quality:02X}", words)
    if quality:
        c.note(problem.HDLC_LLC_Q, 1, quality)
    return Llc(destination, source, quality, c.payload(APDU, c.left()))


LAYER = Layer(
    "llc",
    "IEC 62056-46",
    dissect,
    problem.HDLC_TRUNC,
    (DESTINATION, SOURCE, QUALITY, APDU),
    lambda value: ("xdlms", value.apdu),
)
