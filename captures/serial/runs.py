"""Runs: octets of a line put in order and joined as they came back to back, each run one record of the capture.

A line has one wire, or two that hear one side each: then an octet of one ends the run of the other, and readings wait
for `hold_ns`, since an adapter may deliver late what was earlier on the wire.
"""

import heapq
from collections.abc import Iterable, Iterator
from itertools import groupby

from captures.serial.octet_times import Reading, stamp
from dissectors.record import Flag, Value

RUN_OCTETS = 1024
RUN_NS = 200_000_000  # a longer run is given in parts, so that a reader sees it grow
IDLE_NS = 20_000_000  # after so much silence, and three characters, a run is over
JOINED_NS = 300_000  # a shorter pause, or one shorter than half a character, is no pause


class Run(Value, frozen=True, gc=False):
    """Octets of one wire. first_ns: start of the first, last_ns: end of the last, both CLOCK_MONOTONIC; the truth may
    be up to uncertainty_ns earlier, and no pause between two octets is longer than that. flags: of every octet."""

    wire: int
    first_ns: int
    last_ns: int
    uncertainty_ns: int
    octets: bytes
    flags: int = 0


class _Piece(Value, frozen=True, gc=False, order=True):
    """Octets of one reading with the same errors, or none: the ends of the first and the last of them. order_ns: the
    first end, but never before that of the wire's octets before: a reader that was late made those look later."""

    order_ns: int
    number: int
    first_end_ns: int
    wire: int
    last_end_ns: int
    early_ns: int
    octets: bytes
    flags: int


class _Open:
    """The run that grows. lower_*: the earliest that both ends may be."""

    def __init__(self, piece: _Piece, character_ns: int) -> None:
        self.wire, self.flags = piece.wire, piece.flags
        self.character_ns = character_ns
        self.octets = bytearray(piece.octets)
        self.first_end_ns, self.last_end_ns = piece.first_end_ns, piece.last_end_ns
        self.lower_first = piece.first_end_ns - piece.early_ns
        self.early_ns = piece.early_ns
        self.hidden_ns = 0  # what a pause inside may be at most

    def takes(self, piece: _Piece) -> bool:
        """Whether a piece continues it: back to back, as far as can be known."""
        if piece.wire != self.wire or piece.flags != self.flags or len(self.octets) >= RUN_OCTETS:
            return False
        pause = piece.first_end_ns - self.last_end_ns - self.character_ns
        return pause <= max(JOINED_NS, self.character_ns // 2) and (
            piece.last_end_ns - self.first_end_ns + self.character_ns <= RUN_NS
        )

    def add(self, piece: _Piece) -> None:
        pause = piece.first_end_ns - self.last_end_ns - self.character_ns
        self.hidden_ns = max(self.hidden_ns, pause + self.early_ns)
        self.octets += piece.octets
        self.last_end_ns = max(self.last_end_ns, piece.last_end_ns)
        # octets are at least a character apart: a later reading bounds the first octet too
        self.first_end_ns = min(self.first_end_ns, self.last_end_ns - (len(self.octets) - 1) * self.character_ns)
        self.early_ns = piece.early_ns

    def run(self) -> Run:
        self.first_end_ns = min(self.first_end_ns, self.last_end_ns - (len(self.octets) - 1) * self.character_ns)
        early = max(self.early_ns, self.hidden_ns, self.first_end_ns - self.lower_first)
        first = self.first_end_ns - self.character_ns
        return Run(self.wire, first, self.last_end_ns, early, bytes(self.octets), self.flags)


class Line:
    """The wires of one line. character_ns: of the rate that its wires are set to."""

    def __init__(self, wires: Iterable[int], character_ns: int, hold_ns: int = 0) -> None:
        self.wires = tuple(wires)
        self.character_ns = character_ns
        self.hold_ns = hold_ns if len(self.wires) > 1 else 0
        self._held: list[_Piece] = []
        self._open: _Open | None = None
        self._count = 0
        self._order_ns = dict.fromkeys(self.wires, 0)

    def feed(self, reading: Reading, octets: bytes, errors: tuple[tuple[int, Flag], ...] = ()) -> list[Run]:
        """Runs that this reading's octets (its marks taken out) complete."""
        if octets:
            self._split(reading, octets, errors)
        return list(self._settled(reading.after_ns))

    def tick(self, now_ns: int) -> list[Run]:
        """Runs that are over by now."""
        return list(self._settled(now_ns))

    def end(self) -> list[Run]:
        """Everything still held: the line's rate changes, or the capture is over."""
        out = list(self._joined(heapq.heappop(self._held) for _ in range(len(self._held))))
        if self._open is not None:
            out.append(self._open.run())
            self._open = None
        return out

    def floor_ns(self, now_ns: int) -> int:
        """No later run will begin before this."""
        begun = [piece.first_end_ns for piece in self._held[:1]]
        if self._open is not None:
            begun.append(self._open.first_end_ns)
        return min(begun, default=now_ns - self.hold_ns) - self.character_ns

    def _split(self, reading: Reading, octets: bytes, errors: tuple[tuple[int, Flag], ...]) -> None:
        """Pieces of equal flags: an error is of one octet and not of its neighbours."""
        character = self.character_ns
        first, _, early = stamp(reading, len(octets), character)
        flags = [0] * len(octets)
        for index, flag in errors:
            flags[index] |= int(flag)
        at = 0
        for kind, group in groupby(flags):
            count = len(list(group))
            self._count += 1
            begin = first + at * character
            end = begin + (count - 1) * character
            order = self._order_ns[reading.wire] = max(begin, self._order_ns[reading.wire])
            piece = _Piece(order, self._count, begin, reading.wire, end, early, octets[at : at + count], kind)
            heapq.heappush(self._held, piece)
            at += count

    def _settled(self, now_ns: int) -> Iterator[Run]:
        held = self._held
        ready = []
        while held and held[0].order_ns <= now_ns - self.hold_ns:
            ready.append(heapq.heappop(held))
        yield from self._joined(ready)
        run = self._open
        if run is not None and not held:
            silence = now_ns - run.last_end_ns - self.hold_ns
            if silence > max(IDLE_NS, 3 * self.character_ns) or len(run.octets) >= RUN_OCTETS:
                self._open = None
                yield run.run()

    def _joined(self, pieces: Iterable[_Piece]) -> Iterator[Run]:
        for piece in pieces:
            run = self._open
            if run is not None and run.takes(piece):
                run.add(piece)
                continue
            if run is not None:
                if run.wire == piece.wire:  # what comes later bounds what was before
                    run.last_end_ns = min(run.last_end_ns, piece.first_end_ns - self.character_ns)
                yield run.run()
            self._open = _Open(piece, self.character_ns)
