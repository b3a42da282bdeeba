"""Interval: how long something lasted, and between which bounds the truth lies.

An Edge is a moment on the wire as a capture shows it: a stamp, and how far the truth may lie before
and after it. What widens a difference of two:

| source | bound | counted |
|---|---|---|
| stamp (uncertainty_ns of Record and Frame, at least the file's resolution) | as the capture says | at each end |
| one-sided stamp (a USB read can only be late) | truth never after it, but for the resolution | at each end |
| character times spread over a record from its baud rate | 2 %: captures/ has put it into uncertainty_ns | there |
| character times computed here (flags before a frame) | 2 % of them | where computed |
| drift of the capturing clock | 50 ppm of the length | once |

Stamps of one channel share their clock: its offset cancels, so it never enters; the resolution does
not cancel. Two ends in one record share its stamp: they say nothing of what went on between them.
Intervals are declared bounds, not k = 2 (ISO/IEC 17025, 7.8.6; ILAC-G8).
"""

from dissectors.record import Channel, Value

DRIFT = 19_999  # 50 ppm: a clock slow by 1/20000 measured d where d * 20000 / 19999 went by
BAUD = 49  # 2 %: at a baud rate low by 1/50, n characters take 50/49 of what was computed
NO_CHANNEL = Channel(-1, "", 0)


class Edge(Value, frozen=True, gc=False):
    """A moment in frame (its number) and record: the truth lies in ns - early_ns .. ns + late_ns.

    needs: what is missing to say so (keys of `--assume`), "" when all is there. ns is None without a
    clock."""

    ns: int | None
    early_ns: int = 0
    late_ns: int = 0
    frame: int = 0
    record: int = 0
    needs: str = ""


class Interval(Value, frozen=True, gc=False):
    """A measured length and its declared bounds in ns. lo_ns and hi_ns are None, and needs says why,
    where the capture cannot bound it; ns is None without a clock."""

    ns: int | None
    lo_ns: int | None
    hi_ns: int | None
    needs: str = ""


def bounds(channel: Channel, uncertainty_ns: int, computed_ns: int = 0) -> tuple[int, int]:
    """(early, late): how far the truth may lie before and after a stamp of this channel.

    computed_ns: how much of the moment was computed from character times. The resolution of the file
    bounds from below: stating a smaller uncertainty cannot make a second's stamp say more than a second.
    """
    resolution = channel.resolution_ns
    early = uncertainty_ns if uncertainty_ns > resolution else resolution
    if not channel.one_sided:
        return early, early
    return early, resolution + -(-abs(computed_ns) // BAUD)


def between(start: Edge, end: Edge) -> Interval:
    """The length from start to end. lo_ns is never negative unless the estimate is: what follows
    cannot come before."""
    if start.ns is None or end.ns is None:
        return Interval(None, None, None, "time")
    ns = end.ns - start.ns
    if start.needs or end.needs:
        return Interval(ns, None, None, start.needs or end.needs)
    if start.record == end.record and start.record:
        return Interval(ns, None, None, "octet-times")
    both = drift(ns)
    lo, hi = ns - end.early_ns - start.late_ns - both, ns + end.late_ns + start.early_ns + both
    return Interval(ns, 0 if lo < 0 <= ns else lo, hi)


def drift(ns: int) -> int:
    """What 50 ppm of clock drift may add to or take from a measured length, rounded up."""
    return -(-abs(ns) // DRIFT)


def missing(channel: Channel, serial: bool, uncertainty_ns: int | None) -> str:
    """What this channel lacks to place the ends of a frame in time: keys of `--assume` that would
    supply it, joined by commas; "" when all is there.

    On a serial line a frame lasts: without the baud rate, or without knowing what a stamp is the time
    of, one stamp says neither when the frame began nor when it ended.
    """
    lacks = []
    if serial and not channel.baud:
        lacks.append("baud")
    if serial and channel.stamp not in ("start", "end"):
        lacks.append("stamp")
    if uncertainty_ns is None:
        lacks.append("uncertainty")
    return ",".join(lacks)
