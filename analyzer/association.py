"""Association: PDUs become messages that know their association, object and request.

One state per (conversation, client, server, physical device), so that several clients and servers
interleave on one line or port. What was agreed (context, conformance, sizes, authentication) lives
here and nowhere else. A capture that starts in the middle gives one note per association.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from analyzer.association_book import Book, Key
from analyzer.association_state import Association, about, answers, conformance, named, oversize
from analyzer.establishment import Establishment, Fate
from analyzer.model import Message, Target
from analyzer.opening import Opened, Opener
from analyzer.roles import Roles
from analyzer.security_watch import Watch
from dissectors import problem as P
from dissectors import quickapdu
from dissectors.apdu import Apdu
from dissectors.block_content import list_items
from dissectors.blocks import ServiceBlocks, Step
from dissectors.context import EMPTY, Context
from dissectors.keys import KeyRing
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.record import Direction, Pdu

TO_SERVER, TO_CLIENT = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
WAITING_MAX = 256  # requests kept per association: 16 invoke ids, and room for long ids

# States in which a plain request or response is nothing special.
ACTIVE = frozenset({"open", "mid-capture", "pre-established", "none"})
ASSOCIATION_CLASSES = frozenset({12, 15})  # their secrets and HLS replies want a closer look
SECURITY_SETUP, KEY_TRANSFER = 64, 2  # interface class and its method
PLAIN = frozenset({"get", "set", "action", "read", "write", "access"})
HEAD_OCTETS = 96  # requests up to this length repeat: dissected once
PLAIN_OCTETS = 5  # so do responses without data
HEADS = 8192
# Services that only make sense as the answer to one of these.
ANSWERS_ANY = frozenset({"exception", "error"})


class Associations:
    """The stage: `messages(pdus)`; then `table` (every association seen) and `contexts`."""

    @property
    def table(self) -> list[Association]:
        return self.book.table

    @property
    def contexts(self) -> list[Context]:
        return self.book.contexts

    def __init__(self, profiles: Mapping[str, Profile], ring: KeyRing | None = None) -> None:
        self.profiles = profiles
        ring = ring if ring is not None else KeyRing()
        self.opener = Opener(ring)
        self.watch = Watch(ring)
        self.book = Book()
        self.roles = Roles(profiles)
        self.establishment = Establishment(self.book, self.opener, self.watch, self.roles)
        self.loose: list[tuple[Pdu, Problem]] = []  # what ended unfinished, with the PDU that ended it
        # In HDLC the frame decides whether an answer is due, not the invoke id's service class.
        self._links = {name for name, p in profiles.items() if any("hdlc" in stack.layers for stack in p.stacks)}
        self._heads: dict[tuple[bytes, int], tuple[Apdu, Target | None]] = {}  # short APDUs seen before

    # -- the stage --------------------------------------------------------------------------------

    def messages(self, pdus: Iterable[Pdu]) -> Iterator[Message]:
        """One Message an APDU, in order; link events open and end associations."""
        quick = quickapdu.dissect
        open_ = self.book.open
        contexts = self.book.contexts
        target_of = self.book.target
        heads, links = self._heads, self._links
        number = 0
        last: Pdu | None = None
        for p in pdus:
            if p.event:
                self._event(p)
                continue
            last = p
            octets = p.octets
            opened: Opened | None = None
            key = (p.path.number, p.client, p.server, p.physical)
            a = open_.get(key)
            direction = p.direction
            problems = p.problems
            known = heads.get((octets, direction)) if len(octets) <= HEAD_OCTETS else None
            if known is not None:
                apdu, target = known
            else:
                quickly = quick(octets, direction)
                if quickly is None:
                    opened = self.opener.open(p, key, EMPTY if a is None else contexts[a.contexts[direction]])
                    apdu = opened.apdu
                    problems += opened.problems
                    if opened.plain is not None:
                        octets = opened.plain
                    target = target_of(apdu)
                else:
                    apdu = quickly
                    target = target_of(apdu) if apdu.class_id >= 0 else None
                    if len(octets) <= HEAD_OCTETS and (apdu.role == "request" or len(octets) <= PLAIN_OCTETS):
                        if len(heads) >= HEADS:
                            heads.clear()
                        heads[octets, direction] = (apdu, target)
            number += 1
            role = apdu.role
            answered: Message | None = None
            if (
                a is not None
                and opened is None
                and a.status in ACTIVE
                and a.blocks is None
                and apdu.service in PLAIN
                and not a.ciphered
                and apdu.class_id not in ASSOCIATION_CLASSES
            ):
                context = a.context
                invoke = apdu.invoke_id
                if role == "request":
                    if apdu.service not in a.services:
                        problems += self.roles.service(a, p, apdu.service)
                    if invoke in a.waiting or len(octets) > context.server_max_pdu > 0 or len(a.waiting) > WAITING_MAX:
                        problems += self._outstanding(a, apdu, octets)
                    if context.conformance >= 0:
                        problems += conformance(context.conformance, apdu)
                else:
                    answered = a.waiting.pop(invoke, None)
                    if answered is not None and answered.apdu.service == apdu.service and role == "response":
                        target = answered.target
                        asked = answered.apdu
                        if len(octets) > context.client_max_pdu > 0:
                            problems += (oversize(octets, context.client_max_pdu),)
                        if not asked.confirmed and p.profile not in links:
                            problems += (about(P.APDU_UNCONF_RESP, octets, asked.name),)
                        if asked.name is not apdu.name and not answers(asked, apdu):
                            problems += (about(P.APDU_RESP_TYPE, octets, apdu.name, asked.name),)
                    else:
                        if answered is not None:
                            a.waiting[invoke] = answered
                        a, answered, found, more = self._careful(key, a, p, apdu, opened)
                        problems += more
                        target = found or target
            else:
                a, answered, found, more = self._careful(key, a, p, apdu, opened)
                problems += more
                target = found or target
            aa, context_number = (0, 0) if a is None else (a.number, a.contexts[direction])
            if opened is None:
                if answered is None:
                    m = Message(number, p, apdu, aa, context_number, target, problems)
                else:
                    asked_ns = answered.pdu.asked_ns
                    m = Message(number, p, apdu, aa, context_number, target, problems, answered.no, asked_ns)
            else:
                m = self._message(number, p, opened, octets, a, target, problems, answered)
            if answered is not None and answered.apdu.class_id == SECURITY_SETUP and apdu.result == "success":
                self._transferred(p, key, answered)
            if a is not None:
                if role == "request" and answered is None:
                    a.waiting[apdu.invoke_id] = m
                a.messages += 1
                a.last_ns = p.last_ns
            yield m
        if last is not None:
            for key, left in list(open_.items()):
                self._unfinished(last, key, left)

    def _message(
        self,
        number: int,
        p: Pdu,
        opened: Opened,
        octets: bytes,
        a: Association | None,
        target: Target | None,
        problems: tuple[Problem, ...],
        answered: Message | None,
    ) -> Message:
        """The Message of an APDU that was opened, or is a block, or a list."""
        apdu = opened.apdu
        joined: bytes | None = None
        progress = opened.progress
        frames = opened.frames
        followed = apdu.service in PLAIN or apdu.service in ANSWERS_ANY
        if a is not None and followed and (apdu.block is not None or a.blocks is not None):
            if a.blocks is None:
                a.blocks = ServiceBlocks()
            asked = answered.apdu if answered is not None else None
            all_frames = frames or p.frames
            if apdu.block is not None:
                step: Step | None = a.blocks.add(apdu, octets, all_frames, asked)
            else:
                step = a.blocks.other(apdu, octets, all_frames)
            if step is not None:
                problems += step.problems
                progress = step.progress
                if step.joined is not None:
                    joined, frames = step.joined, step.frames
                    items, more = list_items(joined, step.content, step.request)
                    problems += more
                    if len(items) == 1 and not step.content.endswith("-list"):
                        apdu = replace(apdu, data=items[0].data, result=items[0].result or apdu.result)
                    else:
                        apdu = replace(apdu, items=items, data=None)
            if not a.blocks.active:
                a.blocks = None
        if apdu.items is not None and answered is not None and answered.apdu.items is not None and joined is None:
            apdu = replace(apdu, items=named(answered.apdu.items, apdu.items))
        aa, context_number = (0, 0) if a is None else (a.number, a.contexts[p.direction])
        request, asked_ns = (0, None) if answered is None else (answered.no, answered.pdu.asked_ns)
        return Message(
            number,
            p,
            apdu,
            aa,
            context_number,
            target,
            problems,
            request,
            asked_ns,
            opened.plain,
            joined,
            opened.security,
            frames if len(frames) > len(p.frames) else (),
            progress,
        )

    # -- everything that is not the plain request or response of an open association ---------------

    def _outstanding(self, a: Association, apdu: Apdu, octets: bytes) -> tuple[Problem, ...]:
        problems: tuple[Problem, ...] = ()
        old = a.waiting.get(apdu.invoke_id)
        if old is not None and old.pdu.octets != octets and apdu.invoke_id >= 0 and old.apdu.confirmed:
            why = f"request {old.no} with this id has no answer yet"
            problems += (about(P.APDU_INVOKE, octets, apdu.invoke_id, why),)
        limit = a.context.server_max_pdu
        if limit and len(octets) > limit:
            problems += (oversize(octets, limit),)
        if len(a.waiting) > WAITING_MAX:
            a.waiting.pop(next(iter(a.waiting)))
        return problems

    def _careful(self, key: Key, a: Association | None, p: Pdu, apdu: Apdu, opened: Opened | None) -> Fate:
        """What becomes of an APDU that is not a plain part of an open association."""
        service = apdu.service
        if service == "association":
            return self.establishment.establish(key, a, p, apdu, opened)
        if service == "release":
            problems: tuple[Problem, ...] = ()
            if a is not None and opened is not None and opened.initiate is not None:
                problems = self.watch.protected(a.number, p.octets, opened.initiate, apdu.role)
            a, answered, target, more = self.establishment.release(key, a, p, apdu)
            return a, answered, target, problems + more
        if apdu.role == "unsolicited":
            if a is not None and a.status in ACTIVE:
                more = conformance(a.context.conformance, apdu) if a.context.conformance >= 0 else ()
                return a, None, None, more
            return a, None, None, (about(P.APDU_PUSH, p.octets, apdu.name),)
        if service in ("unknown", "") or not apdu.role:
            return a, None, None, ()
        problems = ()
        if a is None or a.status in ("rejected", "released", "ended"):
            refused = a is not None or key in self.book.started
            if refused and not self.roles.pre_established(p):
                problems += (about(P.APDU_NOAA, p.octets, apdu.name),)
            if a is None or a.status != "rejected":
                unknown = "none" if refused else "mid-capture"  # none: its beginning was captured, and there is none
                status = "pre-established" if self.roles.pre_established(p) else unknown
                fresh = a is None and not refused
                a = self.book.new(key, p, status)
                if fresh and status == "mid-capture":
                    problems += (about(P.APDU_MIDSTREAM, p.octets),)
        elif a.status == "requested" and apdu.role == "request":
            problems += (about(P.APDU_NOAA, p.octets, apdu.name),)
        elif a.status == "authenticating":
            problems += self.establishment.authenticating(a, p, apdu)
            octets = p.octets if opened is None or opened.plain is None else opened.plain
            problems += self.establishment.hls(key, a, p, apdu, octets)
        if a is not None:
            problems += self._observe(a, p, apdu, opened)
        if a is None:
            return None, None, None, problems
        if apdu.role == "request":
            return self._request(a, p, apdu, problems)
        if apdu.role == "response":
            return self._response(a, p, apdu, problems)
        return a, None, None, problems

    def _observe(self, a: Association, p: Pdu, apdu: Apdu, opened: Opened | None) -> tuple[Problem, ...]:
        """What a person should know of the protection of an APDU, or of its lack."""
        if opened is None or opened.security is None:
            return self.watch.clear(a.number, p.octets, apdu)
        problems: tuple[Problem, ...] = ()
        for layer in opened.layers:
            problems += self.watch.protected(a.number, p.octets, layer, apdu.role, apdu.invoke_id)
            problems += self.roles.protected(a, p, layer.suite, layer.policy)
        return problems

    def _request(self, a: Association, p: Pdu, apdu: Apdu, problems: tuple[Problem, ...]) -> Fate:
        waiting = a.waiting.get(apdu.invoke_id)
        block = apdu.block
        if block is not None and waiting is not None and waiting.apdu.service == apdu.service:
            first = apdu.class_id >= 0  # with-first-datablock starts anew
            if not first:
                return a, waiting, waiting.target, problems
        if a.context.conformance >= 0:
            problems += conformance(a.context.conformance, apdu)
        if apdu.service not in a.services:
            problems += self.roles.service(a, p, apdu.service)
        problems += self._outstanding(a, apdu, p.octets)
        return a, None, self.book.target(apdu), problems

    def _response(self, a: Association, p: Pdu, apdu: Apdu, problems: tuple[Problem, ...]) -> Fate:
        octets = p.octets
        limit = a.context.client_max_pdu
        if limit and len(octets) > limit:
            problems += (oversize(octets, limit),)
        if apdu.service in ANSWERS_ANY:
            problems += (about(P.APDU_ERR, octets, f"{apdu.name}: {apdu.result}"),)
            if not a.waiting:
                return a, None, None, problems
            invoke = next(reversed(a.waiting))
            waiting = a.waiting.pop(invoke)
            if waiting.apdu.service == "association":
                a.status, a.ended_by, a.end_frame = "rejected", apdu.result or apdu.name, p.frames[-1]
            return a, waiting, waiting.target, problems
        waiting_ = a.waiting.get(apdu.invoke_id)
        if waiting_ is None or waiting_.apdu.service != apdu.service:
            if a.status != "mid-capture" or a.messages > 0:
                why = "no request with this id is waiting" if waiting_ is None else f"{waiting_.apdu.name} is waiting"
                problems += (about(P.APDU_INVOKE, octets, apdu.invoke_id, why),)
            return a, None, None, problems
        if not waiting_.apdu.confirmed and p.profile not in self._links:
            problems += (about(P.APDU_UNCONF_RESP, octets, waiting_.apdu.name),)
        block = apdu.block
        if block is None or block.last:
            del a.waiting[apdu.invoke_id]
        if block is None and not answers(waiting_.apdu, apdu, counted=True):
            problems += (about(P.APDU_RESP_TYPE, octets, apdu.name, waiting_.apdu.name),)
        return a, waiting_, waiting_.target, problems

    def _transferred(self, p: Pdu, key: Key, request: Message) -> None:
        """Keys that the server took by a key transfer are known from now on."""
        where = request.apdu.data
        if request.apdu.method == KEY_TRANSFER and where is not None:
            self.opener.transferred(p, key, request.values[where[0] : where[1]])

    def _unfinished(self, p: Pdu, key: Key, a: Association | None) -> None:
        """Block transfers that an end leaves incomplete: what is missing goes to `loose`."""
        found = self.opener.forget(key)
        if a is not None and a.blocks is not None:
            step = a.blocks.abandon("the association ended")
            a.blocks = None
            found += step.problems if step is not None else ()
        self.loose += [(p, problem) for problem in found]

    def _event(self, p: Pdu) -> None:
        """A link that came up, went down, or lost octets."""
        path = p.path.number
        if p.event == "gap":
            for key, a in self.book.open.items():
                if key[0] == path:
                    a.waiting.clear()
            return
        if p.client < 0:  # a whole connection
            keys = [key for key in self.book.open if key[0] == path]
        else:
            keys = [(path, p.client, p.server, p.physical)]
        for key in keys:
            ended = self.book.open.pop(key, None)
            self._unfinished(p, key, ended)
            if ended is not None and ended.status in ("open", "requested", "authenticating", "mid-capture"):
                ended.status = "ended"
                ended.ended_by = "link closed" if p.client >= 0 else "connection closed"
                ended.end_frame = p.frames[-1] if p.frames else 0
        if p.event == "link-up" and p.client >= 0:
            self.book.started.update(keys)
