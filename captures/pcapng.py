"""pcapng (draft-ietf-opsawg-pcapng) read: sections of either byte order, any resolution, many interfaces.

    block:  type u32, length u32, body, padding to four octets, length u32 again
    option: code u16, length u16, value, padding to four octets

Packets come in enhanced (6), simple (3) and obsolete (2) packet blocks. All other blocks are passed over by
their length, the unknown too. A length that cannot be ends the reading: what stands before it is whole.
"""

from collections.abc import Callable, Iterator
from struct import Struct as Pack
from typing import Any

from captures.assume import Assume
from captures.pcapng_blocks import INT64, UNKNOWN, Broken, Interface, Order, enhanced, obsolete, options, simple
from captures.stream import FileSource, OctetStream
from captures.usb import LINKS as USB_LINKS
from captures.usb import UsbLines
from dissectors.record import Record

Unpack = Callable[[bytes, int], tuple[Any, ...]]

SECTION_MAGIC = b"\n\r\r\n"  # the same in both byte orders
ORDERS: dict[bytes, Order] = {b"\x4d\x3c\x2b\x1a": "little", b"\x1a\x2b\x3c\x4d": "big"}
INTERFACE, OBSOLETE_PACKET, SIMPLE_PACKET, STATISTICS, ENHANCED_PACKET = 1, 2, 3, 5, 6
# systemd journal entries and custom blocks: no packets for us, but Wireshark numbers them as frames
COUNTED = frozenset({9, 0x0BAD, 0x40000BAD})
SECTION = 0x0A0D0D0A
PACKETS: dict[int, Callable[[list[Interface], bytes, Order, int], Record]] = {
    OBSOLETE_PACKET: obsolete,
    SIMPLE_PACKET: simple,
    ENHANCED_PACKET: enhanced,
}
HELD = {SECTION, INTERFACE, STATISTICS, *PACKETS}  # blocks that are read whole; others are skipped as they come
HELD_OCTETS = (1 << 24) + 65536  # a larger one of these is not believed
HEAD_OCTETS = 28  # of an enhanced packet block, up to the packet
ISB_IFDROP = 5


def recognise(head: bytes) -> bool:
    """Whether a capture that begins with these octets is a pcapng."""
    return head[:4] == SECTION_MAGIC and (len(head) < 12 or head[8:12] in ORDERS)


class PcapngSource(FileSource):
    """Records of a pcapng. Interfaces of all sections are numbered on in channels."""

    kind: str = "pcapng"

    def __init__(self, stream: OctetStream, assume: Assume | None = None) -> None:
        super().__init__(stream, assume)
        self.usb = UsbLines(self.channels, self.assume, self.remarks)
        self.section: list[Interface] = []  # the interfaces of the section at hand
        self.dropped: dict[int, int] = {}  # channel → packets that the capture says it dropped

    def __iter__(self) -> Iterator[Record]:
        yield from self._packets()
        yield from self.usb.end()

    def _packets(self) -> Iterator[Record]:
        """Enhanced packets without options in the loop itself, all other blocks by _block."""
        order: Order = "little"
        unpack: Unpack = Pack("<7I").unpack_from
        section = self.section
        held: list[bytes] = []
        have, need, skip, no = 0, 12, 0, 0
        for more in self.stream.chunks():
            if skip:
                more, skip = more[skip:], max(0, skip - len(more))
            held.append(more)
            have += len(more)
            if have < need:
                continue
            data = b"".join(held)
            end, p, need = len(data), 0, 12
            while p + 12 <= end:
                if p + HEAD_OCTETS <= end:
                    kind, total, index, high, low, length, wire = unpack(data, p)
                    if kind == 6 and length == wire and total == 32 + (length + 3 & -4) and index < len(section):
                        interface = section[index]
                        q = p + total
                        if q <= end and interface.direct and length <= interface.largest:
                            ns = (high << 32 | low) * interface.multiply + interface.offset_ns
                            if data[q - 4 : q] == data[p + 4 : p + 8] and -INT64 <= ns < INT64:
                                no += 1
                                at = p + HEAD_OCTETS
                                p = q
                                yield Record(
                                    no,
                                    interface.channel.number,
                                    UNKNOWN,
                                    ns,
                                    ns,
                                    interface.uncertainty,
                                    data[at : at + length],
                                )
                                continue
                if data[p : p + 4] == SECTION_MAGIC:
                    if data[p + 8 : p + 12] not in ORDERS:
                        return self._end(f"the section header after record {no} has no byte order mark")
                    order = ORDERS[data[p + 8 : p + 12]]
                    unpack = Pack("<7I" if order == "little" else ">7I").unpack_from
                kind = int.from_bytes(data[p : p + 4], order)
                total = int.from_bytes(data[p + 4 : p + 8], order)
                q = p + total
                if total < 12 or total & 3 or (kind in HELD and total > HELD_OCTETS):
                    return self._end(f"the block of type {kind} after record {no} announces {total} octets")
                if q > end:
                    if kind in HELD:
                        need = total
                    else:
                        no += kind in COUNTED
                        skip, p = q - end, end
                    break
                if data[q - 4 : q] != data[p + 4 : p + 8]:
                    return self._end(f"the two lengths of the block of type {kind} after record {no} differ")
                try:
                    record = self._block(kind, data[p + 8 : q - 4], order, no + 1)
                except Broken as error:
                    return self._end(f"after record {no} {error}")
                p = q
                if record is not None:
                    no += 1
                    yield from self.usb.records(record)
                else:
                    no += kind in COUNTED
            held, have = [data[p:]], end - p
        if skip:
            return self._end(f"the block after record {no} lacks {skip} octets")
        self._end(f"the block after record {no} ends after {have} of {need} octets" if have else None)

    def _block(self, kind: int, body: bytes, order: Order, no: int) -> Record | None:
        """The record of a packet block; None for any other, whose facts are kept."""
        if kind in PACKETS:
            return PACKETS[kind](self.section, body, order, no)
        if kind == INTERFACE:
            interface = Interface(body, order, len(self.channels), self.assume)
            self.section.append(interface)
            self.channels.append(interface.channel)
            if interface.channel.link_type in USB_LINKS:
                self.usb.listen(interface.channel.number, "<" if order == "little" else ">")
        elif kind == SECTION:
            self.section.clear()
        elif kind == STATISTICS and len(body) >= 12:
            index = int.from_bytes(body[:4], order)
            for code, value in options(body[12:], order):
                if code == ISB_IFDROP and index < len(self.section):
                    self.dropped[self.section[index].channel.number] = int.from_bytes(value[:8], order)
        return None

    def _end(self, cut: str | None) -> None:
        for channel, packets in self.dropped.items():
            if packets:
                self.remarks.append(f"channel {channel}: the capture says that it dropped {packets} packets")
        self.ended(cut)
