"""Reassembly: frames of the link become complete APDUs (Pdu) and link events.

A wrapper or exported APDU passes straight through. HDLC segments (IEC 62056-46, 6.4.2.2, S bit) are joined per
link and direction, the LLC header taken off. Retransmissions and echoes are counted, never delivered twice: a
client's Pdu is held until the next frame of its conversation that is not its own retransmission, so that its
attempts are known; order of completion is kept.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from dissectors import problem
from dissectors.link.hdlc import BLOCK_TRANSFER, Hdlc, Negotiation
from dissectors.link.llc import SIZE as LLC_SIZE
from dissectors.problem import Problem
from dissectors.reassembly_parts import (
    Conversation,
    Held,
    Joint,
    Pair,
    Part,
    duration,
    event_of,
    parties,
    same,
    unfinished,
)
from dissectors.record import Direction, Frame, Path, Pdu

PASSED = frozenset(("wrapper", "apdu"))
TO_SERVER, TO_CLIENT = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
MAX_APDU = 1 << 20
MAX_LINKS = 65536
MAX_WAITING = 64
EVENTS = frozenset(("SNRM", "DISC", "UA", "DM", "FRMR"))
DOWN = frozenset(("tcp.fin", "tcp.rst"))
DAMAGE = frozenset(
    (
        *(problem.HDLC_FCS, problem.HDLC_HCS, problem.HDLC_TRUNC, problem.HDLC_LEN, problem.HDLC_FLAG),
        problem.LINE_COLLISION,
    )
)
BROKEN = frozenset((problem.HDLC_NS_GAP, problem.HDLC_MISSED))


def join(frames: Iterable[Frame]) -> Iterator[Pdu]:
    """Pdus in order of completion.

    Problems of a Pdu: those of segmentation that no single frame has (hdlc.seg-orphan), on the Pdu of an event
    "gap". At the end of the input unfinished segments are such a gap with stage.unfinished.
    """
    state = Reassembly()
    queue = state.queue
    held_by = state.held
    for frame in frames:
        layer = frame.layer
        if layer == "hdlc" and not frame.problems:
            value = frame.value
            if value is not None and value.good and frame.direction <= TO_CLIENT:
                held = held_by.pop(frame.path.number, None)
                if held is not None:
                    held.waiting = False
                found = state.plain(frame, value)
                if found is not None:
                    if value.kind == "I" and frame.direction == TO_SERVER:
                        state.put(found, frame)
                    elif queue:
                        queue.append(Held(found))
                    else:
                        yield found
                        continue
            else:
                state.take(frame)
        elif layer in PASSED:
            if frame.problems:
                state.broken_off(frame)
            if not frame.payload:
                continue
            up = frame.direction == TO_SERVER
            pdu = Pdu(
                (frame.no,),
                frame.channel,
                frame.path,
                frame.profile,
                frame.direction,
                frame.first_ns,
                frame.last_ns,
                frame.uncertainty_ns,
                frame.source if up else frame.destination,
                frame.destination if up else frame.source,
                frame.payload,
            )
            if not queue:
                yield pdu
                continue
            state.put(pdu)
        else:
            state.take(frame)
        while queue and not queue[0].waiting:
            yield queue.popleft().pdu
    state.finish()
    yield from state.ready()


class Reassembly:
    """What join() remembers: the links' parts, and Pdus not yet given on."""

    def __init__(self) -> None:
        self.queue: deque[Held] = deque()
        self.held: dict[Conversation, Held] = {}
        self._joints: dict[Conversation, dict[tuple[int, int, int, int], Joint]] = {}
        self._pairs: dict[Conversation, dict[bytes, Pair]] = {}  # the same by raw addresses
        self._links = 0
        self._pushes: dict[Conversation, Part] = {}  # the part of a segmented UI that is not finished

    def put(self, pdu: Pdu, frame: Frame | None = None) -> None:
        """Queues a Pdu; with a frame it waits for that frame's retransmissions."""
        held = Held(pdu, frame)
        self.queue.append(held)
        if frame is not None:
            self.held[held.conversation] = held
        if len(self.queue) > MAX_WAITING:
            self._release(self.queue[0].conversation)

    def ready(self) -> Iterator[Pdu]:
        """What need not wait any more, in order."""
        queue = self.queue
        while queue and not queue[0].waiting:
            yield queue.popleft().pdu

    def finish(self) -> None:
        """The end of the input."""
        for conversation in list(self.held):
            self._release(conversation)
        for joints in self._joints.values():
            for part in (part for joint in joints.values() for part in joint.parts if part.frames):
                self._gap(part.frames[-1], part, problem.EOF_PENDING, "a segmented APDU")

    def _release(self, conversation: Conversation) -> None:
        held = self.held.pop(conversation, None)
        if held is not None:
            held.waiting = False

    # --- one frame ----------------------------------------------------------------------------------

    def take(self, frame: Frame) -> None:
        """A frame of HDLC, or an event of the conversation."""
        if frame.problems:
            self.broken_off(frame)
        if frame.layer == "hdlc":
            value = frame.value
            if isinstance(value, Hdlc) and value.good:
                self._hdlc(frame, value)
            else:
                self._damaged(frame)
        elif frame.layer == "noise" or frame.kind in ("noise", "collision"):
            self._damaged(frame)
        elif frame.kind == "tcp.gap" or frame.kind in DOWN:
            self._release(frame.path.number)
            found = self._forget(frame.path)
            self.put(event_of(frame, "gap" if frame.kind == "tcp.gap" else "link-down", found))

    def broken_off(self, frame: Frame) -> None:
        """Octets were lost before this frame: what was under way on its conversation is given up."""
        if any(p.kind is problem.CAPTURE_LOSS for p in frame.problems):
            self._release(frame.path.number)
            self.put(event_of(frame, "gap", self._forget(frame.path)))

    def plain(self, frame: Frame, value: Hdlc) -> Pdu | None:
        """A good frame of known direction without problems: the hot path. An APDU in one frame is returned; what
        else it completes is queued."""
        number = frame.path.number
        try:
            pair = self._pairs[number][value.addresses]
        except KeyError:
            pair = self._pair(frame, value)
        if pair.direction != frame.direction or pair.physical != frame.physical:
            pair = self._pair(frame, value)
        part, other = pair.part, pair.other
        if part.asked:
            part.asked = False
            if part.poll_ns is not None and frame.first_ns is not None:
                part.response_ns = frame.first_ns - part.poll_ns
        kind = value.kind
        if kind == "RR" or kind == "RNR":
            if not other.began:
                other.polls += 1
            return None
        other.polls = 0
        first_ns, last_ns = frame.first_ns, frame.last_ns
        if pair.direction == TO_SERVER:
            other.asked = True
            other.response_ns = None
            other.poll_ns = last_ns if value.poll else None
        if not frame.payload or (kind != "I" and kind != "UI"):
            if kind in EVENTS:
                self._command(frame, value, pair.joint)
            return None
        if not value.llc or part.frames or value.segmented:
            self._segment(frame, value, part)
            return None
        part.lost = part.began = False
        part.known = True
        response_ns, part.response_ns = part.response_ns, None
        polls, part.polls = part.polls, 0
        return Pdu(
            (frame.no,),
            frame.channel,
            frame.path,
            frame.profile,
            frame.direction,
            first_ns,
            last_ns,
            frame.uncertainty_ns,
            pair.client,
            pair.server,
            frame.payload[LLC_SIZE:],
            (),
            pair.physical,
            kind == "I",
            "",
            1,
            last_ns,
            last_ns,
            response_ns,
            polls,
            0 if first_ns is None or last_ns is None else last_ns - first_ns,
        )

    def _pair(self, frame: Frame, value: Hdlc) -> Pair:
        joint = self._joint(frame)
        pairs = self._pairs.setdefault(frame.path.number, {})
        if len(pairs) >= MAX_LINKS:
            pairs.clear()
        pair = pairs[value.addresses] = Pair(frame, joint)
        return pair

    def _hdlc(self, frame: Frame, value: Hdlc) -> None:
        conversation = frame.path.number
        kinds = {p.kind for p in frame.problems} if frame.problems else ()
        if problem.HDLC_ECHO in kinds:
            return
        again = problem.HDLC_RETX in kinds
        held = self.held.get(conversation)
        if held is not None:
            if again and same(held.frame, frame):
                self._attempt(held, frame)
            else:
                self._release(conversation)
        joint = self._joint(frame)
        part = joint.parts[frame.direction]
        other = joint.parts[1 - frame.direction] if frame.direction != Direction.UNKNOWN else None
        if other is not None:
            self._measure(frame, value, part, other, again)
        if again:
            return
        if frame.payload and value.kind in ("I", "UI"):
            if kinds and not BROKEN.isdisjoint(kinds):
                broken = part if problem.HDLC_NS_GAP in kinds else other
                if broken is not None and broken.frames:
                    self._gap(frame, broken, problem.HDLC_SEG_ORPHAN, "a segment is missing")
                    broken.lost = True
            self._segment(frame, value, part)
        elif value.kind in EVENTS:
            self._command(frame, value, joint)

    def _measure(self, frame: Frame, value: Hdlc, part: Part, other: Part, again: bool) -> None:
        """Link response of a server to the client's poll, and polls that a side needed (see Pdu)."""
        if part.asked:
            part.asked = False
            if part.poll_ns is not None and frame.first_ns is not None:
                part.response_ns = frame.first_ns - part.poll_ns
        if value.kind in ("RR", "RNR"):
            if not other.began:
                other.polls += 1
            return
        if not again:
            other.polls = 0
        if frame.direction == Direction.TO_SERVER:
            other.asked = True
            other.response_ns = None
            other.poll_ns = frame.last_ns if value.poll else None

    def _segment(self, frame: Frame, value: Hdlc, part: Part) -> None:
        """One I or UI frame with information."""
        payload = frame.payload
        if value.llc and not part.frames and not value.segmented:
            part.lost = False
            part.known = True
            self._complete(frame, value, part, (frame.no,), payload[LLC_SIZE:], frame, frame.uncertainty_ns)
            return
        if value.llc:
            if part.frames:
                self._gap(frame, part, problem.HDLC_SEG_ORPHAN, "the APDU before was not finished")
            part.lost = False
            part.known = True
            payload = payload[LLC_SIZE:]
        elif not part.frames:
            headless = not value.segmented and (part.known or payload[0] == BLOCK_TRANSFER) and not part.lost
            if not headless:
                self._orphan(frame, value, part)
                return
        part.began = True
        part.size += len(payload)
        if part.size > MAX_APDU:
            self._gap(frame, part, problem.STAGE_BOUND, "segmented APDU", MAX_APDU)
            part.lost = value.segmented
            return
        part.octets.append(payload)
        part.frames.append(frame)
        if not value.segmented:
            frames = part.frames
            uncertain = [f.uncertainty_ns for f in frames if f.uncertainty_ns is not None]
            worst = max(uncertain) if len(uncertain) == len(frames) else None
            numbers = tuple([f.no for f in frames])
            self._complete(frame, value, part, numbers, b"".join(part.octets), frames[0], worst)
        elif value.kind == "UI":
            self._pushes[frame.path.number] = part

    def _complete(
        self,
        frame: Frame,
        value: Hdlc,
        part: Part,
        numbers: tuple[int, ...],
        octets: bytes,
        first: Frame,
        uncertainty_ns: int | None,
    ) -> None:
        """The last segment came: the Pdu of the segments from `first` on."""
        direction = frame.direction
        client, server, physical = parties(frame)
        line_ns = duration(frame)
        if part.frames:
            line_ns = sum(map(duration, part.frames))
            part.clear()
        part.began = False
        pdu = Pdu(
            numbers,
            frame.channel,
            frame.path,
            frame.profile,
            direction,
            first.first_ns,
            frame.last_ns,
            uncertainty_ns,
            client,
            server,
            octets,
            (),
            physical,
            value.kind == "I",
            "",
            1,
            frame.last_ns,
            frame.last_ns,
            part.response_ns,
            part.polls,
            line_ns,
        )
        part.response_ns = None
        part.polls = 0
        self.put(pdu, frame if direction == Direction.TO_SERVER and value.kind == "I" else None)

    def _attempt(self, held: Held, frame: Frame) -> None:
        """The held Pdu's last frame went over the line once more."""
        pdu = held.pdu
        held.pdu = msgspec.structs.replace(
            pdu, attempts=pdu.attempts + 1, last_attempt_ns=frame.last_ns, line_ns=pdu.line_ns + duration(frame)
        )

    def _orphan(self, frame: Frame, value: Hdlc, part: Part) -> None:
        """A segment without its first: a gap when its APDU ends; a problem unless the capture began inside it."""
        began = part.known and not part.lost
        part.lost = value.segmented
        if began:
            self._gap(frame, part, problem.HDLC_SEG_ORPHAN, "no first segment")
        elif not value.segmented:
            self.put(event_of(frame, "gap", ()))

    def _command(self, frame: Frame, value: Hdlc, joint: Joint) -> None:
        """SNRM, DISC and their answers; FRMR."""
        if value.kind in ("SNRM", "DISC"):
            joint.command = value.kind
            return
        command, joint.command = joint.command, ""
        up = command == "SNRM" or (not command and isinstance(value.detail, Negotiation))
        found = [p for part in joint.parts for p in unfinished(part)]
        for part in joint.parts:
            part.lost = False
        if value.kind == "UA" and not up and command != "DISC":
            if found:
                self.put(event_of(frame, "gap", tuple(found)))
            return
        for part in joint.parts:
            part.known = part.known or value.kind == "UA"
        part = joint.parts[frame.direction]
        response, part.response_ns = part.response_ns, None
        event = "link-up" if value.kind == "UA" and up else "link-down"
        self.put(event_of(frame, event, tuple(found), response_ns=response))

    def _damaged(self, frame: Frame) -> None:
        """Unreadable octets: UI segments have no numbers, so what was joined of them cannot be trusted."""
        self._release(frame.path.number)
        if DAMAGE.isdisjoint(p.kind for p in frame.problems):
            return
        part = self._pushes.pop(frame.path.number, None)
        if part is not None and part.frames:
            self._gap(frame, part, problem.HDLC_SEG_ORPHAN, "a damaged frame lies between its segments")
            part.lost = True

    # --- gaps ---------------------------------------------------------------------------------------

    def _joint(self, frame: Frame) -> Joint:
        joints = self._joints.get(frame.path.number)
        key = (frame.source, frame.destination, frame.physical, frame.direction)
        joint = joints.get(key) if joints is not None else None
        if joint is None:
            if self._links >= MAX_LINKS:
                self._joints.clear()
                self._pairs.clear()
                self._links = 0
            joints = self._joints.setdefault(frame.path.number, {})
            joint = joints[key] = Joint()
            if frame.direction != Direction.UNKNOWN:
                joints[frame.destination, frame.source, frame.physical, 1 - frame.direction] = joint
            self._links = self._links + 1
        return joint

    def _gap(self, frame: Frame, part: Part, kind: problem.Kind, *args: object) -> None:
        """What was joined so far is given up: a Pdu of event "gap" with the problem and the frames."""
        numbers = tuple(f.no for f in part.frames) or (frame.no,)
        source = part.frames[-1] if part.frames else frame
        part.clear()
        part.response_ns = None
        self.put(event_of(source, "gap", (Problem(kind, args=args, frame=numbers[-1]),), numbers))

    def _forget(self, path: Path) -> tuple[Problem, ...]:
        """The conversation is broken off: problems of its unfinished segments."""
        self._pushes.pop(path.number, None)
        self._pairs.pop(path.number, None)
        joints = self._joints.pop(path.number, {})
        self._links -= len({id(joint) for joint in joints.values()})
        return tuple(p for joint in joints.values() for part in joint.parts for p in unfinished(part))
