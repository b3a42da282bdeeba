"""Step: what one APDU did to a block transfer; Transfer: the blocks of one side on their way.

Shared by the service-specific (blocks.py) and the general (general_blocks.py) block transfer.
"""

from collections.abc import Collection
from itertools import pairwise
from typing import Any

from dissectors.apdu import Apdu
from dissectors.problem import Kind, Problem
from dissectors.record import Value

MAX_OCTETS = 1 << 24  # held per association or conversation: no object of the corpus comes near
BLOCK_OCTETS = 64  # counted for each block besides its data: empty blocks are not free
RANGES_SHOWN = 8  # missing block numbers named in a problem


class Step(Value, frozen=True, gc=False):
    """What one APDU did to a block transfer.

    service: "get", "set", "action", "read", "write", or "block" (general block transfer). role: the
    side that carries the data, "request" or "response" ("" for general blocks). number: of this block,
    or the number it acknowledges. blocks, octets: joined so far (different blocks, octets of raw data).
    joined: the complete data, at the last block only; content: its layout (block_content.CONTENTS;
    "apdu" for general blocks). request: the APDU that started it (names the objects), None unseen.
    frames: of this APDU; where the transfer ends (joined, aborted), all frames that carried its
    blocks. repeat: a block or acknowledgement seen before, not joined again. aborted: why it ended
    without its data, "" otherwise. problems: their buffer is "apdu", the octets given to the call.
    """

    service: str
    role: str
    number: int = 0
    blocks: int = 0
    octets: int = 0
    frames: tuple[int, ...] = ()
    content: str = ""
    request: Apdu | None = None
    joined: bytes | None = None
    repeat: bool = False
    acknowledges: bool = False
    aborted: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def progress(self) -> str:
        """In words, for a row: "3 blocks, 1200 octets so far"."""
        state = "complete" if self.joined is not None else f"ended: {self.aborted}" if self.aborted else "so far"
        return f"{counted(self.blocks, 'block')}, {counted(self.octets, 'octet')} {state}"


Key = tuple[str, str, int]  # service, side that carries the data, invoke id


class Transfer:
    """One side's data on its way: the blocks seen, by number. next: the number that should follow."""

    __slots__ = ("acknowledged", "content", "first", "frames", "key", "next", "octets", "parts", "request")

    def __init__(self, key: Key, content: str, request: Apdu | None, next_: int) -> None:
        self.key = key
        self.content = content
        self.request = request
        self.first = 1
        self.next = next_
        self.parts: dict[int, bytes] = {}
        self.octets = 0
        self.frames: list[int] = []
        self.acknowledged = -1  # the number that the receiver acknowledged last

    @property
    def size(self) -> int:
        return self.octets + BLOCK_OCTETS * len(self.parts)

    def keep(self, number: int, part: bytes) -> None:
        self.parts[number] = part
        self.octets += len(part)

    def step(
        self,
        number: int,
        frames: tuple[int, ...],
        problems: tuple[Problem, ...],
        joined: bytes | None = None,
        aborted: str = "",
        repeat: bool = False,
        acknowledges: bool = False,
    ) -> Step:
        service, role, _ = self.key
        return Step(
            service,
            role,
            number,
            len(self.parts),
            self.octets,
            tuple(self.frames) if joined is not None or aborted else frames,
            self.content,
            self.request,
            joined,
            repeat,
            acknowledges,
            aborted,
            problems,
        )

    def seen(self, last: bool) -> str:
        """What there is and what is missing, in words."""
        found = f"{counted(len(self.parts), 'block')} with {counted(self.octets, 'octet')} seen"
        gaps = missing(self.parts, self.first, self.next)
        lacking = [f"{gaps} missing"] if gaps else []
        if not last:
            lacking.append(f"no last block after {self.next - 1}" if self.next > self.first else "no last block")
        return f"{found}, {', '.join(lacking)}" if lacking else found


def about(kind: Kind, octets: bytes, *args: Any) -> Problem:
    """A problem of the APDU as a whole."""
    return Problem(kind, 0, len(octets), args, "apdu")


def numbers(first: int, last: int) -> str:
    return f"block {first}" if first == last else f"blocks {first} to {last}"


def missing(parts: Collection[int], first: int, end: int) -> str:
    """The numbers from first to end − 1 that parts lack: "block 3, blocks 5 to 7"; "" where none."""
    if len(parts) == end - first:
        return ""
    known = sorted(number for number in parts if first <= number < end)
    gaps = [numbers(a + 1, b - 1) for a, b in pairwise((first - 1, *known, end)) if b - a > 1]
    more = f" and {counted(len(gaps) - RANGES_SHOWN, 'more gap')}" if len(gaps) > RANGES_SHOWN else ""
    return ", ".join(gaps[:RANGES_SHOWN]) + more


def counted(n: int, noun: str) -> str:
    """1 block, 2 blocks."""
    return f"{n} {noun}{'' if n == 1 else 's'}"
