"""From one stamp of the capture to first and last time of a record, and how far they may be off.

Packets: one instant, uncertain by the file's resolution plus a microsecond of the kernel. Octets of a serial
line take time: where baud rate and the meaning of the stamp are known, the other end is computed. Where they
are not known the uncertainty is None and nothing that rests on it can be decided, unless a person stated it.
"""

from captures.assume import Stated
from captures.linktype import SERIAL, TEXT_LINK
from dissectors.record import Channel

KERNEL_NS = 1_000
BAUD_TOLERANCE_PERCENT = 2  # an asynchronous receiver works up to about this

Times = tuple[int | None, int | None, int | None]  # first, last, uncertainty


class Stamps:
    """Times of the records of one channel. plain: first = last = stamp, uncertain by `uncertainty` (None: unknown)."""

    def __init__(self, channel: Channel, stated: Stated) -> None:
        serial = channel.link_type in SERIAL and channel.stamp != "packet"
        self.stamp = channel.stamp
        self.stamp_stated = stated.stamp is not None
        self.character_ns = (channel.character_bits * 1_000_000_000, channel.baud)  # a fraction
        self.plain = not serial or not channel.baud or (channel.link_type == TEXT_LINK and channel.stamp == "unknown")
        # what is left when the file's own resolution and the baud rate's tolerance are known; a text log
        # rarely says how its stamps came about, so only a person can bound them
        self.uncertainty = stated.uncertainty_ns
        self.base: int | None = channel.resolution_ns + (stated.uncertainty_ns or 0)
        if channel.link_type == TEXT_LINK and stated.uncertainty_ns is None:
            self.base = None
        elif not serial and stated.uncertainty_ns is None:
            self.uncertainty = channel.resolution_ns + KERNEL_NS

    def times(self, ns: int | None, octets: int, stamp: str = "") -> Times:
        """first, last, uncertainty of a record with so many octets; stamp: what the record itself says it marks."""
        if ns is None:
            return None, None, None
        if self.plain:
            return ns, ns, self.uncertainty
        if self.stamp_stated or not stamp:
            stamp = self.stamp
        if stamp not in ("start", "end"):
            return ns, ns, self.uncertainty
        character_ns, baud = self.character_ns
        spread = octets * character_ns // baud
        first, last = (ns, ns + spread) if stamp == "start" else (ns - spread, ns)
        return first, last, None if self.base is None else self.base + spread * BAUD_TOLERANCE_PERCENT // 100
