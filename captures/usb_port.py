"""One serial line behind a USB adapter: two channels, what the host sends and what it receives.

The times of a transfer are those of the host. What it sends leaves the adapter after the stamp, within about two
frames of the bus; octets that wait for others before them are placed behind them. What it receives had ended on the
line before the stamp: by how much depends on how long the adapter keeps octets, so that channel is one-sided, and its
uncertainty is not known where the adapter's documents do not say.
"""

from msgspec.structs import replace

from captures.assume import Assume, character_bits
from captures.linktype import LINES, RTAC_SERIAL
from captures.stamps import Stamps
from captures.usb_adapter import MS, Adapter, Heard, Settings
from dissectors.record import Channel, Direction, Flag, Record

FRAME_NS = MS  # of a full-speed bus: a transfer waits for the next one
SENT, RECEIVED = 0, 1
WIRES = ("tx", "rx")
DIRECTIONS = (int(Direction.TO_SERVER), int(Direction.TO_CLIENT))
UNKNOWN = int(Direction.UNKNOWN)
MODEM_LINES = ((0x10, LINES[0]), (0x20, LINES[2]), (0x40, LINES[5]), (0x80, LINES[1]))


class Port:
    """name: as the channels are called, less the wire. channels: of the source; two are appended here."""

    def __init__(
        self, name: str, adapter: Adapter, resolution_ns: int, channels: list[Channel], assume: Assume
    ) -> None:
        self.adapter = adapter
        self.channels = channels
        self.assume = assume
        self.numbers = (len(channels), len(channels) + 1)
        self.latency_ns = adapter.latency_ns
        self.baud = 0
        self.format = ""
        self.modem: int | None = None
        self.ended: list[int | None] = [None, None]  # when the last octet of each wire ended
        for wire, number in enumerate(self.numbers):
            words = f"what the host {('sends', 'receives')[wire]} over a USB adapter ({adapter.name})"
            channel = Channel(
                number,
                f"{name}:{WIRES[wire]}",
                RTAC_SERIAL,
                resolution_ns,
                stamp=("start", "end")[wire],
                one_sided=wire == RECEIVED,
                description=words,
            )
            channels.append(assume.apply(channel))
        self.stated = [assume.stated(number) for number in self.numbers]
        at_server = self.stated[0].at == "server"  # the host plays the meter: it sends what goes to the client
        self.directions = DIRECTIONS[::-1] if at_server else DIRECTIONS
        self._place()

    def _place(self) -> None:
        self.stamps = [Stamps(self.channels[number], stated) for number, stated in zip(self.numbers, self.stated)]

    def set(self, r: Record, settings: Settings) -> Record | None:
        """What a request sets holds from here on; a status record where anything changed."""
        if settings.latency_ns is not None:
            self.latency_ns = settings.latency_ns
        baud, form = settings.baud or self.baud, settings.format or self.format
        said = []
        if (baud, form) != (self.baud, self.format):
            self.baud, self.format = baud, form
            bits = character_bits(form) if form else 10
            for number in self.numbers:
                channel = replace(self.channels[number], baud=baud, character_bits=bits)
                self.channels[number] = self.assume.apply(channel)
            self._place()
            said.append(", ".join(word for word in (f"baud {baud}" if baud else "", form) if word))
        said += [settings.said] if settings.said else []
        return self.status(r, "; ".join(said)) if said else None

    def status(self, r: Record, words: str) -> Record:
        """A record without octets that tells something of the line."""
        return Record(
            r.no, self.numbers[SENT], UNKNOWN, r.first_ns, r.last_ns, r.uncertainty_ns, b"", int(Flag.STATUS), 0, words
        )

    def lost(self, r: Record, wire: int, octets: int) -> Record:
        """Octets that the capture did not keep (snap length), after those of the same packet."""
        number, direction = self.numbers[wire], self.directions[wire]
        return Record(
            r.no, number, direction, r.first_ns, r.last_ns, r.uncertainty_ns, b"", int(Flag.LOSS), octets, r.comment
        )

    def sent(self, r: Record, octets: bytes) -> Record:
        """Octets that the host handed over at the stamp of r."""
        first, last, uncertainty = self.stamps[SENT].times(r.first_ns, len(octets))
        before = self.ended[SENT]
        if first is not None and last is not None and before is not None and self.baud and first < before:
            first, last = before, last + before - first
        self.ended[SENT] = last
        if uncertainty is not None and self.stated[SENT].uncertainty_ns is None:
            uncertainty += 2 * FRAME_NS
        return self._record(r, SENT, first, last, uncertainty, octets, 0)

    def received(self, r: Record, heard: Heard) -> list[Record]:
        """Octets that the host got at the stamp of r, after a record of modem lines that changed."""
        records = []
        if heard.modem is not None and heard.modem != self.modem:
            if self.modem is not None:
                up = " ".join(name for bit, name in MODEM_LINES if heard.modem & bit) or "none"
                records.append(self.status(r, f"status change, modem lines set: {up}"))
            self.modem = heard.modem
        if not heard.octets and not heard.flags:
            return records
        first, last, uncertainty = self.stamps[RECEIVED].times(r.first_ns, len(heard.octets))
        before = self.ended[RECEIVED]
        if first is not None and last is not None and before is not None:
            first = min(max(first, before), last)
        self.ended[RECEIVED] = last
        if self.stated[RECEIVED].uncertainty_ns is None:
            if uncertainty is not None and self.latency_ns is not None:
                uncertainty += self.latency_ns * heard.packets + FRAME_NS
            else:
                uncertainty = None
        records.append(self._record(r, RECEIVED, first, last, uncertainty, heard.octets, heard.flags))
        return records

    def _record(
        self,
        r: Record,
        wire: int,
        first: int | None,
        last: int | None,
        uncertainty: int | None,
        octets: bytes,
        flags: int,
    ) -> Record:
        flags |= r.flags & int(Flag.TRUNCATED | Flag.LOSS)
        number, direction = self.numbers[wire], self.directions[wire]
        return Record(r.no, number, direction, first, last, uncertainty, octets, flags, r.lost, r.comment)
