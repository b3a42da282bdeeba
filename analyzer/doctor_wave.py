"""The waveform behind octets that were received at another rate, polarity or format than the line's.

A Hearing says what the line was and how the tap listened. Its Receiver turns the levels of one sent character into
the octets that such a tap reports; doctor_search.py looks for the characters that give the octets of a capture.
Framing errors are not needed, since many taps lose them. Times are integers in UNIT of one bit of the line.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from dissectors.record import Value

UNIT: Final = 2880  # of one bit time: whole numbers for the usual ratios
MAX_STATES: Final = 120  # receiver states with a table of their own; a table costs 256 characters
PAUSE: Final = 400  # bits of idle line after a frame
TIGHT: Final = (PAUSE,)  # pauses between characters that a search allows besides none
BEGUN: Final = 0x100  # in a state of a table: bits of 1 came before, which they are does not matter
IDLE, LOW, BUSY = 0, 1, 2

State = tuple[int, int, int, int]  # mode, next time, samples taken, data bits so far
Marks = tuple[tuple[int, bool], ...]  # of octets that come out: when each began, whether its stop bit was low
Step = tuple[bytes, Marks, State]  # octets that come out, their marks, the state after
Sent = tuple[int, Marks, State]  # a character, marks of the octets that come out, the state after


class Form(NamedTuple):
    """Of a character: data bits, parity (N, E, O); one stop bit."""

    data: int
    parity: str

    def __str__(self) -> str:
        return f"{self.data}{self.parity}1"


N8, E8, O8, E7, O7 = Form(8, "N"), Form(8, "E"), Form(8, "O"), Form(7, "E"), Form(7, "O")


class Hearing(Value, frozen=True):
    """step: bits of the line that pass in one bit of the tap, in UNIT. eager: a low stop bit counts as the next start
    bit (16550); else the receiver waits until the line is high. breaks: a break comes out as an octet 00."""

    step: int
    line: Form = N8
    tap: Form = N8
    inverted: bool = False
    eager: bool = False
    breaks: bool = True

    @property
    def ratio(self) -> float:
        return self.step / UNIT


class Receiver:
    """What comes out of a tap. The tables of its states are made when a search first needs them."""

    def __init__(self, hearing: Hearing, pauses: tuple[int, ...] = TIGHT) -> None:
        self.hearing = hearing
        self.pauses = pauses
        self.high = int(not hearing.inverted)
        self.start: State = (LOW if hearing.inverted else IDLE, 0, 0, 0)
        self._tables: dict[State, Table] = {}
        self._levels: dict[int, list[int]] = {}

    def levels(self, value: int) -> list[int]:
        """Of one sent character: start, data (least significant first), parity, stop."""
        found = self._levels.get(value)
        if found is None:
            form = self.hearing.line
            bits = [0, *(value >> i & 1 for i in range(form.data))]
            if form.parity != "N":
                bits.append(sum(bits) & 1 ^ (form.parity == "O"))
            found = self._levels[value] = [bit ^ self.hearing.inverted for bit in (*bits, 1)]
        return found

    def feed(self, state: State, levels: list[int]) -> Step:
        """Octets that are complete at the end of these levels, their marks (in UNIT from the start of the levels),
        and the state at the end."""
        h = self.hearing
        step, data, stop = h.step, h.tap.data, h.tap.data + 1 + (h.tap.parity != "N")
        out = bytearray()
        marks: list[tuple[int, bool]] = []
        end = len(levels) * UNIT
        mode, t, i, acc = state
        while t < end:
            if mode != BUSY:
                wanted = 0 if mode == IDLE else 1
                try:
                    t = levels.index(wanted, t // UNIT) * UNIT
                except ValueError:
                    return bytes(out), tuple(marks), (mode, 0, 0, 0)
                if mode == IDLE:
                    mode, t, i, acc = BUSY, t + step // 2, 0, 0
                else:
                    mode, acc = IDLE, 0
                continue
            level = levels[t // UNIT]
            if i == 0 and level:
                mode = IDLE  # a false start
                continue
            if i < stop:
                if 0 < i <= data:
                    acc |= level << i - 1
                i, t = i + 1, t + step
                continue
            if level or acc or h.breaks:
                out.append(acc & 0xFF)
                marks.append((t - stop * step - step // 2, not level))
            if level:
                mode = IDLE
            elif acc and h.eager:
                i, t, acc = 1, t + step, 0
            else:
                mode = LOW
        return bytes(out), tuple(marks), ((BUSY, t - end, i, acc) if mode == BUSY else (mode, 0, 0, 0))

    def say(self, octets: bytes) -> tuple[bytes, State]:
        """Characters one behind the other, after a pause."""
        out, state = bytearray(), self.start
        for value in octets:
            more, _, state = self.feed(state, self.levels(value))
            out += more
        return bytes(out), state

    def pause(self, state: State, bits: int) -> Step:
        """The line at rest."""
        return self.feed(state, [self.high] * bits)

    def table(self, state: State) -> "Table | None":
        """The table of a state, whatever the data bits are that it has already; None beyond MAX_STATES."""
        mode, t, i, acc = state
        state = (mode, t, i, BEGUN if acc else 0)
        found = self._tables.get(state)
        if found is None:
            if len(self._tables) >= MAX_STATES:
                return None
            ways: dict[bytes, list[Sent]] = {}
            for value in range(1 << self.hearing.line.data):
                levels = self.levels(value)
                out, marks, after = self.feed(state, levels)
                ways.setdefault(out, []).append((value, marks, after))
                reached = {(out, after)}
                for bits in self.pauses if after != self.start else ():
                    more, later, rest = self.pause(after, bits)
                    if (out + more, rest) not in reached:
                        reached.add((out + more, rest))
                        both = marks + tuple((at + len(levels) * UNIT, low) for at, low in later)
                        ways.setdefault(out + more, []).append((value, both, rest))
            bits_before = max(0, i - 1) if mode == BUSY else 0
            found = self._tables[state] = Table(ways, tuple({len(out) for out in ways}), (1 << bits_before) - 1)
        return found

    def values(self) -> dict[int, int]:
        """Octets that come out of a line in use, and how often: by 1024 characters with a pause after each 16th."""
        out, state = bytearray(), self.start
        value = 1
        for i in range(1024):
            value = value * 75 % 65537  # a full period of pseudo-random numbers
            more, _, state = self.feed(state, self.levels(value & (1 << self.hearing.line.data) - 1))
            out += more
            if i % 16 == 15:
                more, _, state = self.pause(state, PAUSE)
                out += more
        return {octet: out.count(octet) for octet in set(out)}


class Table(NamedTuple):
    """ways: octets that come out → what was sent. before: mask of the data bits of the first octet
    that were sampled before this state."""

    ways: dict[bytes, list[Sent]]
    sizes: tuple[int, ...]
    before: int

    def matches(self, octets: bytes, at: int, acc: int) -> Iterator[tuple[Sent, int]]:
        """What may have been sent where these octets came out, and how many of them it used."""
        fits = at < len(octets) and octets[at] & self.before == acc
        for size in self.sizes:
            if size and not fits:
                continue
            if at + size > len(octets):
                continue
            out = octets[at : at + size]
            if size and acc:
                out = bytes([out[0] & ~self.before]) + out[1:]
            for sent in self.ways.get(out, ()):
                value, marks, (mode, t, i, more) = sent
                if more & BEGUN:
                    more = more & 0xFF | acc
                    sent = value, marks, (mode, t, i, more)
                if mode == BUSY and at + size < len(octets) and (octets[at + size] ^ more) & (1 << max(0, i - 1)) - 1:
                    continue  # the octet that is being received comes out as another
                yield sent, size
