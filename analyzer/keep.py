"""Keep: the tap that fills an Analysis, a row a `struct` call.

What repeats from row to row (who talks to whom, which APDU of which object) is packed once and known by
its number; only the times, offsets and numbers of a row are packed anew.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from analyzer.columns import NO_TIME, less
from analyzer.model import Exchange, Message
from dissectors.apdu import Apdu
from dissectors.record import Frame

if TYPE_CHECKING:
    from analyzer.analysis import Analysis

# SHARED: who talks to whom about what. USUAL: what nearly all rows have the same, where a clock stamps packets.
FRAME_OWN = (("first_ns", "q"), ("offset", "Q"), ("size", "I"), ("record", "I"))
FRAME_USUAL = (("last_ns", "q", "first_ns"), ("uncertainty_ns", "q"), ("carrier", "I"), ("records", "H"))
FRAME_SHARED = (
    ("path", "I"), ("source", "i"), ("destination", "i"), ("physical", "i"), ("channel", "H"), ("profile", "H"),
    ("layer", "H"), ("kind", "H"), ("direction", "B"),
)  # fmt: skip
MESSAGE_OWN = (
    ("first_ns", "q"), ("offset", "Q"), ("size", "I"), ("frame", "I"), ("request", "I"), ("invoke_id", "i"),
)  # fmt: skip
MESSAGE_USUAL = (("last_ns", "q", "first_ns"), ("uncertainty_ns", "q"), ("frames", "H"), ("joined", "B"))
MESSAGE_SHARED = (
    ("path", "I"), ("client", "i"), ("server", "i"), ("physical", "i"), ("association", "I"), ("context", "I"),
    ("target", "I"), ("apdu", "H"), ("result", "H"), ("channel", "H"), ("profile", "H"),
    ("direction", "B"),
)  # fmt: skip
EXCHANGE_OWN = (
    ("request", "I"), ("response", "I"), ("request_frame", "I"), ("response_frame", "I"), ("asked_ns", "q"),
    ("answered_ns", "q"), ("app_response_ns", "q"),
)  # fmt: skip
EXCHANGE_USUAL = (
    ("first_asked_ns", "q", "asked_ns"), ("lo_ns", "q", "app_response_ns"), ("hi_ns", "q", "app_response_ns"),
    ("complete_ns", "q", "app_response_ns"), ("link_response_ns", "q", "app_response_ns"),
    ("server_ns", "q", "app_response_ns"), ("line_ns", "q"), ("client_ns", "q"), ("waited_ns", "q"),
    ("responses", "H"), ("polls", "H"), ("attempts", "H"), ("blocks", "I"),
)  # fmt: skip
EXCHANGE_SHARED = (
    ("association", "I"), ("target", "I"), ("client", "i"), ("server", "i"), ("physical", "i"),
    ("client_address", "I"), ("server_address", "I"), ("service", "H"), ("result", "H"), ("channel", "H"),
    ("profile", "H"),
)  # fmt: skip
U16, U32 = 0xFFFF, 0xFFFFFFFF  # the largest counts that a column holds
SHARED_MAX = 65536

# What few messages have: (plain, joined, security, frames of all blocks, progress, APDU with its list items)
More = tuple[bytes | None, bytes | None, Any, tuple[int, ...], str, Apdu | None]
NOTHING_MORE: More = (None, None, None, (), "", None)


class Keep:
    """Fills the tables of an Analysis as the rows pass."""

    def __init__(self, analysis: "Analysis") -> None:
        self.a = analysis
        self._frame = 0  # number of the frame kept last, and where its octets lie
        self._start = self._end = 0

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        a = self.a
        data, store, number = a.frames.data, a.octets, a.words.number
        own, (shared, usual) = a.frames.pack, a.frames.groups
        known: dict[tuple[Any, ...], int] = {}
        for f in frames:
            records = f.records
            if f.problems:
                a.problems_of[f.no] = f.problems
            count = len(records)
            if count > 1 and records[-1] - records[0] != count - 1:
                a.records_of[f.no] = records
            path = f.path
            key = (id(path), f.source, f.destination, f.kind, f.direction, f.physical, f.layer, f.profile, f.channel)
            rest = known.get(key)
            if rest is None:
                if len(known) > SHARED_MAX:
                    known.clear()
                rest = known[key] = shared.put(
                    a.path_number(path), f.source, f.destination, f.physical, f.channel, number(f.profile),
                    number(f.layer), number(f.kind), f.direction,
                )  # fmt: skip
            first, last, u = f.first_ns, f.last_ns, f.uncertainty_ns
            offset, carrier, octets = len(store), f.carrier, f.octets
            more = usual.number(
                less(last, first), NO_TIME if u is None else u, len(carrier), count if count < U16 else U16
            )
            data += own(
                NO_TIME if first is None else first, offset, len(octets), records[0] if records else 0, rest, more
            )
            store += carrier
            store += octets
            self._frame, self._start, self._end = f.no, offset + len(carrier), len(store)
            yield f

    def _place(self, octets: bytes, frame: int) -> int:
        """Offset of a message's octets in its only frame, -1 where they do not stand there as they are."""
        if frame == self._frame:
            return self.a.octets.find(octets, self._start, self._end)
        _, offset, size, *_, carrier, _ = self.a.frames.row(frame - 1)
        return self.a.octets.find(octets, offset + carrier, offset + carrier + size)

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        a = self.a
        data, number = a.messages.data, a.words.number
        own, (shared, usual) = a.messages.pack, a.messages.groups
        known: dict[tuple[Any, ...], int] = {}
        for m in messages:
            p, apdu = m.pdu, m.apdu
            frames = p.frames
            count = len(frames)
            octets = p.octets
            offset, joined = -1, 0
            if count == 1:
                offset = self._place(octets, frames[0])
            elif count > 1 and frames[-1] - frames[0] != count - 1:
                a.message_frames_of[m.no] = frames
            if offset < 0:
                offset, joined = len(a.joined), 1
                a.joined += octets
            if m.problems:
                a.message_problems[m.no] = m.problems
            if p.last_attempt_ns is not None and p.last_attempt_ns != p.last_ns:
                a.attempt_ns_of[m.no] = p.last_attempt_ns
            if (
                m.security is not None
                or m.joined is not None
                or m.plain is not None
                or apdu.items is not None
                or m.progress
            ):
                a.more[m.no] = (m.plain, m.joined, m.security, m.joined_frames, m.progress, apdu)
            path, target = p.path, m.target
            key = (
                id(path), p.client, p.server, p.physical, m.association, m.context, id(target), apdu.name,
                apdu.result, p.direction, p.profile, p.channel,
            )  # fmt: skip
            rest = known.get(key)
            if rest is None:
                if len(known) > SHARED_MAX:
                    known.clear()
                rest = known[key] = shared.put(
                    a.path_number(path), p.client, p.server, p.physical, m.association, m.context,
                    a.target_number(target), number(apdu.name), number(apdu.result), p.channel,
                    number(p.profile), p.direction,
                )  # fmt: skip
            first, last, u = p.first_ns, p.last_ns, p.uncertainty_ns
            more = usual.number(less(last, first), NO_TIME if u is None else u, count if count < U16 else U16, joined)
            data += own(
                NO_TIME if first is None else first, offset, len(octets), frames[0] if frames else 0, m.request,
                apdu.invoke_id, rest, more,
            )  # fmt: skip
            yield m

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        a = self.a
        data, number, host = a.exchanges.data, a.words.number, a.hosts.number
        own, (shared, usual) = a.exchanges.pack, a.exchanges.groups
        known: dict[tuple[Any, ...], int] = {}
        for e in exchanges:
            responses = e.responses
            if len(responses) > 1:
                a.responses_of[e.no] = responses
            if e.others:
                a.others_of[e.no] = e.others
            key = (
                e.association, id(e.target), e.service, e.result, e.client, e.server, e.physical, e.channel,
                e.client_address, e.server_address, e.profile,
            )  # fmt: skip
            rest = known.get(key)
            if rest is None:
                if len(known) > SHARED_MAX:
                    known.clear()
                rest = known[key] = shared.put(
                    e.association, a.target_number(e.target), e.client, e.server, e.physical,
                    host(e.client_address), host(e.server_address), number(e.service), number(e.result), e.channel,
                    number(e.profile),
                )  # fmt: skip
            asked, app = e.asked_ns, e.app_response_ns
            more = usual.number(
                less(e.first_asked_ns, asked), less(e.lo_ns, app), less(e.hi_ns, app), less(e.complete_ns, app),
                less(e.link_response_ns, app), less(e.server_ns, app),
                *[NO_TIME if ns is None else ns for ns in (e.line_ns, e.client_ns, e.waited_ns)],
                min(len(responses), U16), min(e.polls, U16), min(e.attempts, U16), min(e.blocks, U32),
            )  # fmt: skip
            data += own(
                e.request, responses[-1] if responses else 0, *e.frames,
                *[NO_TIME if ns is None else ns for ns in (asked, e.answered_ns, app)], rest, more,
            )  # fmt: skip
            yield e
