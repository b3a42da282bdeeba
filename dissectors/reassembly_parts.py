"""What reassembly remembers of a link: segments that wait for their last, and Pdus that wait for retransmissions."""

from dissectors import problem
from dissectors.problem import Problem
from dissectors.record import Direction, Frame, Pdu

Conversation = int  # number of the path: the two wires of a line are one


class Part:
    """One way of a link: the segments so far, and what is measured for its next Pdu.

    first_ns..poll_ns in nanoseconds. asked: the other side has sent data, and its first answer is awaited.
    """

    __slots__ = ("asked", "began", "frames", "known", "lost", "octets", "poll_ns", "polls", "response_ns", "size")

    def __init__(self) -> None:
        self.octets: list[bytes] = []
        self.frames: list[Frame] = []
        self.size = 0
        self.lost = False  # what comes until S = 0 belongs to an APDU that cannot be joined
        self.began = False  # an APDU was begun: its polls are counted
        self.known = False  # an APDU was seen from its start
        self.asked = False
        self.poll_ns: int | None = None
        self.response_ns: int | None = None
        self.polls = 0

    def clear(self) -> None:
        self.octets = []
        self.frames = []
        self.size = 0
        self.began = False


class Joint:
    """Both ways of one link; command: the last SNRM or DISC that waits for its answer."""

    __slots__ = ("command", "parts")

    def __init__(self) -> None:
        self.command = ""
        self.parts = (Part(), Part(), Part())  # by Direction


class Pair:
    """The joint of a raw address pair, as its sender sees it."""

    __slots__ = ("client", "direction", "joint", "other", "part", "physical", "server")

    def __init__(self, frame: Frame, joint: Joint) -> None:
        self.joint = joint
        self.direction = frame.direction
        self.client, self.server, self.physical = parties(frame)
        self.part = joint.parts[frame.direction]
        self.other = joint.parts[1 - frame.direction]


class Held:
    """A Pdu that waits for its retransmissions. frame: of its last segment."""

    __slots__ = ("conversation", "frame", "pdu", "waiting")

    def __init__(self, pdu: Pdu, frame: Frame | None = None) -> None:
        self.pdu = pdu
        self.frame = frame
        self.conversation: Conversation = pdu.path.number
        self.waiting = frame is not None


def unfinished(part: Part) -> list[Problem]:
    """Takes the segments of a part away, and says so."""
    if not part.frames:
        return []
    number = part.frames[-1].no
    part.clear()
    return [Problem(problem.HDLC_SEG_ORPHAN, args=("the link ended before the last segment",), frame=number)]


def parties(frame: Frame) -> tuple[int, int, int]:
    if frame.direction == Direction.TO_SERVER:
        return frame.source, frame.destination, frame.physical
    if frame.direction == Direction.TO_CLIENT:
        return frame.destination, frame.source, frame.physical
    return -1, -1, frame.physical


def event_of(
    frame: Frame, event: str, found: tuple[Problem, ...], numbers: tuple[int, ...] = (), response_ns: int | None = None
) -> Pdu:
    client, server, physical = parties(frame)
    return Pdu(
        numbers or (frame.no,),
        frame.channel,
        frame.path,
        frame.profile,
        frame.direction,
        frame.first_ns,
        frame.last_ns,
        frame.uncertainty_ns,
        client,
        server,
        b"",
        found,
        physical,
        event=event,
        link_response_ns=response_ns,
    )


def duration(frame: Frame) -> int:
    """Time on the line, 0 without a clock."""
    if frame.first_ns is None or frame.last_ns is None:
        return 0
    return frame.last_ns - frame.first_ns


def same(before: Frame | None, frame: Frame) -> bool:
    """The same information of the same sender again."""
    return (
        before is not None
        and before.payload == frame.payload
        and (before.source, before.destination, before.physical) == (frame.source, frame.destination, frame.physical)
    )
