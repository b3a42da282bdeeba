"""InitiateRequest and InitiateResponse: what client and server offer and agree (IEC 62056-5-3, 7.2.4, clause 8).

Both are A-XDR coded and lie in the user-information of AARQ, AARE, RLRQ and RLRE, or stand alone as
the plaintext of a ciphered user-information. Only the conformance block is BER: application tag 31,
length 4, no unused bits, 24 bits.
"""

from collections.abc import Callable

from dissectors import problem
from dissectors.apdu import Apdu
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.record import Value
from dissectors.tags import TAGS

REQUEST_TAG = 0x01
RESPONSE_TAG = 0x08
DLMS_VERSION = 6
VAA_LN = 0x0007
VAA_SN = 0xFA00
MIN_PDU = 12  # a receive size of 1 to 11 octets is not allowed, 0 is no limit

CONFORMANCE = (
    "reserved-zero",
    "general-protection",
    "general-block-transfer",
    "read",
    "write",
    "unconfirmed-write",
    "delta-value-encoding",
    "reserved-seven",
    "attribute0-supported-with-set",
    "priority-mgmt-supported",
    "attribute0-supported-with-get",
    "block-transfer-with-get-or-read",
    "block-transfer-with-set-or-write",
    "block-transfer-with-action",
    "multiple-references",
    "information-report",
    "data-notification",
    "access",
    "parameterized-access",
    "get",
    "set",
    "selective-access",
    "event-notification",
    "action",
)
CONFORMANCE_BIT = {name: 1 << (23 - i) for i, name in enumerate(CONFORMANCE)}

TAG = Field("apdu.tag", "APDU", type="encoding", names=TAGS)
DEDICATED_KEY = Field("initiate-request.dedicated-key", "Dedicated key", type="text")
RESPONSE_ALLOWED = Field("initiate-request.response-allowed", "Response allowed", type="bool")
PROPOSED_QOS = Field("initiate-request.proposed-quality-of-service", "Proposed quality of service")
PROPOSED_VERSION = Field("initiate-request.proposed-dlms-version-number", "Proposed DLMS version number")
PROPOSED_CONFORMANCE = Field(
    "initiate-request.proposed-conformance", "Proposed conformance", type="bits", bits=CONFORMANCE
)
CLIENT_MAX_PDU = Field("initiate-request.client-max-receive-pdu-size", "Client max receive PDU size", unit="octets")
NEGOTIATED_QOS = Field("initiate-response.negotiated-quality-of-service", "Negotiated quality of service")
NEGOTIATED_VERSION = Field("initiate-response.negotiated-dlms-version-number", "Negotiated DLMS version number")
NEGOTIATED_CONFORMANCE = Field(
    "initiate-response.negotiated-conformance", "Negotiated conformance", type="bits", bits=CONFORMANCE
)
SERVER_MAX_PDU = Field("initiate-response.server-max-receive-pdu-size", "Server max receive PDU size", unit="octets")


def _vaa_text(value: int) -> str:
    word = {VAA_LN: "logical name referencing", VAA_SN: "short name referencing"}.get(value)
    return f"0x{value:04X} ({word})" if word else f"0x{value:04X}"


VAA_NAME = Field("initiate-response.vaa-name", "VAA name", show=_vaa_text)
FIELDS = (
    DEDICATED_KEY,
    RESPONSE_ALLOWED,
    PROPOSED_QOS,
    PROPOSED_VERSION,
    PROPOSED_CONFORMANCE,
    CLIENT_MAX_PDU,
    NEGOTIATED_QOS,
    NEGOTIATED_VERSION,
    NEGOTIATED_CONFORMANCE,
    SERVER_MAX_PDU,
    VAA_NAME,
)


class InitiateRequest(Value, frozen=True, gc=False):
    """dedicated_key: range of the key in the octets, never the key itself (values are printed and
    logged). conformance: 24 bits, see CONFORMANCE_BIT. max_pdu: octets the client can receive, 0 no limit."""

    dedicated_key: tuple[int, int] | None
    response_allowed: bool
    quality_of_service: int | None
    version: int
    conformance: int
    max_pdu: int


class InitiateResponse(Value, frozen=True, gc=False):
    """What the server agrees to. max_pdu: octets the server can receive, 0 no limit. vaa_name: 0x0007 LN, 0xFA00 SN."""

    quality_of_service: int | None
    version: int
    conformance: int
    max_pdu: int
    vaa_name: int


def conformance_names(bits: int) -> list[str]:
    """The names of the bits set in a 24-bit conformance block, first bit first."""
    return [name for name, mask in CONFORMANCE_BIT.items() if bits & mask]


def _present(c: Cursor, field: Field) -> bool:
    """The A-XDR flag of an OPTIONAL or DEFAULT component; any value but 0 counts as present."""
    flag = Cursor.u8(c, field)
    if flag > 1:
        c.note(problem.APDU_VALUE, 1, field.label, f"presence flag is 0x{flag:02X}, not 00 or 01")
    return flag != 0


def _quality(c: Cursor, field: Field) -> int | None:
    c.open(field)
    value: int | None = None
    try:
        if _present(c, field):
            value = Cursor.sint(c, field, 1)
    finally:
        c.close(value, None if value is not None else "not present")
    return value


def _version(c: Cursor, field: Field) -> int:
    version = c.u8(field)
    if version != DLMS_VERSION:
        c.note(problem.APDU_VERSION, 1, version)
    return version


def _conformance(c: Cursor, field: Field) -> int:
    """5F 1F 04 00 and 24 bits; 5F 04 00 and 24 bits in old HDLC implementations (the tag without its number).

    Problems: apdu.value when the head is neither; a head that is not understood stops.
    """
    c.open(field)
    bits: int | None = None
    try:
        if c.peek() != 0x5F:
            c.stop(problem.APDU_VALUE, field.label, f"tag 0x{max(c.peek(), 0):02X} where 5F 1F is expected")
        Cursor.u8(c, field)
        if c.peek() == 0x1F:
            Cursor.u8(c, field)
        else:
            c.note(problem.APDU_VALUE, 1, field.label, "short tag 5F without 1F, as old implementations write it")
        length = Cursor.u8(c, field)
        if length != 4:
            c.stop(problem.APDU_VALUE, field.label, f"length {length} where 4 is expected")
        unused = Cursor.u8(c, field)
        if unused:
            c.note(problem.APDU_VALUE, 1, field.label, f"{unused} unused bits where 0 is expected")
        bits = Cursor.uint(c, field, 3)
    finally:
        c.close(bits)
    return bits


def _max_pdu(c: Cursor, field: Field) -> int:
    size = c.u16(field)
    if 0 < size < MIN_PDU:
        c.note(problem.APDU_VALUE, 2, field.label, f"{size} octets: 1 to 11 are not allowed")
    return size


def _dedicated_key(c: Cursor) -> tuple[int, int] | None:
    """Range of the key. The tree shows its length only: keys never reach views, exports or logs."""
    c.open(DEDICATED_KEY)
    found: tuple[int, int] | None = None
    shown: str | None = None
    try:
        if _present(c, DEDICATED_KEY):
            length = Cursor.u8(c, DEDICATED_KEY)
            if length not in (16, 32):
                c.note(problem.APDU_VALUE, 1, DEDICATED_KEY.label, f"{length} octets, a key has 16 or 32")
            if length > c.left():
                c.stop(c.short, DEDICATED_KEY.label, length, c.left())
            found = Cursor.payload(c, DEDICATED_KEY, length)
            shown = "•" * length
    finally:
        c.close(shown, "not present" if found is None else f"{shown} ({found[1] - found[0]} octets)")
    return found


def _response_allowed(c: Cursor) -> bool:
    c.open(RESPONSE_ALLOWED)
    value: bool | None = None
    words: str | None = None
    try:
        if _present(c, RESPONSE_ALLOWED):
            value = Cursor.u8(c, RESPONSE_ALLOWED) != 0
        else:
            value, words = True, "true (default)"
    finally:
        c.close(value, words)
    return value


def read_request(c: Cursor) -> InitiateRequest:
    """An InitiateRequest, cursor at the tag 01; usable inside a user-information.

    Problems: apdu.trunc, apdu.version unless 6, apdu.value for a conformance head, key length or
    receive size that is not allowed.
    """
    c.u8(TAG)
    key = _dedicated_key(c)
    allowed = _response_allowed(c)
    quality = _quality(c, PROPOSED_QOS)
    version = _version(c, PROPOSED_VERSION)
    conformance = _conformance(c, PROPOSED_CONFORMANCE)
    return InitiateRequest(key, allowed, quality, version, conformance, _max_pdu(c, CLIENT_MAX_PDU))


def read_response(c: Cursor, short_names: bool | None = None) -> InitiateResponse:
    """An InitiateResponse, cursor at the tag 08; usable inside a user-information.

    short_names: the referencing of the application context, None where it is not known.
    Problems: as read_request; apdu.vaa where the VAA name does not fit the referencing.
    """
    c.u8(TAG)
    quality = _quality(c, NEGOTIATED_QOS)
    version = _version(c, NEGOTIATED_VERSION)
    conformance = _conformance(c, NEGOTIATED_CONFORMANCE)
    size = _max_pdu(c, SERVER_MAX_PDU)
    vaa = c.u16(VAA_NAME)
    if short_names is None:
        fits, referencing = vaa in (VAA_LN, VAA_SN), "logical or short name"
    else:
        fits, referencing = vaa == (VAA_SN if short_names else VAA_LN), "short name" if short_names else "logical name"
    if not fits:
        c.note(problem.APDU_VAA, 2, vaa, referencing)
    return InitiateResponse(quality, version, conformance, size, vaa)


def initiate_request(c: Cursor, ctx: Context) -> Apdu:
    """InitiateRequest as an APDU of its own: the plaintext of a ciphered user-information."""
    return Apdu(REQUEST_TAG, "initiate-request", "association", "request", detail=read_request(c))


def initiate_response(c: Cursor, ctx: Context) -> Apdu:
    """InitiateResponse as an APDU of its own: the plaintext of a ciphered user-information.

    The context does not tell LN from SN before an association is open, so either VAA name fits.
    """
    return Apdu(RESPONSE_TAG, "initiate-response", "association", "response", detail=read_response(c))


TABLE: dict[int, tuple[str, Callable[[Cursor, Context], Apdu]]] = {
    REQUEST_TAG: ("initiate-request", initiate_request),
    RESPONSE_TAG: ("initiate-response", initiate_response),
}
