"""The serial lines and text logs of a capture: which channels are one conversation, and which records of HDLC
may go the short way (hdlc_quick.py)."""

from collections.abc import Callable, Sequence

from dissectors.link.conversation import TO_CLIENT, TO_SERVER, UNKNOWN, Conversation, Way
from dissectors.link.framing import Unit
from dissectors.link.hdlc import Hdlc
from dissectors.link.hdlc_framer import Framer
from dissectors.link.hdlc_quick import Line
from dissectors.record import Channel, Record

TEXT_LINK, RTAC_LINK = -1, 250
SERIAL_LINKS = frozenset((TEXT_LINK, RTAC_LINK, *range(147, 163)))  # text logs, RTAC_SERIAL, USER0 to USER15


class SerialLines:
    """converse(transport) starts a conversation. `quick`: the short way of a serial channel * 4 + direction."""

    def __init__(self, channels: Sequence[Channel], converse: Callable[[str], Conversation]) -> None:
        self.channels = channels
        self.converse = converse
        self.quick: dict[int, Line] = {}
        self._lines: dict[int, Conversation] = {}
        self._heard: dict[int, int] = {}  # channel -> direction that all its records have had

    def conversation(self, r: Record) -> Conversation:
        """The conversation of a record's channel. Two wires of one line, each heard in one direction only, are
        one conversation."""
        line = self._lines.get(r.channel)
        if line is None:
            line = self._lines[r.channel] = self._other_wire(r) or self._start(r)
        self._heard[r.channel] = r.direction if self._heard.get(r.channel, r.direction) == r.direction else UNKNOWN
        return line

    def channel_of(self) -> dict[int, int]:
        """The first channel of each conversation, by id()."""
        return {id(line): channel for channel, line in reversed(self._lines.items())}

    def learn(self, way: Way, unit: Unit, r: Record) -> None:
        """A record of one HDLC frame went the long way; the next one like it may go the short way."""
        links, framer = way.conversation.links, way.framer
        if links is None or unit.octets is not r.octets or not unit.trusted or not isinstance(unit.value, Hdlc):
            return
        if isinstance(framer, Framer) and way.telnet is None:
            key = r.channel * 4 + r.direction
            line = self.quick.get(key)
            if line is None:
                line = self.quick[key] = Line(links, framer, way.path, way.profile)
            line.learn(unit.value, unit.octets)

    def _start(self, r: Record) -> Conversation:
        return self.converse("text" if self.channels[r.channel].link_type == TEXT_LINK else "serial")

    def _other_wire(self, r: Record) -> Conversation | None:
        this = self.channels[r.channel]
        stem, separator, wire = this.name.rpartition(":")
        found = None
        for number, other in self._lines.items():
            first = self.channels[number]
            first_stem, named, _ = first.name.rpartition(":")
            told = this.line or first.line  # a recorder says which wires are one line
            paired = this.line == first.line if told else first_stem == stem and separator and wire
            opposite = (
                not told
                and not (separator and named)
                and {self._heard.get(number, UNKNOWN), r.direction}
                == {
                    TO_SERVER,
                    TO_CLIENT,
                }
            )
            if first.link_type == this.link_type and (paired or (opposite and len(self._lines) == 1)):
                found = other
        return found
