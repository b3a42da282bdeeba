"""Addressing: who talks to whom, from the frames: SAPs, HDLC lower addresses, hosts, counts."""

from collections.abc import Iterable, Iterator, Mapping

from analyzer.model import Exchange, Message
from dissectors.profile import Profile
from dissectors.record import Direction, Frame

TO_SERVER, TO_CLIENT = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)


class Seen:
    """One address of one side, as the capture shows it: a row of `--level address`."""

    __slots__ = (
        "channel", "first_ns", "host", "last_ns", "name", "profile", "received", "sap", "sent", "side", "title", "use",
    )  # fmt: skip

    def __init__(self, profile: str, channel: int, side: str, sap: int, host: str | None) -> None:
        self.profile = profile
        self.channel = channel
        self.side = side
        self.sap = sap
        self.host = host
        self.name: str | None = None
        self.use = "undefined"
        self.title: str | None = None
        self.sent = 0
        self.received = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None


class Addressing:
    """A tap: counts frames by address, and learns system titles from AARQ and AARE."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self.profiles = profiles
        self._ways: dict[tuple[int, str, int, int, int, int], list[Seen]] = {}  # by the path's identity, and more
        self.rows: dict[tuple[str, int, str, int, str | None], Seen] = {}

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        ways = self._ways
        for f in frames:
            if f.source >= 0:
                key = (id(f.path), f.profile, f.direction, f.source, f.destination, f.physical)
                seen = ways.get(key)
                if seen is None:
                    seen = ways[key] = self._pair(f)
                for row in seen:
                    row.last_ns = f.last_ns
                seen[0].sent += 1
                for row in seen[1:]:
                    row.received += 1
            yield f

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        for m in messages:
            if m.apdu.service != "association":
                yield m
                continue
            detail = m.apdu.detail
            for attribute, side, sap in (
                ("calling_title", "client", m.pdu.client),
                ("responding_title", "server", m.pdu.server),
            ):
                title = getattr(detail, attribute, None)
                if title:
                    for row in self.rows.values():
                        if row.side == side and row.sap == sap and row.channel == m.pdu.channel:
                            row.title = title.hex().upper()
            yield m

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        return iter(exchanges)

    def pairs(self) -> list[tuple[Seen, Seen]]:
        """(client, server) of each two that had frames between them, in the order in which they were seen."""
        found: dict[tuple[int, int], tuple[Seen, Seen]] = {}
        for sender, receiver, *_ in self._ways.values():
            one, other = (sender, receiver) if sender.side == "client" else (receiver, sender)
            found[id(one), id(other)] = one, other
        return list(found.values())

    def _pair(self, f: Frame) -> list[Seen]:
        """[sender, receiver, and the HDLC physical device where there is one]."""
        up = f.direction != TO_CLIENT
        sides = ("client", "server") if up else ("server", "client")
        out = [
            self._row(f, sides[0], f.source, f.path.source),
            self._row(f, sides[1], f.destination, f.path.destination),
        ]
        if f.physical >= 0:
            out.append(self._row(f, "physical", f.physical, None))
        return out

    def _row(self, f: Frame, side: str, sap: int, host: str | None) -> Seen:
        key = (f.profile, f.channel, side, sap, host)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Seen(f.profile, f.channel, side, sap, host)
            row.first_ns = f.first_ns
            profile = self.profiles.get(f.profile)
            if profile is not None:
                entry = {
                    "client": lambda: profile.client(sap),
                    "server": lambda: profile.server(sap),
                    "physical": lambda: profile.physical(sap),
                }[side]()
                if entry is not None:
                    row.name, row.use = entry.name, entry.use
        return row
