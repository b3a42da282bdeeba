"""ACSE: AARQ, AARE, RLRQ, RLRE open and release application associations (ISO/IEC 8650-1, IEC 62056-5-3, 7.2).

BER coded; the user-information is an OCTET STRING with an A-XDR coded xDLMS APDU, dissected in place.
Every optional component is read. The order of components is fixed by the standard; another order is
noted and read all the same. A ciphered user-information stays as octets for the security layer.

All functions stand at the tag of the APDU.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dissectors import acse_components as of
from dissectors import acse_fields as names
from dissectors import ber, problem
from dissectors.acse_components import Information, Range
from dissectors.acse_fields import AARE_TAG, AARQ_TAG, RLRE_TAG, RLRQ_TAG
from dissectors.apdu import Apdu
from dissectors.context import Context
from dissectors.cursor import Cursor, Stop
from dissectors.field import Field
from dissectors.record import Value
from dissectors.xdlms.errors import ServiceError
from dissectors.xdlms.initiate import InitiateRequest, InitiateResponse

# More components than any ACSE APDU has. A forged APDU of thousands of empty ones would else cost a
# problem each.
MAX_COMPONENTS = 64


class Aarq(Value, frozen=True, gc=False):
    """An association request. context, mechanism: last arc of the OID, -1 when absent or of another arc.

    authentication: range of the calling authentication value; challenge: the same as octets for HLS
    (CtoS), b"" for a password, which never leaves the captured octets.
    """

    context: int = -1
    context_name: str = ""
    mechanism: int = -1
    mechanism_name: str = ""
    authentication_unit: bool = False
    calling_title: bytes | None = None
    called_title: bytes | None = None
    calling_qualifier: bytes | None = None
    called_qualifier: bytes | None = None
    calling_ap_invocation: int | None = None
    calling_ae_invocation: int | None = None  # the client user id
    called_ap_invocation: int | None = None
    called_ae_invocation: int | None = None
    authentication: Range | None = None
    challenge: bytes = b""
    information: Information | None = None

    @property
    def ciphered_context(self) -> bool:
        return self.context in names.CIPHERED_CONTEXTS

    @property
    def short_names(self) -> bool:
        return self.context in names.SHORT_NAME_CONTEXTS

    @property
    def initiate(self) -> InitiateRequest | None:
        return self.information.clear(names.INITIATE_REQUEST) if self.information else None


class Aare(Value, frozen=True, gc=False):
    """An association response. result, diagnostic: numbers, -1 when absent; source: "acse-service-user",
    "acse-service-provider" or "". challenge: StoC. The rest as in Aarq."""

    context: int = -1
    context_name: str = ""
    mechanism: int = -1
    mechanism_name: str = ""
    authentication_unit: bool = False
    result: int = -1
    result_name: str = ""
    source: str = ""
    diagnostic: int = -1
    diagnostic_name: str = ""
    responding_title: bytes | None = None
    responding_qualifier: bytes | None = None
    responding_ap_invocation: int | None = None
    responding_ae_invocation: int | None = None
    authentication: Range | None = None
    challenge: bytes = b""
    information: Information | None = None

    @property
    def accepted(self) -> bool:
        return self.result == 0

    @property
    def hls_pending(self) -> bool:
        """Result 0 with diagnostic 14: open for the HLS reply only, until pass 4."""
        return self.result == 0 and self.source == "acse-service-user" and self.diagnostic == 14

    @property
    def ciphered_context(self) -> bool:
        return self.context in names.CIPHERED_CONTEXTS

    @property
    def short_names(self) -> bool:
        return self.context in names.SHORT_NAME_CONTEXTS

    @property
    def initiate(self) -> InitiateResponse | None:
        return self.information.clear(names.INITIATE_RESPONSE) if self.information else None

    @property
    def service_error(self) -> ServiceError | None:
        return self.information.clear(names.SERVICE_ERROR) if self.information else None


class Rlrq(Value, frozen=True, gc=False):
    """A release request; reason -1 and reason_name "" when absent."""

    reason: int = -1
    reason_name: str = ""
    information: Information | None = None


class Rlre(Value, frozen=True, gc=False):
    """A release response; reason -1 and reason_name "" when absent."""

    reason: int = -1
    reason_name: str = ""
    information: Information | None = None


# --- APDUs: tag → (component, reader), in the order of the standard --------------------------------

_AARQ: dict[int, tuple[str, of.Body]] = {
    0x80: ("version", of.version),
    0xA1: ("context", of.context),
    0xA2: ("called-title", of.title("called_title")),
    0xA3: ("called-qualifier", of.qualifier("called_qualifier")),
    0xA4: ("called-ap-invocation", of.invocation_id("called_ap_invocation")),
    0xA5: ("called-ae-invocation", of.invocation_id("called_ae_invocation")),
    0xA6: ("title", of.title("calling_title")),
    0xA7: ("qualifier", of.qualifier("calling_qualifier")),
    0xA8: ("ap-invocation", of.invocation_id("calling_ap_invocation")),
    0xA9: ("ae-invocation", of.invocation_id("calling_ae_invocation")),
    0x8A: ("requirements", of.requirements),
    0x8B: ("mechanism", of.mechanism),
    0xAC: ("authentication", of.authentication),
    0x9D: ("implementation", of.implementation),
    0xBD: ("implementation", of.implementation),
    0xBE: ("user-information", of.user_information),
}
_AARE: dict[int, tuple[str, of.Body]] = {
    0x80: ("version", of.version),
    0xA1: ("context", of.context),
    0xA2: ("result", of.association_result),
    0xA3: ("diagnostic", of.diagnostic),
    0xA4: ("title", of.title("responding_title")),
    0xA5: ("qualifier", of.qualifier("responding_qualifier")),
    0xA6: ("ap-invocation", of.invocation_id("responding_ap_invocation")),
    0xA7: ("ae-invocation", of.invocation_id("responding_ae_invocation")),
    0x88: ("requirements", of.requirements),
    0x89: ("mechanism", of.mechanism),
    0xAA: ("authentication", of.authentication),
    0x9D: ("implementation", of.implementation),
    0xBD: ("implementation", of.implementation),
    0xBE: ("user-information", of.user_information),
}
_RELEASE: dict[int, tuple[str, of.Body]] = {
    0x80: ("reason", of.reason),
    0xBE: ("user-information", of.user_information),
}
# tag of an APDU → tag of a component → its field
COMPONENTS: Mapping[int, Mapping[int, Field]] = {
    apdu: {tag: fields[name] for tag, (name, _) in table.items()}
    for apdu, table, fields in (
        (AARQ_TAG, _AARQ, names.AARQ),
        (AARE_TAG, _AARE, names.AARE),
        (RLRQ_TAG, _RELEASE, names.RLRQ),
        (RLRE_TAG, _RELEASE, names.RLRE),
    )
}


def _components(
    c: Cursor,
    label: str,
    fields: Mapping[str, Field],
    table: Mapping[int, tuple[str, of.Body]],
    mechanism_tag: int = -1,
    short_names: bool | None = None,
) -> dict[str, Any]:
    """Reads tag, length and every component of one ACSE APDU; gives what was found by the value's names.

    Problems: ber.trunc, ber.long-form, ber.length, ber.order for a component out of order or again,
    ber.tag for one that the APDU does not have (kept as octets).
    """
    c.u8(names.TAG)
    c.open(names.LENGTH)
    n = 0
    try:
        n = ber.bounded(c, label, ber.length(c))
    finally:
        c.close(n)
    outer, c.end = c.end, c.pos + n
    state = of.State(of.mechanism_ahead(c, mechanism_tag), short_names)
    order = {tag: place for place, tag in enumerate(table)}
    last = -1
    for _ in range(MAX_COMPONENTS):
        if not c.left():
            break
        tag = c.peek()
        name, body = table.get(tag, ("", of.unknown))
        field = fields.get(name, names.UNKNOWN)
        place = order.get(tag, last + 1)
        if tag not in table:
            c.note(problem.BER_TAG, -1, tag, label)
        elif place <= last:
            c.note(problem.BER_ORDER, -1, field.label)
        else:
            last = place
        try:
            ber.component(c, field, partial(body, state=state, field=field))
        except Stop as stopped:  # the component's own head: nothing behind it can be told apart
            c.problems += (stopped.problem,)
            break
    if c.left():
        c.take(ber.REST, c.left())
    c.end = outer
    return state.found


def aarq(c: Cursor, ctx: Context) -> Apdu:
    """AARQ, cursor at the tag 60. detail: Aarq. Problems: those of ber, apdu.lls-clear, apdu.hls-len,
    apdu.st, and those of the InitiateRequest."""
    detail = Aarq(**_components(c, "AARQ", names.AARQ, _AARQ, 0x8B))
    return Apdu(AARQ_TAG, "aarq", "association", "request", detail=detail)


def aare(c: Cursor, ctx: Context) -> Apdu:
    """AARE, cursor at the tag 61. detail: Aare; result: "accepted", "rejected-permanent", …"""
    detail = Aare(**_components(c, "AARE", names.AARE, _AARE, 0x89))
    return Apdu(AARE_TAG, "aare", "association", "response", result=detail.result_name or None, detail=detail)


def rlrq(c: Cursor, ctx: Context) -> Apdu:
    """RLRQ, cursor at the tag 62; the empty form 62 00 is legal. detail: Rlrq."""
    detail = Rlrq(**_components(c, "RLRQ", names.RLRQ, _RELEASE))
    return Apdu(RLRQ_TAG, "rlrq", "release", "request", detail=detail)


def rlre(c: Cursor, ctx: Context) -> Apdu:
    """RLRE, cursor at the tag 63; the empty form 63 00 is legal. detail: Rlre; result: the reason's name."""
    detail = Rlre(**_components(c, "RLRE", names.RLRE, _RELEASE, short_names=ctx.short_names))
    return Apdu(RLRE_TAG, "rlre", "release", "response", result=detail.reason_name or None, detail=detail)


TABLE: dict[int, tuple[str, Callable[[Cursor, Context], Apdu]]] = {
    AARQ_TAG: ("aarq", aarq),
    AARE_TAG: ("aare", aare),
    RLRQ_TAG: ("rlrq", rlrq),
    RLRE_TAG: ("rlre", rlre),
}
