"""Analysis: a whole capture kept in columns, for the TUI, DataFrames and notebooks.

    import analyzer
    a = analyzer.open("session.pcapng")
    a.frames.array()["first_ns"]; a.frame(12); a.message(3); a.exchange(1)

Frames are 32 octets of columns and their own octets once; messages (40) and exchanges (48) are columns
too and are dissected again from the octets when looked at. What repeats from row to row comes on top, once.
Row numbers count from 1.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from analyzer.addressing import Addressing
from analyzer.columns import NO_TIME, Table, Words
from analyzer.findings import Findings
from analyzer.keep import (
    EXCHANGE_OWN,
    EXCHANGE_SHARED,
    EXCHANGE_USUAL,
    FRAME_OWN,
    FRAME_SHARED,
    FRAME_USUAL,
    MESSAGE_OWN,
    MESSAGE_SHARED,
    MESSAGE_USUAL,
    NOTHING_MORE,
    Keep,
    More,
)
from analyzer.known_objects import KnownObjects
from analyzer.links import Links
from analyzer.model import Exchange, Finding, Message, Target
from analyzer.objects import Objects
from analyzer.run import Run, Tap
from dissectors import apdus
from dissectors.cursor import Cursor
from dissectors.keys import KeyRing
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.record import Channel, Frame, Path, Pdu, Record


def unstamp(ns: int) -> int | None:
    return None if ns == NO_TIME else ns


class Analysis:
    """One capture, kept. `run` has associations and names; findings, addresses and objects are rows."""

    def __init__(
        self, channels: Sequence[Channel], profiles: Sequence[Profile], known: KnownObjects | None = None
    ) -> None:
        """known: objects that the user named."""
        self.channels = channels
        self.profiles = profiles
        self.frames = Table(FRAME_OWN, FRAME_SHARED, FRAME_USUAL)
        self.messages = Table(MESSAGE_OWN, MESSAGE_SHARED, MESSAGE_USUAL)
        self.exchanges = Table(EXCHANGE_OWN, EXCHANGE_SHARED, EXCHANGE_USUAL)
        self.octets = bytearray()  # of all frames: carrier, then octets
        self.joined = bytearray()  # of messages that are no part of one frame
        self.words = Words()  # kinds, names, results
        self.hosts = Words()  # "host:port" of clients and servers
        self.paths: list[Path] = []
        self.targets: list[Target | None] = [None]
        self.findings: list[Finding] = []
        self.addressing = Addressing({p.name: p for p in profiles})
        self.objects = Objects({p.name: p for p in profiles}, known)
        self.cut: str | None = None
        self.run: Run
        self._found = Findings()
        self.problems_of: dict[int, tuple[Problem, ...]] = {}
        self.message_problems: dict[int, tuple[Problem, ...]] = {}
        self.records_of: dict[int, tuple[int, ...]] = {}
        self.message_frames_of: dict[int, tuple[int, ...]] = {}
        self.attempt_ns_of: dict[int, int] = {}  # end of the last attempt of messages sent again
        self.responses_of: dict[int, tuple[int, ...]] = {}
        self.others_of: dict[int, tuple[int, ...]] = {}  # repeats, further blocks and calls for them, by exchange
        self._path_numbers: dict[int, int] = {}
        self._target_numbers: dict[int, int] = {}
        self.more: dict[int, More] = {}
        self.links = Links(self)
        self._keep = Keep(self)

    def load(
        self,
        records: Iterable[Record],
        taps: Sequence[Tap] = (),
        object_checks: bool = True,
        ring: KeyRing | None = None,
    ) -> Iterator[int]:
        """Reads everything; yields the number of frames kept, now and then, for progress. ring: the user's keys."""
        own: tuple[Tap, ...] = (self._keep, self.addressing, self.objects, self._found)
        self.run = Run(records, self.channels, self.profiles, (*own, *taps), ring=ring)
        self.run.meaning = self.objects.meaning  # so that words know what the whole capture taught
        self.run.find_frame = self.find_frame
        self.run.find_messages = self.links.messages_of_frame
        if object_checks:
            self._found.objects = self.run.meaning.problems
        return self._load()

    def _load(self) -> Iterator[int]:
        for n, _ in enumerate(self.run.exchanges()):
            if not n & 0xFFF:
                self.gather()
                yield len(self.frames)
        self._found.loose(self.run.associations.loose)
        self.gather()
        yield len(self.frames)

    def gather(self, verdicts: Iterable[Finding] = ()) -> None:
        """Takes what was found since the last time into `findings`, and then the verdicts of timing given."""
        for finding in verdicts:
            self._found.add(finding)
        self.findings += self._found.drain()

    # -- rows, made again when looked at ---------------------------------------------------------------

    def frame(self, no: int) -> Frame:
        """Frame no, without the link layer's own value (dissect its octets for that)."""
        (
            first, offset, size, record, path, source, destination, physical, channel, profile, layer, kind, direction,
            last, uncertainty, carrier, records,
        ) = self.frames.row(no - 1)  # fmt: skip
        start = offset + carrier
        numbers = self.records_of.get(no) or tuple(range(record, record + records))
        words = self.words
        return Frame(
            no, numbers, channel, self.paths[path], words[profile], direction, unstamp(first), unstamp(last),
            unstamp(uncertainty), words[layer], words[kind], source, destination,
            bytes(self.octets[start : start + size]), bytes(self.octets[offset:start]),
            problems=self.problems_of.get(no, ()), physical=physical,
        )  # fmt: skip

    def find_frame(self, no: int) -> Frame | None:
        """Frame no, None where there is none (an exchange without a response names frame 0)."""
        return self.frame(no) if 0 < no <= len(self.frames) else None

    def asked_ns(self, request: int) -> int | None:
        """End of the last attempt of a message: what its response is measured from."""
        found = self.attempt_ns_of.get(request)
        return unstamp(self.messages.value(request - 1, "last_ns")) if found is None else found

    def message(self, no: int) -> Message:
        """Message no, its APDU dissected again with the context it had."""
        (
            first, offset, size, frame, request, _, path, client, server, physical, association, context, target, _, _,
            channel, profile, direction, last, uncertainty, frames, joined,
        ) = self.messages.row(no - 1)  # fmt: skip
        store = self.joined if joined else self.octets
        octets = bytes(store[offset : offset + size])
        numbers = self.message_frames_of.get(no) or tuple(range(frame, frame + frames))
        pdu = Pdu(
            numbers, channel, self.paths[path], self.words[profile], direction, unstamp(first), unstamp(last),
            unstamp(uncertainty), client, server, octets, physical=physical,
        )  # fmt: skip
        apdu = apdus.dissect(Cursor(octets, buffer="apdu"), self.run.associations.contexts[context])
        problems = self.message_problems.get(no, ())
        asked_ns = self.asked_ns(request) if request else None
        plain, joined_data, security, joined_frames, progress, apdu_ = self.more.get(no, NOTHING_MORE)
        return Message(
            no, pdu, apdu_ or apdu, association, context, self.targets[target], problems, request, asked_ns, plain,
            joined_data, security, joined_frames, progress,
        )  # fmt: skip

    def exchange(self, no: int) -> Exchange:
        """Exchange no."""
        (
            request, response, asked_frame, answered_frame, asked, answered, app, association, target, client, server,
            physical, client_address, server_address, service, result, channel, profile, first_asked, lo, hi, complete,
            link, at_server, line, at_client, waited, responses, polls, attempts, blocks,
        ) = self.exchanges.row(no - 1)  # fmt: skip
        numbers = self.responses_of.get(no) or ((response,) if responses else ())
        return Exchange(
            no, request, numbers, self.words[service], association, channel, self.words[profile], client, server,
            physical, self.hosts[client_address] or None, self.hosts[server_address] or None,
            self.targets[target], self.words[result] or None,
            (asked_frame, answered_frame), unstamp(first_asked), unstamp(asked), unstamp(answered), unstamp(app),
            unstamp(lo), unstamp(hi), unstamp(complete), unstamp(link), unstamp(line), unstamp(at_server),
            unstamp(at_client), polls, attempts, blocks, unstamp(waited), (), self.others_of.get(no, ()),
        )  # fmt: skip

    def rows(self, level: str) -> Iterator[Frame | Message | Exchange]:
        """Every row of the levels that are kept as columns."""
        table, make = self.kept(level)
        for no in range(1, len(table) + 1):
            yield make(no)

    def kept(self, level: str) -> tuple[Table, Callable[[int], Frame | Message | Exchange]]:
        """The table of a level that is kept as columns, and what makes a row of it by its number (from 1)."""
        found: dict[str, tuple[Table, Callable[[int], Frame | Message | Exchange]]] = {
            "frame": (self.frames, self.frame),
            "message": (self.messages, self.message),
            "exchange": (self.exchanges, self.exchange),
        }
        return found[level]

    def select(self, level: str, source: str) -> npt.NDArray[np.int64]:
        """Numbers of the rows of a level ("frame", "message", "exchange") that pass a filter."""
        from analyzer.filter_columns import select

        return select(self, level, source)

    # -- numbers of interned values ---------------------------------------------------------------------

    def path_number(self, path: Path) -> int:
        found = self._path_numbers.get(id(path))
        if found is None:
            found = self._path_numbers[id(path)] = len(self.paths)
            self.paths.append(path)
        return found

    def target_number(self, target: Target | None) -> int:
        if target is None:
            return 0
        found = self._target_numbers.get(id(target))
        if found is None:
            found = self._target_numbers[id(target)] = len(self.targets)
            self.targets.append(target)
        return found
