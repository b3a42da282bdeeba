"""An ear at one line: which of its units are no frames but echoes, glitches of a driver, or collisions.

It sees every unit of a line before the links do. What it tells apart is a Frame of layer "line", so that nothing
behind the link stage takes it for a frame: no retransmission, no damaged frame, no answer.
"""

from collections import deque

from msgspec.structs import replace

from dissectors import problem as P
from dissectors.link import collision, echo
from dissectors.link.conversation import TO_CLIENT, TO_SERVER, UNKNOWN, Conversation, Way
from dissectors.link.echo import Timed
from dissectors.link.framing import Chunk, Unit
from dissectors.link.hdlc import Hdlc, Parameters, parties
from dissectors.link.hdlc_framer import Framer as HdlcFramer
from dissectors.link.iec62056_21 import Iec21
from dissectors.problem import Problem
from dissectors.record import Frame, Value

KEPT = 8  # frames that may still come back: those since the turn was passed last
MESSAGE_STARTS = b"/\x06\x01\x02"  # IEC 62056-21: request and identification, acknowledgement, command, data
ACKNOWLEDGEMENT = 0x06  # the device confirms it with the same octets
PARAMETERS = Parameters()
UNDER_WAY = "the frame under way on the other wire"


class Heard(Value, frozen=True):
    """A unit that was sent, the number of its frame, and the direction that the capture stated."""

    what: Timed
    frame: int
    direction: int


class Rest(Value, frozen=True):
    """An echo, and how many octets of it may still come as noise of their own."""

    after: Timed
    name: str
    room: int


class Event(Value, frozen=True):
    """What a unit is instead of a frame. trusted: whose turn it is stays known."""

    kind: str
    problem: Problem
    trusted: bool


class Ear:
    """swapped: the user says that the directions of this line are the other way round. wires: receivers on it."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.swapped = False
        self.wires = 1
        self.told = False  # some record stated a direction
        self.places: dict[Way, tuple[int, int]] = {}  # channel and direction of the last record of each way
        self.recent: deque[Heard] = deque(maxlen=KEPT)
        self.glitches = 0
        self.collisions = 0
        self.rest: Rest | None = None
        self._garbled: Heard | None = None  # the unit heard last, where nobody could read it

    # -- direction ----------------------------------------------------------------------------------

    def swap(self) -> None:
        """From the next unit on, directions are the other way round. What the wires hold goes with them."""
        self.swapped = not self.swapped
        self.recent.clear()
        self._garbled = None
        there, back = self.conversation.ways
        if self.told:
            there.framer, back.framer = back.framer, there.framer
            there.wrapper, back.wrapper = back.wrapper, there.wrapper
            there.direction, back.direction = back.direction, there.direction
        if self.conversation.links is not None:
            self.conversation.links.start_again()

    def stated(self, direction: int) -> int:
        """The direction that a record states, as it is to be taken."""
        return 1 - direction if self.swapped and direction != UNKNOWN else direction

    def turned(self, unit: Unit, direction: int) -> Unit:
        """Where nothing is stated, a swapped line's frames are the other side's."""
        value = unit.value
        if not self.swapped or direction != UNKNOWN or not isinstance(value, Hdlc) or value.direction == UNKNOWN:
            return unit
        other = 1 - value.direction
        client, server, physical = parties(value.destination, value.source, other)
        value = replace(value, direction=other, client=client, server=server, physical=physical)
        return replace(unit, value=value)

    def turned_frame(self, frame: Frame, direction: int) -> Frame:
        """The same for frames whose direction does not come from HDLC addresses."""
        if not self.swapped or direction != UNKNOWN or frame.direction == UNKNOWN or frame.layer == "hdlc":
            return frame
        return replace(frame, direction=1 - frame.direction)

    # -- what it heard ------------------------------------------------------------------------------

    def remember(self, frame: Frame, unit: Unit, direction: int) -> None:
        """A unit became this frame: it may be heard again."""
        self._garbled = None
        for p in frame.problems:
            if p.kind is P.HDLC_ECHO:
                self.rest = Rest(unit, f"frame {p.args[0]}", max(collision.GLITCH_MAX, len(unit.octets) // echo.SHARE))
                return
        value = unit.value
        if unit.trusted and isinstance(value, Hdlc):
            if value.poll:  # the turn is passed: Links knows this frame and the one before
                self.recent.clear()
            else:
                self.recent.append(Heard(unit, frame.no, direction))
        elif frame.layer == "iec62056-21" and unit.trusted:
            self.recent.append(Heard(unit, frame.no, direction))
        elif not unit.trusted:
            self._garbled = Heard(unit, frame.no, direction)

    def _absorb(self) -> None:
        """The two frames that were sent last, by whatever way they went (hdlc_quick.py)."""
        links = self.conversation.links
        for sent in () if links is None else (links.before, links.last):
            if sent is not None and all(heard.frame != sent[1] for heard in self.recent):
                self.recent.append(Heard(*sent))

    # -- what it tells ------------------------------------------------------------------------------

    def event(
        self, way: Way, unit: Unit, direction: int, marked: bool, after: Unit | None, beside: Unit | None
    ) -> Event | None:
        """What the unit is, None for a frame, a message or plain noise.

        direction: as the capture states it. marked: with a framing error or break. after: the unit that follows
        on the same wire, beside: that of the other wire that follows, where they are there already.
        """
        self._absorb()
        found = self._echo(unit, direction, beside or _under_way(way))
        if found is not None:
            return found
        if unit.trusted or isinstance(unit.value, Iec21):
            return None  # fill, or a message
        if unit.kind == "noise" and self.conversation.carrier == "hdlc":
            found = self._glitch(unit, marked, after)
            if found is not None:
                return found
        return self._collision(unit, direction, after)

    def _echo_ns(self) -> int:
        links = self.conversation.links
        return (PARAMETERS if links is None else links.parameters).echo_ms * 1_000_000

    def _echo(self, unit: Unit, direction: int, under_way: Timed | None) -> Event | None:
        text = self.conversation.carrier == "iec62056-21"
        loose = self._echo_ns()
        octets = unit.octets
        for heard in reversed(self.recent):
            original = heard.what
            if not echo.soon(original, unit, loose) or (text and not _may_repeat(original)):
                continue
            other_wire = {heard.direction, direction} == {TO_SERVER, TO_CLIENT}
            found = None if echo.another(unit.value, octets, original.octets) else echo.alike(original.octets, octets)
            if found is None and other_wire and octets in original.octets:
                found = echo.Likeness(lost=len(original.octets) - len(octets))
            if found is not None and (other_wire or echo.lasted(original) or not found.only_altered):
                return self._echoed(unit, original, f"frame {heard.frame}", found.words)
        if under_way is not None and echo.soon(under_way, unit, loose):
            begun = under_way.octets
            found = echo.alike(begun, octets[: len(begun)]) if len(begun) >= echo.PIECE else None
            if found is not None:
                return self._echoed(unit, under_way, UNDER_WAY, found.words)
        return self._rest_of_echo(unit)

    def _echoed(self, unit: Unit, original: Timed, name: str, words: str) -> Event:
        """An echo; what of it the framer gave out as noise of its own comes right behind it."""
        frame = collision.begun(original.octets)
        length = len(original.octets) if frame is None else frame.end + 1
        self.rest = Rest(
            unit, name, max(0, length - len(unit.octets)) + max(collision.GLITCH_MAX, length // echo.SHARE)
        )
        return Event("echo", Problem(P.LINE_ECHO, 0, len(unit.octets), (name, words)), True)

    def _rest_of_echo(self, unit: Unit) -> Event | None:
        rest = self.rest
        if rest is None or len(unit.octets) > rest.room or not echo.lasted(rest.after):
            return None
        end, begin = rest.after.last_ns, unit.first_ns
        if end is None or begin is None or not 0 <= begin - end <= collision.CUT_NS:
            return None
        self.rest = None
        return Event("echo", Problem(P.LINE_ECHO, 0, len(unit.octets), (rest.name, "the rest of it")), True)

    def _glitch(self, unit: Unit, marked: bool, after: Unit | None) -> Event | None:
        loose = self._echo_ns()
        clock = unit.first_ns is not None
        before = self.recent[-1].what if self.recent else None
        edges = int(before is not None and (echo.soon(before, unit, loose) or not clock))
        edges += after is not None and after.trusted and (echo.soon(unit, after, loose) or not clock)
        if not edges or not collision.is_glitch(unit.octets, marked, edges):
            return None
        self.glitches += 1
        words = unit.octets.hex(" ").upper() + (", framing error or break" if marked else "")
        return Event("glitch", Problem(P.LINE_GLITCH, 0, len(unit.octets), (self.glitches, words)), True)

    def _collision(self, unit: Unit, direction: int, after: Unit | None) -> Event | None:
        words = self.overlaps(unit, direction)
        if not words and self.conversation.carrier == "hdlc":
            others = [heard.what.octets for heard in self.recent]
            if after is not None and after.trusted:
                others.append(after.octets)
                if collision.cut_short(unit, after):
                    words = "a frame is cut short, and another sender begins"
            if not words and collision.two_in_one(unit.octets, others):
                words = "it begins like one sender's frame and goes on like another's"
        return Event("collision", self.collided(unit, words), False) if words else None

    def overlaps(self, unit: Unit, direction: int) -> str:
        """What a unit of one wire overlaps in time on the other wire, "" for nothing."""
        if direction == UNKNOWN:
            return ""
        self._absorb()
        for heard in (*self.recent, self._garbled):
            if heard is not None and heard.direction == 1 - direction and collision.overlap_ns(heard.what, unit):
                return f"it overlaps frame {heard.frame} of the other wire"
        return ""

    def collided(self, unit: Unit, words: str) -> Problem:
        self.collisions += 1
        return Problem(P.LINE_COLLISION, 0, len(unit.octets), (self.collisions, words))


def _may_repeat(original: Timed) -> bool:
    """Whether a message of IEC 62056-21 comes back only as an echo: it must look like the start of one, and an
    acknowledgement, which the device confirms with the same octets, needs octet times."""
    first = original.octets[0] & 0x7F
    return first in MESSAGE_STARTS and (first != ACKNOWLEDGEMENT or echo.lasted(original))


def _under_way(way: Way) -> Chunk | None:
    """Octets of a frame that is not complete yet on the other wire."""
    other = way.back.framer if way.back is not None else None
    return other.waiting() if isinstance(other, HdlcFramer) else None
