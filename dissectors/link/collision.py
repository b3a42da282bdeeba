"""Collisions and turn-round glitches of a bus (RS-485, TIA-485: two-way alternate, one sender at a time).

A glitch is what a receiver makes of a driver that is switched on or off: one to three octets of 00 or FF, or
such as the tap marked with a framing error or a break, right before the first flag of a frame or right after the
last. A collision is two senders at once, told by evidence and never by damage alone:

- two receivers: octets of the two wires overlap in time by more than both uncertainties;
- one receiver: a frame is cut short, and the frame of another sender begins within a character of the cut; or a
  run begins like a frame, and another sender's frame begins in it before the first could end, or ends it.
"""

from collections.abc import Iterable

from dissectors.link.echo import Timed, lasted
from dissectors.link.hdlc import FLAG, FORMAT_TYPE, LENGTH_MASK, MIN_LENGTH
from dissectors.record import Value

GLITCH_MAX = 3  # octets at one switching; twice as many lie between two frames
RESTING = b"\x00\xff"
TAIL = 5  # octets at the end of a frame: check sequence, closing flag and two more
ADDRESS_MAX = 4
CUT_NS = 1_000_000  # beside one character


class Begun(Value, frozen=True, gc=False):
    """The beginning of a frame: end is where its closing flag would stand, addresses its raw octets."""

    end: int
    destination: bytes
    source: bytes


def begun(octets: bytes) -> Begun | None:
    """The frame that begins here with a flag, None where its addresses are not there."""
    if len(octets) < 3 or octets[0] != FLAG or octets[1] >> 4 != FORMAT_TYPE:
        return None
    length = (octets[1] << 8 | octets[2]) & LENGTH_MASK
    if length < MIN_LENGTH:
        return None
    found: list[bytes] = []
    at = 3
    for _ in range(2):
        size = next((n for n in range(1, ADDRESS_MAX + 1) if octets[at + n - 1 : at + n] and octets[at + n - 1] & 1), 0)
        if not size:
            return None
        found.append(octets[at : at + size])
        at += size
    return Begun(1 + length, *found)


def is_glitch(octets: bytes, marked: bool, edges: int) -> bool:
    """Whether so few octets between frames are what a driver's switching leaves. marked: by the tap, with a framing
    error or a break. edges: how many frames lie right beside them, 1 or 2."""
    return len(octets) <= GLITCH_MAX * edges and (marked or not octets.strip(RESTING))


def overlap_ns(one: Timed, other: Timed) -> int:
    """For how long both were certainly on the line at once; 0 where that is not certain."""
    if not lasted(one) or not lasted(other):
        return 0
    a, b, c, d = one.first_ns, one.last_ns, other.first_ns, other.last_ns
    assert a is not None and b is not None and c is not None and d is not None
    return max(0, min(b, d) - max(a, c) - (one.uncertainty_ns or 0) - (other.uncertainty_ns or 0))


def cut_short(run: Timed, after: Timed) -> bool:
    """Whether a frame ends before its length, and another sender's frame begins just there."""
    first, second = begun(run.octets), begun(after.octets)
    if first is None or second is None or len(run.octets) >= first.end or first.source == second.source:
        return False
    a, b, c = run.first_ns, run.last_ns, after.first_ns
    if a is None or b is None or c is None or not lasted(run):
        return False
    return c - b <= CUT_NS + (b - a) // len(run.octets)


def two_in_one(run: bytes, others: Iterable[bytes]) -> bool:
    """Whether a run begins like a frame, and another sender's frame begins inside it or ends it.

    others: frames heard lately and the one after the run.
    """
    first = begun(run)
    if first is None:
        return False
    return _answered_inside(run, first) or any(_ended_by(run, first, other) for other in others)


def _answered_inside(run: bytes, first: Begun) -> bool:
    """The other party's addresses stand in the run long before the first frame's end, no flags between."""
    back = first.source + first.destination
    if first.source == first.destination:
        return False
    start = 3 + len(back)
    at = run.find(back, start + 2)
    near = first.end - max(3, first.end // 4)
    return start <= at - 2 < near and run[at - 2] >> 4 == FORMAT_TYPE and run[at - 4 : at - 2] != b"\x7e\x7e"


def _ended_by(run: bytes, first: Begun, other: bytes) -> bool:
    second = begun(other)
    if second is None or second.source == first.source or not run.endswith(other[-TAIL:]):
        return False
    return len(run) < first.end + len(other) - TAIL  # longer runs hold one after the other, both damaged
