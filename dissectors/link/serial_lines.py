"""The serial lines and text logs of a capture: Records become Frames, one line a conversation.

Which channels are one line, what their records state (direction, losses, line errors, markers), and which records
of HDLC may go the short way (hdlc_quick.py). What of a line is no frame: ear.py.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from msgspec.structs import replace

from dissectors import problem as P
from dissectors.link import remarks
from dissectors.link.conversation import TO_CLIENT, TO_SERVER, UNKNOWN, Conversation, Way
from dissectors.link.ear import Ear, Event
from dissectors.link.framing import Chunk, Unit
from dissectors.link.hdlc import Hdlc
from dissectors.link.hdlc_framer import Framer
from dissectors.link.hdlc_quick import Line
from dissectors.link.wrapper import Wrapper
from dissectors.problem import Problem
from dissectors.record import Channel, Flag, Frame, Path, Record

TEXT_LINK, RTAC_LINK = -1, 250
SERIAL_LINKS = frozenset((TEXT_LINK, RTAC_LINK, *range(147, 163)))  # text logs, RTAC_SERIAL, USER0 to USER15
UNUSUAL = int(Flag.LOSS | Flag.CRC_ERROR | Flag.FRAMING_ERROR | Flag.PARITY_ERROR | Flag.BREAK | Flag.OVERRUN)
LOST = int(Flag.LOSS | Flag.OVERRUN)
MARKED = int(Flag.FRAMING_ERROR | Flag.BREAK)
LINE_ERRORS = (Flag.CRC_ERROR, Flag.FRAMING_ERROR, Flag.PARITY_ERROR, Flag.BREAK, Flag.OVERRUN)
OWED_MAX = 8192  # records whose octets wait in a framer
NOWHERE = Path(0, "other")

Units = list[tuple[Way, Unit]]


class Converse(Protocol):
    """Starts a conversation. profile: what the recording says that it carries."""

    def __call__(self, transport: str, *, profile: str = "") -> Conversation: ...


class SerialLines:
    """converse starts a conversation. number(): of the next frame of the whole stage.

    `quick`: the short way of a serial channel * 4 + direction as its records state it.
    """

    def __init__(self, channels: Sequence[Channel], converse: Converse, number: Callable[[], int]) -> None:
        self.channels = channels
        self.converse = converse
        self.number = number
        self.quick: dict[int, Line] = {}
        self._ears: dict[int, Ear] = {}  # by channel; two wires of one line share one
        self._heard: dict[int, int] = {}  # channel -> direction that all its records have had
        self._owed: dict[int, tuple[Problem, ...]] = {}  # record -> what its first frame is to say of it
        self._marked: set[int] = set()  # records with a framing error or break
        self._early: set[int] = set()  # channels swapped before their first record

    # -- records to frames --------------------------------------------------------------------------

    def frames(self, r: Record) -> Iterator[Frame]:
        """The frames that a record completes, and one for a record without octets."""
        if not r.octets and r.channel not in self._ears:
            yield self._mark(r, NOWHERE, "", None, said(r))
            return
        ear = self.ear(r)
        conversation = ear.conversation
        direction = r.direction
        if ear.wires > 1 or ear.swapped:
            direction = self._direction(r, ear)
        way = conversation.ways[direction == TO_CLIENT]
        ear.places[way] = (r.channel, direction)
        owed: tuple[Problem, ...] = ()
        if r.flags & UNUSUAL or r.lost or r.comment is not None:
            owed = said(r)
            if any(p.kind is P.CAPTURE_LOSS for p in owed):
                for each in (way,) if r.octets or direction != UNKNOWN else conversation.ways:
                    yield from self._frames(ear, conversation.lose(each, r.lost))
        if not r.octets:
            yield self._mark(r, way.path, way.profile, ear, owed)
            return
        if owed:
            self._owe(r, owed)
        yield from self._frames(ear, conversation.settle(way))
        gap_ns = 0 if r.flags & Flag.OCTET_TIMES else None
        chunk = Chunk(r.octets, r.no, r.first_ns, r.last_ns, r.uncertainty_ns, gap_ns=gap_ns)
        units = conversation.feed(way, chunk)
        yield from self._frames(ear, units)
        if len(units) == 1:
            self._learn(ear, way, units[0][1], r, direction)

    def end(self, conversation: Conversation) -> Iterator[Frame]:
        """What the line of a conversation still holds."""
        ear = next(ear for ear in self._ears.values() if ear.conversation is conversation)
        yield from self._frames(ear, conversation.end())

    def _frames(self, ear: Ear, units: Units) -> Iterator[Frame]:
        for index, (way, unit) in enumerate(units):
            channel, direction = ear.places[way]
            no = self.number()
            owed = self._pay(unit) if self._owed else ()
            # an HDLC frame's echo of equal octets is told by Links
            good = unit.trusted and isinstance(unit.value, Hdlc | Wrapper)
            event = None
            if not good:
                later = units[index + 1 :]
                after = later[0][1] if later and later[0][0] is way else None
                beside = next((other for wire, other in later if wire is not way), None)
                marked = not self._marked.isdisjoint(unit.records)
                event = ear.event(way, unit, direction, marked, after, beside)
            if event is not None:
                yield self._event(no, way, unit, channel, event, owed)
                continue
            words = ear.overlaps(unit, direction) if good and direction != UNKNOWN else ""
            if ear.swapped:
                unit = ear.turned(unit, direction)
            frame = way.conversation.frame(no, way, unit, channel, direction)
            if ear.swapped:
                frame = ear.turned_frame(frame, direction)
            if frame.problems and any(p.kind is P.HDLC_ECHO for p in frame.problems):
                frame = replace(frame, problems=tuple(p for p in frame.problems if p.kind is P.HDLC_ECHO))
            elif words:
                owed += (ear.collided(unit, words),)
            ear.remember(frame, unit, direction)
            yield replace(frame, problems=owed + frame.problems) if owed else frame

    def _event(self, no: int, way: Way, unit: Unit, channel: int, event: Event, owed: tuple[Problem, ...]) -> Frame:
        """The row of what is no frame; line errors that the tap reported are part of it."""
        links = way.conversation.links
        if links is not None and not event.trusted:
            links.follow(unit, no)
        problems = (*(p for p in owed if p.kind is not P.CAPTURE_LINE), event.problem)
        return Frame(
            no, unit.records, channel, way.path, way.profile, UNKNOWN, unit.first_ns, unit.last_ns,
            unit.uncertainty_ns, "line", event.kind, -1, -1, unit.octets, unit.carrier, problems=problems,
        )  # fmt: skip

    def _mark(self, r: Record, path: Path, profile: str, ear: Ear | None, owed: tuple[Problem, ...] = ()) -> Frame:
        """The row of a record without octets: a marker, or what the tap said of its line."""
        marker = remarks.marker(r.comment) if r.comment is not None else None
        kind = "status"
        if marker is not None:
            kind = "marker"
            owed += (Problem(P.LINE_MARKER, args=(marker[0], f": {marker[1]}" if marker[1] else "")),)
        return Frame(
            self.number(), (r.no,), r.channel, path, profile, UNKNOWN, r.first_ns, r.last_ns, r.uncertainty_ns,
            "line", kind, -1, -1, b"", problems=owed,
        )  # fmt: skip

    def _owe(self, r: Record, owed: tuple[Problem, ...]) -> None:
        """The first frame with octets of this record is to say it."""
        if len(self._owed) >= OWED_MAX:
            self._owed.clear()
            self._marked.clear()
        self._owed[r.no] = owed
        if r.flags & MARKED:
            self._marked.add(r.no)

    def _pay(self, unit: Unit) -> tuple[Problem, ...]:
        """What the records of a unit owe, each thing once."""
        found = [p for record in unit.records for p in self._owed.pop(record, ())]
        return tuple({(p.kind.code, p.args): p for p in found}.values())

    def _learn(self, ear: Ear, way: Way, unit: Unit, r: Record, direction: int) -> None:
        """A record of one HDLC frame went the long way; the next one like it may go the short way."""
        links, framer = way.conversation.links, way.framer
        if links is None or unit.octets is not r.octets or not unit.trusted or not isinstance(unit.value, Hdlc):
            return
        if isinstance(framer, Framer) and way.telnet is None:
            key = r.channel * 4 + r.direction
            line = self.quick.get(key)
            if line is None:
                line = self.quick[key] = Line(links, framer, way.path, way.profile, direction, ear.told)
            line.learn(unit.value, unit.octets)

    # -- lines --------------------------------------------------------------------------------------

    def ear(self, r: Record) -> Ear:
        """The ear at the line of a record's channel. Two wires, each heard in one direction only, are one line."""
        ear = self._ears.get(r.channel)
        if ear is None:
            other = self._other_wire(r)
            ear = self._ears[r.channel] = other or self._start(r)
            ear.wires += other is not None
            ear.swapped = ear.swapped or any(
                channel.swap != (channel.number in self._early)
                for channel in self.channels
                if channel.number == r.channel or self._paired(channel.number, r.channel)
            )
        if r.direction != UNKNOWN:
            ear.told = True
            self._heard[r.channel] = r.direction if self._heard.get(r.channel, r.direction) == r.direction else UNKNOWN
        return ear

    def swap(self, channel: int) -> None:
        """From the next record on, the directions of this channel's line are the other way round."""
        ear = self._ears.get(channel)
        if ear is None:
            self._early ^= {channel}
            return
        ear.swap()
        for key in [key for key in self.quick if self._ears[key // 4] is ear]:
            del self.quick[key]

    def _start(self, r: Record) -> Ear:
        channel = self.channels[r.channel]
        return Ear(self.converse("text" if channel.link_type == TEXT_LINK else "serial", profile=channel.profile))

    def _other_wire(self, r: Record) -> Ear | None:
        found = None
        for number, ear in self._ears.items():
            opposite = {self._heard.get(number, UNKNOWN), r.direction} == {TO_SERVER, TO_CLIENT}
            alone = opposite and len(self._ears) == 1 and self._unnamed(number, r.channel)
            if alone or self._paired(number, r.channel):
                found = ear
        return found

    def _paired(self, one: int, other: int) -> bool:
        """Two channels of one line: a recorder says so, or they are named as wires of one tap, "tap:A", "tap:B"."""
        a, b = self.channels[one], self.channels[other]
        if a.link_type != b.link_type:
            return False
        if a.line or b.line:
            return a.line == b.line
        stem, separator, wire = b.name.rpartition(":")
        return bool(separator and wire) and a.name.rpartition(":")[0] == stem

    def _unnamed(self, one: int, other: int) -> bool:
        """Two channels of one kind that nothing tells apart as wires of different lines."""
        a, b = self.channels[one], self.channels[other]
        return a.link_type == b.link_type and not (a.line or b.line) and not (":" in a.name and ":" in b.name)

    def _direction(self, r: Record, ear: Ear) -> int:
        """What a record states; of two wires, what the tap marks without direction is of the wire it came on."""
        direction = r.direction
        if direction == UNKNOWN and ear.wires > 1:
            direction = self._heard.get(r.channel, UNKNOWN)
        return ear.stated(direction)


def said(r: Record) -> tuple[Problem, ...]:
    """Problems of a record itself: capture.loss, capture.line-error."""
    found: tuple[Problem, ...] = ()
    missing = r.lost or (remarks.lost(r.comment) if r.comment is not None else 0)
    if missing or r.flags & LOST:
        found += (Problem(P.CAPTURE_LOSS, 0, 0, (missing or "some",)),)
    bad = [flag.name or "" for flag in LINE_ERRORS if r.flags & flag]
    if bad:
        words = ", ".join(bad).lower().replace("_", " ")
        found += (Problem(P.CAPTURE_LINE, 0, len(r.octets), (words,)),)
    return found
