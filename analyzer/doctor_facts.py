"""What the doctor looks at: the records of each channel as they came, and what the stages made of them.

At most MAX_OCTETS of a source are looked at, or the seconds asked for; what was left out is said.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from analyzer.doctor_search import Heard
from analyzer.model import Exchange, Message
from analyzer.run import Run
from captures.linktype import SERIAL
from dissectors import problem as P
from dissectors.keys import KeyRing
from dissectors.link.conversation import is_apdu
from dissectors.profile import Profile
from dissectors.record import Channel, Direction, Flag, Frame, Record, Value

MAX_OCTETS: Final = 2 << 20
MAX_RECORDS: Final = 200_000
PAUSE_NS: Final = 20_000_000  # between bursts: most gateways and readers wait longer, no device inside a frame
UNKNOWN = int(Direction.UNKNOWN)
DAMAGE = frozenset({P.HDLC_FCS, P.HDLC_HCS, P.HDLC_TRUNC, P.WRAPPER_TRUNC, P.WRAPPER_VERSION})
CARRIED = frozenset({"hdlc", "wrapper", "apdu", "iec62056-21", "mbus"})  # layers that hold what we want


class Diagnosis(Value, frozen=True):
    """One reason why traffic does not decode. confidence: 0 to 100. records: numbers as in Wireshark's frame.number,
    at most SHOWN of them. advice: the option or wire to change. note: it hinders no decoding."""

    code: str
    title: str
    confidence: int
    evidence: tuple[str, ...]
    records: tuple[int, ...]
    advice: str
    note: bool = False


class Stream:
    """Octets of one direction of a channel or connection, with where records begin in them."""

    def __init__(self, name: str, channel: Channel) -> None:
        self.name = name
        self.channel = channel
        self.octets = b""
        self.records: list[tuple[int, int, int | None, int]] = []  # place, record, first_ns, flags
        self._parts: list[bytes] = []
        self._size = 0
        self._last: int | None = None
        self.starts: list[int] = []  # places behind a pause
        self.breaks = True  # breaks stand in it as octets 00

    def add(self, octets: bytes, record: int, first_ns: int | None, last_ns: int | None, flags: int = 0) -> None:
        pause = max(PAUSE_NS, 30_000_000_000 // self.channel.baud if self.channel.baud else 0)
        if self._last is None or first_ns is None or first_ns - self._last > pause:
            self.starts.append(self._size)
        self._last = last_ns
        self.records.append((self._size, record, first_ns, flags))
        self._parts.append(octets)
        self._size += len(octets)

    def seal(self) -> None:
        self.octets = b"".join(self._parts)
        self._parts.clear()

    def pieces(self) -> list[tuple[int, bytes]]:
        """(record, its octets)."""
        ends = [place for place, *_ in self.records[1:]] + [len(self.octets)]
        return [(no, self.octets[place:end]) for (place, no, _, _), end in zip(self.records, ends, strict=True)]

    def bursts(self) -> list[bytes]:
        """Octets between pauses."""
        return [self.octets[a:b] for a, b in pairwise([*self.starts, len(self.octets)])]

    def numbers(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(no for _, no, _, _ in self.records))

    @property
    def single(self) -> bool:
        """Each record holds one octet: its flags and its time are that octet's."""
        return len(self.records) == len(self.octets) > 0

    def heard(self) -> Heard:
        """For the search behind wrong rates and formats."""
        times = tuple(ns for _, _, ns, _ in self.records if ns is not None)
        own = self.single and len(times) == len(self.octets) and len(set(times)) * 2 > len(times)
        flags = [flag for *_, flag in self.records]
        told = self.single and any(flag & Flag.FRAMING_ERROR for flag in flags)
        errors = frozenset(i for i, flag in enumerate(flags) if flag & Flag.FRAMING_ERROR)
        return Heard(
            self.octets, tuple(self.starts), times if own else None, errors if told else None, self.channel.baud
        )


class Facts:
    """One channel. partners: the channels that carry the same line, itself included."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.serial = channel.link_type in SERIAL
        self.partners: list[Facts] = [self]
        self.records: list[Record] = []
        self.octets = 0
        self.flags: Counter[int] = Counter()
        self.frames: list[Frame] = []
        self.good: Counter[str] = Counter()  # layer → frames
        self.bad: Counter[str] = Counter()
        self.good_octets = 0
        self.noise_octets = 0
        self.ciphered: Counter[str] = Counter()  # status → APDUs
        self.ciphered_frames: list[int] = []
        self.read = 0  # APDUs that were read in clear
        self.exchanges: list[Exchange] = []
        self.streams: list[Stream] = []  # what does not decode, one a direction or connection
        self.by_no: dict[int, Frame] = {}

    @property
    def sick(self) -> bool:
        """More than a tenth of the octets that may be ours are in no good frame."""
        return self.noise_octets * 9 > self.good_octets

    @property
    def lost(self) -> bool:
        """More octets are in no good frame than in good ones."""
        return self.noise_octets > self.good_octets

    @property
    def frames_good(self) -> int:
        return sum(self.good.values())

    def records_of(self, frames: Iterable[Frame]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(no for f in frames for no in f.records))

    # -- a tap ------------------------------------------------------------------------------------------------

    def take(self, f: Frame) -> None:
        self.frames.append(f)
        self.by_no[f.no] = f
        # a line of which nothing else is known may be taken for one of bare APDUs
        false_apdu = f.layer == "apdu" and not (len(f.payload) > 2 and is_apdu(f.payload))
        if f.layer in CARRIED and not false_apdu:
            damaged = any(p.kind in DAMAGE or p.kind is P.PROFILE_NONE for p in f.problems)
            if f.layer == "iec62056-21":
                damaged = damaged or not f.profile
            if f.layer == "hdlc":
                damaged = damaged or f.value is None or not f.value.good
            (self.bad if damaged else self.good)[f.layer] += 1
            if damaged:
                self.noise_octets += len(f.octets)
            else:
                self.good_octets += len(f.octets)
        elif false_apdu or f.layer == "noise" or (f.kind == "other" and f.path.transport != "other"):
            fill = any(p.kind is P.HDLC_FILL for p in f.problems)
            self.noise_octets += 0 if fill else len(f.octets)


class Gather:
    """A tap: hands frames, messages and exchanges to the facts of their channels."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self.channels = channels
        self.facts: dict[int, Facts] = {}
        self.lines: dict[int, list[Facts]] = {}  # by number of the conversation, serial lines only

    def of(self, channel: int) -> Facts:
        found = self.facts.get(channel)
        if found is None:
            found = self.facts[channel] = Facts(self.channels[channel])
        return found

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for f in frames:
            facts = self.of(f.channel)
            facts.take(f)
            if facts.serial and f.path.transport in ("serial", "text"):
                line = self.lines.setdefault(f.path.number, [])
                if facts not in line:
                    line.append(facts)
                    for each in line:
                        each.partners = line
            yield f

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        for m in messages:
            facts = self.of(m.pdu.channel)
            if m.security is not None:
                facts.ciphered[m.security.result.status] += 1
                if m.security.result.plain is None:
                    facts.ciphered_frames += m.pdu.frames
            elif m.apdu.name and not any(p.kind in (P.APDU_TAG, P.APDU_TRUNC) for p in m.problems):
                facts.read += 1
            yield m

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        for e in exchanges:
            self.of(e.channel).exchanges.append(e)
            yield e


class Looked(Value, frozen=True):
    """facts by channel. limit: why the rest of the source was not looked at, "" for all of it."""

    facts: list[Facts]
    limit: str


def gather(
    records: Iterable[Record],
    channels: Sequence[Channel],
    profiles: Sequence[Profile],
    ring: KeyRing | None = None,
    seconds: float | None = None,
    most: int = MAX_OCTETS,
) -> Looked:
    """Reads what it may of a source and runs the stages over it. channels may grow while records are read."""
    kept: list[Record] = []
    size = 0
    begin: int | None = None
    limit = ""
    for r in records:
        begin = r.first_ns if begin is None else begin
        if seconds and begin is not None and r.first_ns is not None and r.first_ns - begin > seconds * 1e9:
            limit = f"looked at the first {seconds:g} s"
            break
        if size >= most or len(kept) >= MAX_RECORDS:
            limit = f"looked at the first {size / (1 << 20):.1f} MB ({len(kept)} records)"
            break
        size += len(r.octets)
        kept.append(r)
    tap = Gather(channels)
    for _ in Run(kept, channels, profiles, (tap,), ring=ring).exchanges():
        pass
    for channel in channels:
        tap.of(channel.number)
    for r in kept:
        facts = tap.of(r.channel)
        facts.records.append(r)
        if not r.flags & Flag.STATUS:
            facts.octets += len(r.octets)
        for flag in Flag:
            if r.flags & flag:
                facts.flags[flag] += 1
    for facts in tap.facts.values():
        facts.streams = _line_streams(facts) if facts.serial else _network_streams(facts)
    return Looked([tap.facts[number] for number in sorted(tap.facts)], limit)


WAYS = {int(Direction.TO_SERVER): "client to server", int(Direction.TO_CLIENT): "server to client"}


def _line_streams(facts: Facts) -> list[Stream]:
    """The octets of a serial channel, by the direction that the tap tells."""
    streams: dict[int, Stream] = {}
    for r in facts.records:
        if r.octets and not r.flags & Flag.STATUS:
            stream = streams.setdefault(r.direction, Stream(WAYS.get(r.direction, "the line"), facts.channel))
            stream.add(r.octets, r.no, r.first_ns, r.last_ns, r.flags)
    bare_breaks = any(r.flags & Flag.BREAK and not r.octets for r in facts.records)
    for stream in streams.values():
        stream.seal()
        stream.breaks = not bare_breaks
    return list(streams.values())


def _network_streams(facts: Facts) -> list[Stream]:
    """Payloads that no protocol of ours claimed, a connection and direction each."""
    streams: dict[tuple[int, str | None], Stream] = {}
    for f in facts.frames:
        raw = f.layer in ("noise", "iec62056-21") or (f.kind == "other" and f.layer in ("tcp", "udp", "exported"))
        if raw and f.octets and f.carrier:
            name = f"{f.path.source} to {f.path.destination}"
            stream = streams.setdefault((f.path.number, f.path.source), Stream(name, facts.channel))
            stream.add(f.octets, f.records[0], f.first_ns, f.last_ns)
    for stream in streams.values():
        stream.seal()
    return list(streams.values())
