"""Octets on wires at given times, as a tap with octet times records them: reads of a few octets, merged by time."""

from typing import Any

from scripts import PROFILES, SERIAL, T0, UNKNOWN, Script

from dissectors.link.stage import LinkStage
from dissectors.record import Channel, Frame, Record

MS = 1_000_000


class Wires:
    """read: octets of one record. wires: names of the channels; one name is one receiver for both sides."""

    def __init__(
        self, baud: int = 9600, read: int = 8, names: tuple[str, ...] = ("tap",), uncertainty_ns: int = 50_000
    ):
        self.channels = [Channel(n, name, SERIAL, 1000, baud, 10, "start") for n, name in enumerate(names)]
        self.character_ns = 10_000_000_000 // baud
        self.read = read
        self.uncertainty_ns = uncertainty_ns
        self.records: list[Record] = []
        self.end_ms = 0.0

    def put(self, octets: bytes, at_ms: float, wire: int = 0, direction: int = UNKNOWN, **more: Any) -> float:
        """Puts octets on a wire, back to back from at_ms on; the time in ms at which the last one ends."""
        start = T0 + round(at_ms * MS)
        for at in range(0, len(octets), self.read):
            piece = octets[at : at + self.read]
            first = start + at * self.character_ns
            last = first + len(piece) * self.character_ns
            self.records.append(Record(0, wire, direction, first, last, self.uncertainty_ns, piece, **more))
        self.end_ms = (start + len(octets) * self.character_ns - T0) / MS
        return self.end_ms

    def script(self) -> Script:
        """All of it in the order in which the reads ended."""
        script = Script(SERIAL, self.channels)
        for no, r in enumerate(sorted(self.records, key=lambda r: (r.last_ns or 0, r.channel)), 1):
            script.records.append(
                Record(no, r.channel, r.direction, r.first_ns, r.last_ns, r.uncertainty_ns, r.octets, r.flags, r.lost)
            )
        return script

    def frames(self) -> list[Frame]:
        script = self.script()
        found = list(LinkStage(script.channels, PROFILES).frames(script.records))
        assert sum(len(f.octets) for f in found) == sum(len(r.octets) for r in script.records)
        return found


def kinds(found: list[Frame]) -> list[str]:
    """ "SNRM", "echo line.echo": kind and codes of each frame."""
    return [" ".join([f.kind, *(p.kind.code for p in f.problems)]) for f in found]
