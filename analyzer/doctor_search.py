"""Which frames were sent, when octets came out of a tap that listened wrongly: analysis by synthesis.

The search goes through the characters that may have been sent one by one and keeps those that give exactly the
octets of the capture (with their times and framing errors, where octets have their own). The check sequences of HDLC
say which are true (IEC 62056-46, 6.4.4). A control search asks for check sequences that are wrong by TWIST: what it
finds, chance finds, and nothing is proved by a reading whose control finds as much.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from analyzer.doctor_wave import BUSY, PAUSE, UNIT, Hearing, Marks, Receiver, State
from dissectors.link.hdlc import CONTROLS, MIN_LENGTH, crc
from dissectors.record import Value

MAX_STEPS: Final = 600  # of the search from one opening flag
MAX_WAITING: Final = 6_000  # beginnings that wait for their turn: more are an ambiguous reading
MAX_OPENINGS: Final = 12  # flags that are tried, each with other octets behind it
MAX_FIRST: Final = 512  # ways to begin, for all that is sent first
TWIST: Final = 0x5A5A
SIGN_ON: Final = b"/?!\r\n"  # the request message of IEC 62056-21 without an address
EARLY: Final = 0.45  # of a bit of the line: how far an octet may begin from where it should

Node = tuple[
    int, State, bytes, float | None
]  # place in the octets, state, frame so far, when its next character begins


class Heard(Value, frozen=True):
    """octets as received. starts: places behind a pause. times: of each octet in ns, None where octets share stamps.
    errors: places with a framing error, None where the tap does not tell."""

    octets: bytes
    starts: tuple[int, ...]
    times: tuple[int, ...] | None = None
    errors: frozenset[int] | None = None
    baud: int = 0  # of the tap, 0 where it is not known


class Proof(Value, frozen=True):
    """A frame whose check sequence is right in this reading. at: its place in the octets as received. whole: the
    FCS was reached; else the HCS of its header is right and the rest is ambiguous."""

    at: int
    octets: bytes
    whole: bool


def prove(
    heard: Heard, hearing: Hearing, pauses: tuple[int, ...] = (), twist: int = 0, most: int = MAX_OPENINGS
) -> tuple[list[Proof], int]:
    """Frames that are right in this reading (ambiguous ones are left out), and the number of opening flags tried,
    `most` at most."""
    receiver = _receiver(hearing, pauses)
    bit_ns = 1e9 / heard.baud / hearing.ratio if heard.times is not None and heard.baud else 0.0
    found = []
    tried = 0
    for place, at, state in _openings(heard, receiver):
        if tried == most:
            break
        tried += 1
        proof = _frame(heard, receiver, bit_ns, twist, place, (at, state, b"", None))
        if proof is not None:
            found.append(proof)
    return found, tried


@lru_cache(maxsize=4)
def _receiver(hearing: Hearing, pauses: tuple[int, ...]) -> Receiver:
    """Its tables serve the search and the control search."""
    return Receiver(hearing, pauses)


def sign_ons(heard: Heard, hearing: Hearing) -> int:
    """How often the request message of IEC 62056-21 stands there in this reading."""
    receiver = Receiver(hearing)
    out, state = receiver.say(SIGN_ON)
    out += receiver.pause(state, PAUSE)[0]
    return heard.octets.count(out) if len(out) >= 4 and len(set(out)) > 2 else 0


def openings(hearing: Hearing, octets: int) -> frozenset[bytes]:
    """What the first octets behind a pause are where a frame of at most 255 octets opens; empty when they may be
    almost anything."""
    receiver = Receiver(hearing)
    out: set[bytes] = set()
    frontier: set[tuple[bytes, State]] = {(b"", receiver.start)}
    for characters in (b"\x7e", b"\xa0\xa8", range(MIN_LENGTH, 256), *[range(256)] * 6):
        reached: set[tuple[bytes, State]] = set()
        for before, state in frontier:
            for value in characters:
                more, _, after = receiver.feed(state, receiver.levels(value))
                more = before + more
                if len(more) >= octets:
                    out.add(more[:octets])
                else:
                    reached.add((more, after))
        frontier = reached
        if len(frontier) + len(out) > MAX_FIRST:
            return frozenset()
        if not frontier:
            break
    return frozenset(out)


def _openings(heard: Heard, receiver: Receiver) -> Iterator[tuple[int, int, State]]:
    """(place, what follows it, state) of flags that may open a frame: first those behind a pause."""
    octets = heard.octets
    out, state = receiver.say(b"\x7e")
    seen: set[bytes] = set()
    for place in _places(octets, out, heard.starts):
        behind = octets[place : place + 14]
        if behind not in seen:
            seen.add(behind)
            yield place, place + len(out), state
            if len(seen) >= MAX_OPENINGS:
                return


def _places(octets: bytes, flag: bytes, starts: Sequence[int]) -> Iterator[int]:
    for at in starts:
        if octets.startswith(flag, at):
            yield at
    at = octets.find(flag) if flag else -1
    while at >= 0:
        yield at
        at = octets.find(flag, at + 1)


def _frame(heard: Heard, receiver: Receiver, bit_ns: float, twist: int, place: int, first: Node) -> Proof | None:
    """The one frame that may start there, None for none and for several."""
    octets, errors = heard.octets, heard.errors
    heads: set[bytes] = set()
    character = len(receiver.levels(0))
    waiting = [first]
    steps = 0
    while waiting:
        at, state, body, ns = waiting.pop()
        if len(body) >= MIN_LENGTH and announced(body) == len(body):
            return Proof(place, body, True)
        table = receiver.table(state)
        steps += 1
        if table is None or steps > MAX_STEPS or len(waiting) > MAX_WAITING:
            break
        head = body[: header_end(body)]
        if head and head not in heads:
            heads.add(head)
            if len(heads) > 1:
                return None
        for (value, marks, after), size in table.matches(octets, at, state[3]):
            grown = body + bytes([value])
            if not possible(grown, twist):
                continue
            if errors is not None and any((at + i in errors) is not low for i, (_, low) in enumerate(marks)):
                continue
            begins = ns
            if bit_ns and marks:
                begins = _in_time(heard, at, marks, ns, bit_ns)
                if begins is None:
                    continue
            following = None if begins is None else begins + character * bit_ns
            if receiver.pauses and following is not None and after[0] != BUSY:
                waiting.append((at + size, after, grown, None))
            waiting.append((at + size, after, grown, following))
    return Proof(place, next(iter(heads)), False) if len(heads) == 1 else None


def _in_time(heard: Heard, at: int, marks: Marks, ns: float | None, bit_ns: float) -> float | None:
    """When the character began by the times of its octets; None where they do not fit. ns: when it should have."""
    assert heard.times is not None
    for i, (offset, _) in enumerate(marks):
        begin = heard.times[at + i] - offset * bit_ns / UNIT
        if ns is not None and abs(begin - ns) > EARLY * bit_ns:
            return None
        ns = begin
    return ns


# -- what an HDLC frame without its flags may look like while it grows ---------------------------------------


def announced(body: bytes) -> int:
    """The length that a frame announces, 0 while that is not known."""
    return (body[0] << 8 | body[1]) & 0x7FF if len(body) > 1 else 0


def control_at(body: bytes) -> int:
    """Where the control field stands; -1 when an address is too long; the length so far while it is not there."""
    at = 2
    for _ in range(2):
        end = at
        while end < len(body) and not body[end] & 1:
            end += 1
        if end - at > 3:
            return -1
        if end >= len(body):
            return len(body)
        at = end + 1
    return at


def header_end(body: bytes) -> int:
    """End of the HCS where it is there (possible() saw that it is right), else 0."""
    at = control_at(body)
    return at + 3 if at > 0 and at + 3 <= len(body) and announced(body) > at + 3 else 0


def possible(body: bytes, twist: int = 0) -> bool:
    """Whether octets behind a flag may go on to be a frame: format, length, addresses, control, HCS, FCS.

    twist: what the check sequences differ by from the right ones.
    """
    n = len(body)
    if body[0] >> 4 != 0xA:
        return False
    if n < 2:
        return True
    length, at = announced(body), control_at(body)
    if at < 0 or length < MIN_LENGTH or n > length:
        return False
    if n == 2 or at >= n:
        return True
    if n == at + 1:
        return length >= at + 3 and not CONTROLS[body[at]].kind.startswith("unknown")
    for where in (at + 1 if length > at + 3 else length - 2, length - 2):  # of the HCS, of the FCS
        if n in (where + 1, where + 2):
            return (crc(body[:where]) ^ twist).to_bytes(2, "little").startswith(body[where:n])
    return True
