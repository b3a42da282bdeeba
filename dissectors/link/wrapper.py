"""Wrapper of DLMS/COSEM APDUs on TCP and UDP (IEC 62056-4-7, wrapper protocol data unit).

Eight octets before each APDU: version, source wPort, destination wPort, length. Each is
unsigned 16 bits, big endian; length counts the APDU only.
"""

from itertools import pairwise
from struct import Struct as Pack
from typing import Final

from dissectors.context import EMPTY, Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.link.framing import Chunk, Unit
from dissectors.problem import (
    WRAPPER_RESYNC,
    WRAPPER_TRAILING,
    WRAPPER_TRUNC,
    WRAPPER_VERSION,
    WRAPPER_ZERO,
    Problem,
)
from dissectors.record import Value
from dissectors.tags import TAGS

VERSION = Field("wrapper.version", "Version")
SOURCE = Field("wrapper.source", "Source wPort")
DESTINATION = Field("wrapper.destination", "Destination wPort")
LENGTH = Field("wrapper.length", "Length", unit="octets")
APDU = Field("wrapper.apdu", "APDU", type="octets")
HEADER = group("!HHHH", VERSION, SOURCE, DESTINATION, LENGTH)

SIZE: Final = 8
LOOK: Final = SIZE + 1  # octets that tell whether a header is plausible: the header and the APDU's tag
SERVER_WPORTS: Final = 0x7F  # one side of every PDU is a server wPort or a low client wPort (IEC 62056-9-7, 6)
NOISE: Final = 2048  # longest noise unit: what is passed over is given away in pieces, memory stays bounded

_header = Pack("!HHHH").unpack_from


class Wrapper(Value, frozen=True, gc=False):
    """apdu: (start, end) in the same buffer, cut where the buffer ends; length is the one announced."""

    version: int
    source: int
    destination: int
    length: int
    apdu: tuple[int, int]


def dissect(c: Cursor, ctx: Context) -> Wrapper:
    """Problems: wrapper.version unless 1; wrapper.zero-length; wrapper.trunc when the APDU is shorter
    than announced; wrapper.trailing when octets follow it."""
    version, source, destination, length = c.read(HEADER)
    if version != 1:
        c.note(WRAPPER_VERSION, SIZE, version)
    if length == 0:
        c.note(WRAPPER_ZERO, 2)
    apdu = c.payload(APDU, length)
    if c.left():
        c.note(WRAPPER_TRAILING, -c.left(), c.left())
    return Wrapper(version, source, destination, length, apdu)


def _inner(w: Wrapper) -> tuple[str, tuple[int, int]] | None:
    return ("apdu", w.apdu) if w.apdu[1] > w.apdu[0] else None


LAYER = Layer(
    "wrapper",
    "IEC 62056-4-7",
    dissect,
    WRAPPER_TRUNC,
    (VERSION, SOURCE, DESTINATION, LENGTH, APDU),
    _inner,
)


def plausible(octets: bytes | bytearray, at: int = 0) -> bool:
    """True where octets[at:] can start a wrapper PDU in the middle of anything: version 1, a length
    that an APDU can have, a known tag, a server's wPort on one side, none of them 0 (no-station; DNS and
    other headers full of 0 and 1 would pass). Needs LOOK octets there.

    Chance of random octets to pass is about 1 in 10**8 a position.
    """
    version, source, destination, length = _header(octets, at)
    return version == 1 and length > 1 and 0 < min(source, destination) <= SERVER_WPORTS and octets[at + SIZE] in TAGS


class Framer:
    """Wrapper PDUs of one way of one conversation; for UDP call end() after each datagram.

    What a header must be to be believed depends on how it was found:
    - behind a PDU or at the start of the stream, version 1 and a known tag do; where one of the two
      is wrong, the announced length is believed only as long as no `plausible` header shows up
      inside it, so that garbage does not swallow what follows;
    - after lose() or garbage, the next `plausible` header.

    Every decision is a function of the stream's octets, never of where chunks end: each chunking
    gives the same units. Holds at most one PDU (65 543 octets) or NOISE octets and a chunk.

    Units: kind "wrapper", payload the APDU, value a Wrapper with ranges in the unit's octets;
    trusted is False with a wrong version or a PDU cut short (payload empty then). Problems as of
    `dissect`, and wrapper.resync or wrapper.trailing on noise.
    """

    __slots__ = ("_after_unit", "_believing", "_expecting", "_held", "_marks", "_scan", "_synced")

    def __init__(self) -> None:
        self._held = bytearray()  # octets from the start of the unit at hand
        self._marks: list[tuple[int, Chunk]] = []  # chunks of _held, with their offset in it
        self._synced = True  # False: searching for a plausible header
        self._scan = 0  # next offset in _held where such a header may start
        self._expecting = True  # _held starts where a stream or datagram does
        self._after_unit = False  # a PDU came directly before _held
        self._believing = False  # the header at 0 is synced and version 1 with a known tag

    def whole(self, octets: bytes) -> tuple[int, int] | None:
        """(source, destination) where the octets that come next in the stream are exactly one PDU, which is then
        taken as fed; None: feed them. Spares the link stage a Unit on the path of most PDUs."""
        size = len(octets)
        if size < LOOK or self._held or not self._synced:
            return None
        version, source, destination, length = _header(octets)
        if length != size - SIZE or version != 1 or octets[SIZE] not in TAGS:
            return None
        self._after_unit = True
        self._expecting = False
        return source, destination

    def feed(self, chunk: Chunk) -> list[Unit]:
        """Units completed by this chunk, in order. A whole PDU in one chunk is the fast case."""
        octets = chunk.octets
        ports = self.whole(octets)
        if ports is not None:
            size = len(octets)
            return [
                Unit(
                    octets,
                    (chunk.record,),
                    chunk.first_ns,
                    chunk.last_ns,
                    chunk.uncertainty_ns,
                    "wrapper",
                    Wrapper(1, *ports, size - SIZE, (SIZE, size)),
                    octets[SIZE:],
                    (),
                    chunk.carrier,
                )
            ]
        if not octets:
            return []
        self._marks.append((len(self._held), chunk))
        self._held += octets
        out: list[Unit] = []
        while self._step(out):
            pass
        return out

    def lose(self, octets: int) -> list[Unit]:
        """Octets of the stream are missing here: what is unfinished is given up, then the next
        plausible header is searched."""
        out = self.end()
        self._synced = self._expecting = False
        return out

    def end(self) -> list[Unit]:
        """The stream (or the datagram) is over; the next chunk starts a new one."""
        out: list[Unit] = []
        held = self._held
        if held:
            if self._synced and len(held) >= SIZE and self._candidate():
                self._unit(out, len(held))
            elif self._synced and held.startswith(b"\x00\x01"[: len(held)]):
                problem = Problem(WRAPPER_TRUNC, 0, len(held), ("Header", SIZE, len(held)))
                self._cut(out, len(held), "noise", (problem,))
            else:
                self._noise(out, len(held), trailing=self._after_unit)
        self._synced, self._expecting, self._after_unit, self._scan, self._believing = True, True, False, 0, False
        return out

    def _candidate(self) -> bool:
        """At a synced position with at least SIZE octets: may this be a PDU, if perhaps a bad one?

        Of a wrong version everything else must be right: text would often pass by its tag alone.
        """
        held = self._held
        version, source, destination, length = _header(held)
        if version == 1:
            return True
        return bool(
            version <= 0xFF
            and length
            and min(source, destination) <= SERVER_WPORTS
            and len(held) > SIZE
            and held[SIZE] in TAGS
        )

    def _step(self, out: list[Unit]) -> bool:
        """One decision; False when more octets are needed."""
        held = self._held
        size = len(held)
        if not self._synced:
            return self._search(out)
        if self._believing:
            total = SIZE + _header(held)[3]
            if size < total:
                return False
            self._unit(out, total)
            return True
        if size < SIZE:
            return False
        version, _, _, length = _header(held)
        if version == 1 and length == 0:
            self._unit(out, SIZE)
            return True
        if size < LOOK:
            return False
        if version == 1 and held[SIZE] in TAGS:
            self._believing = True
            return True
        if not self._candidate():
            self._synced = False
            self._scan = 1
            return True
        total = SIZE + length
        found = self._find(min(size, total))
        if found >= 0:
            self._noise(out, found)
            return True
        if size < total:
            return False
        self._unit(out, total)
        return True

    def _find(self, end: int) -> int:
        """Offset of the first plausible header that lies wholly in held[_scan:end], else -1."""
        if end < LOOK:
            return -1
        held = self._held
        at = max(self._scan, 1 if self._synced else 0)
        while True:
            at = held.find(b"\x00\x01", at, end - LOOK + 2)
            if at < 0:
                self._scan = max(self._scan, end - LOOK + 1)
                return -1
            if plausible(held, at):
                return at
            at += 1

    def _search(self, out: list[Unit]) -> bool:
        found = self._find(len(self._held))
        if found == 0:
            self._synced, self._scan = True, 0
            return True
        if found > 0:
            self._noise(out, found)
            self._synced = True
            return bool(self._held)
        while self._scan >= NOISE:
            self._scan -= NOISE
            scan = self._scan
            self._noise(out, NOISE)
            self._scan = scan
        return False

    def _noise(self, out: list[Unit], n: int, trailing: bool = False) -> None:
        """The first n octets as noise, in pieces of at most NOISE octets."""
        while n:
            piece = min(n, NOISE)
            kind = WRAPPER_TRAILING if trailing and n == piece else WRAPPER_RESYNC
            problems: tuple[Problem, ...] = (Problem(kind, 0, piece, (piece,)),)
            if self._expecting and piece >= SIZE and self._held[0] == 0:
                version = self._held[1]
                if version != 1:
                    problems = (Problem(WRAPPER_VERSION, 0, SIZE, (version,)), *problems)
            self._cut(out, piece, "noise", problems)
            n -= piece

    def _unit(self, out: list[Unit], n: int) -> None:
        """The first n octets as a wrapper PDU, good or bad."""
        octets = bytes(self._held[:n])
        c = Cursor(octets, 0, n, WRAPPER_TRUNC)
        value = dissect(c, EMPTY)
        whole = n == SIZE + value.length
        self._cut(out, n, "wrapper", c.problems, value, octets[SIZE:] if whole else b"", whole and value.version == 1)
        self._after_unit = True

    def _cut(
        self,
        out: list[Unit],
        n: int,
        kind: str,
        problems: tuple[Problem, ...],
        value: Wrapper | None = None,
        payload: bytes = b"",
        trusted: bool = True,
    ) -> None:
        """Takes the first n octets out of _held as a unit, with the chunks they came in."""
        octets = bytes(self._held[:n])
        del self._held[:n]
        marks = self._marks
        used = 1
        while used < len(marks) and marks[used][0] < n:
            used += 1
        chunks = [chunk for _, chunk in marks[:used]]
        offset, last = marks[used - 1]
        self._marks = [(at - n, chunk) for at, chunk in marks[used:]]
        if offset + len(last.octets) > n:
            # the rest of this chunk starts the next unit; its carrier stays with this one
            rest = Chunk(last.octets, last.record, last.first_ns, last.last_ns, last.uncertainty_ns)
            self._marks.insert(0, (offset - n, rest))
        out.append(joined(octets, chunks, kind, value, payload, problems, trusted))
        self._expecting = self._after_unit = self._believing = False
        self._scan = 0


def joined(
    octets: bytes,
    chunks: list[Chunk],
    kind: str,
    value: object,
    payload: bytes,
    problems: tuple[Problem, ...],
    trusted: bool,
) -> Unit:
    """A Unit of octets that came in these chunks: records in order, first to last time, worst
    uncertainty (None where one is unknown), largest pause between two of them."""
    first, last = chunks[0], chunks[-1]
    if len(chunks) == 1:
        uncertainty, carrier, gap = first.uncertainty_ns, first.carrier, None
        records: tuple[int, ...] = (first.record,)
    else:
        records = tuple(dict.fromkeys(chunk.record for chunk in chunks))
        known = [chunk.uncertainty_ns for chunk in chunks if chunk.uncertainty_ns is not None]
        uncertainty = max(known) if len(known) == len(chunks) else None
        carrier = b"".join([chunk.carrier for chunk in chunks])
        gap = pause(chunks)
    return Unit(
        octets,
        records,
        first.first_ns,
        last.last_ns,
        uncertainty,
        kind,
        value,
        payload,
        problems,
        carrier,
        gap,
        trusted,
    )


def pause(chunks: list[Chunk]) -> int | None:
    """Largest pause between two neighbours in ns, None where a time is missing."""
    worst = 0
    for before, after in pairwise(chunks):
        if before.last_ns is None or after.first_ns is None:
            return None
        worst = max(worst, after.first_ns - before.last_ns)
    return worst
