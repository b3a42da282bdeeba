"""Echoes: octets of a line that a receiver hears again (optical heads, RS-485 with the receiver left on).

Two things together make an echo, whole or damaged:

- Time. It begins while the original is still on the line, or soon after its end: SOON_NS and one character where
  the capture knows when octets began and ended, else within the profile's echo_ms. Both uncertainties are added.
- Likeness. Octets lost, doubled, added and altered are counted by the shortest way from the original to the copy
  (Ukkonen's edit distance, which follows only ways that are still among the best). At most a quarter of the
  original's octets, and at most MOST, may differ; or the copy is a piece of the original of PIECE octets or more.
  Cost: (MOST + 1)² steps, and comparing along 2 MOST + 1 diagonals, however long the two are.

Without octet times, and on the same wire, a copy of the same length with altered octets may be a retransmission
that noise has hit: it stays a damaged frame. What receivers do to echoes, losing and doubling octets, noise does not.

A retransmission waits for a time-out, an answer for a reaction time: both come later than an echo. Where a
header check sequence is right and the header is another one, no likeness makes an echo.
"""

from typing import Protocol

from dissectors.link.hdlc import FLAG, GOOD, Hdlc, crc
from dissectors.record import Value

SOON_NS = 2_000_000
CHARACTER_MAX_NS = 8_000_000  # at 300 Bd a character lasts longer than the shortest reaction times
SHORTEST = 5  # octets: fewer are like anything
PIECE = 8
SHARE = 4
MOST = 32
RUN = 16  # octets compared at once


class Timed(Protocol):
    """What a Unit, a Frame and a Chunk have in common."""

    @property
    def octets(self) -> bytes: ...
    @property
    def first_ns(self) -> int | None: ...
    @property
    def last_ns(self) -> int | None: ...
    @property
    def uncertainty_ns(self) -> int | None: ...


class Likeness(Value, frozen=True, gc=False):
    """What became of the original's octets in the copy. doubled: octets like the one before them; added: others."""

    lost: int = 0
    doubled: int = 0
    added: int = 0
    altered: int = 0

    @property
    def only_altered(self) -> bool:
        return bool(self.altered) and not (self.lost or self.doubled or self.added)

    @property
    def words(self) -> str:
        """ "3 octets lost, 1 doubled", "whole"."""
        told = ((self.lost, "lost"), (self.doubled, "doubled"), (self.added, "added"), (self.altered, "altered"))
        parts = [f"{count} {what}" for count, what in told if count]
        if not parts:
            return "whole"
        count, _, what = parts[0].partition(" ")
        return ", ".join([f"{count} octet{'s' * (count != '1')} {what}", *parts[1:]])


WHOLE = Likeness()


def lasted(what: Timed) -> bool:
    """Whether the capture says when its first octet began and its last one ended, and how surely."""
    first, last = what.first_ns, what.last_ns
    return first is not None and last is not None and last > first and what.uncertainty_ns is not None


def soon(before: Timed, after: Timed, loose_ns: int) -> bool:
    """Whether `after` begins while `before` is on the line or soon after; loose_ns where octet times are not known.

    False without a clock.
    """
    a, b, c = before.first_ns, before.last_ns, after.first_ns
    if a is None or b is None or c is None:
        return False
    blur = (before.uncertainty_ns or 0) + (after.uncertainty_ns or 0)
    if not lasted(before):
        return -blur <= c - b <= loose_ns
    character = (b - a) // max(1, len(before.octets))
    # a damaged frame may have taken the opening flag of the original for its own end: one character earlier
    return a - blur - character <= c <= b + min(loose_ns, SOON_NS + min(CHARACTER_MAX_NS, character) + blur)


def alike(original: bytes, copy: bytes) -> Likeness | None:
    """How the copy differs, None where it is too far from the original to be one."""
    n, m = len(original), len(copy)
    if n < SHORTEST:
        return None
    if original == copy:
        return WHOLE
    if m >= PIECE and copy in original:
        return Likeness(lost=n - m)
    most = min(MOST, n // SHARE)
    if abs(n - m) > most:
        return None
    reached = _reach(original, copy, most)
    return None if reached is None else _count(original, copy, reached)


def _reach(original: bytes, copy: bytes, most: int) -> list[dict[int, int]] | None:
    """For 0, 1, 2, … differences: how far into the original each diagonal (place in the copy less place in the
    original) comes, up to the number that reaches both ends; None when `most` do not."""
    n, m = len(original), len(copy)
    rows: list[dict[int, int]] = []
    for differences in range(most + 1):
        row: dict[int, int] = {}
        before = rows[-1] if rows else {}
        for k in range(-differences, differences + 1):
            i = max(before.get(k, -2) + 1, before.get(k + 1, -2) + 1, before.get(k - 1, -1)) if rows else 0
            i = min(i, n, m - k)
            while original[i : i + RUN] == copy[i + k : i + k + RUN] and i + RUN <= n and i + k + RUN <= m:
                i += RUN
            while i < n and i + k < m and original[i] == copy[i + k]:
                i += 1
            row[k] = i
        rows.append(row)
        if row.get(m - n, -1) == n:
            return rows
    return None


def _count(original: bytes, copy: bytes, rows: list[dict[int, int]]) -> Likeness:
    """The differences of the shortest way, followed back from the end."""
    lost = doubled = added = altered = 0
    k = len(copy) - len(original)
    for row in reversed(rows[:-1]):
        deleted, inserted, changed = row.get(k + 1, -2) + 1, row.get(k - 1, -2), row.get(k, -2) + 1
        best = max(deleted, inserted, changed)
        if best == deleted:
            lost += 1
            k += 1
        elif best == inserted:
            at = inserted + k - 1  # place in the copy of the octet that is too many
            twice = copy[at : at + 1] in (copy[at - 1 : at] if at else b"", copy[at + 1 : at + 2])
            doubled += twice
            added += not twice
            k -= 1
        else:
            altered += 1
    return Likeness(lost, doubled, added, altered)


def another(value: object, octets: bytes, original: bytes) -> bool:
    """Whether a damaged frame shows by a header with the right check sequence that it is no copy of the original."""
    if not isinstance(value, Hdlc) or value.info[0] == value.info[1]:
        return False
    start, end = octets[0] == FLAG, value.info[0]
    if crc(octets[start:end]) != GOOD:
        return False
    return octets[start:end] != original[original[0] == FLAG :][: end - start]
