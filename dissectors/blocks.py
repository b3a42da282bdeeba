"""Service-specific block transfer: GET, SET, ACTION, READ and WRITE blocks become one value (IEC 62056-5-3, 6 and 7.3.1.8).

One ServiceBlocks per association; its caller hands it every APDU that carries a Block, in capture
order, both directions, after deciphering. Blocks are numbered from 1, each is acknowledged, and the
joined raw data is what Step.content says (read it with block_content.list_items).

    apdu.block is not None and apdu.service != "block"     step = blocks.add(apdu, octets, frames, asked)
    any other APDU while blocks.active                     step = blocks.other(apdu, octets, frames)
    AARQ, RLRQ, link down, end of the capture              step = blocks.abandon("the association ended")

Nothing is to be done for lost octets: block numbers tell what is missing. At most MAX_OCTETS are held.
"""

from typing import Any

from dissectors.apdu import Apdu
from dissectors.problem import (
    APDU_BLOCK,
    APDU_BLOCK_ABORT,
    APDU_BLOCK_MISSING,
    APDU_BLOCK_REPEAT,
    STAGE_BOUND,
    Kind,
    Problem,
)
from dissectors.record import Value

MAX_OCTETS = 1 << 24  # raw data held per association: no object of the corpus comes near
BLOCK_OCTETS = 64  # counted for each block besides its data: empty blocks are not free


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


class ServiceBlocks:
    """The block transfers of one association, by service, side and invoke id."""

    __slots__ = ("_done", "_held", "_running")

    def __init__(self) -> None:
        self._running: dict[Key, Transfer] = {}
        self._done: dict[Key, Transfer] = {}  # ended with its last block: for a retry, and the final acknowledgement
        self._held = 0

    @property
    def active(self) -> bool:
        """A transfer has begun and not ended."""
        return bool(self._running)

    def add(self, apdu: Apdu, octets: bytes, frames: tuple[int, ...], asked: Apdu | None = None) -> Step:
        """Takes an APDU with a block, of either direction.

        asked: the request that waits for this response (or that this acknowledgement continues); it
        tells one value from a list. Problems: apdu.block (gap, wrong acknowledgement, restart, numbers
        from 0), apdu.block-missing (blocks that the capture does not hold), apdu.block-repeat,
        apdu.block-abort, stage.bound.
        """
        if apdu.block is None:
            return Step(apdu.service, apdu.role, frames=frames)
        if apdu.block.acknowledges:
            return self._acknowledge(apdu, octets, frames, asked)
        return self._receive(apdu, octets, frames, asked)
