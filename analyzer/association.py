"""Association: PDUs become messages that know their association, object and request.

One state per (conversation, client, server, physical device), so that several clients and servers
interleave on one line or port. What was agreed (context, conformance, sizes, authentication) lives
here and nowhere else. A capture that starts in the middle gives one note per association.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from analyzer.association_state import Association, about, answers, conformance, named, oversize
from analyzer.model import Message, Target
from analyzer.opening import Opened, Opener
from dissectors import problem as P
from dissectors import quickapdu
from dissectors.acse import Aare, Aarq
from dissectors.apdu import Apdu
from dissectors.block_content import list_items
from dissectors.blocks import ServiceBlocks, Step
from dissectors.context import EMPTY, Context
from dissectors.keys import KeyRing
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.record import Direction, Pdu
from dissectors.xdlms.initiate import conformance_names

TO_SERVER, TO_CLIENT = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
WAITING_MAX = 256  # requests kept per association: 16 invoke ids, and room for long ids

# Last arc of the object identifiers, as descriptors write them.
CONTEXTS = {1: "ln", 2: "sn", 3: "ln-ciphered", 4: "sn-ciphered"}
MECHANISMS = {
    0: "none",
    1: "lls",
    2: "hls",
    3: "hls-md5",
    4: "hls-sha1",
    5: "hls-gmac",
    6: "hls-sha256",
    7: "hls-ecdsa",
}
# States in which a plain request or response is nothing special.
ACTIVE = frozenset({"open", "mid-capture", "pre-established"})
PLAIN = frozenset({"get", "set", "action", "read", "write", "access"})
HEAD_OCTETS = 13  # APDUs up to this length (GET requests, plain responses) repeat: dissected once
HEADS = 8192
# Services that only make sense as the answer to one of these.
ANSWERS_ANY = frozenset({"exception", "error"})


# (association, the request that it answers or continues, its target, problems)
Fate = tuple[Association | None, Message | None, Target | None, tuple[Problem, ...]]


class Associations:
    """The stage: `messages(pdus)`; then `table` (every association seen) and `contexts`."""

    def __init__(self, profiles: Mapping[str, Profile], ring: KeyRing | None = None) -> None:
        self.profiles = profiles
        self.opener = Opener(ring if ring is not None else KeyRing())
        # In HDLC the frame decides whether an answer is due, not the invoke id's service class.
        self._links = {name for name, p in profiles.items() if any("hdlc" in stack.layers for stack in p.stacks)}
        self.table: list[Association] = []
        self.contexts: list[Context] = [EMPTY]
        self._context_numbers: dict[Context, int] = {EMPTY: 0}
        self._open: dict[tuple[int, int, int, int], Association] = {}
        self._started: set[tuple[int, int, int, int]] = set()  # links whose beginning was captured
        self._targets: dict[tuple[int, bytes, int | None, int | None], Target] = {}
        self._heads: dict[tuple[bytes, int], tuple[Apdu, Target | None]] = {}  # short APDUs seen before

    # -- contexts and targets ---------------------------------------------------------------------

    def _intern(self, context: Context) -> int:
        number = self._context_numbers.get(context)
        if number is None:
            number = self._context_numbers[context] = len(self.contexts)
            self.contexts.append(context)
        return number

    def _agree(self, a: Association, **agreed: Any) -> None:
        """What was agreed changes: one context for each direction."""
        old = a.context
        base = {name: getattr(old, name) for name in Context.__struct_fields__ if name != "direction"}
        base.update(agreed)
        a.contexts = [self._intern(Context(direction=d, **base)) for d in (0, 1, 2)]
        a.context = self.contexts[a.contexts[0]]

    def _target(self, apdu: Apdu) -> Target | None:
        if apdu.class_id < 0:
            return None
        key = (apdu.class_id, apdu.obis, apdu.attribute, apdu.method)
        target = self._targets.get(key)
        if target is None:
            if len(self._targets) > 65536:
                self._targets.clear()
            target = self._targets[key] = Target(*key)
        return target

    def _new(self, key: tuple[int, int, int, int], p: Pdu, status: str) -> Association:
        a = Association(len(self.table) + 1, p, status)
        self.table.append(a)
        self._open[key] = a
        self._agree(a)
        return a

    # -- the stage --------------------------------------------------------------------------------

    def messages(self, pdus: Iterable[Pdu]) -> Iterator[Message]:
        """One Message an APDU, in order; link events open and end associations."""
        quick = quickapdu.dissect
        open_ = self._open
        heads, links = self._heads, self._links
        number = 0
        for p in pdus:
            if p.event:
                self._event(p)
                continue
            octets = p.octets
            opened: Opened | None = None
            key = (p.path.number, p.client, p.server, p.physical)
            a = open_.get(key)
            direction = p.direction
            problems = p.problems
            known = heads.get((octets, direction))
            if known is not None:
                apdu, target = known
            else:
                quickly = quick(octets, direction)
                if quickly is None:
                    opened = self.opener.open(p, key, EMPTY if a is None else self.contexts[a.contexts[direction]])
                    apdu = opened.apdu
                    problems += opened.problems
                    if opened.plain is not None:
                        octets = opened.plain
                    target = self._target(apdu)
                else:
                    apdu = quickly
                    target = self._target(apdu) if apdu.class_id >= 0 else None
                    if len(octets) <= HEAD_OCTETS:
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
            ):
                context = a.context
                invoke = apdu.invoke_id
                if role == "request":
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
                    asked_ns = answered.pdu.last_ns
                    m = Message(number, p, apdu, aa, context_number, target, problems, answered.no, asked_ns)
            else:
                m = self._message(number, p, opened, octets, a, target, problems, answered)
            if a is not None:
                if role == "request" and answered is None:
                    a.waiting[apdu.invoke_id] = m
                a.messages += 1
                a.last_ns = p.last_ns
            yield m

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
        frames = opened.frames
        if a is not None and (apdu.block is not None or a.blocks is not None) and apdu.service in PLAIN:
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
                if step.joined is not None:
                    joined, frames = step.joined, step.frames
                    items, more = list_items(joined, step.content, step.request)
                    problems += more
                    if len(items) == 1 and not step.content.endswith("-list"):
                        apdu = replace(apdu, data=items[0].data, result=items[0].result or apdu.result)
                    else:
                        apdu = replace(apdu, items=items)
            if not a.blocks.active:
                a.blocks = None
        if apdu.items is not None and answered is not None and answered.apdu.items is not None and joined is None:
            apdu = replace(apdu, items=named(answered.apdu.items, apdu.items))
        aa, context_number = (0, 0) if a is None else (a.number, a.contexts[p.direction])
        request, asked_ns = (0, None) if answered is None else (answered.no, answered.pdu.last_ns)
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

    def _careful(
        self, key: tuple[int, int, int, int], a: Association | None, p: Pdu, apdu: Apdu, opened: Opened | None
    ) -> Fate:
        """What becomes of an APDU that is not a plain part of an open association."""
        service = apdu.service
        if service == "association":
            return self._establish(key, a, p, apdu)
        if service == "release":
            return self._release(key, a, p, apdu)
        if apdu.role == "unsolicited":
            if a is not None and a.status in ACTIVE:
                more = conformance(a.context.conformance, apdu) if a.context.conformance >= 0 else ()
                return a, None, None, more
            return a, None, None, (about(P.APDU_PUSH, p.octets, apdu.name),)
        if service in ("unknown", "") or not apdu.role:
            return a, None, None, ()
        problems: tuple[Problem, ...] = ()
        if a is None or a.status in ("rejected", "released", "ended"):
            refused = a is not None or key in self._started
            if refused and not self._pre_established(p):
                problems += (about(P.APDU_NOAA, p.octets, apdu.name),)
            if a is None or a.status != "rejected":
                status = "pre-established" if self._pre_established(p) else "mid-capture"
                fresh = a is None and not refused
                a = self._new(key, p, status)
                if fresh and status == "mid-capture":
                    problems += (about(P.APDU_MIDSTREAM, p.octets),)
        elif a.status == "requested" and apdu.role == "request":
            problems += (about(P.APDU_NOAA, p.octets, apdu.name),)
        elif a.status == "authenticating":
            problems += self._authenticating(a, p, apdu)
        clear = opened is None or opened.security is None
        if a is not None and a.ciphered and clear and service in PLAIN:
            problems += (about(P.APDU_CIPH_CLEAR, p.octets, apdu.name),)
        if a is None:
            return None, None, None, problems
        if apdu.role == "request":
            return self._request(a, p, apdu, problems)
        if apdu.role == "response":
            return self._response(a, p, apdu, problems)
        return a, None, None, problems

    def _request(self, a: Association, p: Pdu, apdu: Apdu, problems: tuple[Problem, ...]) -> Fate:
        waiting = a.waiting.get(apdu.invoke_id)
        block = apdu.block
        if block is not None and waiting is not None and waiting.apdu.service == apdu.service:
            first = apdu.class_id >= 0  # with-first-datablock starts anew
            if not first:
                return a, waiting, waiting.target, problems
        if a.context.conformance >= 0:
            problems += conformance(a.context.conformance, apdu)
        problems += self._outstanding(a, apdu, p.octets)
        return a, None, self._target(apdu), problems

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
        if block is None or (block.last and not block.acknowledges):
            del a.waiting[apdu.invoke_id]
        if block is None and not answers(waiting_.apdu, apdu):
            problems += (about(P.APDU_RESP_TYPE, octets, apdu.name, waiting_.apdu.name),)
        return a, waiting_, waiting_.target, problems

    def _authenticating(self, a: Association, p: Pdu, apdu: Apdu) -> tuple[Problem, ...]:
        """HLS passes 3 and 4: reply_to_HLS_authentication (class 15, method 1; class 12, method 8)."""
        if apdu.service == "action" and apdu.role == "request":
            if (apdu.class_id, apdu.method) in ((15, 1), (12, 8)):
                return ()
        elif apdu.service in ("action", "read", "write") and apdu.role == "response":
            if apdu.result in (None, "success"):
                a.status = "open"
            else:
                a.status, a.ended_by, a.end_frame = "rejected", f"HLS: {apdu.result}", p.frames[-1]
            return ()
        elif apdu.service in ("read", "write", "ciphered", "exception", "error"):
            return ()
        return (about(P.APDU_HLS_ORDER, p.octets, apdu.name),)

    def _establish(self, key: tuple[int, int, int, int], a: Association | None, p: Pdu, apdu: Apdu) -> Fate:
        detail = apdu.detail
        octets = p.octets
        if apdu.role == "request":
            problems: tuple[Problem, ...] = ()
            again = a is not None and a.status == "requested" and -1 in a.waiting and a.waiting[-1].pdu.octets == octets
            if a is None or not again:
                if a is not None and a.status in ("open", "authenticating") and p.physical >= 0:
                    problems += (about(P.HDLC_AA_LINK, octets, "AARQ on a link that already carries an association"),)
                a = self._new(key, p, "requested")
            a.status = "requested"
            if isinstance(detail, Aarq):
                a.aarq = detail
                a.ciphered = detail.ciphered_context
                problems += self._role(p, detail)
            a.waiting.clear()
            return a, None, None, problems
        if a is None or a.status not in ("requested", "rejected", "open", "authenticating"):
            a = self._new(key, p, "mid-capture")
        waiting = a.waiting.pop(-1, None)
        problems = ()
        if isinstance(detail, Aare):
            a.aare = detail
            problems = self._accept(a, p, detail)
        elif apdu.result not in (None, "success", "accepted"):
            a.status, a.ended_by = "rejected", apdu.result or ""
        return a, waiting, None, problems

    def _accept(self, a: Association, p: Pdu, aare: Aare) -> tuple[Problem, ...]:
        octets = p.octets
        problems: tuple[Problem, ...] = ()
        if not aare.accepted:
            a.status = "rejected"
            a.ended_by = aare.diagnostic_name or aare.result_name
            a.end_frame = p.frames[-1]
            return (about(P.APDU_ERR, octets, f"association {aare.result_name}: {aare.diagnostic_name}"),)
        a.status = "authenticating" if aare.hls_pending else "open"
        asked, agreed = a.aarq, aare.initiate
        proposed = asked.initiate if asked is not None else None
        if asked is not None and aare.context != asked.context:
            problems += (about(P.APDU_AARE_MISMATCH, octets, aare.context_name, asked.context_name),)
        conf = getattr(agreed, "conformance", -1)
        before = getattr(proposed, "conformance", -1)
        if conf >= 0 and before >= 0 and conf & ~before:
            extra = ", ".join(conformance_names(conf & ~before))
            problems += (about(P.APDU_CONF, octets, f"agreed but not proposed: {extra}"),)
        vaa = getattr(agreed, "vaa_name", -1)
        short = aare.short_names
        if vaa >= 0 and vaa != (0xFA00 if short else 0x0007):
            problems += (about(P.APDU_VAA, octets, vaa, "short name" if short else "logical name"),)
        self._agree(
            a,
            short_names=short,
            conformance=conf,
            client_max_pdu=getattr(proposed, "max_pdu", 0) or 0,
            server_max_pdu=getattr(agreed, "max_pdu", 0) or 0,
        )
        return problems

    def _release(self, key: tuple[int, int, int, int], a: Association | None, p: Pdu, apdu: Apdu) -> Fate:
        if a is None:
            a = self._new(key, p, "mid-capture")
        if apdu.role == "request":
            a.waiting.clear()
            return a, None, None, ()
        waiting = a.waiting.pop(-1, None)
        a.status, a.ended_by, a.end_frame = "released", "RLRE", p.frames[-1]
        return a, waiting, None, ()

    def _event(self, p: Pdu) -> None:
        """A link that came up, went down, or lost octets."""
        path = p.path.number
        if p.event == "gap":
            for key, a in self._open.items():
                if key[0] == path:
                    a.waiting.clear()
            return
        if p.client < 0:  # a whole connection
            keys = [key for key in self._open if key[0] == path]
        else:
            keys = [(path, p.client, p.server, p.physical)]
        for key in keys:
            ended = self._open.pop(key, None)
            self.opener.forget(key)
            if ended is not None and ended.status in ("open", "requested", "authenticating", "mid-capture"):
                ended.status = "ended"
                ended.ended_by = "link closed" if p.client >= 0 else "connection closed"
                ended.end_frame = p.frames[-1] if p.frames else 0
        if p.event == "link-up" and p.client >= 0:
            self._started.update(keys)

    def _pre_established(self, p: Pdu) -> bool:
        profile = self.profiles.get(p.profile)
        return profile is not None and any(r.client == p.client and r.pre_established for r in profile.roles)

    def _role(self, p: Pdu, aarq: Aarq) -> tuple[Problem, ...]:
        """The AARQ against what the descriptor lets this client do (application.role)."""
        profile = self.profiles.get(p.profile)
        if profile is None:
            return ()
        problems: tuple[Problem, ...] = ()
        for role in profile.roles:
            if role.client != p.client:
                continue
            for what, allowed, used in (
                ("context", role.context, CONTEXTS.get(aarq.context, "unknown")),
                ("mechanism", role.mechanism, MECHANISMS.get(aarq.mechanism, "none")),
            ):
                if allowed and used not in allowed:
                    text = f"{what} {used} where its role permits {', '.join(allowed)}"
                    problems += (about(P.APDU_ROLE, p.octets, p.client, role.name, text),)
        return problems
