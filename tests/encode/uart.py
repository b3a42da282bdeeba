"""A serial line and a receiver for tests: octets become edges in time, and a UART samples them sixteen times a bit.

Nothing here knows of the product: levels are computed from times in nanoseconds, the receiver takes the majority of
three samples around the middle of a bit, as UARTs do.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

PARITY = {"N": None, "E": 0, "O": 1}


class Heard(NamedTuple):
    """One octet of a receiver. ns: start of its start bit."""

    ns: float
    octet: int
    framing_error: bool = False
    parity_error: bool = False
    is_break: bool = False


def bits(octet: int, form: str = "8N1") -> list[int]:
    """Levels of one character on the line, 1 is rest."""
    data = [octet >> i & 1 for i in range(int(form[0]))]
    kind = PARITY[form[1]]
    parity = [] if kind is None else [(sum(data) + kind) % 2]
    return [0, *data, *parity, *[1] * int(form[2])]


class Line:
    """Levels over time. inverted: as a tap with swapped wires sees it."""

    def __init__(self, baud: float, form: str = "8N1", inverted: bool = False) -> None:
        self.bit_ns = 1e9 / baud
        self.form = form
        self.inverted = inverted
        self.edges: list[tuple[float, int]] = [(0.0, 1)]
        self.ns = 0.0

    def rest(self, ms: float) -> "Line":
        self.ns += ms * 1e6
        return self

    def send(self, octets: Iterable[int], gap_bits: float = 0) -> "Line":
        """Characters one behind the other; gap_bits: rest between them."""
        for octet in octets:
            for bit in bits(octet, self.form):
                self._level(bit)
                self.ns += self.bit_ns
            self._level(1)
            self.ns += gap_bits * self.bit_ns
        return self

    def hold_low(self, ms: float) -> "Line":
        self._level(0)
        self.rest(ms)
        self._level(1)
        return self

    def _level(self, bit: int) -> None:
        if self.edges[-1][1] != bit:
            if self.edges[-1][0] == self.ns:
                self.edges.pop()
            if not self.edges or self.edges[-1][1] != bit:
                self.edges.append((self.ns, bit))

    def receive(self, baud: float, form: str = "8N1", eager: bool = False) -> list[Heard]:
        """What a receiver of this rate and format reports. eager: a low stop bit starts the next character."""
        self.rest(50)
        bit_ns, tick = 1e9 / baud, 1e9 / baud / 16
        size, parity = int(form[0]), PARITY[form[1]]
        after_data = 1 + size + (parity is not None)
        reader = _Reader(self.edges, self.inverted)
        out: list[Heard] = []
        start = reader.fall(0.0)
        while start is not None and start < self.ns:
            if reader.majority(start + bit_ns / 2, tick):
                start = reader.fall(start + bit_ns / 2)
                continue
            sampled = [reader.majority(start + (i + 0.5) * bit_ns, tick) for i in range(1, after_data + 1)]
            octet = sum(bit << i for i, bit in enumerate(sampled[:size]))
            stop = sampled[-1]
            wrong = parity is not None and (sum(sampled[: size + 1]) + parity) % 2 == 1
            middle = start + (after_data + 0.5) * bit_ns
            out.append(Heard(start, octet, not stop, wrong, not stop and not any(sampled)))
            if stop:
                start = reader.fall(middle)
            elif eager and octet:
                start = middle - bit_ns / 2
            else:
                high = reader.rise(middle)
                start = None if high is None else reader.fall(high)
        return out


class _Reader:
    """Levels at times that mostly grow."""

    def __init__(self, edges: Sequence[tuple[float, int]], inverted: bool) -> None:
        self.edges = edges
        self.inverted = inverted
        self.at = 0

    def level(self, ns: float) -> int:
        while self.at and self.edges[self.at][0] > ns:
            self.at -= 1
        while self.at + 1 < len(self.edges) and self.edges[self.at + 1][0] <= ns:
            self.at += 1
        return self.edges[self.at][1] ^ self.inverted

    def majority(self, ns: float, tick: float) -> int:
        return int(self.level(ns - tick) + self.level(ns) + self.level(ns + tick) >= 2)

    def fall(self, ns: float) -> float | None:
        """The next time from ns at which the line goes low; ns itself where it is low already."""
        return self._seek(ns, 0)

    def rise(self, ns: float) -> float | None:
        return self._seek(ns, 1)

    def _seek(self, ns: float, wanted: int) -> float | None:
        if self.level(ns) == wanted:
            return ns
        for time, level in self.edges[self.at + 1 :]:
            if level ^ self.inverted == wanted:
                return time
        return None
