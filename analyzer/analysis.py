"""Analysis: a whole capture kept in columns, for the TUI, DataFrames and notebooks.

    import analyzer
    a = analyzer.open("session.pcapng")
    a.frames.array()["first_ns"]; a.frame(12); a.message(3); a.exchange(1)

Frames are about 60 octets of columns and their own octets once; messages and exchanges are columns
too and are dissected again from the octets when looked at. Row numbers count from 1.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from analyzer.addressing import Addressing
from analyzer.columns import NO_TIME, Table, Words
from analyzer.findings import Findings
from analyzer.model import Exchange, Finding, Message, Target
from analyzer.objects import Objects
from analyzer.run import Run, Tap
from dissectors import apdus
from dissectors.cursor import Cursor
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.record import Channel, Frame, Path, Pdu, Record

FRAME_COLUMNS = (
    ("first_ns", "q"), ("last_ns", "q"), ("uncertainty_ns", "q"), ("offset", "Q"), ("carrier", "I"), ("size", "I"),
    ("record", "I"), ("records", "H"), ("path", "I"), ("source", "i"), ("destination", "i"), ("physical", "i"),
    ("channel", "H"), ("profile", "H"), ("layer", "H"), ("kind", "H"), ("direction", "B"),
)  # fmt: skip
MESSAGE_COLUMNS = (
    ("first_ns", "q"), ("last_ns", "q"), ("uncertainty_ns", "q"), ("offset", "Q"), ("size", "I"), ("frame", "I"),
    ("frames", "H"), ("path", "I"), ("client", "i"), ("server", "i"), ("physical", "i"), ("association", "I"),
    ("context", "I"), ("target", "I"), ("request", "I"), ("apdu", "H"), ("result", "H"), ("invoke_id", "i"),
    ("channel", "H"), ("profile", "H"), ("direction", "B"), ("joined", "B"),
)  # fmt: skip
EXCHANGE_COLUMNS = (
    ("request", "I"), ("response", "I"), ("responses", "H"), ("request_frame", "I"), ("response_frame", "I"),
    ("association", "I"), ("target", "I"), ("client", "i"), ("server", "i"), ("physical", "i"), ("path", "I"),
    ("first_asked_ns", "q"), ("asked_ns", "q"), ("answered_ns", "q"), ("app_response_ns", "q"), ("lo_ns", "q"),
    ("hi_ns", "q"), ("complete_ns", "q"), ("link_response_ns", "q"), ("line_ns", "q"), ("server_ns", "q"),
    ("client_ns", "q"), ("waited_ns", "q"), ("polls", "H"), ("attempts", "H"), ("blocks", "I"), ("service", "H"),
    ("result", "H"), ("channel", "H"), ("profile", "H"),
)  # fmt: skip
U16, U32 = 0xFFFF, 0xFFFFFFFF  # the largest counts that a column holds


def stamp(ns: int | None) -> int:
    return NO_TIME if ns is None else ns


def unstamp(ns: int) -> int | None:
    return None if ns == NO_TIME else ns


class Analysis:
    """One capture, kept. `run` has associations and names; findings, addresses and objects are rows."""

    def __init__(self, channels: Sequence[Channel], profiles: Sequence[Profile]) -> None:
        self.channels = channels
        self.profiles = profiles
        self.frames = Table(*FRAME_COLUMNS)
        self.messages = Table(*MESSAGE_COLUMNS)
        self.exchanges = Table(*EXCHANGE_COLUMNS)
        self.octets = bytearray()  # of all frames: carrier, then octets
        self.joined = bytearray()  # of messages that are no part of one frame
        self.words = Words()
        self.paths: list[Path] = []
        self.targets: list[Target | None] = [None]
        self.findings: list[Finding] = []
        self.addressing = Addressing({p.name: p for p in profiles})
        self.objects = Objects({p.name: p for p in profiles})
        self.cut: str | None = None
        self.run: Run
        self._found = Findings()
        self._problems: dict[int, tuple[Problem, ...]] = {}
        self._message_problems: dict[int, tuple[Problem, ...]] = {}
        self._records: dict[int, tuple[int, ...]] = {}
        self._message_frames: dict[int, tuple[int, ...]] = {}
        self._responses: dict[int, tuple[int, ...]] = {}
        self._path_numbers: dict[int, int] = {}
        self._target_numbers: dict[int, int] = {}
        self._keep = _Keep(self)

    def load(self, records: Iterable[Record], taps: Sequence[Tap] = ()) -> Iterator[int]:
        """Reads everything; yields the number of frames kept, now and then, for progress."""
        own: tuple[Tap, ...] = (self._keep, self.addressing, self.objects, self._found)
        self.run = Run(records, self.channels, self.profiles, (*own, *taps))
        for n, _ in enumerate(self.run.exchanges()):
            if not n & 0xFFF:
                self.findings += self._found.drain()
                yield len(self.frames)
        self._found.loose(self.run.associations.loose)
        self.findings += self._found.drain()
        yield len(self.frames)

    # -- rows, made again when looked at ---------------------------------------------------------------

    def frame(self, no: int) -> Frame:
        """Frame no, without the link layer's own value (dissect its octets for that)."""
        (
            first, last, uncertainty, offset, carrier, size, record, records, path, source, destination, physical,
            channel, profile, layer, kind, direction,
        ) = self.frames.row(no - 1)  # fmt: skip
        start = offset + carrier
        numbers = self._records.get(no) or tuple(range(record, record + records))
        words = self.words
        return Frame(
            no, numbers, channel, self.paths[path], words[profile], direction, unstamp(first), unstamp(last),
            unstamp(uncertainty), words[layer], words[kind], source, destination,
            bytes(self.octets[start : start + size]), bytes(self.octets[offset:start]),
            problems=self._problems.get(no, ()), physical=physical,
        )  # fmt: skip

    def message(self, no: int) -> Message:
        """Message no, its APDU dissected again with the context it had."""
        (
            first, last, uncertainty, offset, size, frame, frames, path, client, server, physical, association,
            context, target, request, _, _, _, channel, profile, direction, joined,
        ) = self.messages.row(no - 1)  # fmt: skip
        store = self.joined if joined else self.octets
        octets = bytes(store[offset : offset + size])
        numbers = self._message_frames.get(no) or tuple(range(frame, frame + frames))
        pdu = Pdu(
            numbers, channel, self.paths[path], self.words[profile], direction, unstamp(first), unstamp(last),
            unstamp(uncertainty), client, server, octets, physical=physical,
        )  # fmt: skip
        apdu = apdus.dissect(Cursor(octets, buffer="apdu"), self.run.associations.contexts[context])
        problems = self._message_problems.get(no, ())
        return Message(no, pdu, apdu, association, context, self.targets[target], problems, request)

    def exchange(self, no: int) -> Exchange:
        """Exchange no."""
        (
            request, response, responses, asked_frame, answered_frame, association, target, client, server, physical,
            path, first_asked, asked, answered, app, lo, hi, complete, link, line, at_server, at_client, waited, polls,
            attempts, blocks, service, result, channel, profile,
        ) = self.exchanges.row(no - 1)  # fmt: skip
        ways = self.paths[path]
        numbers = self._responses.get(no) or ((response,) if responses else ())
        return Exchange(
            no, request, numbers, self.words[service], association, channel, self.words[profile], client, server,
            physical, ways.source, ways.destination, self.targets[target], self.words[result] or None,
            (asked_frame, answered_frame), unstamp(first_asked), unstamp(asked), unstamp(answered), unstamp(app),
            unstamp(lo), unstamp(hi), unstamp(complete), unstamp(link), unstamp(line), unstamp(at_server),
            unstamp(at_client), polls, attempts, blocks, unstamp(waited),
        )  # fmt: skip

    def rows(self, level: str) -> Iterator[Frame | Message | Exchange]:
        """Every row of the levels that are kept as columns."""
        kept: dict[str, tuple[Table, Callable[[int], Frame | Message | Exchange]]] = {
            "frame": (self.frames, self.frame),
            "message": (self.messages, self.message),
            "exchange": (self.exchanges, self.exchange),
        }
        table, make = kept[level]
        for no in range(1, len(table) + 1):
            yield make(no)

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


class _Keep:
    """The tap that fills an Analysis."""

    def __init__(self, analysis: Analysis) -> None:
        self.a = analysis

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        a = self.a
        table, store, words = a.frames, a.octets, a.words
        data, pack, number, path_number = table.data, table.pack, words.number, a.path_number
        for f in frames:
            records = f.records
            if f.problems:
                a._problems[f.no] = f.problems
            count = len(records)
            if count > 1 and records[-1] - records[0] != count - 1:
                a._records[f.no] = records
            first, last, u = f.first_ns, f.last_ns, f.uncertainty_ns
            data += pack(
                NO_TIME if first is None else first, NO_TIME if last is None else last, NO_TIME if u is None else u,
                len(store), len(f.carrier), len(f.octets), records[0] if records else 0, min(count, U16),
                path_number(f.path), f.source, f.destination, f.physical, f.channel, number(f.profile),
                number(f.layer), number(f.kind), f.direction,
            )  # fmt: skip
            store += f.carrier
            store += f.octets
            yield f

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        a = self.a
        table, words = a.messages, a.words
        data, pack, number = table.data, table.pack, words.number
        row = a.frames.row
        for m in messages:
            p, apdu = m.pdu, m.apdu
            frames = p.frames
            count = len(frames)
            octets = p.octets
            offset, joined = -1, 0
            if count == 1:
                start = row(frames[0] - 1)
                offset = a.octets.find(octets, start[3] + start[4], start[3] + start[4] + start[5])
            elif count > 1 and frames[-1] - frames[0] != count - 1:
                a._message_frames[m.no] = frames
            if offset < 0:
                offset, joined = len(a.joined), 1
                a.joined += octets
            if m.problems:
                a._message_problems[m.no] = m.problems
            first, last, u = p.first_ns, p.last_ns, p.uncertainty_ns
            data += pack(
                NO_TIME if first is None else first, NO_TIME if last is None else last, NO_TIME if u is None else u,
                offset, len(octets), frames[0] if frames else 0, min(count, U16), a.path_number(p.path), p.client,
                p.server, p.physical, m.association, m.context, a.target_number(m.target), m.request,
                number(apdu.name), number(apdu.result), apdu.invoke_id, p.channel, number(p.profile), p.direction,
                joined,
            )  # fmt: skip
            yield m

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        a = self.a
        table, number = a.exchanges, a.words.number
        data, pack = table.data, table.pack
        messages = a.messages
        for e in exchanges:
            responses = e.responses
            if len(responses) > 1:
                a._responses[e.no] = responses
            message = e.request or (responses[0] if responses else 0)
            path = messages.row(message - 1)[7] if message else 0
            data += pack(
                e.request, responses[-1] if responses else 0, min(len(responses), U16), *e.frames, e.association,
                a.target_number(e.target), e.client, e.server, e.physical, path, stamp(e.first_asked_ns),
                stamp(e.asked_ns), stamp(e.answered_ns), stamp(e.app_response_ns), stamp(e.lo_ns), stamp(e.hi_ns),
                stamp(e.complete_ns), stamp(e.link_response_ns), stamp(e.line_ns), stamp(e.server_ns),
                stamp(e.client_ns), stamp(e.waited_ns), min(e.polls, U16), min(e.attempts, U16), min(e.blocks, U32),
                number(e.service), number(e.result), e.channel, number(e.profile),
            )  # fmt: skip
            yield e
