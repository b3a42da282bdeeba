"""Reassembly of IPv4 and IPv6 fragments (RFC 791, 3.2; RFC 8200, 4.5; overlaps after RFC 5722 noted, not dropped).

Bounded: MAX_DATAGRAMS unfinished ones, MAX_OCTETS of packets in all, EXPIRY_NS of capture time.
What is first seen stays: a later fragment fills holes only.
"""

from bisect import bisect_left
from typing import Final

from dissectors.problem import IP_FRAGMENT_BOUND, IP_FRAGMENT_LOST, IP_FRAGMENT_OVERLAP, IP_LENGTH, Kind, Problem
from dissectors.record import Value

MAX_DATAGRAMS: Final = 1024
MAX_OCTETS: Final = 8 * 1024 * 1024
EXPIRY_NS: Final = 60_000_000_000  # RFC 8200, 4.5; RFC 791 lets 15 to 120 s
MAX_DATAGRAM: Final = 65535
_UNKNOWN: Final = 1 << 30


class Abandoned(Value, frozen=True, gc=False):
    """A datagram given up: its fragments as whole packets, in order of arrival."""

    records: tuple[int, ...]
    times: tuple[int | None, ...]
    packets: tuple[bytes, ...]
    problems: tuple[Problem, ...]


class Whole(Value, frozen=True, gc=False):
    """A complete datagram. header: octets of the first fragment's packet up to its payload. around: all
    octets of its packets (as captured) that are not in `octets`. records, times: of the packets, in order
    of arrival."""

    octets: bytes
    header: bytes
    around: bytes
    records: tuple[int, ...]
    times: tuple[int | None, ...]
    packets: tuple[bytes, ...]
    problems: tuple[Problem, ...]


class Fragment(Value, frozen=True, gc=False):
    """packet[start:end] belongs at offset of its datagram. key: (version, addresses, protocol,
    identification), what tells datagrams apart. outer: where packet is itself a reassembled datagram (a
    tunnel's packet that had to be fragmented again); its first `skip` octets are then in no record."""

    key: tuple[int, bytes, int, int]
    packet: bytes
    start: int
    end: int
    offset: int
    more: bool
    record: int
    time_ns: int | None
    outer: Whole | None = None
    skip: int = 0

    @property
    def size(self) -> int:
        """Octets that it keeps in memory."""
        return len(self.packet) if self.outer is None else 3 * len(self.packet) + len(self.outer.around)


class Datagram:
    """One unfinished datagram: pieces without overlap, sorted by where they start."""

    __slots__ = ("_total", "_used", "fragments", "held", "pieces", "problems", "seen")

    def __init__(self) -> None:
        self.fragments: list[Fragment] = []
        self.pieces: list[tuple[int, bytes]] = []
        self.problems: tuple[Problem, ...] = ()
        self.seen = 0  # octets in pieces
        self.held = 0  # octets of packets
        self._total = _UNKNOWN
        self._used: list[list[tuple[int, int]]] = []  # of each fragment's packet, the ranges in pieces

    def put(self, fragment: Fragment) -> None:
        """Problems: ip.fragment-overlap with other octets; ip.length where it reaches past the end of
        the datagram (what lies there is not used)."""
        start, offset = fragment.start, fragment.offset
        last = offset + fragment.end - start
        if not fragment.more and self._total == _UNKNOWN and self._reach() <= last <= MAX_DATAGRAM:
            self._total = last
        limit = min(self._total, MAX_DATAGRAM)
        if last > limit or (not fragment.more and last != self._total):
            self.problems += (Problem(IP_LENGTH, start, fragment.end, (limit, last)),)
        stop = max(start, start + min(last, limit) - offset)
        used = self._fill(fragment.packet[start:stop], offset)
        self._used.append([(start + a, start + b) for a, b in used])
        self.fragments.append(fragment)
        self.held += fragment.size

    def _reach(self) -> int:
        return self.pieces[-1][0] + len(self.pieces[-1][1]) if self.pieces else 0

    def _fill(self, octets: bytes, offset: int) -> list[tuple[int, int]]:
        """Puts what is new of octets into the holes; the ranges of octets that were used."""
        pieces = self.pieces
        end = offset + len(octets)
        i = bisect_left(pieces, (offset, b""))
        if i and pieces[i - 1][0] + len(pieces[i - 1][1]) > offset:
            i -= 1
        used: list[tuple[int, int]] = []
        merged: list[tuple[int, bytes]] = []
        first = i
        differs = False
        at = offset
        while at < end:
            if i < len(pieces) and pieces[i][0] <= at:
                there, piece = pieces[i]
                stop = min(end, there + len(piece))
                differs |= octets[at - offset : stop - offset] != piece[at - there : stop - there]
                merged.append(pieces[i])
                i += 1
            else:
                stop = min(end, pieces[i][0]) if i < len(pieces) else end
                merged.append((at, octets[at - offset : stop - offset]))
                used.append((at - offset, stop - offset))
                self.seen += stop - at
            at = stop
        pieces[first:i] = merged
        if differs:
            self.problems += (Problem(IP_FRAGMENT_OVERLAP),)
        return used

    def whole(self) -> Whole | None:
        """The datagram, None while octets are missing."""
        if self.seen < self._total:
            return None
        around: list[bytes] = []
        for fragment, used in zip(self.fragments, self._used, strict=True):
            if fragment.outer is not None:
                around.append(fragment.outer.around)
            at = fragment.skip
            for a, b in used:
                around.append(fragment.packet[at:a])
                at = b
            around.append(fragment.packet[at:])
        first = next(f for f in self.fragments if f.offset == 0)
        return Whole(
            b"".join([piece for _, piece in self.pieces]),
            first.packet[: first.start],
            b"".join(around),
            *self.sources(),
            self.problems,
        )

    def sources(self) -> tuple[tuple[int, ...], tuple[int | None, ...], tuple[bytes, ...]]:
        """Numbers, times and octets of the captured packets."""
        records: list[int] = []
        times: list[int | None] = []
        packets: list[bytes] = []
        for fragment in self.fragments:
            outer = fragment.outer
            records += (fragment.record,) if outer is None else outer.records
            times += (fragment.time_ns,) if outer is None else outer.times
            packets += (fragment.packet,) if outer is None else outer.packets
        return tuple(records), tuple(times), tuple(packets)


class Fragments:
    """The unfinished datagrams of one channel."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, bytes, int, int], Datagram] = {}  # oldest first
        self._held = 0
        self._abandoned: list[Abandoned] = []

    def add(self, fragment: Fragment) -> Whole | None:
        """The datagram that this fragment completes, else None."""
        key, now = fragment.key, fragment.time_ns
        datagram = self._open.get(key)
        if datagram is not None:
            began = datagram.fragments[0].time_ns
            if began is not None and now is not None and now - began > EXPIRY_NS:
                self._give_up(key, IP_FRAGMENT_LOST)
                datagram = None
        if datagram is None:
            datagram = self._open[key] = Datagram()
        datagram.put(fragment)
        self._held += fragment.size
        whole = datagram.whole()
        if whole is not None:
            del self._open[key]
            self._held -= datagram.held
            return whole
        while len(self._open) > MAX_DATAGRAMS or self._held > MAX_OCTETS:
            self._give_up(next(iter(self._open)), IP_FRAGMENT_BOUND)
        return None

    def _give_up(self, key: tuple[int, bytes, int, int], why: Kind) -> None:
        datagram = self._open.pop(key)
        self._held -= datagram.held
        problems: tuple[Problem, ...] = (Problem(IP_FRAGMENT_LOST, args=(key[3], datagram.seen)),)
        if why is not IP_FRAGMENT_LOST:
            problems = (Problem(why), *problems)
        self._abandoned.append(Abandoned(*datagram.sources(), datagram.problems + problems))

    def expire(self, now: int) -> None:
        """Gives up what waits for longer than EXPIRY_NS; looks at the oldest only."""
        while self._open:
            key = next(iter(self._open))
            began = self._open[key].fragments[0].time_ns
            if began is None or now - began <= EXPIRY_NS:
                return
            self._give_up(key, IP_FRAGMENT_LOST)

    def given_up(self) -> list[Abandoned]:
        """Datagrams abandoned since the last call."""
        if not self._abandoned:
            return []
        out, self._abandoned = self._abandoned, []
        return out

    def end(self) -> list[Abandoned]:
        """The capture is over: every unfinished datagram."""
        for key in list(self._open):
            self._give_up(key, IP_FRAGMENT_LOST)
        return self.given_up()
