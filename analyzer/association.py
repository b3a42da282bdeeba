"""Association: PDUs become messages that know their association, object and request.

One state per (conversation, client, server, physical device), so that several clients and servers
interleave on one line or port. What was agreed (context, conformance, sizes, authentication) lives
here and nowhere else. A capture that starts in the middle gives one note per association.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analyzer.model import Message, Target
from dissectors import apdus, quickapdu
from dissectors import problem as P
from dissectors.acse import Aare, Aarq
from dissectors.apdu import Apdu
from dissectors.context import EMPTY, Context
from dissectors.cursor import Cursor
from dissectors.problem import Problem
from dissectors.profile import Profile
from dissectors.record import Direction, Pdu
from dissectors.xdlms.initiate import CONFORMANCE_BIT, conformance_names

TO_SERVER, TO_CLIENT = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
WAITING_MAX = 256  # requests kept per association: 16 invoke ids, and room for long ids

# The conformance bit that each service needs (IEC 62056-5-3; apdu.md 3.6), by the bit's name.
SERVICE_BIT = {
    "get": "get",
    "set": "set",
    "action": "action",
    "read": "read",
    "write": "write",
    "unconfirmed-write": "unconfirmed-write",
    "access": "access",
    "data-notification": "data-notification",
    "event-notification": "event-notification",
    "information-report": "information-report",
}
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
# Services that only make sense as the answer to one of these.
ANSWERS_ANY = frozenset({"exception", "error"})


class Waiting:
    """A request that has no final answer yet."""

    __slots__ = ("apdu", "asked_ns", "number", "octets", "target")

    def __init__(self, number: int, apdu: Apdu, octets: bytes, target: Target | None, asked_ns: int | None) -> None:
        self.number = number
        self.asked_ns = asked_ns
        self.apdu = apdu
        self.octets = octets
        self.target = target


class Association:
    """One association, as far as the capture shows it: the row of `--level association`.

    status: "mid-capture", "requested", "open", "authenticating" (HLS), "rejected", "released",
    "ended" (link or connection closed), "pre-established".
    """

    __slots__ = (
        "aare",
        "aarq",
        "channel",
        "client",
        "client_address",
        "context",
        "context_number",
        "contexts",
        "end_frame",
        "ended_by",
        "first_frame",
        "first_ns",
        "last_ns",
        "messages",
        "number",
        "physical",
        "profile",
        "server",
        "server_address",
        "status",
        "waiting",
    )

    def __init__(self, number: int, p: Pdu, status: str) -> None:
        self.number = number
        self.status = status
        self.channel = p.channel
        self.profile = p.profile
        self.client = p.client
        self.server = p.server
        self.physical = p.physical
        forward = p.direction != TO_CLIENT
        self.client_address = p.path.source if forward else p.path.destination
        self.server_address = p.path.destination if forward else p.path.source
        self.context: Context = EMPTY
        self.contexts: list[int] = [0, 0, 0]  # context number for each direction
        self.context_number = 0
        self.aarq: Aarq | None = None
        self.aare: Aare | None = None
        self.waiting: dict[int, Waiting] = {}
        self.messages = 0
        self.first_frame = p.frames[0] if p.frames else 0
        self.end_frame = 0
        self.ended_by = ""
        self.first_ns = p.first_ns
        self.last_ns = p.last_ns

    @property
    def context_name(self) -> str | None:
        said = self.aare or self.aarq
        return said.context_name or None if said is not None else None

    @property
    def mechanism_name(self) -> str | None:
        return (self.aarq.mechanism_name or "lowest") if self.aarq is not None else None

    @property
    def client_title(self) -> str | None:
        title = self.aarq.calling_title if self.aarq is not None else None
        return title.hex().upper() if title else None

    @property
    def server_title(self) -> str | None:
        title = self.aare.responding_title if self.aare is not None else None
        return title.hex().upper() if title else None

    @property
    def conformance(self) -> list[str] | None:
        return conformance_names(self.context.conformance) if self.context.conformance >= 0 else None


# (association, the request that it answers or continues, its target, problems)
Fate = tuple[Association | None, Waiting | None, Target | None, tuple[Problem, ...]]


class Associations:
    """The stage: `messages(pdus)`; then `table` (every association seen) and `contexts`."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self.profiles = profiles
        # In HDLC the frame decides whether an answer is due, not the invoke id's service class.
        self._links = {name for name, p in profiles.items() if any("hdlc" in stack.layers for stack in p.stacks)}
        self.table: list[Association] = []
        self.contexts: list[Context] = [EMPTY]
        self._context_numbers: dict[Context, int] = {EMPTY: 0}
        self._open: dict[tuple[int, int, int, int], Association] = {}
        self._started: set[tuple[int, int, int, int]] = set()  # links whose beginning was captured
        self._targets: dict[tuple[int, bytes, int | None, int | None], Target] = {}
        self._number = 0

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
        for p in pdus:
            if p.event:
                self._event(p)
                continue
            octets = p.octets
            key = (p.path.number, p.client, p.server, p.physical)
            a = open_.get(key)
            direction = p.direction
            problems = p.problems
            quickly = quick(octets, direction)
            if quickly is None:
                c = Cursor(octets, buffer="apdu")
                apdu = apdus.dissect(c, EMPTY if a is None else self.contexts[a.contexts[direction]])
                problems += c.problems
            else:
                apdu = quickly
            self._number = number = self._number + 1
            role = apdu.role
            request = 0
            asked: int | None = None
            target = None
            if apdu.class_id >= 0:
                target = self._target(apdu)
            if a is not None and a.status in ACTIVE and role == "request" and apdu.block is None:
                if apdu.invoke_id in a.waiting or len(octets) > a.context.server_max_pdu > 0:
                    problems += self._outstanding(a, apdu, octets)
                a.waiting[apdu.invoke_id] = Waiting(number, apdu, octets, target, p.last_ns)
                if a.context.conformance >= 0:
                    problems += conformance(a.context.conformance, apdu)
            elif a is not None and a.status in ACTIVE and role == "response" and apdu.block is None:
                waiting = a.waiting.pop(apdu.invoke_id, None)
                if waiting is not None and waiting.apdu.service == apdu.service:
                    request, target, asked = waiting.number, waiting.target, waiting.asked_ns
                    if len(octets) > a.context.client_max_pdu > 0:
                        problems += (oversize(octets, a.context.client_max_pdu),)
                    if not waiting.apdu.confirmed and p.profile not in self._links:
                        problems += (about(P.APDU_UNCONF_RESP, octets, waiting.apdu.name),)
                    if not answers(waiting.apdu, apdu):
                        problems += (about(P.APDU_RESP_TYPE, octets, apdu.name, waiting.apdu.name),)
                else:
                    if waiting is not None:
                        a.waiting[apdu.invoke_id] = waiting
                    a, answered, target, more = self._careful(key, a, p, apdu, number)
                    problems += more
            else:
                a, answered, found, more = self._careful(key, a, p, apdu, number)
                if answered is not None:
                    request, asked = answered.number, answered.asked_ns
                problems += more
                target = found or target
            if a is None:
                yield Message(number, p, apdu, 0, 0, target, problems, request, asked)
            else:
                a.messages += 1
                a.last_ns = p.last_ns
                yield Message(number, p, apdu, a.number, a.contexts[direction], target, problems, request, asked)

    # -- everything that is not the plain request or response of an open association ---------------

    def _outstanding(self, a: Association, apdu: Apdu, octets: bytes) -> tuple[Problem, ...]:
        problems: tuple[Problem, ...] = ()
        old = a.waiting.get(apdu.invoke_id)
        if old is not None and old.octets != octets and apdu.invoke_id >= 0 and old.apdu.confirmed:
            why = f"request {old.number} with this id has no answer yet"
            problems += (about(P.APDU_INVOKE, octets, apdu.invoke_id, why),)
        limit = a.context.server_max_pdu
        if limit and len(octets) > limit:
            problems += (oversize(octets, limit),)
        return problems

    def _careful(self, key: tuple[int, int, int, int], a: Association | None, p: Pdu, apdu: Apdu, number: int) -> Fate:
        """What becomes of an APDU that is not a plain part of an open association."""
        service = apdu.service
        if service == "association":
            return self._establish(key, a, p, apdu, number)
        if service == "release":
            return self._release(key, a, p, apdu, number)
        if apdu.role == "unsolicited":
            if a is not None and a.status in ACTIVE:
                more = conformance(a.context.conformance, apdu) if a.context.conformance >= 0 else ()
                return a, None, None, more
            return a, None, None, (about(P.APDU_PUSH, p.octets, apdu.name),)
        if service in ("unknown", ""):
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
        if a is not None and a.aarq is not None and a.aarq.ciphered_context and service in SERVICE_BIT:
            problems += (about(P.APDU_CIPH_CLEAR, p.octets, apdu.name),)
        if a is None:
            return None, None, None, problems
        if apdu.role == "request":
            return self._request(a, p, apdu, number, problems)
        if apdu.role == "response":
            return self._response(a, p, apdu, problems)
        return a, None, None, problems

    def _request(self, a: Association, p: Pdu, apdu: Apdu, number: int, problems: tuple[Problem, ...]) -> Fate:
        waiting = a.waiting.get(apdu.invoke_id)
        block = apdu.block
        if block is not None and waiting is not None and waiting.apdu.service == apdu.service:
            first = apdu.class_id >= 0  # with-first-datablock starts anew
            if not first:
                return a, waiting, waiting.target, problems
        if a.context.conformance >= 0:
            problems += conformance(a.context.conformance, apdu)
        problems += self._outstanding(a, apdu, p.octets)
        if len(a.waiting) >= WAITING_MAX:
            a.waiting.pop(next(iter(a.waiting)))
        target = self._target(apdu)
        a.waiting[apdu.invoke_id] = Waiting(number, apdu, p.octets, target, p.last_ns)
        return a, None, target, problems

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

    def _establish(
        self, key: tuple[int, int, int, int], a: Association | None, p: Pdu, apdu: Apdu, number: int
    ) -> Fate:
        detail = apdu.detail
        octets = p.octets
        if apdu.role == "request":
            problems: tuple[Problem, ...] = ()
            again = a is not None and a.status == "requested" and -1 in a.waiting and a.waiting[-1].octets == octets
            if a is None or not again:
                if a is not None and a.status in ("open", "authenticating") and p.physical >= 0:
                    problems += (about(P.HDLC_AA_LINK, octets, "AARQ on a link that already carries an association"),)
                a = self._new(key, p, "requested")
            a.status = "requested"
            if isinstance(detail, Aarq):
                a.aarq = detail
                problems += self._role(p, detail)
            a.waiting = {-1: Waiting(number, apdu, octets, None, p.last_ns)}
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

    def _release(self, key: tuple[int, int, int, int], a: Association | None, p: Pdu, apdu: Apdu, number: int) -> Fate:
        if a is None:
            a = self._new(key, p, "mid-capture")
        if apdu.role == "request":
            a.waiting = {-1: Waiting(number, apdu, p.octets, None, p.last_ns)}
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


def about(kind: P.Kind, octets: bytes, *args: Any) -> Problem:
    """A problem of the APDU as a whole."""
    return Problem(kind, 0, len(octets), args, "apdu")


def oversize(octets: bytes, limit: int) -> Problem:
    return about(P.APDU_SIZE, octets, len(octets), limit)


def answers(request: Apdu, response: Apdu) -> bool:
    """Whether the response's choice fits the request's: list to list, normal to normal."""
    return ("with-list" in request.name) == ("with-list" in response.name) or response.block is not None


_CONFORMANCE: dict[tuple[int, str], tuple[Problem, ...]] = {}


def conformance(agreed: int, apdu: Apdu) -> tuple[Problem, ...]:
    """A service whose conformance bit was not negotiated (APDU-CONF)."""
    bit = SERVICE_BIT.get(apdu.service)
    if bit is None or agreed & CONFORMANCE_BIT[bit]:
        return ()
    key = (agreed, apdu.service)
    found = _CONFORMANCE.get(key)
    if found is None:
        found = (Problem(P.APDU_CONF, 0, 1, (f"service {apdu.service} was not negotiated",), "apdu"),)
        _CONFORMANCE[key] = found
    return found
