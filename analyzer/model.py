"""What flows through the analyzer: Message, Exchange, Measurement, Finding (the order of the stages).

association ─Message→ exchange ─Exchange→ timing ─Measurement, Finding→ views
"""

from typing import Any

from dissectors.apdu import Apdu
from dissectors.problem import Problem
from dissectors.record import Pdu, Value


class Target(Value, frozen=True, gc=False):
    """A COSEM object key: class id, 6-octet logical name, attribute or method number."""

    class_id: int
    obis: bytes
    attribute: int | None
    method: int | None


class Message(Value, frozen=True, gc=False):
    """An APDU in its association. association counts from 1 (0: none, as for a push without one).
    context is an index into the run's Associations.contexts. target: of the request, for a response
    too. request: number of the request message that a response answers or a block continues, 0
    unknown; asked_ns: end of that request's last attempt.

    plain: the APDU after joining of general blocks and deciphering, None where pdu.octets are it.
    joined: the raw data of a block transfer that this message completes; the ranges of apdu.data and
    apdu.items then lie in it. security: what protected it (opening.Security). joined_frames: all frames
    of the transfer, () where pdu.frames are all. progress: of a block transfer, in words.
    """

    no: int
    pdu: Pdu
    apdu: Apdu
    association: int
    context: int
    target: Target | None
    problems: tuple[Problem, ...] = ()
    request: int = 0
    asked_ns: int | None = None
    plain: bytes | None = None
    joined: bytes | None = None
    security: Any = None
    joined_frames: tuple[int, ...] = ()
    progress: str = ""

    @property
    def octets(self) -> bytes:
        """The APDU in clear: what the ranges of apdu refer to."""
        return self.pdu.octets if self.plain is None else self.plain

    @property
    def values(self) -> bytes:
        """The octets that the ranges of apdu.data and apdu.items lie in."""
        return self.octets if self.joined is None else self.joined

    @property
    def frames(self) -> tuple[int, ...]:
        return self.joined_frames or self.pdu.frames


class Exchange(Value, frozen=True, gc=False):
    """A request with its responses, or a notification alone. Times in ns; None: not measured.

    responses: message numbers, in order (blocks); empty when unanswered. others: of its other messages: the request
    sent again, its further blocks, the calls for the next block. asked_ns: end of the last attempt of the
    request; first_asked_ns: of the first attempt; answered_ns: start of the first frame that
    carries the response. app_response_ns = answered_ns − asked_ns, within lo_ns..hi_ns.
    complete_ns: from asked_ns to the end of the last block. link_response_ns: see Pdu.
    line_ns, server_ns, client_ns: how long the line, the server, the client held the exchange.
    polls, attempts (1 is no retry), blocks. waited_ns: for an unanswered request how long the
    capture went on after it (censored data).
    """

    no: int
    request: int
    responses: tuple[int, ...]
    service: str
    association: int
    channel: int
    profile: str
    client: int
    server: int
    physical: int
    client_address: str | None
    server_address: str | None
    target: Target | None
    result: str | None
    frames: tuple[int, int]  # first frame of the request, first frame of the response (0: none)
    first_asked_ns: int | None = None
    asked_ns: int | None = None
    answered_ns: int | None = None
    app_response_ns: int | None = None
    lo_ns: int | None = None
    hi_ns: int | None = None
    complete_ns: int | None = None
    link_response_ns: int | None = None
    line_ns: int | None = None
    server_ns: int | None = None
    client_ns: int | None = None
    polls: int = 0
    attempts: int = 1
    blocks: int = 0
    waited_ns: int | None = None
    problems: tuple[Problem, ...] = ()
    others: tuple[int, ...] = ()


class Measurement(Value, frozen=True, gc=False):
    """One judged or unjudged measurement of one timing rule; the columns of `timing --each`.

    rule: index into the profile's timing rules. verdict: "pass", "fail", "undecidable", "unjudged"
    (no limit), "unanswered" (censored: measured_ns is the wait observed)."""

    profile: str
    rule: int
    channel: int
    client: int
    server: int
    start_event: str
    start_frame: int
    start_ns: int | None
    end_event: str
    end_frame: int
    end_ns: int | None
    measured_ns: int | None
    lo_ns: int | None
    hi_ns: int | None
    limit_min_ns: int | None
    limit_max_ns: int | None
    limit_from: str
    verdict: str
    needs: str = ""


class Finding(Value, frozen=True, gc=False):
    """One thing a person should look at. code: a problem's code or "timing.RULE"; exchange or frame
    0: none. measured and limit in unit."""

    no: int
    code: str
    severity: int
    text: str
    clause: str
    frame: int
    message: int = 0
    exchange: int = 0
    association: int = 0
    measured: int | None = None
    limit: int | None = None
    unit: str = ""
    channel: int = 0
    time_ns: int | None = None
