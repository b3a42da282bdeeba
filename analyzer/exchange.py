"""Exchange: a request with its response or responses; a notification alone.

The association already says which request a response answers (by invoke id, or by turn where the
APDU has none); here attempts, blocks and times come together. Bounded: a request that is repeated,
replaced or never answered is given out as it stands.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from analyzer.model import Exchange, Message
from dissectors.record import Direction, Pdu

TO_CLIENT = int(Direction.TO_CLIENT)
WAITING_MAX = 65536  # unanswered requests kept in the whole capture


class Open:
    """A request on its way that is more than one message: repeated, in blocks, or answered in blocks."""

    __slots__ = ("attempts", "blocks", "first_asked_ns", "last", "line_ns", "others", "request", "responses")

    def __init__(self, request: Message) -> None:
        pdu = request.pdu
        self.request = request
        self.attempts = pdu.attempts
        self.first_asked_ns = pdu.first_attempt_ns if pdu.first_attempt_ns is not None else pdu.last_ns
        self.last = request  # the request message whose attempt counts: a repetition replaces it
        self.responses: tuple[Message, ...] = ()
        self.others: list[int] = []
        block = request.apdu.block
        self.blocks = int(block is not None and not block.acknowledges)
        self.line_ns = pdu.line_ns


def opened(waiting: dict[int, Message | Open], number: int) -> Open | None:
    """The request of that number with room for what came of it; None where it does not wait."""
    found = waiting.get(number)
    if isinstance(found, Message):
        found = waiting[number] = Open(found)
    return found


def pair(messages: Iterable[Message], end_ns: Callable[[], int | None] | None = None) -> Iterator[Exchange]:
    """Exchanges in the order in which they end; unanswered ones when replaced or at the end.

    end_ns: the time at which the capture ends, asked for then; else the last message is the end."""
    waiting: dict[int, Message | Open] = {}  # by number of the request message
    latest: dict[tuple[int, int], int] = {}  # (association, invoke id) -> that number
    number = 0
    now: int | None = None
    for m in messages:
        apdu = m.apdu
        role = apdu.role
        pdu = m.pdu
        if pdu.last_ns is not None:
            now = pdu.last_ns if pdu.last_attempt_ns is None else pdu.last_attempt_ns
        if role == "response":
            block = apdu.block
            if block is not None and not block.last:
                o = opened(waiting, m.request)
                if o is not None:
                    o.responses += (m,)
                    o.line_ns += pdu.line_ns
                    o.blocks += not block.acknowledges
                    continue
            found = waiting.pop(m.request, None)
            number += 1
            if found is None:
                yield orphan(number, m)
            elif isinstance(found, Message):
                yield answered(number, found, m)
            else:
                yield finished(number, found, m)
        elif role == "request":
            if m.request:  # a further block of a request, or the call for the next block
                o = opened(waiting, m.request)
                if o is not None:
                    o.others.append(m.no)
                    o.line_ns += pdu.line_ns
                    if apdu.block is not None and not apdu.block.acknowledges:
                        o.last = m
                        o.blocks += 1
                    continue
            key = (m.association, apdu.invoke_id)
            before = latest.get(key)
            if before is not None and before in waiting:
                o = opened(waiting, before)
                assert o is not None
                del waiting[before]
                if not o.responses and o.last.pdu.octets == pdu.octets:
                    o.attempts += pdu.attempts
                    o.last = m
                    o.others.append(m.no)
                    waiting[m.no] = o
                    latest[key] = m.no
                    continue
                number += 1
                yield unanswered(number, o, now)
            if not apdu.confirmed:
                number += 1
                yield alone(number, m)
                continue
            if len(waiting) >= WAITING_MAX:
                o = opened(waiting, next(iter(waiting)))
                assert o is not None
                del waiting[next(iter(waiting))]
                number += 1
                yield unanswered(number, o, now)
            if len(latest) > 2 * WAITING_MAX:
                latest.clear()
            waiting[m.no] = m
            latest[key] = m.no
        elif role == "unsolicited":
            number += 1
            yield alone(number, m)
    if end_ns is not None:
        now = end_ns() or now
    for left in waiting.values():
        number += 1
        yield unanswered(number, Open(left) if isinstance(left, Message) else left, now)


def answered(number: int, request: Message, response: Message) -> Exchange:
    """The Exchange of one request and one response: the usual case, without detours."""
    asked, end = request.pdu, response.pdu
    asked_ns, answered_ns = asked.asked_ns, end.first_ns
    response_ns = complete_ns = lo = hi = None
    if asked_ns is not None and answered_ns is not None:
        response_ns = answered_ns - asked_ns
        complete_ns = None if end.last_ns is None else end.last_ns - asked_ns
        u, v = asked.uncertainty_ns, end.uncertainty_ns
        if u is not None and v is not None:
            lo, hi = response_ns - u - v, response_ns + u + v
    link_ns = end.link_response_ns
    line_ns = asked.line_ns + end.line_ns
    client_ns = None
    if link_ns is not None and complete_ns is not None and line_ns:
        client_ns = max(0, complete_ns + asked.line_ns - line_ns - link_ns)
    path = asked.path
    apdu = request.apdu
    first_ns = asked.first_attempt_ns
    return Exchange(
        number,
        request.no,
        (response.no,),
        apdu.service,
        request.association,
        asked.channel,
        asked.profile,
        asked.client,
        asked.server,
        asked.physical,
        path.source,
        path.destination,
        request.target,
        response.apdu.result,
        (asked.frames[0], end.frames[0]),
        asked_ns if first_ns is None else first_ns,
        asked_ns,
        answered_ns,
        response_ns,
        lo,
        hi,
        complete_ns,
        link_ns,
        line_ns or None,
        response_ns if link_ns is None else link_ns,
        client_ns,
        end.polls,
        asked.attempts,
        1 if response.apdu.block is not None else 0,
    )


def ends(pdu: Pdu) -> tuple[str | None, str | None]:
    """(client's address, server's address) of a PDU's conversation."""
    path = pdu.path
    return (path.destination, path.source) if pdu.direction == TO_CLIENT else (path.source, path.destination)


def finished(number: int, o: Open, m: Message) -> Exchange:
    """The Exchange of a request with its (last) response."""
    request, last = o.request, o.last
    asked, end = last.pdu, m.pdu
    responses = o.responses
    first = responses[0].pdu if responses else end
    apdu = m.apdu
    asked_ns, answered_ns = asked.asked_ns, first.first_ns
    response_ns = complete_ns = client_ns = None
    line_ns: int | None = o.line_ns + end.line_ns
    server_ns = first.link_response_ns
    if asked_ns is not None and answered_ns is not None:
        response_ns = answered_ns - asked_ns
        if end.last_ns is not None:
            complete_ns = end.last_ns - asked_ns
        if server_ns is None:
            server_ns = response_ns
        elif complete_ns is not None and line_ns:
            client_ns = max(0, complete_ns + asked.line_ns - line_ns - server_ns)
    u, v = asked.uncertainty_ns, first.uncertainty_ns
    if response_ns is None or u is None or v is None:
        lo = hi = None
    else:
        lo, hi = response_ns - u - v, response_ns + u + v
    path = asked.path
    numbers = (*(r.no for r in responses), m.no) if responses else (m.no,)
    return Exchange(
        number,
        request.no,
        numbers,
        request.apdu.service,
        request.association,
        asked.channel,
        asked.profile,
        asked.client,
        asked.server,
        asked.physical,
        path.source,
        path.destination,
        request.target,
        apdu.result,
        (request.pdu.frames[0], first.frames[0]),
        o.first_asked_ns,
        asked_ns,
        answered_ns,
        response_ns,
        lo,
        hi,
        complete_ns,
        first.link_response_ns,
        line_ns or None,
        server_ns,
        client_ns,
        end.polls,
        o.attempts,
        o.blocks + (apdu.block is not None and not apdu.block.acknowledges),
        others=tuple(o.others),
    )


def unanswered(number: int, o: Open, now: int | None) -> Exchange:
    """A request whose answer the capture does not hold; how long it waited is censored data."""
    request, asked = o.request, o.last.pdu
    asked_ns = asked.asked_ns
    waited = now - asked_ns if now is not None and asked_ns is not None else None
    first = o.responses[0].pdu.frames[0] if o.responses else 0
    return _partial(
        number, request, asked, request.no, tuple(r.no for r in o.responses), None, (request.pdu.frames[0], first),
        first_asked_ns=o.first_asked_ns, asked_ns=asked_ns, attempts=o.attempts, blocks=o.blocks,
        line_ns=o.line_ns or None, waited_ns=waited, others=tuple(o.others),
    )  # fmt: skip


def alone(number: int, m: Message) -> Exchange:
    """A notification, or a request that asks for no answer."""
    pdu = m.pdu
    result = "unconfirmed" if m.apdu.role == "request" else m.apdu.service
    return _partial(
        number, m, pdu, m.no, (), result, (pdu.frames[0], 0),
        first_asked_ns=pdu.first_attempt_ns, asked_ns=pdu.asked_ns, attempts=pdu.attempts, line_ns=pdu.line_ns or None,
    )  # fmt: skip


def orphan(number: int, m: Message) -> Exchange:
    """A response whose request the capture does not hold."""
    pdu = m.pdu
    return _partial(
        number, m, pdu, 0, (m.no,), m.apdu.result, (0, pdu.frames[0]),
        answered_ns=pdu.first_ns, link_response_ns=pdu.link_response_ns, line_ns=pdu.line_ns or None,
    )  # fmt: skip


def _partial(
    number: int,
    m: Message,
    pdu: Pdu,
    request: int,
    responses: tuple[int, ...],
    result: str | None,
    frames: tuple[int, int],
    **times: Any,
) -> Exchange:
    """An exchange of which one side is not there: m tells what it is about, pdu between whom."""
    client, server = ends(pdu)
    return Exchange(
        number, request, responses, m.apdu.service, m.association, pdu.channel, pdu.profile, pdu.client, pdu.server,
        pdu.physical, client, server, m.target, result, frames, **times,
    )  # fmt: skip
