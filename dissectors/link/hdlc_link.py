"""Links: follows each HDLC link of one line or conversation and says what breaks its rules (IEC 62056-46).

State is kept per server upper address, server lower address and client. A capture that begins in the
middle, or lost octets, gives no complaint: what is not known is learned. Frames with a wrong check sequence never
reach the state. Timers are judged elsewhere. Habits of meters in the field are notes (hdlc.habit).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from dissectors import problem
from dissectors.link import echo, hdlc_address, hdlc_rules
from dissectors.link.framing import Unit
from dissectors.link.hdlc import COMMANDS, RESPONSES, Hdlc, Parameters, parties
from dissectors.link.hdlc_state import UNSEEN, Followed, Link, State, Way, server_key
from dissectors.problem import Problem
from dissectors.record import Direction, Frame

if TYPE_CHECKING:
    from dissectors.link.hdlc_quick import Head

MAX_LINKS = 1024  # address pairs of one line; then all are forgotten and learned again
MAX_SCORE = 4

Names = Callable[[str, int], str | None]
Sent = tuple[Unit | Frame, int, int]  # what, the number of its frame, the direction that the capture stated


def no_names(role: str, value: int) -> str | None:
    """No address is reserved."""
    return None


class Links:
    """All links of one line (serial: both directions) or of one conversation (TCP, UDP: both ways).

    parameters: limits of the profile, [layers.hdlc]. names(role, value): why a "client", "server" (upper) or
    "physical" (lower) address is remarkable in the profile ("reserved"), None where it is not.
    profile: its name, for texts. line: a serial line, where a tap can hear a sender's own octets again.
    """

    def __init__(
        self, parameters: Parameters | None = None, names: Names = no_names, profile: str = "", line: bool = True
    ) -> None:
        self.parameters = parameters or Parameters()
        self.names = names
        self.profile = profile
        self.line = line
        self.links: dict[tuple[int, int, int], Link] = {}
        self._ways: dict[bytes, Way] = {}  # by raw destination and source octets
        self.heads: dict[bytes, Head] = {}  # for the short way: frames of these ways by their first octets
        self.next: Way | None = None  # whose next frame may take it, when it is the one to come
        self._active: Link | None = None  # of the last frame; None: octets in between were damaged or lost
        self._epoch = 0
        self.last: Sent | None = None
        self.before: Sent | None = None  # what was sent before it
        self.poll: tuple[Way, int, Hdlc] | None = None  # the client's frame with P = 1 that waits for an answer
        self._servers: dict[tuple[int, int], Link] = {}  # the link last used with a server
        self._sizes: dict[int, dict[int, int]] = {}  # upper address -> octets of the address -> lower address

    def follow(self, unit: Unit, frame: int, direction: int = Direction.UNKNOWN) -> Followed:
        """What the link says of one unit of the framer, in order; frame is its number.

        direction: what the capture knows (a log's TX/RX, two receivers), UNKNOWN otherwise. Call it for noise and
        damaged units too: they are not believed, but no turn is trusted across them.
        """
        value: Hdlc | None = unit.value
        if value is None or not unit.trusted:
            if not unit.trusted:
                self._damaged()
            return Followed(direction)
        way = self._ways.get(value.addresses)
        if (
            way is not None
            and way.steady
            and way.link is self._active
            and way.link.turn == way.direction
            and value.nr == way.other.vs
            and value.poll
            and (self.poll is None) == (way.direction == Direction.TO_SERVER)
            and self._expected(way, value, unit.payload)
        ):
            way.other.acked = value.nr
            way.link.turn = way.other.direction
            way.link.last_ns = unit.last_ns
            self.poll = (way, frame, value) if way.direction == Direction.TO_SERVER else None
            self.before = self.last
            self.last = (unit, frame, direction)
            self.next = way.other if way.other.steady else None
            return way.plain
        return self._judge(unit, value, frame, direction)

    @staticmethod
    def _expected(way: Way, value: Hdlc, payload: bytes) -> bool:
        """The fast path: an RR, or the I frame that was to come; then it is counted. A steady link only.

        All numbers, the LLC header, the length and the place in a segmented APDU are as they should be.
        """
        if value.kind == "RR":
            if value.segmented or payload:
                return False
            way.other.polls += 1
            way.polls = 0
            way.frames += 1
            return True
        if value.ns != way.vs or way.acked != way.vs or not payload or len(payload) > way.limit:
            return False
        if not value.llc:
            if not way.open:
                return False
        elif (
            way.open
            or way.other.open
            or payload[:3] != way.llc
            or (value.segmented and way.direction == Direction.TO_SERVER)
        ):
            return False
        else:
            way.was_block = payload[3:4] == b"\xe0"
        way.open = value.segmented
        way.vs = (value.ns + 1) & 7
        way.sent[value.ns] = (payload, 1)
        way.polls = 0
        way.frames += 1
        return True

    def way(self, value: Hdlc) -> Way | None:
        """The way of a frame's address pair, None while it is not known."""
        return self._ways.get(value.addresses)

    def lose(self) -> None:
        """Octets are missing here: every link is UNKNOWN."""
        self._damaged()
        for link in self.links.values():
            link.forget()

    def start_again(self) -> None:
        """The directions were wrong: nothing learned of this line holds."""
        self._forget_who()
        self._damaged()

    def _forget_who(self) -> None:
        self._ways.clear()
        self.heads.clear()
        self.links.clear()
        self._servers.clear()
        self._sizes.clear()

    def _damaged(self) -> None:
        """Something unreadable was sent: whose turn it is, and whether a poll was answered, is not known."""
        self._epoch += 1
        self.next = None
        self._active = None
        self.poll = None
        self.last = self.before = None

    # --- one frame, all rules -----------------------------------------------------------------------

    def _judge(self, unit: Unit, value: Hdlc, frame: int, heard: int) -> Followed:
        again = self._echo(unit, value, heard)
        way = self._resolve(value, heard)
        self.before, self.last = self.last, (unit, frame, heard)
        if way is None:
            return Followed(Direction.UNKNOWN)
        link, direction = way.link, way.direction
        if again:
            note = Problem(problem.HDLC_ECHO, 0, len(unit.octets), (again,), "frame")
            return Followed(direction, (note,), link.client, link.server, link.physical)
        found: list[Problem] = []
        if link.epoch != self._epoch:
            link.epoch = self._epoch
            link.turn = Direction.UNKNOWN
        if way.fresh:
            way.fresh = False
            found += hdlc_address.first_use(self, unit, value, way)
        push = link.push_only() and direction == Direction.TO_CLIENT
        addressing = hdlc_address.check(unit, value, direction, push)
        found += addressing
        way.ready = not addressing and not hdlc_address.is_group(value.destination)
        if direction == Direction.TO_SERVER:
            self._answered(value, way, found)
            self._interleaved(value, way, found)
        elif self.poll is not None and self.poll[0].link is link:
            self.poll = None
        if value.kind in (RESPONSES if direction == Direction.TO_SERVER else COMMANDS):
            sender = "client" if direction == Direction.TO_SERVER else "server"
            found.append(hdlc_rules.at_control(unit, value, problem.HDLC_DIR, value.kind, sender))
        else:
            hdlc_rules.judge(unit, value, way, push, self.parameters, found)
        self._turn(unit, value, way, frame, found)
        way.frames += 1
        self._active = link
        link.last_ns = unit.last_ns
        link.settle()
        self._foresee(link)
        if not found:
            return way.plain
        return Followed(direction, tuple(found), link.client, link.server, link.physical)

    def _foresee(self, link: Link) -> None:
        """Whose frame may take the short way after this link's: the conditions of follow() but numbers."""
        up = link.turn == Direction.TO_SERVER
        way = link.up if up else link.down
        ready = way.steady and link.turn == way.direction and way.acked == way.vs and (self.poll is None) == up
        self.next = way if ready else None

    def _turn(self, unit: Unit, value: Hdlc, way: Way, frame: int, found: list[Problem]) -> None:
        """P/F passes the turn. Only a server can take it without having it (hdlc.turn)."""
        link = way.link
        if way.direction == Direction.TO_CLIENT:
            loose = value.kind == "UI" and link.state != State.NRM  # an event or push outside of any link
            if link.turn == Direction.TO_SERVER and not loose and not link.push_only():
                found.append(Problem(problem.HDLC_TURN, 0, len(unit.octets)))
            link.turn = Direction.TO_SERVER if value.poll else Direction.TO_CLIENT
            return
        silent = hdlc_address.is_group(value.destination)
        link.turn = Direction.TO_CLIENT if value.poll else Direction.TO_SERVER
        if silent and value.poll:
            link.turn = Direction.UNKNOWN  # against the rule (hdlc.bcast-p), but single devices do answer
        self.poll = (way, frame, value) if value.poll and not silent else None

    def _answered(self, value: Hdlc, way: Way, found: list[Problem]) -> None:
        """hdlc.no-resp: the client's last P = 1 got no answer. Not when this frame shows that it did get one."""
        if self.poll is None:
            return
        asked, frame, before = self.poll
        self.poll = None
        if asked is way and not hdlc_rules.unanswered(before, value):
            way.link.missed(before.ns)
            found.append(Problem(problem.HDLC_MISSED, args=(frame,)))
            return
        found.append(Problem(problem.HDLC_NO_RESP, args=(before.kind, frame)))

    def _interleaved(self, value: Hdlc, way: Way, found: list[Problem]) -> None:
        """hdlc.two-clients, once a pair: a client comes back to a server that another used meanwhile."""
        link = way.link
        key = server_key(value, way.direction)
        last = self._servers.get(key)
        self._servers[key] = link
        if last is None or last is link or not way.frames or value.kind in COMMANDS:
            return
        if link.state == State.NDM or last.client in link.interleaved:
            return
        link.interleaved.add(last.client)
        last.interleaved.add(link.client)
        found.append(Problem(problem.HDLC_TWO_CLIENTS, args=(last.client, link.client, link.server)))

    def _echo(self, unit: Unit, value: Hdlc, heard: int) -> int:
        """The frame whose octets these are again, sooner than any retransmission, or heard by the other receiver."""
        octets = unit.octets.strip(b"~")
        for sent in (self.last, self.before):
            if sent is None or not self.line or octets != sent[0].octets.strip(b"~"):
                continue
            what, number, direction = sent
            other_wire = heard != direction and Direction.UNKNOWN not in (heard, direction)
            if other_wire and sent is self.last and not value.symmetric:
                return number
            if echo.soon(what, unit, self.parameters.echo_ms * 1_000_000) and (other_wire or sent is self.last):
                return number
        return 0

    # --- who is who ---------------------------------------------------------------------------------

    def _resolve(self, value: Hdlc, heard: int) -> Way | None:
        """The way a frame belongs to: by what it says itself, the learned pair, the capture, a guess; in that order."""
        if value.symmetric:
            return self._resolve_symmetric(value, heard)
        way = self._ways.get(value.addresses)
        if way is not None:
            link = way.link
            if value.direction_certain:
                if value.direction == way.direction:
                    link.score = min(MAX_SCORE, link.score + 1)
                else:
                    link.score -= 1
                    if link.score <= 0:  # learned wrongly: the newer evidence counts
                        self._drop(value)
                        return self._learn(value, value.direction)
            return way
        direction = value.direction
        if not value.direction_certain:
            if heard != Direction.UNKNOWN:
                direction = heard
            if direction == Direction.UNKNOWN:
                return None
        return self._learn(value, direction)

    def _resolve_symmetric(self, value: Hdlc, heard: int) -> Way | None:
        """Both addresses are the same octets: the frame tells, or the capture, or whose turn it is."""
        direction = value.direction
        if not value.direction_certain:
            if heard != Direction.UNKNOWN:
                direction = heard
            elif self._active is not None and self._active.turn != Direction.UNKNOWN:
                direction = self._active.turn
        if direction == Direction.UNKNOWN:
            return None
        client, server, physical = parties(value.destination, value.source, direction)
        link = self.links.get((server, physical, client))
        if link is None:
            return self._learn(value, direction)
        return link.up if direction == Direction.TO_SERVER else link.down

    def _learn(self, value: Hdlc, direction: int) -> Way:
        """A new address pair, both ways."""
        if len(self._ways) >= 2 * MAX_LINKS or len(self.links) >= MAX_LINKS:
            self._forget_who()
        client, server, physical = parties(value.destination, value.source, direction)
        key = (server, physical, client)
        link = self.links.get(key)
        if link is None:
            link = self.links[key] = Link(client, server, physical)
        link.score = 1
        (link.up if direction == Direction.TO_SERVER else link.down).fresh = True
        same, opposite = (link.up, link.down) if direction == Direction.TO_SERVER else (link.down, link.up)
        if value.symmetric:
            return same
        forth, back = value.addresses, value.source.octets + value.destination.octets
        self._ways[forth] = same
        self._ways[back] = opposite
        return same

    def _drop(self, value: Hdlc) -> None:
        self.heads.clear()
        way = self._ways.pop(value.addresses, None)
        self._ways.pop(value.source.octets + value.destination.octets, None)
        if way is not None:
            link = way.link
            self.links.pop((link.server, link.physical, link.client), None)

    def mixed(self, upper: int, lower: int, octets: int) -> int:
        """Octets of another address length under which the same server was seen, 0 for none; remembers this one."""
        sizes = self._sizes.setdefault(upper, {})
        other = next((n for n, low in sizes.items() if n != octets and (low == lower or UNSEEN in (low, lower))), 0)
        sizes.setdefault(octets, lower)
        return other
