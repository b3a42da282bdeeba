"""Service-specific block transfer: GET, SET, ACTION, READ and WRITE blocks become one value (IEC 62056-5-3, 6).

One ServiceBlocks per association; its caller hands it every APDU that carries a Block, in capture
order, both directions, after deciphering. Blocks are numbered from 1, each is acknowledged, and the
joined raw data is what Step.content says (read it with block_content.list_items).

    apdu.block is not None and apdu.service != "block"     step = blocks.add(apdu, octets, frames, asked)
    any other APDU while blocks.active                     step = blocks.other(apdu, octets, frames)
    AARQ, RLRQ, link down, end of the capture              step = blocks.abandon("the association ended")

Nothing is to be done for lost octets: block numbers tell what is missing. At most MAX_OCTETS are held.
"""

from dissectors.apdu import Apdu
from dissectors.block_step import BLOCK_OCTETS, MAX_OCTETS, Key, Step, Transfer, about, missing, numbers
from dissectors.problem import (
    APDU_BLOCK,
    APDU_BLOCK_ABORT,
    APDU_BLOCK_MISSING,
    APDU_BLOCK_REPEAT,
    STAGE_BOUND,
    Problem,
)

__all__ = ["ServiceBlocks", "Step"]


class ServiceBlocks:
    """The block transfers of one association, by service, side and invoke id."""

    __slots__ = ("_done", "_held", "_running")

    def __init__(self) -> None:
        self._running: dict[Key, Transfer] = {}
        self._done: dict[Key, Transfer] = {}  # ended with its last block: for a retry, and the final acknowledgement
        self._held = 0

    @property
    def active(self) -> bool:
        """Hand over every APDU: a transfer runs, or has ended so lately that its last block could be sent again."""
        return bool(self._running or self._done)

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

    def other(self, apdu: Apdu, octets: bytes, frames: tuple[int, ...]) -> Step | None:
        """Takes an APDU without a block while `active`; None where it does not touch a transfer.

        A response in place of the next block, an exception or an error ends the transfer (aborted names
        its result); so does a new request of the same service and invoke id. Problems: apdu.block-abort,
        apdu.block (last block missing; another request before the last block).
        """
        if apdu.service in ("exception", "error"):
            t = next(reversed(self._running.values()), None)
            return None if t is None else self._abort(t, octets, frames, f"{apdu.name} ({apdu.result})")
        keys = [(apdu.service, role, apdu.invoke_id) for role in ("response", "request")]
        t = next((self._running[key] for key in keys if key in self._running), None)
        if apdu.role not in ("request", "response") or _damaged(apdu):
            return None  # the number of the next block tells what a damaged one cost
        if apdu.role == "response":
            self._done.pop(keys[1], None)
            return None if t is None else self._abort(t, octets, frames, f"{apdu.name} ({apdu.result or 'data'})")
        self._done.clear()
        if t is not None:
            if apdu == t.request and t.acknowledged < 0 and len(t.parts) == 1:
                return t.step(t.next - 1, frames, (about(APDU_BLOCK_REPEAT, octets, "the request was sent again"),))
            self._end(t)
            why = f"replaced by {apdu.name}"
            kind = APDU_BLOCK if t.parts else APDU_BLOCK_MISSING
            problem = about(kind, octets, f"last block missing, {why}: {t.seen(False)}")
            return t.step(t.next - 1, frames, (problem,), aborted=why)
        t = next(reversed(self._running.values()), None)
        if t is None:
            return None
        service, role, invoke_id = t.key
        which = service if invoke_id < 0 else f"{service} {role} with invoke id {invoke_id}"
        words = f"{apdu.name} before the last block of the {which}"
        return t.step(t.next - 1, frames, (about(APDU_BLOCK, octets, words),))

    def abandon(self, why: str) -> Step | None:
        """Ends every unfinished transfer: one Step for all, aborted = why; None where nothing is open.

        Problem: apdu.block-missing for each, with the block numbers that are missing and the octets seen.
        """
        problems: tuple[Problem, ...] = ()
        step = None
        frames: list[int] = []
        for t in self._running.values():
            service, role, _ = t.key
            words = f"{service} {role} unfinished when {why}: {t.seen(False)}"
            problems += (Problem(APDU_BLOCK_MISSING, 0, 0, (words,), "apdu"),)
            frames += t.frames
            step = t.step(t.next - 1, (), (), aborted=why)
        self._running.clear()
        self._done.clear()
        self._held = 0
        if step is None:
            return None
        return Step(
            step.service, step.role, step.number, step.blocks, step.octets, tuple(frames), step.content, step.request,
            aborted=why, problems=problems,
        )  # fmt: skip

    # -- blocks -----------------------------------------------------------------------------------

    def _receive(self, apdu: Apdu, octets: bytes, frames: tuple[int, ...], asked: Apdu | None) -> Step:
        block = apdu.block
        assert block is not None
        number = block.number
        key = (apdu.service, apdu.role, apdu.invoke_id)
        part = octets[block.data[0] : block.data[1]]
        t = self._running.get(key)
        if t is not None and apdu.result not in (None, "success"):
            t.frames += frames
            return self._abort(t, octets, frames, str(apdu.result))
        if t is None:
            ended = self._done.get(key)
            if ended is not None and 1 < number == ended.next - 1 and ended.parts.get(number) == part:
                problem = about(APDU_BLOCK_REPEAT, octets, f"block {number}, the last, was sent again")
                return ended.step(number, frames, (problem,), repeat=True)
        problems: tuple[Problem, ...] = ()
        anew = "first" in apdu.name or number == (1 if t is None else t.first)
        if t is not None and anew and t.parts and not (t.next == number + 1 and t.parts.get(number) == part):
            words = f"restarted at block {number}: {t.seen(False)}"
            problems += (about(APDU_BLOCK, octets, words),)
            self._end(t)
            t = None
        if t is None:
            t, more = self._begin(key, apdu, octets, asked)
            problems += more
            if apdu.result not in (None, "success"):
                t.frames += frames
                return self._abort(t, octets, frames, str(apdu.result))
        t.frames += frames
        held = t.parts.get(number)
        if held is not None:
            if held == part:
                problems += (about(APDU_BLOCK_REPEAT, octets, f"block {number} was sent again"),)
            else:
                problems += (about(APDU_BLOCK, octets, f"block {number} was sent again with other octets"),)
            return t.step(number, frames, problems, repeat=True)
        if number < t.first:
            problems += (about(APDU_BLOCK, octets, f"block {number} where {t.next} was expected"),)
            return t.step(number, frames, problems, repeat=True)
        if number < t.next:
            problems += (about(APDU_BLOCK_REPEAT, octets, f"block {number} came after block {t.next - 1}"),)
        elif number > t.next:
            problems += (self._gap(t, number, octets),)
        self._held += len(part) + BLOCK_OCTETS
        t.keep(number, part)
        t.next = max(t.next, number + 1)
        if self._held > MAX_OCTETS:
            self._end(t)
            why = f"more than {MAX_OCTETS} octets"
            problems += (about(STAGE_BOUND, octets, "block transfer", f"{MAX_OCTETS} octets"),)
            return t.step(number, frames, problems, aborted=why)
        if not block.last:
            return t.step(number, frames, problems)
        return self._last(t, number, octets, frames, problems)

    def _last(
        self, t: Transfer, number: int, octets: bytes, frames: tuple[int, ...], problems: tuple[Problem, ...]
    ) -> Step:
        self._end(t)
        gaps = missing(t.parts, t.first, t.next)
        joined = None if gaps else b"".join([t.parts[n] for n in sorted(t.parts)])
        if gaps:
            problems += (about(APDU_BLOCK_MISSING, octets, f"not joined at the last block: {t.seen(True)}"),)
        step = t.step(number, frames, problems, joined, f"{gaps} missing" if gaps else "")
        # Kept for a retry and the final acknowledgement: its last block and the counts, not the data.
        t.parts = {number: t.parts[number]}
        t.frames = []
        self._done[t.key] = t
        return step

    def _begin(
        self, key: Key, apdu: Apdu, octets: bytes, asked: Apdu | None, acknowledged: bool = False
    ) -> tuple[Transfer, tuple[Problem, ...]]:
        """A new transfer at this APDU; notes numbers from 0, and blocks before it that were not seen."""
        assert apdu.block is not None
        number = apdu.block.number
        self._done.pop(key, None)
        request = apdu if apdu.role == "request" and "first" in apdu.name and not acknowledged else asked
        t = Transfer(key, _content(key, request), request, number + acknowledged)
        self._running[key] = t
        if number == 0 and not acknowledged:
            t.first = 0
            return t, (about(APDU_BLOCK, octets, "numbers start at 0, not 1"),)
        if t.next > 1:
            words = f"{numbers(1, t.next - 1)} not seen"
            return t, (about(APDU_BLOCK_MISSING, octets, words),)
        return t, ()

    def _gap(self, t: Transfer, number: int, octets: bytes) -> Problem:
        """A jump in the numbers: lost by the capture where the receiver acknowledged it, else by the sender."""
        gap = numbers(t.next, number - 1)
        if t.acknowledged == number - 1:
            return about(APDU_BLOCK_MISSING, octets, f"{gap} acknowledged but not captured")
        return about(APDU_BLOCK, octets, f"block {number} where {t.next} was expected: {gap} missing")

    # -- acknowledgements ---------------------------------------------------------------------------

    def _acknowledge(self, apdu: Apdu, octets: bytes, frames: tuple[int, ...], asked: Apdu | None) -> Step:
        block = apdu.block
        assert block is not None
        number = block.number
        carrier = "response" if apdu.role == "request" else "request"
        key = (apdu.service, carrier, apdu.invoke_id)
        t = self._running.get(key)
        if t is None:
            return self._acknowledge_ended(key, apdu, octets, frames, asked)
        last = t.next - 1
        problems: tuple[Problem, ...] = ()
        repeat = False
        if block.last:  # the service's own answer, before the last block
            return self._abort(t, octets, frames, f"answered ({apdu.result}) before the last block")
        if number == last:
            repeat = t.acknowledged == number
            if repeat:
                problems = (about(APDU_BLOCK_REPEAT, octets, f"block {number} was acknowledged again"),)
        elif number == last - 1:
            repeat = True
            problems = (about(APDU_BLOCK_REPEAT, octets, f"block {number} acknowledged: asks again for {last}"),)
        else:
            problems = (about(APDU_BLOCK, octets, f"block {number} is acknowledged, {last} was the last sent"),)
        t.acknowledged = number
        return t.step(number, frames, problems, repeat=repeat, acknowledges=True)

    def _acknowledge_ended(
        self, key: Key, apdu: Apdu, octets: bytes, frames: tuple[int, ...], asked: Apdu | None
    ) -> Step:
        block = apdu.block
        assert block is not None
        number = block.number
        t = self._done.get(key)
        problems: tuple[Problem, ...] = ()
        if t is not None:
            last = t.next - 1
            if number != last:
                problems = (about(APDU_BLOCK, octets, f"block {number} is acknowledged, {last} was the last"),)
            elif not block.last:
                problems = (about(APDU_BLOCK, octets, f"more is expected after block {number}, the last"),)
            if block.last:
                del self._done[key]
            return t.step(number, frames, problems, acknowledges=True)
        if block.last:
            problem = about(APDU_BLOCK_MISSING, octets, f"{numbers(1, number)} not seen")
            return Step(key[0], key[1], number, frames=frames, request=asked, acknowledges=True, problems=(problem,))
        t, problems = self._begin(key, apdu, octets, asked, True)
        t.acknowledged = number
        return t.step(number, frames, problems, acknowledges=True)

    # -- ends ---------------------------------------------------------------------------------------

    def _abort(self, t: Transfer, octets: bytes, frames: tuple[int, ...], why: str) -> Step:
        self._end(t)
        problem = about(APDU_BLOCK_ABORT, octets, f"{why}: {t.seen(False)}")
        return t.step(t.next - 1, frames, (problem,), aborted=why)

    def _end(self, t: Transfer) -> None:
        self._held -= t.size
        self._running.pop(t.key, None)


def _content(key: Key, request: Apdu | None) -> str:
    """Layout of the joined data: by service and side, and, where the request was seen, one value or a list."""
    service, role, _ = key
    form = ""
    if service in ("get", "set", "action"):
        form = "" if request is None else "-list" if request.items is not None else "-normal"
    return f"{service}-{role}{form}"


def _damaged(apdu: Apdu) -> bool:
    """An APDU that was part of a block transfer by its choice, but too short to tell its number."""
    if apdu.service in ("read", "write"):
        return apdu.items is None
    return "block" in apdu.name or "next" in apdu.name
