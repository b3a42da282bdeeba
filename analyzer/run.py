"""Run: one analysis of one source, stage by stage, and what its rows need to be shown.

    frames    = timing.frames(keep.frames(link.frames(records)))
    messages  = timing.messages(keep.messages(association.messages(reassembly.join(frames))))
    exchanges = timing.exchanges(keep.exchanges(exchange.pair(messages)))

Everything streams; only taps (kept columns, statistics, findings) remember. A run is used once.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from analyzer import exchange
from analyzer.association import Associations
from analyzer.known_objects import KnownObjects
from analyzer.meaning import Meaning
from analyzer.model import Exchange, Message
from analyzer.opening import security_row
from dissectors import reassembly
from dissectors.keys import KeyRing
from dissectors.link.stage import LinkStage
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.record import Channel, Frame, Record


class Tap(Protocol):
    """Something that looks at the rows as they pass: statistics, kept columns, findings."""

    def frames(self, frames: Iterable[Frame]) -> Iterable[Frame]: ...

    def messages(self, messages: Iterable[Message]) -> Iterable[Message]: ...

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterable[Exchange]: ...


RECENT = 8192


class _Recent:
    def __init__(self, kept: dict[int, Frame]) -> None:
        self.kept = kept

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        kept = self.kept
        for frame in frames:
            kept[frame.no] = frame
            if len(kept) > RECENT:
                del kept[next(iter(kept))]
            yield frame

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        return iter(messages)

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        return iter(exchanges)


class Run:
    """records and channels of an open source, analyzed with these profiles (first match wins).

    carrier: what serial lines and logs are known to carry ("hdlc", "wrapper", "apdu"); None: recognise it."""

    def __init__(
        self,
        records: Iterable[Record],
        channels: Sequence[Channel],
        profiles: Sequence[Profile],
        taps: Sequence[Tap] = (),
        carrier: str | None = None,
        ring: KeyRing | None = None,
        known: KnownObjects | None = None,
    ) -> None:
        self.records = records
        self.channels = channels
        self.profiles = {profile.name: profile for profile in profiles}
        self.link = LinkStage(channels, profiles, carrier)
        self.associations = Associations(self.profiles, ring)
        self.meaning = Meaning(self.profiles, known)
        self.taps = taps
        self._carried: dict[int, list[int]] = {}
        # Where rows look up other rows; an Analysis, which keeps them all, puts its own here.
        self.find_frame: Callable[[int], Frame | None] = lambda no: None
        self.find_messages: Callable[[int], Sequence[int]] = lambda frame: self._carried.get(frame, ())

    # -- the stages ---------------------------------------------------------------------------------

    def frames(self) -> Iterable[Frame]:
        frames: Iterable[Frame] = self.link.frames(self.records)
        for tap in self.taps:
            frames = tap.frames(frames)
        return frames

    def messages(self) -> Iterable[Message]:
        messages: Iterable[Message] = self.associations.messages(reassembly.join(self.frames()))
        for tap in self.taps:
            messages = tap.messages(messages)
        return messages

    def exchanges(self) -> Iterable[Exchange]:
        exchanges: Iterable[Exchange] = exchange.pair(self.messages(), lambda: self.link.last_ns)
        for tap in self.taps:
            exchanges = tap.exchanges(exchanges)
        return exchanges

    def frames_with_messages(self, hold: int = 4096) -> Iterator[Frame]:
        """Frames in order, each given out once the messages that it carries are known (messages_of),
        or after `hold` later frames."""
        waiting: deque[Frame] = deque()
        done = 0  # frames up to here have had their messages
        claimed: set[int] = set()

        def tapped(frames: Iterable[Frame]) -> Iterator[Frame]:
            for frame in frames:
                waiting.append(frame)
                yield frame

        def ready(all_: bool) -> Iterator[Frame]:
            while waiting:
                frame = waiting[0]
                if not all_ and len(waiting) <= hold and frame.payload and frame.no > done and frame.no not in claimed:
                    return
                waiting.popleft()
                claimed.discard(frame.no)
                yield frame
                self._carried.pop(frame.no, None)

        frames: Iterable[Frame] = self.link.frames(self.records)
        for tap in self.taps:
            frames = tap.frames(frames)
        for message in self.associations.messages(reassembly.join(tapped(frames))):
            for number in message.pdu.frames:
                self._carried.setdefault(number, []).append(message.no)
                claimed.add(number)
            yield from ready(False)
        yield from ready(True)

    def remember_frames(self) -> None:
        """Keeps the last RECENT frames for recent_frame (filters and trees of messages ask for them)."""
        recent: dict[int, Frame] = {}
        self.find_frame = recent.get
        self.taps = (*self.taps, _Recent(recent))

    def recent_frame(self, no: int) -> Frame | None:
        """A frame that passed; None when frames are not remembered or it is too old."""
        return self.find_frame(no)

    # -- what rows ask for -----------------------------------------------------------------------------

    def messages_of(self, frame: int) -> list[int]:
        """Numbers of the messages that a frame carries, as far as they are known now."""
        return list(self.find_messages(frame))

    def carry(self, frame: int, messages: list[int]) -> None:
        """States which messages a frame carries, for rows made after the stages ran."""
        self._carried[frame] = messages

    def text(self, m: Message) -> str | None:
        """The meaning of a message's value in words."""
        return self.meaning.text(m) or (m.progress if m.joined is None else None) or None

    def problems(self, m: Message) -> tuple[Problem, ...]:
        """What is wrong with a message: with its octets, its association, and the objects it speaks of."""
        return m.problems + self.meaning.problems(m)

    def security(self, m: Message) -> dict[str, Any] | None:
        """The protection of a ciphered APDU, None for a plain one."""
        return security_row(m.security)

    def client_name(self, profile: str, sap: int) -> str | None:
        found = self.profiles.get(profile)
        entry = found.client(sap) if found is not None and sap >= 0 else None
        return entry.name if entry is not None else None

    def server_name(self, profile: str, sap: int) -> str | None:
        found = self.profiles.get(profile)
        entry = found.server(sap) if found is not None and sap >= 0 else None
        return entry.name if entry is not None else None
