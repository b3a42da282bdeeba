"""Association: what is known of one association, and the checks on an APDU that need nothing else."""

from typing import Any

from msgspec.structs import replace

from analyzer.model import Message
from dissectors import problem as P
from dissectors.acse import Aare, Aarq
from dissectors.apdu import Apdu, Item
from dissectors.blocks import ServiceBlocks
from dissectors.context import EMPTY, Context
from dissectors.problem import Problem
from dissectors.record import Direction, Pdu
from dissectors.xdlms.initiate import CONFORMANCE_BIT, conformance_names

TO_CLIENT = int(Direction.TO_CLIENT)
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


class Association:
    """One association, as far as the capture shows it: the row of `--level association`.

    status: "mid-capture", "requested", "open", "authenticating" (HLS), "rejected", "released",
    "ended" (link or connection closed), "pre-established".
    """

    __slots__ = (
        "aare",
        "aarq",
        "blocks",
        "channel",
        "ciphered",
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
        "services",
        "status",
        "told",
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
        self.blocks: ServiceBlocks | None = None  # while a service-specific block transfer runs
        self.ciphered = False  # the context asked for wants every APDU ciphered
        self.waiting: dict[int, Message] = {}  # requests without final answer, by invoke id (-1: by turn)
        self.services: set[str] = set()  # used so far
        self.told: set[tuple[str, str]] = set()  # deviations from the client's role already told
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


def about(kind: P.Kind, octets: bytes, *args: Any) -> Problem:
    """A problem of the APDU as a whole."""
    return Problem(kind, 0, len(octets), args, "apdu")


def oversize(octets: bytes, limit: int) -> Problem:
    return about(P.APDU_SIZE, octets, len(octets), limit)


def answers(request: Apdu, response: Apdu, counted: bool = False) -> bool:
    """Whether the response's choice fits the request's: list to list, normal to normal, and as many items."""
    if response.block is not None:
        return True
    if counted and request.items is not None and response.items is not None:
        return len(request.items) == len(response.items)
    return ("with-list" in request.name) == ("with-list" in response.name)


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


def named(asked: tuple[Item, ...], given: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items of a list response with the objects that the request named, where the counts agree."""
    if len(asked) != len(given):
        return given
    return tuple(
        replace(r, class_id=q.class_id, obis=q.obis, attribute=q.attribute, method=q.method, variable=q.variable)
        for q, r in zip(asked, given)
    )
