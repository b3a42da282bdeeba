"""Some packets of a capture as a pcapng of their own, with a person's comments.

A pcapng is copied block by block and a pcap packet by packet, so nothing of them is lost: link types, names, stamps
and their resolution, directions, lengths on the wire, comments. Other sources (logs, logic analyzers, tshark:) are
written as a recording has them. Blocks with decryption secrets, and counts that are no longer true, stay behind.
"""

from collections.abc import Container, Iterator, Mapping
from struct import Struct as Pack
from typing import BinaryIO

from captures import linktype
from captures.assume import Assume
from captures.pcap import FILE_OCTETS, PcapSource
from captures.pcapng import (
    COUNTED,
    ENHANCED_PACKET,
    HELD_OCTETS,
    INTERFACE,
    OBSOLETE_PACKET,
    ORDERS,
    SECTION,
    SECTION_MAGIC,
    SIMPLE_PACKET,
    PcapngSource,
)
from captures.pcapng_blocks import CRC_ERROR, INBOUND, OPTION_COMMENT, OUTBOUND, SYMBOL_ERROR, Order, options, words
from captures.pcapng_write import PcapngWriter
from captures.recording import EVENTS, WORDS
from captures.source import Source, open_source
from captures.tap_option import (
    ENTERPRISE,
    TIMED,
    UNKNOWN_DIRECTION,
    UNKNOWN_UNCERTAINTY,
    Fine,
    Wiring,
    pack_fine,
    pack_wiring,
)
from dissectors.errors import UsageError
from dissectors.record import Channel, Direction, Flag, Record

NAMES = 4  # name resolution block
PACKETS = frozenset({ENHANCED_PACKET, SIMPLE_PACKET, OBSOLETE_PACKET}) | COUNTED
COMMENTED = frozenset({ENHANCED_PACKET, OBSOLETE_PACKET})  # the others have no room for a comment
HEAD_OCTETS = 20  # of the body of these, before the packet
NO_LENGTH = b"\xff" * 8  # of a section: not known

Comments = Mapping[int, str]


def copy(
    spec: str, wanted: Container[int], file: BinaryIO, comments: Comments, assume: Assume | None = None
) -> Iterator[Source]:
    """Writes the packets whose numbers (Record.no) are wanted; yields the source now and then, whose octets_read of
    size is the progress. comments: of packets by number, beside those that they have already.

    UsageError: a packet without a time, which a pcapng must have. CaptureError as open_source has it."""
    source = open_source(spec, assume=assume)
    try:
        if isinstance(source, PcapngSource):
            yield from _blocks(source, wanted, file, comments)
        elif isinstance(source, PcapSource):
            yield from _packets(source, wanted, file, comments)
        else:
            yield from _records(source, wanted, file, comments)
    finally:
        source.close()


# -- pcapng ---------------------------------------------------------------------------------------------


def _blocks(source: PcapngSource, wanted: Container[int], file: BinaryIO, comments: Comments) -> Iterator[Source]:
    """Ends where the reader ends: at a block that cannot be, or is cut."""
    no, data = 0, b""
    order: Order = "little"
    for more in source.stream.chunks():
        data += more
        at, end = 0, len(data)
        while at + 12 <= end:
            if data[at : at + 4] == SECTION_MAGIC:
                if data[at + 8 : at + 12] not in ORDERS:
                    return
                order = ORDERS[data[at + 8 : at + 12]]
            kind, total = (int.from_bytes(data[at + i : at + i + 4], order) for i in (0, 4))
            if total < 12 or total & 3 or total > HELD_OCTETS:
                return
            if at + total > end:
                break
            block = data[at : at + total]
            if block[-4:] != block[4:8]:
                return
            at += total
            if kind == SECTION:
                file.write(block[:16] + NO_LENGTH + block[24:])
            elif kind in (INTERFACE, NAMES):
                file.write(block)
            elif kind in PACKETS:
                no += 1
                if no in wanted:
                    file.write(_commented(block, kind, comments.get(no, ""), order))
        data = data[at:]
        yield source


def _commented(block: bytes, kind: int, comment: str, order: Order) -> bytes:
    """A packet block with one more comment, unless it has this one already."""
    if not comment or kind not in COMMENTED:
        return block
    body = block[8:-4]
    length = int.from_bytes(body[12:16], order)
    start = HEAD_OCTETS + length + (-length & 3)
    there = [words(value) for code, value in options(body[start:], order) if code == OPTION_COMMENT]
    if start > len(body) or comment in there:
        return block
    value = comment.encode("utf-8", "replace")[:0xFFFF]
    made = OPTION_COMMENT.to_bytes(2, order) + len(value).to_bytes(2, order) + value + bytes(-len(value) & 3)
    body = body[:start] + made + (body[start:] or bytes(4))
    total = (len(body) + 12).to_bytes(4, order)
    return block[:4] + total + body + total


# -- pcap -----------------------------------------------------------------------------------------------


def _packets(source: PcapSource, wanted: Container[int], file: BinaryIO, comments: Comments) -> Iterator[Source]:
    """Packets as they lie in the file, in the resolution that it has."""
    writer = PcapngWriter(file)
    if not source.channels:
        return
    digits = 9 if source.resolution_ns == 1 else 6
    channel = source.channels[0]
    writer.interface(channel.link_type, description=channel.description, digits=digits)
    head = Pack(source.order + source.layout)
    no, data, at = 0, b"", FILE_OCTETS
    for more in source.stream.chunks():
        data += more
        while at + head.size <= len(data):
            seconds, fraction, length, wire, *kuznetzov = head.unpack_from(data, at)
            if length > source.largest:
                return
            end = at + head.size + length
            if end > len(data):
                break
            no += 1
            if no in wanted:
                sent = OUTBOUND if kuznetzov and kuznetzov[2] == 4 else INBOUND
                ns = seconds * 1_000_000_000 + fraction * source.resolution_ns
                octets = data[at + head.size : end]
                flags = sent if kuznetzov else 0
                writer.packet(0, ns, octets, wire=wire, flags=flags, comment=comments.get(no))
            at = end
        if at <= len(data):
            data, at = data[at:], 0
        yield source


# -- everything else ------------------------------------------------------------------------------------


def _records(source: Source, wanted: Container[int], file: BinaryIO, comments: Comments) -> Iterator[Source]:
    writer = PcapngWriter(file)
    known: dict[int, int] = {}
    for looked_at, record in enumerate(source):
        if not looked_at & 0xFFF:
            yield source
        if record.no not in wanted:
            continue
        if record.first_ns is None or record.last_ns is None:
            raise UsageError(f"{source.path}: packet {record.no} has no time, which a pcapng needs")
        channel = source.channels[record.channel]
        if channel.number not in known:
            known[channel.number] = _interface(writer, channel)
        comment = "\n".join(text for text in (record.comment, comments.get(record.no)) if text) or None
        _record(writer, known[channel.number], channel, record, comment)


def _interface(writer: PcapngWriter, channel: Channel) -> int:
    if channel.link_type not in linktype.SERIAL:
        return writer.interface(channel.link_type, name=channel.name, description=channel.description)
    wiring = Wiring(
        line=channel.line, profile=channel.profile, character_bits=channel.character_bits,
        one_sided=channel.one_sided, calibration=channel.calibration,
    )  # fmt: skip
    custom = ((ENTERPRISE, pack_wiring(wiring)),)
    return writer.interface(
        linktype.RTAC_SERIAL, name=channel.name, description=channel.description, speed=channel.baud, custom=custom
    )


def _record(writer: PcapngWriter, interface: int, channel: Channel, r: Record, comment: str | None) -> None:
    first, last = r.first_ns or 0, r.last_ns or 0
    word = CRC_ERROR if r.flags & (Flag.CRC_ERROR | Flag.PARITY_ERROR) else 0
    word |= SYMBOL_ERROR if r.flags & (Flag.FRAMING_ERROR | Flag.BREAK) else 0
    if channel.link_type not in linktype.SERIAL:
        word |= OUTBOUND if r.flags & Flag.SENT else INBOUND if r.flags & Flag.RECEIVED else 0
        wire = len(r.octets) + bool(r.flags & Flag.TRUNCATED)  # how much is missing, a Record does not know
        writer.packet(interface, first, r.octets, wire=wire, flags=word, lost=r.lost, comment=comment)
        return
    event = next((event for flag, event in EVENTS.items() if r.flags & flag), None)
    if event is None:
        sent = r.direction == Direction.TO_SERVER
        event = linktype.Event.TX_START if sent else linktype.Event.RX_START
    flags = TIMED if r.flags & Flag.OCTET_TIMES else 0
    flags |= UNKNOWN_DIRECTION if r.direction == Direction.UNKNOWN else 0
    flags |= UNKNOWN_UNCERTAINTY if r.uncertainty_ns is None else 0
    fine = pack_fine(Fine(flags, last - first, r.uncertainty_ns or 0))
    data = linktype.rtac_record(first, event, 0, r.octets)
    word |= WORDS.get(Direction(r.direction), 0)
    writer.packet(interface, first, data, flags=word, lost=r.lost, comment=comment, custom=((ENTERPRISE, fine),))
