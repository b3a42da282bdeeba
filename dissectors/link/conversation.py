"""Conversation: what two ends exchange over TCP, UDP, a serial line or a log, and what carries it.

The carrier (wrapper, HDLC, bare APDUs) is recognised by content, per conversation: certain content
commits at once, else chunks wait, at most WAIT of them or until the end. Ports alone prove nothing.
What matches no profile is kept as raw frames.
"""

from dissectors import problem as P
from dissectors.apdus import dissect
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.link import carriers, hdlc_link, recognise
from dissectors.link.carriers import FRAMED, LINE, Choice, links_of
from dissectors.link.framing import Chunk, Framer, Unit
from dissectors.link.iec62056_21 import Iec21
from dissectors.link.iec62056_21_framer import Framer as LineFramer
from dissectors.link.iec62056_21_turns import Turns
from dissectors.link.modem import dialogue
from dissectors.link.stream import Half
from dissectors.link.telnet import Telnet, negotiates
from dissectors.link.wrapper import Framer as WrapperFramer
from dissectors.link.wrapper import Wrapper
from dissectors.problem import Problem
from dissectors.record import Direction, Frame, Path
from dissectors.tags import DIRECTION, TAGS

WAIT = 8
WAIT_OCTETS = 1 << 11  # that one way of a line may hold while they look like the start of something
PORT = 4059  # registered for DLMS/COSEM: decides the direction only until an APDU tells it
BEFORE = frozenset({"modem", "telnet"})  # dialogues that stand before something else: wait for that
LLC = {b"\xe6\xe6\x00": int(Direction.TO_SERVER), b"\xe6\xe7\x00": int(Direction.TO_CLIENT)}
TO_SERVER, TO_CLIENT, UNKNOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)


class Way:
    """One direction of a conversation."""

    __slots__ = (
        "back",
        "conversation",
        "direction",
        "framer",
        "half",
        "held",
        "known",
        "path",
        "profile",
        "telnet",
        "wrapped",
        *("key", "over", "wrapper"),
    )

    def __init__(self, conversation: "Conversation", path: Path, direction: int) -> None:
        self.conversation = conversation
        self.path = path
        self.direction = direction
        self.profile = ""
        self.held: list[Chunk] = []  # of a line without framer: they may be the start of something
        self.framer: Framer | None = None
        self.half: Half | None = None
        self.telnet: Telnet | None = None
        self.wrapped = False  # committed to the wrapper: the fast path may take it
        self.wrapper: WrapperFramer | None = None  # its framer then
        self.key: tuple[bytes, bytes, int, int, str] = (b"", b"", 0, 0, "")  # of the link stage's table
        self.over = False  # its FIN or RST was seen
        self.known: dict[tuple[int, int], tuple[Problem, ...]] = {}  # (source, destination) wPort -> its problems
        self.back: Way | None = None


class Conversation:
    """carrier: None while undecided, then "wrapper", "hdlc", "apdu", "raw" or "iec62056-21". Text and HDLC may follow
    each other on one line: carrier and profile are those of what came last, text frames keep their own profile."""

    def __init__(
        self,
        number: int,
        transport: str,
        choice: Choice,
        source: str | None,
        destination: str | None,
        given: str | None = None,
    ) -> None:
        self.number = number
        self.transport = transport
        self.choice = choice
        self.carrier: str | None = None
        self._given = given if transport in ("serial", "text") else None
        self.why = ""
        self.profile = ""
        self.text_profile = ""  # of its text messages
        self.hdlc_profile = ""  # of its HDLC frames
        self.links: hdlc_link.Links | None = None
        self.turns = Turns()
        self._waiting: list[tuple[Way, Chunk]] = []
        self._oriented = False
        self._told = False  # that no profile fits, once a conversation
        there = Way(self, Path(number, transport, source, destination), UNKNOWN)
        back = Way(self, Path(number, transport, destination, source), UNKNOWN)
        there.back, back.back = back, there
        self.ways = (there, back)

    # -- direction --------------------------------------------------------------------------------

    def orient(self, way: Way, direction: int, certain: bool) -> None:
        """way goes in this direction; certain: an APDU or a link address says so, not a port or a SYN."""
        if self._oriented and not certain:
            return
        self._oriented = self._oriented or certain
        other = way.back
        way.direction = direction
        if other is not None:
            other.direction = 1 - direction

    # -- chunks to units ----------------------------------------------------------------------------

    def feed(self, way: Way, chunk: Chunk) -> list[tuple[Way, Unit]]:
        """Units that this chunk completes; those of chunks that had waited come first."""
        if self.carrier is None:
            return self._decide(way, chunk)
        return [(way, unit) for unit in self._units(way, chunk)]

    def _units(self, way: Way, chunk: Chunk) -> list[Unit]:
        if way.telnet is not None:
            line, taken = way.telnet.feed(chunk.octets)
            if taken:
                chunk = _replace(chunk, line, chunk.carrier + taken)
        framer = way.framer
        if framer is None:
            return self._turn(way, chunk)
        units = framer.feed(chunk)
        if self.transport == "udp":
            units += framer.end()
        elif self.carrier in LINE:
            for unit in units:
                if unit.kind == "noise":
                    return [self._named(each) for each in units]
        return units

    def _named(self, unit: Unit) -> Unit:
        """Noise on an HDLC line that is a modem dialogue says so."""
        if unit.kind != "noise":
            return unit
        found = dialogue(unit.octets)
        if found is None or found.end != len(unit.octets):
            return unit
        problems = (Problem(P.MODEM_DIALOGUE, 0, len(unit.octets), (found.text,)),)
        return _unit(unit.octets, unit, "modem", problems)

    def settle(self, way: Way) -> list[tuple[Way, Unit]]:
        """This way begins to speak: messages of the other one that only waited for more are complete."""
        back = way.back
        if back is None or not isinstance(back.framer, LineFramer) or not back.framer.pending():
            return []
        return [(back, unit) for unit in back.framer.settle()]

    def _turn(self, way: Way, chunk: Chunk) -> list[Unit]:
        """Octets of a conversation without framer; a line may turn to HDLC or text, after a modem dialogue for one."""
        if self.transport not in ("serial", "text") or self.carrier == "apdu":
            return [self._raw(chunk)]
        held, way.held = way.held, []
        whole = (*held, chunk)
        for n in (0, len(held)) if held else (0,):  # what was held and this, then this alone
            later = whole[n:]
            octets = b"".join(c.octets for c in later)
            look = recognise.content(octets)
            if look is None or look.kind not in LINE:
                continue
            if look.kind == "hdlc" and not self.choice.find("serial", "hdlc")[0]:
                continue
            if look.certain:
                units = self._commit(look.kind, look.reason, False, tuple((way, c) for c in later))
                return [self._raw(c) for c in whole[:n]] + [unit for _, unit in units]
            if self.transport == "serial" and len(octets) < WAIT_OCTETS:
                way.held = list(later)
                return [self._raw(c) for c in whole[:n]]
        return [self._raw(c) for c in whole]

    def _raw(self, chunk: Chunk) -> Unit:
        if self.carrier == "apdu":
            octets = chunk.octets
            headed = octets[:3] in LLC
            return _unit(octets, chunk, "llc" if headed else "apdu", (), payload=octets[3:] if headed else octets)
        return _unit(chunk.octets, chunk, "other", self._no_profile(chunk.octets))

    def _no_profile(self, octets: bytes) -> tuple[Problem, ...]:
        """Said once a conversation."""
        if self._told:
            return ()
        self._told = True
        return (Problem(P.PROFILE_NONE, 0, len(octets), (self.why,)),)

    def _decide(self, way: Way, chunk: Chunk) -> list[tuple[Way, Unit]]:
        waiting = self._waiting
        waiting.append((way, chunk))
        if self._given is not None:
            return self._commit(self._given, "as the user said", False)
        octets = chunk.octets
        joined = b"".join(c.octets for w, c in waiting if w is way)
        if self.transport == "tcp":  # a stream: the start of this way, not of this segment
            octets = joined
        telnet = negotiates(octets)
        if telnet:
            line, _ = Telnet().feed(octets)
            octets = line
        found = dialogue(octets)
        if found is not None and found.end < len(octets):
            octets = octets[found.end :]
        look = recognise.content(octets)
        if self.transport == "serial" and (look is None or not look.certain):
            look = recognise.content(joined) or look  # a tap may give octet by octet
        if look is not None and look.certain and look.kind not in BEFORE:
            return self._commit(look.kind, look.reason, telnet)
        if look is None and self.transport in ("serial", "exported", "text") and is_apdu(octets) and not self._begun():
            return self._commit("apdu", "complete APDU with a known tag", False)
        begun = recognise.nuls(joined) or (look is not None and look.kind in LINE)
        if len(waiting) < WAIT or (self.transport == "serial" and begun and len(joined) < WAIT_OCTETS):
            return []
        return self._settle()

    def _begun(self) -> bool:
        """Something else has begun before the latest chunk, which may be a piece of it."""
        return any(recognise.content(chunk.octets) is not None for _, chunk in self._waiting[:-1])

    def _settle(self) -> list[tuple[Way, Unit]]:
        """Nothing was certain: the likely reading of what waited, else raw frames."""
        if self.transport == "serial":
            for way in self.ways:
                octets = b"".join(c.octets for w, c in self._waiting if w is way)
                if len(octets) >= recognise.NULS_MIN and recognise.nuls(octets):
                    return self._commit("iec62056-21", "likely: wake-up message of IEC 62056-21", False)
                look = recognise.content(octets)
                if look is not None and look.kind in LINE:
                    return self._commit(look.kind, f"likely: {look.reason}", False)
        for _, chunk in self._waiting:
            octets = chunk.octets
            look = recognise.content(octets)
            if look is not None and look.kind not in BEFORE:
                return self._commit(look.kind, f"likely: {look.reason}", negotiates(octets))
            if self.transport in ("text", "exported") and apdu_tag(octets) in TAGS:
                return self._commit("apdu", "likely: begins with the tag of an APDU", False)
            if self.transport in ("serial", "text") and b"\x7e" in octets:
                return self._commit("hdlc", "likely: flags on a serial line", False)
        return self._commit("raw", "no known content", False)

    def _commit(
        self, kind: str, why: str, telnet: bool, later: tuple[tuple[Way, Chunk], ...] = ()
    ) -> list[tuple[Way, Unit]]:
        """The carrier is known: framers are made, and what waited goes through them, then `later`."""
        transport = "serial" if self.transport == "text" else self.transport
        profile, _ = self.choice.find(transport, kind)
        if kind == "apdu":
            profile = profile or ""
        elif not profile and kind in ("wrapper", "hdlc"):
            if transport not in ("serial", "exported"):
                why, kind = f"{kind} over {transport} is no stack of the profiles in force", "raw"
            else:
                profile = self.choice.find("tcp" if kind == "wrapper" else "serial", kind)[0]
                if not profile:
                    why, kind = f"{kind} is no stack of the profiles in force", "raw"
        elif kind not in FRAMED:
            kind = "raw"
        self.carrier, self.why, self.profile = kind, why, profile
        line = self.transport == "serial"
        if kind in LINE:
            self.text_profile = self.choice.find(transport, "iec62056-21")[0]
            self.hdlc_profile = self.choice.find(transport, "hdlc")[0] or self.choice.find("serial", "hdlc")[0]
            self.links = links_of(self.choice.profiles.get(self.hdlc_profile), transport == "serial")
        idle_ns = carriers.idle_ns(self.links, line)
        text_idle_ns = carriers.text_idle_ns(self.choice.profiles.get(self.text_profile), line)
        for way in self.ways:
            way.profile = profile
            way.framer = carriers.framer(kind, idle_ns, text_idle_ns)
            way.telnet = Telnet() if telnet else None
            way.wrapped = kind == "wrapper" and not telnet
            way.wrapper = way.framer if way.wrapped and isinstance(way.framer, WrapperFramer) else None
        waited, self._waiting = self._waiting, []
        return [(way, unit) for way, chunk in (*waited, *later) for unit in self._units(way, chunk)]

    def lose(self, way: Way, octets: int) -> list[tuple[Way, Unit]]:
        """Octets of this way are missing here."""
        if way.framer is None:
            return self._given_up(way)
        if self.links is not None:
            self.links.lose()
            self.turns.forget()
        return [(way, unit) for unit in way.framer.lose(octets)]

    def end(self) -> list[tuple[Way, Unit]]:
        """The conversation is over: everything still held."""
        out = self._settle() if self.carrier is None and self._waiting else []
        for way in self.ways:
            out += self._given_up(way) if way.framer is None else [(way, unit) for unit in way.framer.end()]
        return out

    def _given_up(self, way: Way) -> list[tuple[Way, Unit]]:
        held, way.held = way.held, []
        return [(way, self._raw(chunk)) for chunk in held]

    # -- units to frames ------------------------------------------------------------------------------

    def frame(self, no: int, way: Way, unit: Unit, channel: int, direction: int = UNKNOWN) -> Frame:
        """The Frame of a unit: direction, addresses and what is wrong with it."""
        if unit.kind == "wrapper" and isinstance(unit.value, Wrapper):
            return self._wrapper_frame(no, way, unit, channel)
        if isinstance(unit.value, Iec21):
            return self._text_frame(no, way, unit, channel, direction)
        if self.links is not None and unit.kind not in ("noise", "modem"):
            return self._hdlc_frame(no, way, unit, channel, direction)
        if self.links is not None:
            self.links.follow(unit, no, UNKNOWN)  # nothing to believe, but no turn is trusted across it
        layer = unit.kind if unit.kind in ("noise", "apdu", "modem") else self.transport
        if unit.payload and direction == UNKNOWN:
            layer = "apdu"
            direction = LLC.get(unit.octets[:3], int(DIRECTION.get(unit.payload[0], Direction.UNKNOWN)))
        elif unit.payload:
            layer = "apdu"
        return Frame(
            no,
            unit.records,
            channel,
            way.path,
            way.profile,
            direction if direction != UNKNOWN else way.direction,
            unit.first_ns,
            unit.last_ns,
            unit.uncertainty_ns,
            layer,
            unit.kind,
            -1,
            -1,
            unit.octets,
            unit.carrier,
            unit.payload,
            None,
            unit.problems,
        )

    def _wrapper_frame(self, no: int, way: Way, unit: Unit, channel: int) -> Frame:
        w: Wrapper = unit.value
        problems = unit.problems
        payload = unit.payload if unit.trusted else b""
        if payload and not self._oriented:
            told = DIRECTION.get(payload[0], Direction.UNKNOWN)
            if told != UNKNOWN:
                self.orient(way, int(told), True)
        if unit.trusted:
            problems += self.sap_problems(way, w.source, w.destination)
        return Frame(
            no,
            unit.records,
            channel,
            way.path,
            way.profile,
            way.direction,
            unit.first_ns,
            unit.last_ns,
            unit.uncertainty_ns,
            "wrapper",
            "wrapper",
            w.source,
            w.destination,
            unit.octets,
            unit.carrier,
            payload,
            w,
            problems,
        )

    def sap_problems(self, way: Way, source: int, destination: int) -> tuple[Problem, ...]:
        """wrapper.reserved-wport for what the descriptor's SAP table calls reserved or does not list."""
        key = (source, destination)
        found = way.known.get(key)
        if found is None:
            found = ()
            profile = self.choice.profiles.get(way.profile)
            if profile is not None and way.direction != UNKNOWN:
                client, server = key if way.direction == TO_SERVER else (destination, source)
                at_client, at_server = ((2, 4), (4, 6)) if way.direction == TO_SERVER else ((4, 6), (2, 4))
                for side, sap, entry, (a, b) in (
                    ("client", client, profile.client(client), at_client),
                    ("server", server, profile.server(server), at_server),
                ):
                    use = "not in the SAP table" if entry is None else entry.use
                    if use in ("reserved", "not in the SAP table") and not _station(entry, way.direction, side):
                        found += (Problem(P.WRAPPER_RESERVED, a, b, (sap, side, use, profile.name)),)
            way.known[key] = found
        return found

    def _text_frame(self, no: int, way: Way, unit: Unit, channel: int, direction: int) -> Frame:
        """A message of IEC 62056-21. A request finds no link: a sign-on that follows one starts a new one."""
        value: Iec21 = unit.value
        self.carrier = "iec62056-21"
        self._linked(False)
        if value.kind == "request" and self.links is not None:
            self.links.lose()
        known = direction if direction != UNKNOWN else (way.direction if self._oriented else UNKNOWN)
        direction = self.turns.follow(value, known)
        if value.direction != UNKNOWN and unit.trusted and self.transport in ("tcp", "udp"):
            self.orient(way, direction, True)
        problems = unit.problems if self.text_profile else unit.problems + self._no_profile(unit.octets)
        return Frame(
            no, unit.records, channel, way.path, self.text_profile, direction, unit.first_ns, unit.last_ns,
            unit.uncertainty_ns, "iec62056-21", unit.kind, -1, -1, unit.octets, unit.carrier, b"", value, problems,
            gap_ns=unit.gap_ns,
        )  # fmt: skip

    def _linked(self, linked: bool) -> None:
        """Both sides of the line are on an HDLC link now, or neither is."""
        for way in self.ways:
            if isinstance(way.framer, LineFramer):
                way.framer.linked = linked

    def _hdlc_frame(self, no: int, way: Way, unit: Unit, channel: int, direction: int) -> Frame:
        assert self.links is not None
        if unit.trusted:
            self._linked(True)
        if self.carrier != "hdlc":  # signed on to
            self.carrier, self.profile = "hdlc", self.hdlc_profile
            self.turns.forget()
            for each in self.ways:
                each.profile = self.hdlc_profile
        known = direction if direction != UNKNOWN else (way.direction if self._oriented else UNKNOWN)
        followed = self.links.follow(unit, no, known)
        direction = followed.direction
        if direction != UNKNOWN and unit.trusted and self.transport in ("tcp", "udp"):
            self.orient(way, direction, True)
        value = unit.value
        if value is None:
            source = destination = -1
        else:
            source, destination = value.source.upper, value.destination.upper
        return Frame(
            no,
            unit.records,
            channel,
            way.path,
            way.profile,
            direction,
            unit.first_ns,
            unit.last_ns,
            unit.uncertainty_ns,
            "hdlc",
            unit.kind,
            source,
            destination,
            unit.octets,
            unit.carrier,
            unit.payload if unit.trusted else b"",
            value,
            unit.problems + followed.problems,
            followed.physical,
            unit.gap_ns,
        )


def _station(entry: object, direction: int, side: str) -> bool:
    """A no-station or all-station address is no reserved one: its own rules judge it."""
    return getattr(entry, "kind", "station") in ("all-station",) and side == "server" and direction == TO_SERVER


def _replace(chunk: Chunk, octets: bytes, carrier: bytes) -> Chunk:
    return Chunk(octets, chunk.record, chunk.first_ns, chunk.last_ns, chunk.uncertainty_ns, carrier)


def _unit(octets: bytes, of: Chunk | Unit, kind: str, problems: tuple[Problem, ...], payload: bytes = b"") -> Unit:
    records = (of.record,) if isinstance(of, Chunk) else of.records
    return Unit(octets, records, of.first_ns, of.last_ns, of.uncertainty_ns, kind, None, payload, problems, of.carrier)


def apdu_tag(octets: bytes) -> int:
    """The tag of an APDU that may have an LLC header in front, -1 where there is none."""
    at = 3 if octets[:3] in LLC else 0
    return octets[at] if len(octets) > at else -1


def is_apdu(octets: bytes) -> bool:
    """A whole APDU with a known tag and nothing wrong or left: how a log of bare APDUs is told."""
    if apdu_tag(octets) not in TAGS:
        return False
    c = Cursor(octets, 3 if octets[:3] in LLC else 0)
    dissect(c, EMPTY)
    return all(p.kind in (P.APDU_UNDISSECTED, P.APDU_LLS_CLEAR) for p in c.problems) and c.left() == 0


__all__ = ["Choice", "Conversation", "Way", "apdu_tag", "is_apdu", "links_of"]
