"""The short way of an HDLC line: a record that is the very frame that was to come becomes its Frame at once.

What frames with equal octets up to the header check sequence share is looked up by these octets. Links says
whose frame comes next (Links.next); numbers, size, LLC header and check sequence are compared. Everything else,
and every frame seen for the first time, goes through framer, links and conversation; a property test holds both equal.
"""

from dissectors.link.hdlc import FLAG, GOOD, Hdlc, crc
from dissectors.link.hdlc_framer import Framer, read_good
from dissectors.link.hdlc_link import Links
from dissectors.link.hdlc_state import Way
from dissectors.problem import Problem
from dissectors.record import Direction, Flag, Frame, Path, Record

HEADS_MAX = 16_384  # of one line; then all are forgotten and learned again
TO_SERVER, OCTET_TIMES = int(Direction.TO_SERVER), int(Flag.OCTET_TIMES)
CHECKED = 3  # control field and the check sequence after it


class Head:
    """What frames with this head share. size: of all octets with flags; 0 in end: no information.

    llc: the header that the information begins with, b"" where it goes on with a segmented APDU.
    """

    __slots__ = (
        *("destination", "direction", "end", "kind", "llc", "nr", "ns", "open", "physical", "problems"),
        *("room", "size", "source", "start", "up", "value", "way"),
    )

    def __init__(self, value: Hdlc, way: Way, problems: tuple[Problem, ...], size: int) -> None:
        self.value = value
        self.way = way
        self.problems = problems
        self.size = size
        self.kind = value.kind
        self.ns, self.nr = value.ns, value.nr
        self.open = value.segmented
        self.source, self.destination = value.source.upper, value.destination.upper
        self.direction, self.physical = way.plain.direction, way.plain.physical
        self.up = way.direction == TO_SERVER
        self.start, self.end = value.info if value.kind == "I" else (0, 0)
        self.room = self.end - self.start
        self.llc = way.llc if value.llc else b""


def head_of(value: Hdlc, way: Way, problems: tuple[Problem, ...], octets: bytes) -> Head | None:
    """The head of a good frame that Links.follow may count without a look at all rules; None for any other."""
    start, end = value.info
    if not value.poll or value.detail is not None or value.symmetric:
        return None
    if value.kind == "RR":
        if value.segmented or end > start:
            return None
    elif value.kind != "I" or end <= start:
        return None
    elif value.llc:
        if octets[start : start + 3] != way.llc or (value.segmented and way.direction == TO_SERVER):
            return None
    elif octets[start] == 0xE6 or octets[start] == 0xFF:
        return None
    return Head(value, way, problems, len(octets))


class Line:
    """One receiver of one way of a conversation: its framer, and the links that all receivers of the line share."""

    __slots__ = ("checked", "framer", "heads", "heard", "links", "path", "profile", "told")

    def __init__(self, links: Links, framer: Framer, path: Path, profile: str, heard: int, told: bool) -> None:
        self.links = links
        self.framer = framer
        self.path = path
        self.profile = profile
        self.heard = heard  # direction of its records, as it is to be taken
        self.told = told  # there are directions, so that both sides may be heard at once
        self.heads: dict[bytes, Head] = links.heads
        self.checked = 0  # octets up to the end of the header check sequence, in the frame learned last

    def learn(self, value: Hdlc, octets: bytes) -> None:
        """A record was one good frame with its flags, and took the long way."""
        way = self.links.way(value)
        if way is None or octets[0] != FLAG:
            return
        checked = 1 + 2 + len(value.addresses) + CHECKED
        self.checked = checked
        heads = self.heads
        if octets[:checked] not in heads:
            again, problems = read_good(octets, 1)
            head = head_of(value, way, problems, octets) if again == value else None
            if head is not None:
                if len(heads) >= HEADS_MAX:
                    heads.clear()
                heads[octets[:checked]] = head

    def frame(self, no: int, r: Record) -> Frame | None:
        """The Frame of a record, counted in its link; None, and nothing touched, where the long way must be taken."""
        octets = r.octets
        head = self.heads.get(octets[: self.checked])
        if head is None:
            return None
        way, links = head.way, self.links
        if way is not links.next or len(octets) != head.size or octets[-1] != FLAG or self.framer.buffer:
            return None
        if self.told and r.first_ns is not None and links.last is not None:
            ended = links.last[0].last_ns
            if ended is not None and r.first_ns < ended:
                return None  # it overlaps the frame before
        other = way.other
        nr = head.nr
        if nr != other.vs:
            return None
        end = head.end
        if end:
            ns = head.ns
            start = head.start
            if ns != way.vs or head.room > way.limit:
                return None
            payload = octets[start:end]
            if head.llc:
                if way.open or other.open or payload[:3] != head.llc or crc(octets[1:-1]) != GOOD:
                    return None
                way.was_block = payload[3:4] == b"\xe0"
            elif not way.open or payload[0] == 0xE6 or payload[0] == 0xFF or crc(octets[1:-1]) != GOOD:
                return None
            way.open = head.open
            way.vs = (ns + 1) & 7
            way.sent[ns] = (payload, 1)
        else:
            if crc(octets[1:-1]) != GOOD:
                return None
            payload = b""
            other.polls += 1
        self.framer.bare = self.framer.flagged = True
        frame = Frame(
            no,
            (r.no,),
            r.channel,
            self.path,
            self.profile,
            head.direction,
            r.first_ns,
            r.last_ns,
            r.uncertainty_ns,
            "hdlc",
            head.kind,
            head.source,
            head.destination,
            octets,
            b"",
            payload,
            head.value,
            head.problems,
            head.physical,
            0 if r.flags & OCTET_TIMES else None,
        )
        way.polls = 0
        way.frames += 1
        other.acked = nr
        link = way.link
        link.turn = other.direction
        link.last_ns = r.last_ns
        links.poll = (way, no, head.value) if head.up else None
        links.before = links.last
        links.last = (frame, no, self.heard)
        links.next = other if other.steady else None
        return frame
