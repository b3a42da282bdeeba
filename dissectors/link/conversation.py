"""Conversation: what two ends exchange over TCP, UDP, a serial line or a log, and what carries it.

The carrier (wrapper, HDLC, bare APDUs) is recognised by content, per conversation: certain content
commits at once, else chunks wait, at most WAIT of them or until the end. Ports alone prove nothing.
What matches no profile is kept as raw frames.
"""

from collections.abc import Callable, Iterable

from dissectors import problem as P
from dissectors.apdus import dissect
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.link import hdlc_link, recognise
from dissectors.link.framing import Chunk, Framer, Unit
from dissectors.link.hdlc_framer import Framer as HdlcFramer
from dissectors.link.modem import dialogue
from dissectors.link.stream import Half
from dissectors.link.telnet import Telnet, negotiates
from dissectors.link.wrapper import Framer as WrapperFramer
from dissectors.link.wrapper import Wrapper
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.profile_types import Sap
from dissectors.record import Direction, Frame, Path
from dissectors.tags import DIRECTION, TAGS

WAIT = 8
IDLE_FACTOR = 20
PORT = 4059  # registered for DLMS/COSEM: decides the direction only until an APDU tells it
BEFORE = frozenset({"modem", "telnet"})  # dialogues that stand before something else: wait for that
LLC = {b"\xe6\xe6\x00": int(Direction.TO_SERVER), b"\xe6\xe7\x00": int(Direction.TO_CLIENT)}
TO_SERVER, TO_CLIENT, UNKNOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)


class Choice:
    """Which profile and stack take a carrier over a transport: the first profile in order that names both."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self.profiles = {profile.name: profile for profile in profiles}
        self._found: dict[tuple[str, str], tuple[str, str]] = {}

    def find(self, transport: str, carrier: str) -> tuple[str, str]:
        """(profile's name, stack's name), ("", "") where none fits."""
        key = (transport, carrier)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = next(
                (
                    (profile.name, stack.name)
                    for profile in self.profiles.values()
                    for stack in profile.stacks
                    if transport in stack.recognition.transports and carrier in stack.layers
                ),
                ("", ""),
            )
        return found


class Way:
    """One direction of a conversation."""

    __slots__ = (
        "back",
        "conversation",
        "direction",
        "framer",
        "half",
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
    """carrier: None while undecided, then "wrapper", "hdlc", "apdu", "raw" or "iec62056-21"."""

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
        self.links: hdlc_link.Links | None = None
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
        elif self.carrier == "hdlc":
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

    def _turn(self, way: Way, chunk: Chunk) -> list[Unit]:
        """Octets of a conversation without framer; a line may turn to HDLC after a sign-on or a dialogue."""
        if self.transport in ("serial", "text") and self.carrier != "apdu" and self.choice.find("serial", "hdlc")[0]:
            look = recognise.content(chunk.octets)
            if look is not None and look.certain and look.kind == "hdlc":
                return [unit for _, unit in self._commit(look.kind, look.reason, False, ((way, chunk),))]
        return [self._raw(chunk)]

    def _raw(self, chunk: Chunk) -> Unit:
        if self.carrier == "apdu":
            octets = chunk.octets
            headed = octets[:3] in LLC
            return _unit(octets, chunk, "llc" if headed else "apdu", (), payload=octets[3:] if headed else octets)
        kind = self.carrier if self.carrier == "iec62056-21" else "other"
        problems: tuple[Problem, ...] = ()
        if not self._told:
            self._told = True
            problems = (Problem(P.PROFILE_NONE, 0, len(chunk.octets), (self.why,)),)
        return _unit(chunk.octets, chunk, kind or "other", problems)

    def _decide(self, way: Way, chunk: Chunk) -> list[tuple[Way, Unit]]:
        waiting = self._waiting
        waiting.append((way, chunk))
        if self._given is not None:
            return self._commit(self._given, "as the user said", False)
        octets = chunk.octets
        if self.transport == "tcp":  # a stream: the start of this way, not of this segment
            octets = b"".join(c.octets for w, c in waiting if w is way)
        telnet = negotiates(octets)
        if telnet:
            line, _ = Telnet().feed(octets)
            octets = line
        found = dialogue(octets)
        if found is not None and found.end < len(octets):
            octets = octets[found.end :]
        look = recognise.content(octets)
        if look is not None and look.certain and look.kind not in BEFORE:
            return self._commit(look.kind, look.reason, telnet)
        if look is None and self.transport in ("serial", "exported", "text") and is_apdu(octets) and not self._begun():
            return self._commit("apdu", "complete APDU with a known tag", False)
        if len(waiting) < WAIT:
            return []
        return self._settle()

    def _begun(self) -> bool:
        """Something else has begun before the latest chunk, which may be a piece of it."""
        return any(recognise.content(chunk.octets) is not None for _, chunk in self._waiting[:-1])

    def _settle(self) -> list[tuple[Way, Unit]]:
        """Nothing was certain: the likely reading of what waited, else raw frames."""
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
        elif kind not in ("wrapper", "hdlc", "iec62056-21"):
            kind = "raw"
        self.carrier, self.why, self.profile = kind, why, profile
        if kind == "hdlc":
            self.links = links_of(self.choice.profiles.get(profile), transport == "serial")
        for way in self.ways:
            way.profile = profile
            way.framer = _framer(kind, self._idle_ns())
            way.telnet = Telnet() if telnet else None
            way.wrapped = kind == "wrapper" and not telnet
            way.wrapper = way.framer if way.wrapped and isinstance(way.framer, WrapperFramer) else None
        waited, self._waiting = self._waiting, []
        return [(way, unit) for way, chunk in (*waited, *later) for unit in self._units(way, chunk)]

    def _idle_ns(self) -> int | None:
        """Silence after which a frame on a serial line is given up: far above the inter-octet time-out,
        since a tap batches octets."""
        if self.transport != "serial" or self.links is None:
            return None
        return self.links.parameters.inter_octet_ms.default * IDLE_FACTOR * 1_000_000

    def lose(self, way: Way, octets: int) -> list[tuple[Way, Unit]]:
        """Octets of this way are missing here."""
        if way.framer is None:
            return []
        if self.links is not None:
            self.links.lose()
        return [(way, unit) for unit in way.framer.lose(octets)]

    def end(self) -> list[tuple[Way, Unit]]:
        """The conversation is over: everything still held."""
        out = self._settle() if self.carrier is None and self._waiting else []
        for way in self.ways:
            if way.framer is not None:
                out += [(way, unit) for unit in way.framer.end()]
        return out

    # -- units to frames ------------------------------------------------------------------------------

    def frame(self, no: int, way: Way, unit: Unit, channel: int, direction: int = UNKNOWN) -> Frame:
        """The Frame of a unit: direction, addresses and what is wrong with it."""
        if unit.kind == "wrapper" and isinstance(unit.value, Wrapper):
            return self._wrapper_frame(no, way, unit, channel)
        if self.links is not None and unit.kind not in ("noise", "modem"):
            return self._hdlc_frame(no, way, unit, channel, direction)
        if self.links is not None:
            self.links.follow(unit, no, UNKNOWN)  # nothing to believe, but no turn is trusted across it
        layer = unit.kind if unit.kind in ("noise", "apdu", "iec62056-21", "modem") else self.transport
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

    def _hdlc_frame(self, no: int, way: Way, unit: Unit, channel: int, direction: int) -> Frame:
        assert self.links is not None
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


def links_of(profile: Profile | None, line: bool) -> hdlc_link.Links:
    """The HDLC links of a line or connection, with the limits and the SAP table of the descriptor."""
    if profile is None:
        return hdlc_link.Links(line=line)
    find: dict[str, Callable[[int], Sap | None]] = {
        "client": profile.client,
        "server": profile.server,
        "physical": profile.physical,
    }

    def names(role: str, value: int) -> str | None:
        entry = find[role](value)
        if entry is None:
            return "not in the table"
        return entry.use if entry.use == "reserved" and entry.kind == "station" else None

    return hdlc_link.Links(profile.hdlc_parameters(), names, profile.name, line)


def _framer(kind: str, idle_ns: int | None) -> Framer | None:
    if kind == "wrapper":
        return WrapperFramer()
    return HdlcFramer(idle_ns) if kind == "hdlc" else None


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
