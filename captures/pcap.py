"""Classic pcap (draft-ietf-opsawg-pcap): read and written; both byte orders, microseconds and nanoseconds.

    file:   magic u32, major u16, minor u16, two reserved u32, snap length u32, link type u32
    record: seconds u32, fraction u32, captured length u32, length on the wire u32, octets

Also the modified form of A. Kuznetzov (magic a1b2cd34, eight octets more in each record). In the
link type, bits 28 to 31 count the 16-bit words of a frame check sequence where bit 26 is set.
"""

from collections.abc import Callable, Iterator
from struct import Struct as Pack
from typing import Any, BinaryIO

from captures import linktype
from captures.assume import Assume
from captures.stamps import Stamps
from captures.stream import FileSource, OctetStream
from captures.usb import LINKS as USB_LINKS
from captures.usb import UsbLines
from dissectors.errors import CaptureError
from dissectors.record import Channel, Direction, Flag, Record

Unpack = Callable[[bytes, int], tuple[Any, ...]]
FILE_HEADER = "IHHIIII"
FILE_OCTETS = 24
MAGICS = {0xA1B2C3D4: (1000, "IIII"), 0xA1B23C4D: (1, "IIII"), 0xA1B2CD34: (1000, "IIIIIHBx")}
# magic → whose; their records have other headers, and no current tool writes them
REJECTED = {
    0x1C0001AC: "Ixia's form of pcap (hardware stamps)",
    0x1C0001AB: "Ixia's form of pcap (software stamps)",
    0xA12B3C4D: "Navtel's form of pcap",
    0xA1E2CB12: "the obsolete pcap of libpcap's first patch for nanoseconds",
}
FCS_PRESENT = 1 << 26
UNKNOWN = int(Direction.UNKNOWN)


def recognise(head: bytes) -> bool:
    """Whether a capture that begins with these octets is a pcap, or a form of it that is refused with words."""
    known = MAGICS.keys() | REJECTED.keys()
    return len(head) >= 4 and (int.from_bytes(head[:4], "little") in known or int.from_bytes(head[:4], "big") in known)


class PcapSource(FileSource):
    """Records of a pcap. CaptureError for a form or version that is not read."""

    kind: str = "pcap"

    def __init__(self, stream: OctetStream, assume: Assume | None = None) -> None:
        super().__init__(stream, assume)
        self.usb = UsbLines(self.channels, self.assume, self.remarks)
        head = stream.head(FILE_OCTETS)
        self.order = "<" if int.from_bytes(head[:4], "little") in MAGICS.keys() | REJECTED.keys() else ">"
        magic = int.from_bytes(head[:4], "little" if self.order == "<" else "big")
        if magic in REJECTED:
            raise CaptureError(f"{self.path}: {REJECTED[magic]} is not read; convert it with editcap -F pcapng")
        self.resolution_ns, self.layout = MAGICS[magic]
        self.largest = 0
        if len(head) < FILE_OCTETS:
            return  # cut inside its header: iterating says so
        _, major, minor, _, _, _snap, link = Pack(self.order + FILE_HEADER).unpack(head)
        if major != 2 or minor < 3:
            raise CaptureError(f"{self.path}: pcap version {major}.{minor} is not read, expected 2.3 or 2.4")
        link_type = link & 0xFFFF
        fcs_octets = (link >> 28) * 2 if link & FCS_PRESENT else 0
        self.largest = linktype.largest(link_type)
        self.channels.append(
            self.assume.apply(
                Channel(
                    number=0,
                    name="0",
                    link_type=link_type,
                    resolution_ns=self.resolution_ns,
                    stamp=default_stamp(link_type),
                    description=f"{fcs_octets} octets of frame check sequence" if fcs_octets else "",
                )
            )
        )

        if link_type in USB_LINKS:
            self.usb.listen(0, self.order)

    def __iter__(self) -> Iterator[Record]:
        yield from self._packets()
        yield from self.usb.end()

    def _packets(self) -> Iterator[Record]:
        """The hot loop: its locals and its one exit per record are what makes a million records a second."""
        unpack: Unpack = Pack(self.order + self.layout).unpack_from
        size = Pack(self.order + self.layout).size
        if not self.channels:
            for _ in self.stream.chunks():
                pass
            return self.ended("the capture ends inside the file header")
        channel = self.channels[0]
        stamps = Stamps(channel, self.assume.stated(0))
        uncertainty = stamps.uncertainty
        kuznetzov = len(self.layout) > 4
        direct = stamps.plain and not kuznetzov and channel.link_type not in {linktype.RTAC_SERIAL, *USB_LINKS}
        unit, largest = self.resolution_ns, self.largest
        held: list[bytes] = []
        have, need, no, p = -FILE_OCTETS, 1, 0, FILE_OCTETS
        for more in self.stream.chunks():
            held.append(more)
            have += len(more)
            if have < need:
                continue
            data = b"".join(held)
            end = len(data)
            need = size
            while p + size <= end:
                if kuznetzov:
                    seconds, fraction, length, wire, _, _, packet_type = unpack(data, p)
                else:
                    seconds, fraction, length, wire = unpack(data, p)
                q = p + size + length
                if q > end or length > largest:
                    if length > largest:
                        return self.ended(f"record {no + 1} announces {length} octets: the file is damaged there")
                    need = size + length
                    break
                no += 1
                ns = seconds * 1_000_000_000 + fraction * unit
                octets = data[p + size : q]
                p = q
                if direct and length == wire:
                    yield Record(no, 0, UNKNOWN, ns, ns, uncertainty, octets)
                    continue
                flags = int(Flag.TRUNCATED) if length < wire else 0
                if kuznetzov:
                    flags |= int(Flag.SENT if packet_type == 4 else Flag.RECEIVED)
                yield from self.usb.records(serial_record(channel, stamps, no, ns, octets, flags))
            held, p, have = [data[p:]], 0, end - p
        self.ended(f"record {no + 1} ends after {have} of {need} octets" if have > 0 else None)


def default_stamp(link_type: int) -> str:
    """What a stamp marks where nobody says it: the packet, the start of a tap's octets, unknown on a bare line."""
    if link_type == linktype.RTAC_SERIAL:
        return "start"
    return "unknown" if link_type in linktype.SERIAL else "packet"


def serial_record(
    channel: Channel,
    stamps: Stamps,
    no: int,
    ns: int | None,
    octets: bytes,
    flags: int = 0,
    direction: int = UNKNOWN,
    lost: int = 0,
    comment: str | None = None,
) -> Record:
    """A record off the hot path: RTAC_SERIAL's header taken off, its octets spread in time as the channel says."""
    stamp = ""
    if channel.link_type == linktype.RTAC_SERIAL:
        head = linktype.rtac(octets)
        octets, stamp, flags = head.octets, head.stamp, flags | head.flags
        direction = direction if head.direction == UNKNOWN else head.direction
        comment = "\n".join(text for text in (comment, head.remark) if text) or None
        if head.time_ns is not None and (ns is None or channel.resolution_ns > 1000):
            ns = head.time_ns
    first, last, uncertainty = stamps.times(ns, len(octets), stamp)
    return Record(no, channel.number, direction, first, last, uncertainty, octets, flags, lost, comment)


class PcapWriter:
    """Writes one link type to an open binary file, in the byte order and resolution asked for."""

    def __init__(
        self, file: BinaryIO, link_type: int, *, nanoseconds: bool = True, order: str = "<", snap: int = 262144
    ) -> None:
        self.file = file
        self.unit = 1 if nanoseconds else 1000
        self.record = Pack(order + "IIII")
        magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
        file.write(Pack(order + FILE_HEADER).pack(magic, 2, 4, 0, 0, snap, link_type))

    def write(self, ns: int, octets: bytes, wire: int | None = None) -> None:
        """One record; ns since 1970 UTC up to 2106, wire: octets on the wire where more than captured."""
        seconds, rest = divmod(ns, 1_000_000_000)
        length = len(octets)
        self.file.write(self.record.pack(seconds, rest // self.unit, length, length if wire is None else wire) + octets)
