"""General block transfer: the blocks of E0 APDUs become one inner APDU (IEC 62056-5-3).

One GeneralBlocks per conversation of a client and a server (association, or push without one); it
follows both directions, since each acknowledges the other. Before deciphering: the joined octets are
a complete APDU, protected or not.

    apdu.service == "block"                       step = general.add(apdu, octets, direction, frames, context)
    step.joined is not None                       dissect step.joined as the next APDU of that direction
    association or link ended, end of capture     step = general.abandon("the association ended")

BN = 1 with BNA = 0 starts an exchange; each side numbers its own blocks from 1 (acknowledgements
without data take numbers too) and acknowledges the other's. A sender that is told of a lost block goes
on from BNA + 1. Blocks are joined in the order of their numbers, whatever order they came in.
"""

from zlib import crc32

from dissectors import problem as P
from dissectors.apdu import Apdu
from dissectors.block_step import BLOCK_OCTETS, MAX_OCTETS, Step, about, counted, missing, numbers
from dissectors.context import EMPTY, Context
from dissectors.problem import Problem, Severity
from dissectors.record import Direction
from dissectors.xdlms.general import BlockTransfer
from dissectors.xdlms.initiate import CONFORMANCE_BIT

TO_CLIENT, TO_SERVER = int(Direction.TO_CLIENT), int(Direction.TO_SERVER)
NEGOTIATED = CONFORMANCE_BIT["general-block-transfer"]
SERVICE = "block"
CONTENT = "apdu"
Problems = tuple[Problem, ...]


class Side:
    """What one side sent in the exchange: its blocks by number, and what it said to the other."""

    __slots__ = (
        "acknowledged", "complete", "empties", "frames", "given_up", "last", "next", "octets", "parts", "push", "row",
        "sums", "window",
    )  # fmt: skip

    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {}
        self.empties: set[int] = set()  # numbers that acknowledgements without data took
        self.sums: dict[int, int] = {}  # CRC of the joined blocks: tells a repeat from a new message
        self.octets = 0
        self.frames: list[int] = []
        self.next = 1
        self.last = -1  # number of the last block, once seen
        self.complete = False
        self.given_up = False
        self.push = False  # the streaming bit of an unconfirmed push was noted
        self.window = 0  # blocks in a row that this side accepts, as it said last
        self.row = 0  # blocks since the other side spoke
        self.acknowledged = -1  # the other's block that this side acknowledged last

    @property
    def open(self) -> bool:
        return bool(self.parts)

    @property
    def whole(self) -> bool:
        return 0 <= self.last == len(self.parts) + len(self.empties)

    def missing(self) -> str:
        return missing(self.parts.keys() | self.empties, 1, self.last + 1 if self.last >= 0 else self.next)

    def seen(self) -> str:
        found = f"{counted(len(self.parts), 'block')} with {counted(self.octets, 'octet')} seen"
        gaps = self.missing()
        return f"{found}, {gaps} missing" if gaps else found

    def step(
        self,
        number: int,
        frames: tuple[int, ...],
        problems: Problems,
        joined: bytes | None = None,
        aborted: str = "",
        repeat: bool = False,
        acknowledges: bool = False,
    ) -> Step:
        ended = joined is not None or aborted
        return Step(
            SERVICE,
            "",
            number,
            len(self.parts),
            self.octets,
            tuple(self.frames) if ended else frames,
            CONTENT,
            None,
            joined,
            repeat,
            acknowledges,
            aborted,
            problems,
        )


class GeneralBlocks:
    """The general block transfer of one client and one server, both directions."""

    __slots__ = ("_held", "_sides")

    def __init__(self) -> None:
        self._sides = [Side(), Side(), Side()]  # by Direction of the sender; the third for an unknown one
        self._held = 0

    @property
    def active(self) -> bool:
        """A message has begun and is not whole."""
        return any(side.open for side in self._sides)

    def add(self, apdu: Apdu, octets: bytes, direction: int, frames: tuple[int, ...], context: Context = EMPTY) -> Step:
        """Takes one general-block-transfer APDU (apdu.detail is its BlockTransfer); direction: of its sender.

        context: sizes and conformance of the association where there is one. Problems: apdu.gbt-gap,
        -ack, -window, -size, -not-negotiated, -missing-last, -streaming, -changed (errors),
        -streaming-push, -order, -repeat, -lost, -abort, stage.bound.
        """
        head = apdu.detail
        side = self._sides[direction]
        if not isinstance(head, BlockTransfer):
            return Step(SERVICE, "", frames=frames)  # too short to be one: the next number tells
        peer = self._sides[1 - direction] if direction in (TO_SERVER, TO_CLIENT) else Side()
        number, acknowledged = head.number, head.acknowledged
        if head.last and not head.streaming and number == 0 == acknowledged:
            return self._abort(side, octets, frames)
        part = octets[head.data[0] : head.data[1]]
        problems: Problems = ()
        if number == 1 and acknowledged == 0 and part and not _continues(side, peer, part):
            problems = self._begin(direction, octets, head)
            side = self._sides[direction]
            peer = self._sides[1 - direction] if direction in (TO_SERVER, TO_CLIENT) else Side()
            if context.conformance >= 0 and not context.conformance & NEGOTIATED:
                problems += (about(P.GBT_NOT_NEGOTIATED, octets),)
        limit = {TO_CLIENT: context.client_max_pdu, TO_SERVER: context.server_max_pdu}.get(direction, 0)
        if len(octets) > limit > 0:
            problems += (about(P.GBT_SIZE, octets, len(octets), limit),)
        first = number == 1 and part
        if acknowledged or not (first or head.window == 0):  # what starts an exchange or is unconfirmed says nothing
            problems += _acknowledges(side, peer, acknowledged, octets)
        side.window = head.window
        peer.row = 0
        if not part and not (head.last and side.open and side.last < 0 and number not in side.parts):
            if number == side.next:
                side.next = number + 1
                if side.last < 0:
                    side.empties.add(number)
            return side.step(number, frames, problems, acknowledges=True)
        side.row += 1
        if side.row == peer.window + 1 > 1:
            problems += (about(P.GBT_WINDOW, octets, side.row, peer.window),)
        if head.streaming:
            unconfirmed = head.window == 0 == acknowledged
            if unconfirmed and not side.push:
                side.push = True
                problems += (about(P.GBT_PUSH, octets),)
            elif head.last and not unconfirmed:
                problems += (about(P.GBT_STREAMING, octets),)
        return self._receive(direction, head, part, octets, frames, problems)

    def abandon(self, why: str) -> Step | None:
        """Ends what is unfinished: one Step for all, aborted = why; None where nothing is open.

        Problem: apdu.gbt-missing-last as a warning, with what was seen and which numbers are missing.
        """
        problems: Problems = ()
        blocks = octets = number = 0
        frames: list[int] = []
        for side in self._sides:
            if side.open:
                words = f"{side.seen()} when {why}"
                kind, severity = (P.GBT_GAP, None) if side.last >= 0 else (P.GBT_MISSING_LAST, Severity.WARNING)
                problems += (Problem(kind, 0, 0, (words,), "apdu", 0, severity),)
                blocks += len(side.parts)
                octets += side.octets
                frames += side.frames
                number = side.next - 1
        self._sides = [Side(), Side(), Side()]
        self._held = 0
        if not problems:
            return None
        return Step(
            SERVICE, "", number, blocks, octets, tuple(frames), CONTENT, aborted=why, problems=problems
        )  # fmt: skip

    def _begin(self, direction: int, octets: bytes, head: BlockTransfer) -> Problems:
        """A new exchange: what was unfinished is reported. An unconfirmed push leaves the other side's blocks alone."""
        problems: Problems = ()
        for d, side in enumerate(self._sides):
            if d != direction and head.window == 0:
                continue
            if side.open:
                self._held -= side.octets + BLOCK_OCTETS * len(side.parts)
                if side.last < 0:  # else its gap was reported at the last block
                    problems += (about(P.GBT_MISSING_LAST, octets, side.seen()),)
            self._sides[d] = Side()
        return problems

    def _receive(
        self,
        direction: int,
        head: BlockTransfer,
        part: bytes,
        octets: bytes,
        frames: tuple[int, ...],
        problems: Problems,
    ) -> Step:
        """A block with data: kept by its number, joined when all are there."""
        side = self._sides[direction]
        number = head.number
        if side.given_up:
            return side.step(number, frames, problems)
        if side.complete:
            if side.sums.get(number) == crc32(part):
                return side.step(number, frames, (*problems, about(P.GBT_REPEAT, octets, number)), repeat=True)
            side = self._sides[direction] = Side()
            side.window, side.acknowledged = head.window, head.acknowledged
        held = side.parts.get(number)
        side.frames += frames
        if held is not None:
            kind = P.GBT_REPEAT if held == part else P.GBT_CHANGED
            return side.step(number, frames, (*problems, about(kind, octets, number)), repeat=True)
        if number < 1 or 0 <= side.last < number:
            words = f"block {number} after the last, {side.last}" if number else "block 0 with data"
            return side.step(number, frames, (*problems, about(P.GBT_GAP, octets, words)), repeat=True)
        if number > side.next:
            problems += (_gap(side, number, octets),)
        elif number < side.next:
            problems += (about(P.GBT_ORDER, octets, number, side.next - 1),)
        side.empties.discard(number)
        side.parts[number] = part
        side.octets += len(part)
        side.next = max(side.next, number + 1)
        self._held += len(part) + BLOCK_OCTETS
        if self._held > MAX_OCTETS:
            problems += (about(P.STAGE_BOUND, octets, "general block transfer", f"{MAX_OCTETS} octets"),)
            step = side.step(number, frames, problems, aborted=f"more than {MAX_OCTETS} octets")
            self._close(side)
            side.given_up = True
            return step
        if head.last:
            if number + 1 < side.next:
                words = f"block {number} is the last, {side.next - 1} was sent before"
                problems += (about(P.GBT_GAP, octets, words),)
                return side.step(number, frames, problems)
            side.last = number
            if not side.whole:
                problems += (about(P.GBT_GAP, octets, f"not joined at the last block: {side.seen()}"),)
        if not side.whole:
            return side.step(number, frames, problems)
        joined = b"".join([side.parts[n] for n in sorted(side.parts)])
        step = side.step(number, frames, problems, joined)
        side.sums = {n: crc32(data) for n, data in side.parts.items()}
        side.complete = True
        self._close(side)
        return step

    def _abort(self, sender: Side, octets: bytes, frames: tuple[int, ...]) -> Step:
        """BN = 0 and BNA = 0 with the last block bit: the exchange of both sides ends."""
        sides = [side for side in self._sides if side.open]
        words = "; ".join(side.seen() for side in sides) or "nothing was open"
        kept = tuple([number for side in sides for number in side.frames])
        blocks = sum(len(side.parts) for side in sides)
        total = sum(side.octets for side in sides)
        self._sides = [Side(), Side(), Side()]
        self._held = 0
        problem = about(P.GBT_ABORT, octets, words)
        return Step(
            SERVICE, "", 0, blocks, total, kept or frames, CONTENT, aborted="abort", problems=(problem,)
        )  # fmt: skip

    def _close(self, side: Side) -> None:
        """The blocks are joined or given up: no longer held."""
        self._held -= side.octets + BLOCK_OCTETS * len(side.parts)
        side.parts = {}
        side.empties = set()
        side.frames = []
        side.octets = 0


def _continues(side: Side, peer: Side, part: bytes) -> bool:
    """Whether BN = 1 with BNA = 0 belongs to the exchange that runs: block 1 late, or sent again.

    After the last block it never does, else blocks of one message could complete another.
    """
    if side.complete or side.last >= 0 or not side.open:
        return False
    if 1 in side.parts:
        return side.parts[1] == part and (side.next == 2 or peer.acknowledged == 0)
    return len(side.parts) == side.next - 2


def _gap(side: Side, number: int, octets: bytes) -> Problem:
    """Numbers that were not seen; a warning only where nothing was seen before: the capture may start here."""
    if side.next == 1:
        words = f"{numbers(1, number - 1)} not seen"
        return Problem(P.GBT_GAP, 0, len(octets), (words,), "apdu", 0, Severity.WARNING)
    words = f"block {number} where {side.next} was expected: {numbers(side.next, number - 1)} missing"
    return about(P.GBT_GAP, octets, words)


def _acknowledges(side: Side, peer: Side, acknowledged: int, octets: bytes) -> Problems:
    """BNA against what the other side sent: beyond it, back from an earlier one, or short of it (a loss)."""
    problems: Problems = ()
    sent = peer.next - 1
    if sent > 0:
        if acknowledged > sent:
            words = f"block {acknowledged} is acknowledged, {sent} was the last sent"
            problems = (about(P.GBT_ACK, octets, words),)
        elif acknowledged < side.acknowledged:
            words = f"block {acknowledged} is acknowledged, {side.acknowledged} was before"
            problems = (about(P.GBT_ACK, octets, words),)
        elif acknowledged < sent and peer.row > 0:
            problems = (about(P.GBT_LOST, octets, acknowledged, sent),)
    side.acknowledged = acknowledged
    return problems
