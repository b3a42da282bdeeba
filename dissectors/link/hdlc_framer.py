"""Framer for octet streams of HDLC frames (IEC 62056-46, clause 6.4): the length delimits, the check sequence proves.

Rules, by the stream alone and so the same for every chunking:
- A frame starts at a flag, or right after the closing flag of the frame before (shared flag), or at the
  start of the stream. It is one when the FCS at its claimed length is right.
- Flag at the claimed end but wrong FCS: a damaged frame, unless a good frame starts inside it.
- Anything else was a false start: the search goes on from the next octet, never after the claimed length.
Only two things look at chunks: a chunk without flags that is exactly one good frame (hex logs and link types
that strip flags), and idle_ns.
"""

from collections import deque
from itertools import pairwise
from typing import Any

from dissectors import problem
from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop
from dissectors.link.framing import Chunk, Unit
from dissectors.link.hdlc import FLAG, GOOD, LENGTH_MASK, MIN_LENGTH, Hdlc, crc, dissect
from dissectors.problem import Problem

NOISE_MAX = 4096  # a longer run of noise is given in parts
CACHE_MAX = 8192


class Head:
    """What frames with equal octets up to the control field share: value by the LLC octets, HCS, problems."""

    __slots__ = ("by_llc", "hcs", "plain", "problems")

    def __init__(self, hcs: bytes, problems: tuple[Problem, ...]) -> None:
        self.hcs = hcs
        self.problems = problems
        self.plain: Hdlc | None = None  # information that cannot be an LLC header, or none
        self.by_llc: dict[bytes, Hdlc] = {}


HEADS: dict[bytes, Head] = {}  # a memo: dissect() of a good frame depends on nothing else


def read(octets: bytes) -> tuple[Hdlc | None, tuple[Problem, ...]]:
    """Value and problems of one frame; a stop is the last problem."""
    c = Cursor(octets, short=problem.HDLC_TRUNC)
    try:
        return dissect(c, EMPTY), c.problems
    except Stop as stopped:
        return None, (*c.problems, stopped.problem)


def read_good(octets: bytes, first: int) -> tuple[Hdlc | None, tuple[Problem, ...]]:
    """The same for a frame whose FCS is known to be right and whose flags are in place, from the memo."""
    try:
        p = first + 2
        p += 1 if octets[p] & 1 else 2 if octets[p + 1] & 1 else 4
        p += 1 if octets[p] & 1 else 2 if octets[p + 1] & 1 else 4
        head = HEADS.get(octets[: p + 1])
        if head is not None:
            if not head.hcs:
                value = head.plain
            elif octets[p + 1 : p + 3] != head.hcs:
                return read(octets)
            elif head.plain is not None and octets[p + 3] != 0xE6 and octets[p + 3] != 0xFF:
                value = head.plain
            else:
                value = head.by_llc.get(octets[p + 3 : p + 6])
            if value is not None:
                return value, head.problems
    except IndexError:
        return read(octets)
    value, problems = read(octets)
    if value is not None and value.good and value.detail is None:
        _remember(octets, p, value, problems)
    return value, problems


def _remember(octets: bytes, p: int, value: Hdlc, problems: tuple[Problem, ...]) -> None:
    """Keeps a value for frames with the same head; p is where the control field stands."""
    if len(HEADS) >= CACHE_MAX:
        HEADS.clear()
    start, end = value.info
    head = HEADS.get(octets[: p + 1])
    if head is None:
        head = HEADS[octets[: p + 1]] = Head(octets[p + 1 : p + 3] if start > p + 1 else b"", problems)
    if value.llc:
        head.by_llc[octets[start : start + 3]] = value
    elif start == end or (value.kind != "UI" and octets[start] not in (0xE6, 0xFF)):
        head.plain = value  # a UI frame's direction depends on its first octets


class Framer:
    """Units of one octet stream. See dissectors/link/framing.py for the form.

    idle_ns: a longer pause inside an unfinished frame ends it as truncated; None: never. Problems of
    units: those of hdlc.dissect, hdlc.noise, hdlc.fill.
    """

    def __init__(self, idle_ns: int | None = None) -> None:
        self._idle_ns = idle_ns
        self.buffer = bytearray()
        self._chunks: deque[tuple[int, Chunk]] = deque()  # (where it starts in the stream, chunk)
        self._base = 0  # where the buffer starts in the stream
        self._at = 0  # buffer[:_at] is noise, at _at the search goes on
        self._most = NOISE_MAX  # octets of noise that may wait
        self._need = 0  # no progress below this length of the buffer
        self.bare = True  # a frame may start without a flag of its own at the start of the buffer
        self.flagged = False  # the octet before the buffer was a closing flag

    def feed(self, chunk: Chunk) -> list[Unit]:
        """Units completed by this chunk."""
        octets = chunk.octets
        if not self.buffer:
            n = len(octets)
            if n >= 9 and octets[0] == FLAG == octets[-1]:
                if (octets[1] << 8 | octets[2]) & 0xF7FF == 0xA000 + n - 2 and crc(octets[1:-1]) == GOOD:
                    self.bare = self.flagged = True
                    return [self._whole(chunk, octets, 1)]
            elif (
                n >= MIN_LENGTH
                and not self.flagged
                and (octets[0] << 8 | octets[1]) & 0xF7FF == 0xA000 + n
                and crc(octets) == GOOD
            ):
                return [self._whole(chunk, octets, 0)]
        return self._feed(chunk) if octets else []

    def _whole(self, chunk: Chunk, octets: bytes, first: int) -> Unit:
        """A chunk that is exactly one good frame."""
        value, problems = read_good(octets, first)
        if value is None or not value.good:
            kind = value.kind if value is not None else "noise"
            payload, trusted = b"", False
        else:
            kind, trusted = value.kind, True
            payload = b""
            if kind == "I" or kind == "UI":
                start, end = value.info
                payload = octets[start:end]
        return Unit(
            octets,
            (chunk.record,),
            chunk.first_ns,
            chunk.last_ns,
            chunk.uncertainty_ns,
            kind,
            value,
            payload,
            problems,
            chunk.carrier,
            chunk.gap_ns,
            trusted,
        )

    def _feed(self, chunk: Chunk) -> list[Unit]:
        out: list[Unit] = []
        if self.buffer and chunk.first_ns is not None:
            idle_ns, before = self._patience(), self._chunks[-1][1].last_ns
            if idle_ns is not None and before is not None and chunk.first_ns - before > idle_ns:
                out = self.end()
                return out + self.feed(chunk)
        self._chunks.append((self._base + len(self.buffer), chunk))
        self.buffer += chunk.octets
        if len(self.buffer) >= self._need:
            self._search(out, False)
        return out

    def lose(self, octets: int) -> list[Unit]:
        """Gives up what is unfinished; the next octets may stand anywhere in a frame."""
        out = self.end()
        self.bare = True
        self.flagged = False
        return out

    def end(self) -> list[Unit]:
        """What is left: frames inside it, noise, a truncated frame as noise with hdlc.trunc."""
        out: list[Unit] = []
        self._search(out, True)
        self._noise(out, len(self.buffer))
        self._need = 0
        return out

    def pending(self) -> int:
        """Octets that wait for more."""
        return len(self.buffer)

    def waiting(self) -> Chunk | None:
        """The octets that wait for more, with the times of their records; None without."""
        if not self._chunks:
            return None
        first, last = self._chunks[0], self._chunks[-1][1]
        return Chunk(bytes(self.buffer), first[1].record, _time(first, self._base), last.last_ns, last.uncertainty_ns)

    # --- what a framer of a line with other traffic says ----------------------------------------------

    def _patience(self) -> int | None:
        """The pause in ns that ends what is unfinished."""
        return self._idle_ns

    def _unflagged(self, final: bool) -> bool | None:
        """Whether octets with format type 3 at the start of the buffer may be a frame without opening flag; None:
        more octets are needed to say so."""
        return True

    def _why(self, octets: bytes) -> tuple[Problem, ...]:
        """Why octets are noise."""
        return noise_problems(octets)

    def _bound(self, out: list[Unit]) -> None:
        """As much noise waits as may."""
        self._noise(out, self._most)

    # --- search -------------------------------------------------------------------------------------

    def _search(self, out: list[Unit], final: bool) -> None:
        """Takes frames from the buffer until more octets are needed (sets _need) or none is left."""
        buffer = self.buffer
        while True:
            at, n = self._at, len(buffer)
            if at >= self._most:
                self._bound(out)
                continue
            if at >= n:
                self._need = n + 1
                return
            if at == 0 and self.bare and buffer[0] >> 4 == 0xA and (may := self._unflagged(final)) is not False:
                if may is None:
                    self._need = n + 1
                    return
                head = 0
            elif buffer[at] == FLAG:
                head = at + 1
                if at == 0 and head < n and buffer[head] == FLAG:
                    if not self._fill(out, final):
                        return
                    continue
            else:
                found = buffer.find(FLAG, at, self._most)
                self._at = found if found >= 0 else min(n, self._most)
                self.bare = False
                continue
            need = self._candidate(out, at, head, final)
            if need:
                self._need = need
                return

    def _fill(self, out: list[Unit], final: bool) -> bool:
        """Flags before the opening flag become a unit; False when more may follow."""
        buffer = self.buffer
        run = min(len(buffer) - len(buffer.lstrip(b"\x7e")), NOISE_MAX + 1)
        if run == len(buffer) and run <= NOISE_MAX and not final:
            self._need = run + 1
            return False
        out.append(self._unit(run - 1, "noise", None, (Problem(problem.HDLC_FILL, 0, run - 1, (run - 1,)),), True))
        self.bare = False
        return True

    def _candidate(self, out: list[Unit], at: int, head: int, final: bool) -> int:
        """Judges the start at `at`. 0: went on; else the length of the buffer that is needed to decide."""
        length = self._length(head)
        if length < 0 and not final:
            return head + 2
        if length < MIN_LENGTH:
            self._at = at + 1
            self.bare = False
            return 0
        if at and self.buffer[at - 1] == FLAG:
            self._noise(out, at)  # a damaged frame before is a row of its own
            at, head = 0, 1
        n = len(self.buffer)
        end = head + length
        if n <= end and not final:
            return end + 1
        damaged = False
        if n < end or crc(bytes(self.buffer[head:end])) != GOOD:
            if n <= end or self.buffer[end] != FLAG:
                self._skip(at + 1)
                return 0
            inside = self._inside(head, end, final)
            if inside > 0:
                return inside
            if -inside < end:
                self._skip(-inside)
                return 0
            damaged = True
        self._noise(out, at)
        self._frame(out, head - at, end - at, damaged)
        return 0

    def _skip(self, to: int) -> None:
        self._at = to
        self.bare = False

    def _length(self, head: int) -> int:
        """The claimed length at head, 0 for another format type, -1 when its octets are not there."""
        buffer = self.buffer
        if head < len(buffer) and buffer[head] >> 4 != 0xA:
            return 0
        if head + 2 > len(buffer):
            return -1
        return (buffer[head] << 8 | buffer[head + 1]) & LENGTH_MASK

    def _inside(self, head: int, end: int, final: bool) -> int:
        """Whether a good frame starts inside a damaged one: -(its place), -(end + 1) for none, or the length needed."""
        buffer, n = self.buffer, len(self.buffer)
        at = buffer.find(FLAG, head, end)
        while at >= 0:
            length = self._length(at + 1)
            stop = at + 1 + length
            if length < 0 or (length >= MIN_LENGTH and stop > n):
                if not final:
                    return max(n + 1, at + 3 if length < 0 else stop)
            elif length >= MIN_LENGTH and crc(bytes(buffer[at + 1 : stop])) == GOOD:
                return -at
            at = buffer.find(FLAG, at + 1, end)
        return -(end + 1)

    # --- units --------------------------------------------------------------------------------------

    def _frame(self, out: list[Unit], head: int, end: int, damaged: bool) -> None:
        """The buffer begins with a frame: format at head, FCS up to end, its closing flag unless that is missing."""
        closed = end < len(self.buffer) and self.buffer[end] == FLAG
        size = end + closed
        octets = bytes(self.buffer[:size])
        value, problems = read_good(octets, head) if closed and not damaged else read(octets)
        if not closed and head:
            if size < len(self.buffer):
                problems += (Problem(problem.HDLC_FLAG, size - 1, size, (self.buffer[size],)),)
            else:
                problems += (Problem(problem.HDLC_TRUNC, size, size, ("closing flag", 1, 0)),)
        good = value is not None and value.good
        out.append(self._unit(size, value.kind if value is not None else "noise", value, problems, good))
        self.bare = self.flagged = closed

    def _noise(self, out: list[Unit], size: int) -> None:
        """The first `size` octets of the buffer are noise."""
        if size:
            octets = bytes(self.buffer[:size])
            out.append(self._unit(size, "noise", None, self._why(octets), False))
            self.flagged = False
            self.bare = False

    def _unit(self, size: int, kind: str, value: Any, problems: tuple[Problem, ...], trusted: bool) -> Unit:
        """Takes the first `size` octets from the buffer with their records and times."""
        octets = bytes(self.buffer[:size])
        del self.buffer[:size]
        first, last = self._base, self._base + size
        self._base = last
        self._at = 0
        self._need = 0
        used: list[tuple[int, Chunk]] = []
        while self._chunks:
            start, chunk = self._chunks[0]
            used.append((start, chunk))
            if start + len(chunk.octets) > last:
                break
            self._chunks.popleft()
            if start + len(chunk.octets) == last:
                break
        carrier = b"".join([chunk.carrier for start, chunk in used if start >= first])
        payload = b""
        if trusted and value is not None and value.kind in ("I", "UI"):
            payload = octets[value.info[0] : value.info[1]]
        worst = [chunk.uncertainty_ns for _, chunk in used if chunk.uncertainty_ns is not None]
        return Unit(
            octets,
            tuple(dict.fromkeys(chunk.record for _, chunk in used)),
            _time(used[0], first),
            _time(used[-1], last),
            max(worst) if len(worst) == len(used) else None,
            kind,
            value,
            payload,
            problems,
            carrier,
            _gap(used),
            trusted,
        )


def _time(placed: tuple[int, Chunk], at: int) -> int | None:
    """Time of a place in the stream: chunks with a duration are spread evenly over their octets."""
    start, chunk = placed
    if chunk.first_ns is None or chunk.last_ns is None:
        return None
    return chunk.first_ns + (chunk.last_ns - chunk.first_ns) * (at - start) // max(1, len(chunk.octets))


def _gap(used: list[tuple[int, Chunk]]) -> int | None:
    """The largest pause between two chunks or known inside one; None where none is known, or without a clock."""
    largest = max((chunk.gap_ns for _, chunk in used if chunk.gap_ns is not None), default=None)
    for (_, before), (_, after) in pairwise(used):
        if before.last_ns is None or after.first_ns is None:
            return None
        largest = max(largest or 0, after.first_ns - before.last_ns)
    return largest


def noise_problems(octets: bytes) -> tuple[Problem, ...]:
    """Why octets are no frame: what hdlc.dissect says where they start like one, else hdlc.noise.

    Octets between two flags whose FCS is right are a frame with a wrong format type (hdlc.fmt) or length (hdlc.len).
    """
    n = len(octets)
    note = Problem(problem.HDLC_NOISE, 0, n, (n,))
    if n < 3 or octets[0] != FLAG:
        return (note,)
    if octets[-1] == FLAG and n >= 9 and crc(octets[1:-1]) == GOOD:
        form = octets[1] << 8 | octets[2]
        if form >> 12 != 0xA:
            return (Problem(problem.HDLC_FMT, 1, 3, (form >> 12,)), note)
        why = f"the check sequence is right over {n - 2} octets"
        return (Problem(problem.HDLC_LEN, 1, 3, (form & LENGTH_MASK, why)), note)
    if octets[1] >> 4 != 0xA:
        return (note,)
    return (*read(octets)[1][:4], note)
