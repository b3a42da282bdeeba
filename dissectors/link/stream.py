"""Half: the octets of one direction of a TCP connection in order (RFC 9293).

    events = half.feed(sequence, flags, payload, token)
    if events is None: …payload is the next of the stream, as it is (the common case)…
    else: for event in events: …

and for every segment of the other side that has ACK set: `half.acknowledge(acknowledgement)`.

Memory of a Half: at most `bound_octets` in at most `bound_segments` held segments, references to
the last RECENT payloads that were delivered (to compare retransmissions) and LOST gap ranges. A
Half without held segments and traffic is about 1 kB plus those payloads: the caller bounds flows.
"""

from bisect import bisect_left
from collections import deque
from typing import Any, Final

from dissectors.problem import (
    TCP_BOUND,
    TCP_GAP,
    TCP_KEEPALIVE,
    TCP_LATE,
    TCP_MIDSTREAM,
    TCP_OVERLAP,
    TCP_REORDERED,
    TCP_RETRANSMISSION,
    Kind,
    Problem,
)
from dissectors.record import Value

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
RECENT: Final = 4
LOST: Final = 8
_MOD: Final = 0xFFFFFFFF
_HALF: Final = 0x80000000
_SPECIAL: Final = FIN | SYN | RST


class Event(Value, frozen=True, gc=False):
    """One step of the stream, in stream order.

    kind: "deliver" (octets are the next of the stream), "repeat" (octets seen before, late after
    their gap was given up, or a keep-alive: show, do not deliver), "lose" (`lost` octets are missing
    here: Framer.lose), "restart" (a new connection on the same ports: end the framer, begin anew),
    "end" (FIN reached in order, or RST). Of every token the octets of its deliver and repeat events,
    joined, have the length of its payload: none is lost. token: what feed() got with the octets,
    None for lose, restart and end.
    """

    kind: str
    octets: bytes = b""
    token: Any = None
    lost: int = 0
    problems: tuple[Problem, ...] = ()


_END: Final = Event("end")


class Half:
    """One direction of one connection.

    Positions are counted from the start of what was captured, without wrapping; `next` is the
    sequence number that is expected, -1 before the first segment.
    """

    __slots__ = ("_acked", "_bound_octets", "_bound_segments", "_fin", "_held", "_held_octets", "_initial", "_lost",
                 "_recent", "next", "position")  # fmt: skip

    def __init__(self, bound_octets: int = 262144, bound_segments: int = 256) -> None:
        self.next = -1
        self.position = 0  # octets delivered or lost so far
        self._bound_octets = bound_octets
        self._bound_segments = bound_segments
        self._held: list[tuple[int, bytes, Any, tuple[Problem, ...]]] = []  # position, octets, token, problems
        self._held_octets = 0
        self._initial = -1  # sequence number of the SYN, -1 where it was not seen
        self._fin = -1  # position of the FIN
        self._acked = -1  # position that the other side has received
        self._recent: deque[tuple[int, bytes]] = deque(maxlen=RECENT)
        self._lost: deque[tuple[int, int]] = deque(maxlen=LOST)

    @property
    def waiting(self) -> int:
        """Octets held back behind a gap."""
        return self._held_octets

    def feed(self, sequence: int, flags: int, payload: bytes, token: Any = None) -> list[Event] | None:
        """None: payload (perhaps empty) is in order, deliver it as it is. [] : held, or nothing to say.

        Problems in events: tcp.retransmission, tcp.overlap, tcp.reordered, tcp.gap, tcp.late, tcp.bound,
        tcp.keep-alive, tcp.mid-stream (once).
        """
        if sequence == self.next and not flags & _SPECIAL and not self._held:
            n = len(payload)
            if n:
                self._recent.append((self.position, payload))
                self.position += n
                self.next = sequence + n & _MOD
            return None
        return self._feed(sequence, flags, payload, token)

    def _feed(self, sequence: int, flags: int, payload: bytes, token: Any) -> list[Event]:
        out: list[Event] = []
        problems: tuple[Problem, ...] = ()
        if flags & SYN:
            self._syn(sequence, token, out)
            sequence = sequence + 1 & _MOD
        elif self.next < 0:
            if not payload and not flags & FIN:
                # a bare ACK has the next sequence number, a keep-alive one less: not known yet which
                return [_END] if flags & RST else []
            self.next = sequence
            problems = (Problem(TCP_MIDSTREAM),)
        ahead = (sequence - self.next & _MOD ^ _HALF) - _HALF  # signed: -2**31 up to 2**31 - 1
        at = self.position + ahead
        if flags & RST:
            # octets of a RST are words about the reason (RFC 9293, 3.10.7.4), not of the stream
            if payload:
                out.append(Event("repeat", payload, token))
            out += self.end()
            out.append(_END)
            return out
        if flags & FIN and ahead >= 0 and self._fin < 0:
            self._fin = at + len(payload)
        if ahead == -1 and len(payload) <= 1 and not flags & _SPECIAL:
            out.append(Event("repeat", payload, token, 0, (Problem(TCP_KEEPALIVE),)))
        elif payload:
            self._place(at, payload, token, problems, out)
        elif flags & FIN and ahead < 0:
            out.append(Event("repeat", b"", token, 0, (_problem(TCP_RETRANSMISSION, 0),)))
        self._release(out)
        return out

    def _syn(self, sequence: int, token: Any, out: list[Event]) -> None:
        if self._initial == sequence:
            out.append(Event("repeat", b"", token, 0, (_problem(TCP_RETRANSMISSION, 0),)))
            return
        if self.next >= 0:
            out += self.end()
            out.append(Event("restart"))
        self._initial = sequence
        self.next = sequence + 1 & _MOD
        self._fin = self._acked = -1
        self._recent.clear()
        self._lost.clear()

    def _place(self, at: int, payload: bytes, token: Any, problems: tuple[Problem, ...], out: list[Event]) -> None:
        """Splits a segment into what was seen before (repeat) and what is new (held, perhaps for a moment)."""
        end = at + len(payload)
        if at < self.position:
            stop = min(end, self.position)
            known = payload[: stop - at]
            out.append(Event("repeat", known, token, 0, problems + self._compare(at, known)))
            problems = ()
            at = stop
        start = end - len(payload)
        noted = False
        held = self._held
        i = bisect_left(held, (at,))
        if i and held[i - 1][0] + len(held[i - 1][1]) > at:
            i -= 1
        while at < end:
            if i < len(held) and held[i][0] <= at:
                there, octets, _, _ = held[i]
                stop = min(end, there + len(octets))
                known = payload[at - start : stop - start]
                kind = TCP_RETRANSMISSION if known == octets[at - there : stop - there] else TCP_OVERLAP
                out.append(Event("repeat", known, token, 0, (*problems, _problem(kind, len(known)))))
            else:
                stop = min(end, held[i][0]) if i < len(held) else end
                if at > self.position and not noted:
                    problems += (Problem(TCP_REORDERED, args=(at - self.position,)),)
                    noted = True
                held.insert(i, (at, payload[at - start : stop - start], token, problems))
                self._held_octets += stop - at
            problems = ()
            at = stop
            i += 1

    def _compare(self, at: int, octets: bytes) -> tuple[Problem, ...]:
        """Why octets before the position come: late behind a given-up gap, before the capture's start,
        or again; and whether they are the same, as far as the recent payloads tell."""
        end = at + len(octets)
        if at < 0:
            return (Problem(TCP_MIDSTREAM),)
        if any(a < end and at < b for a, b in self._lost):
            return (Problem(TCP_LATE, args=(len(octets),)),)
        for there, known in self._recent:
            a, b = max(at, there), min(end, there + len(known))
            if a < b and octets[a - at : b - at] != known[a - there : b - there]:
                return (_problem(TCP_OVERLAP, len(octets)),)
        return (_problem(TCP_RETRANSMISSION, len(octets)),)

    def _release(self, out: list[Event]) -> None:
        """Delivers what is in order, and gives up gaps that the other side has passed or that hold
        too much back."""
        held = self._held
        taken = 0
        while taken < len(held):
            at = held[taken][0]
            if at > self.position:
                over = self._held_octets > self._bound_octets or len(held) - taken > self._bound_segments
                if not over and self._acked < at:
                    break
                self._lose(at, out, TCP_BOUND if over and self._acked < at else None)
            _, octets, token, problems = held[taken]
            out.append(Event("deliver", octets, token, 0, problems))
            self._recent.append((at, octets))
            self._held_octets -= len(octets)
            self._advance(len(octets))
            taken += 1
        if taken:
            del held[:taken]
        if held or self._fin < 0:
            return
        if self.position < self._fin <= self._acked:
            self._lose(self._fin, out, None)
        if self._fin == self.position:
            self.next = self.next + 1 & _MOD
            self._fin = -1
            out.append(_END)

    def _lose(self, at: int, out: list[Event], why: Kind | None) -> None:
        lost = at - self.position
        problems: tuple[Problem, ...] = (Problem(TCP_GAP, args=(lost,)),)
        if why is not None:
            problems += (Problem(why, args=(self._bound_octets,)),)
        out.append(Event("lose", b"", None, lost, problems))
        self._lost.append((self.position, at))
        self._advance(lost)

    def _advance(self, n: int) -> None:
        self.position += n
        self.next = self.next + n & _MOD

    def acknowledge(self, acknowledgement: int) -> list[Event] | None:
        """The other side has received up to here: a gap before it will not be filled any more. None:
        nothing comes of it."""
        if self.next < 0:
            return None
        ahead = (acknowledgement - self.next & _MOD ^ _HALF) - _HALF
        if ahead <= 0:
            return None
        self._acked = max(self._acked, self.position + ahead)
        if not self._held and self._fin < 0:
            return None
        out: list[Event] = []
        self._release(out)
        return out or None

    def end(self) -> list[Event]:
        """The capture or the connection is over: what was held, with its gaps as lose."""
        out: list[Event] = []
        if self._held or self._fin >= 0:
            self._acked = max(self._held[-1][0] if self._held else -1, self._fin)
            self._release(out)
        return out


def _problem(kind: Kind, n: int) -> Problem:
    return Problem(kind, 0, n, () if kind is TCP_OVERLAP else (n,))
