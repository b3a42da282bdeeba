"""Recording: what the recorder hears, as records of a pcapng, in order of time.

Records of different wires come in as they are heard; settle() says up to when nothing earlier can come, and writes.
What is not of a wire (a marker by key, a step of the clock, a full disk) is a record of a wire named `recorder`.
"""

import heapq
import time
from contextlib import suppress
from typing import BinaryIO, cast

from captures import linktype
from captures.linktype import Event
from captures.pcapng_blocks import CRC_ERROR, INBOUND, OUTBOUND, SYMBOL_ERROR
from captures.pcapng_write import PcapngWriter
from captures.spool import Ring, Spool
from captures.tap_option import ENTERPRISE, TIMED, UNKNOWN_DIRECTION, Fine, Wiring, pack_fine, pack_wiring
from dissectors.errors import CaptureError
from dissectors.record import Direction, Flag, Value

# flag of a record → its RTAC event; the first that it has
EVENTS = {
    Flag.BREAK: Event.BREAK,
    Flag.OVERRUN: Event.OVERFLOW,
    Flag.PARITY_ERROR: Event.PARITY_ERROR,
    Flag.FRAMING_ERROR: Event.FRAMING_ERROR,
    Flag.LOSS: Event.DATA_LOSS,
    Flag.STATUS: Event.STATUS_CHANGE,
}
STATUS_NS = 10_000_000  # how late the recorder may come to know of what it only asks for now and then
WORDS = {Direction.TO_CLIENT: INBOUND, Direction.TO_SERVER: OUTBOUND}


class Wire(Value, frozen=True):
    """An interface of the file: one receiver at one baud rate, or one network interface."""

    name: str
    link_type: int = linktype.RTAC_SERIAL
    baud: int = 0
    description: str = ""
    wiring: Wiring = Wiring()


RECORDER = Wire("recorder", description="what the recorder itself has to say", wiring=Wiring(one_sided=False))


class _Due(Value, frozen=True, gc=False, order=True):
    """One packet block to be written, in order of order_ns. length: octets on the wire. word: epb_flags."""

    order_ns: int
    number: int
    ns: int
    wire: Wire
    octets: bytes
    length: int
    word: int = 0
    lost: int = 0
    custom: bytes = b""
    comment: str | None = None


class Recording:
    """Appends to path ("-": stdout). All times in ns since 1970 UTC.

    CaptureError from settle() and close(): the file cannot be written any more; its last record says so.
    """

    def __init__(self, path: str, ring: Ring | None = None, application: str = "cosemscope") -> None:
        self.spool = Spool(path, ring)
        self.application = application
        self.records = 0
        self.received: dict[Wire, int] = {}
        self.dropped: dict[Wire, int] = {}  # by the system, as dumpcap or the socket tells
        self._heap: list[_Due] = []
        self._count = 0
        self._order: dict[Wire, int] = {}
        self._writer: PcapngWriter | None = None
        self._numbers: dict[Wire, int] = {}  # of the file at hand

    def run(
        self,
        wire: Wire,
        first_ns: int,
        last_ns: int,
        uncertainty_ns: int,
        octets: bytes,
        direction: int,
        flags: int = 0,
    ) -> None:
        """A run of octets of a serial line: see captures.serial.runs.Run."""
        event = next((event for flag, event in EVENTS.items() if flags & flag), None)
        if event is None:
            event = Event.TX_START if direction == Direction.TO_SERVER else Event.RX_START
        word = WORDS.get(Direction(direction), 0)
        if flags & (Flag.FRAMING_ERROR | Flag.BREAK):
            word |= SYMBOL_ERROR
        if flags & Flag.PARITY_ERROR:
            word |= CRC_ERROR
        fine = Fine(
            TIMED | (UNKNOWN_DIRECTION if direction == Direction.UNKNOWN else 0), last_ns - first_ns, uncertainty_ns
        )
        data = linktype.rtac_record(first_ns, event, 0, octets)
        self._put(first_ns, wire, data, len(data), word, custom=pack_fine(fine))

    def status(
        self,
        wire: Wire,
        ns: int,
        words: str,
        *,
        lines: int = 0,
        lost: int = 0,
        flag: Flag = Flag.STATUS,
        uncertainty_ns: int = STATUS_NS,
    ) -> None:
        """A record without octets: modem lines changed, a marker, a new rate, octets lost (flag LOSS or OVERRUN)."""
        data = linktype.rtac_record(ns, EVENTS[flag], lines, b"")
        fine = pack_fine(Fine(UNKNOWN_DIRECTION, 0, uncertainty_ns))
        self._put(ns, wire, data, len(data), lost=lost, custom=fine, comment=words)

    def packet(self, wire: Wire, ns: int, octets: bytes, length: int, word: int = 0, lost: int = 0) -> None:
        """A network packet of so many octets on the wire."""
        self._put(ns, wire, octets, length, word, lost)

    def settle(self, until_ns: int | None) -> None:
        """Writes what has a time up to until_ns (None: everything), and flushes."""
        heap = self._heap
        try:
            while heap and (until_ns is None or heap[0].order_ns <= until_ns):
                self._write(heapq.heappop(heap))
            self.spool.flush()
        except CaptureError as error:
            self._rescue(str(error))
            raise

    def begin(self) -> None:
        """The first file, with its header: from the start there is something to open."""
        if self._writer is None:
            self._next_file(time.time_ns())
            self.spool.flush()

    def close(self) -> None:
        """Everything still held, the statistics of each wire, the end."""
        self.settle(None)
        if self._writer is not None:
            for wire, number in self._numbers.items():
                dropped = self.dropped.get(wire, 0)
                self._writer.statistics(
                    number, time.time_ns(), received=self.received.get(wire, 0) + dropped, dropped=dropped
                )
        self.spool.close()

    def go_on(self, writer: PcapngWriter) -> None:
        """Writes into a section that has begun already."""
        self._writer = writer

    def blocks(self) -> bytes:
        """Everything still held, as the blocks of a file."""
        while self._heap:
            self._write(heapq.heappop(self._heap))
        return self.spool.taken()

    def _put(
        self,
        ns: int,
        wire: Wire,
        octets: bytes,
        length: int,
        word: int = 0,
        lost: int = 0,
        custom: bytes = b"",
        comment: str | None = None,
    ) -> None:
        self._count += 1
        order = self._order[wire] = max(ns, self._order.get(wire, ns))  # octets of a wire never overtake each other
        heapq.heappush(self._heap, _Due(order, self._count, ns, wire, octets, length, word, lost, custom, comment))

    def _write(self, due: _Due) -> None:
        if self._writer is None or self.spool.full(due.ns):
            self._next_file(due.ns)
        writer = self._writer
        assert writer is not None
        number = self._numbers.get(due.wire)
        if number is None:
            number = self._describe(writer, due.wire)
        custom = ((ENTERPRISE, due.custom),) if due.custom else ()
        writer.packet(
            number,
            due.ns,
            due.octets,
            wire=due.length,
            comment=due.comment,
            flags=due.word,
            lost=due.lost,
            custom=custom,
        )
        self.records += 1
        self.received[due.wire] = self.received.get(due.wire, 0) + 1

    def _next_file(self, ns: int) -> None:
        self.spool.next_file(ns)
        self._numbers.clear()
        self._writer = PcapngWriter(cast(BinaryIO, self.spool), application=self.application)

    def _describe(self, writer: PcapngWriter, wire: Wire) -> int:
        custom = ((ENTERPRISE, pack_wiring(wire.wiring)),)
        number = self._numbers[wire] = writer.interface(
            wire.link_type, name=wire.name, description=wire.description, speed=wire.baud, custom=custom
        )
        return number

    def _rescue(self, words: str) -> None:
        """The last record of a file that cannot be written any more, if there is room for one."""
        self._heap.clear()
        if not self.spool.rescue() or self._writer is None:
            return
        self.status(RECORDER, time.time_ns(), f"loss: {words}", flag=Flag.LOSS)
        self._write(self._heap.pop())
        with suppress(CaptureError):
            self.spool.flush()
