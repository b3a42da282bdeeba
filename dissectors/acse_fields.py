"""Names, codes and declared fields of the ACSE APDUs (ISO/IEC 8650-1 as selected by IEC 62056-5-3)."""

from collections.abc import Mapping

from dissectors.field import Field
from dissectors.tags import TAGS

AARQ_TAG = 0x60
AARE_TAG = 0x61
RLRQ_TAG = 0x62
RLRE_TAG = 0x63

OID_PREFIX = bytes.fromhex("6085740508")  # 2.16.756.5.8, the arc of the DLMS UA
CONTEXT_ARC = 1
MECHANISM_ARC = 2

CONTEXTS = {
    1: "LN referencing, no ciphering",
    2: "SN referencing, no ciphering",
    3: "LN referencing, with ciphering",
    4: "SN referencing, with ciphering",
}
SHORT_NAME_CONTEXTS = (2, 4)
CIPHERED_CONTEXTS = (3, 4)
MECHANISMS = {
    0: "lowest (none)",
    1: "LLS password",
    2: "HLS manufacturer specific",
    3: "HLS MD5",
    4: "HLS SHA-1",
    5: "HLS GMAC",
    6: "HLS SHA-256",
    7: "HLS ECDSA",
}
FIRST_HLS = 2
CHALLENGE_OCTETS = {3: (8, 64), 4: (8, 64), 5: (8, 64), 6: (8, 64), 7: (32, 64)}  # 2 is the manufacturer's

RESULTS = {0: "accepted", 1: "rejected-permanent", 2: "rejected-transient"}
USER_DIAGNOSTICS = dict(
    enumerate(
        (
            "null",
            "no-reason-given",
            "application-context-name-not-supported",
            "calling-AP-title-not-recognized",
            "calling-AP-invocation-identifier-not-recognized",
            "calling-AE-qualifier-not-recognized",
            "calling-AE-invocation-identifier-not-recognized",
            "called-AP-title-not-recognized",
            "called-AP-invocation-identifier-not-recognized",
            "called-AE-qualifier-not-recognized",
            "called-AE-invocation-identifier-not-recognized",
            "authentication-mechanism-name-not-recognised",
            "authentication-mechanism-name-required",
            "authentication-failure",
            "authentication-required",
        )
    )
)
PROVIDER_DIAGNOSTICS = {0: "null", 1: "no-reason-given", 2: "no-common-acse-version"}
RLRQ_REASONS = {0: "normal", 1: "urgent", 30: "user-defined"}
RLRE_REASONS = {0: "normal", 1: "not-finished", 30: "user-defined"}
PROTOCOL_VERSION = ("version1",)
REQUIREMENTS = ("authentication",)

# What a user-information holds in clear.
INITIATE_REQUEST, INITIATE_RESPONSE, SERVICE_ERROR = 0x01, 0x08, 0x0E
PLAIN = {
    INITIATE_REQUEST: "initiate-request",
    INITIATE_RESPONSE: "initiate-response",
    SERVICE_ERROR: "confirmed-service-error",
}
# What it may hold ciphered; the security layer takes it from there.
CIPHERED = {
    0x21: "glo-initiate-request",
    0x28: "glo-initiate-response",
    0x2E: "glo-confirmed-service-error",
    0x41: "ded-initiate-request",
    0x48: "ded-initiate-response",
    0x4E: "ded-confirmed-service-error",
    0xDB: "general-glo-ciphering",
    0xDC: "general-ded-ciphering",
    0xDD: "general-ciphering",
    0xDF: "general-signing",
}

CLAUSE = "IEC 62056-5-3"


def _octets(code: str, label: str) -> Field:
    return Field(code, label, type="octets", clause=CLAUSE)


def _set(pdu: str, calling: str) -> dict[str, Field]:
    """The components that AARQ and AARE share under names of their own: calling or responding."""
    word = calling.capitalize()
    return {
        "title": _octets(f"{pdu}.{calling}-AP-title", f"{word} AP title"),
        "qualifier": _octets(f"{pdu}.{calling}-AE-qualifier", f"{word} AE qualifier"),
        "ap-invocation": Field(f"{pdu}.{calling}-AP-invocation-id", f"{word} AP invocation id"),
        "ae-invocation": Field(f"{pdu}.{calling}-AE-invocation-id", f"{word} AE invocation id"),
        "authentication": Field(f"{pdu}.{calling}-authentication-value", f"{word} authentication value", type="node"),
    }


def _shared(pdu: str, requirements: str) -> dict[str, Field]:
    return {
        "version": Field(f"{pdu}.protocol-version", "Protocol version", type="bits", bits=PROTOCOL_VERSION),
        "context": Field(f"{pdu}.application-context-name", "Application context name", type="text"),
        "requirements": Field(
            f"{pdu}.{requirements}", requirements.replace("-", " ").capitalize(), type="bits", bits=REQUIREMENTS
        ),
        "mechanism": Field(f"{pdu}.mechanism-name", "Mechanism name", type="text"),
        "implementation": _octets(f"{pdu}.implementation-information", "Implementation information"),
        "user-information": Field(f"{pdu}.user-information", "User information", type="node"),
    }


AARQ: Mapping[str, Field] = {
    **_shared("aarq", "sender-acse-requirements"),
    **_set("aarq", "calling"),
    "called-title": _octets("aarq.called-AP-title", "Called AP title"),
    "called-qualifier": _octets("aarq.called-AE-qualifier", "Called AE qualifier"),
    "called-ap-invocation": Field("aarq.called-AP-invocation-id", "Called AP invocation id"),
    "called-ae-invocation": Field("aarq.called-AE-invocation-id", "Called AE invocation id"),
}
AARE: Mapping[str, Field] = {
    **_shared("aare", "responder-acse-requirements"),
    **_set("aare", "responding"),
    "result": Field("aare.result", "Result", type="enum", names=RESULTS),
    "diagnostic": Field("aare.result-source-diagnostic", "Result source diagnostic", type="node"),
}
RLRQ: Mapping[str, Field] = {
    "reason": Field("rlrq.reason", "Reason", type="enum", names=RLRQ_REASONS),
    "user-information": Field("rlrq.user-information", "User information", type="node"),
}
RLRE: Mapping[str, Field] = {
    "reason": Field("rlre.reason", "Reason", type="enum", names=RLRE_REASONS),
    "user-information": Field("rlre.user-information", "User information", type="node"),
}

TAG = Field("apdu.tag", "APDU", type="encoding", names=TAGS, clause=CLAUSE)
LENGTH = Field("acse.length", "Length", unit="octets", type="encoding", clause=CLAUSE)
USER_DIAGNOSTIC = Field(
    "aare.result-source-diagnostic.acse-service-user", "ACSE service user", type="enum", names=USER_DIAGNOSTICS
)
PROVIDER_DIAGNOSTIC = Field(
    "aare.result-source-diagnostic.acse-service-provider",
    "ACSE service provider",
    type="enum",
    names=PROVIDER_DIAGNOSTICS,
)
CHARSTRING = _octets("acse.authentication-value.charstring", "Charstring")
BITSTRING = _octets("acse.authentication-value.bitstring", "Bitstring")
OTHER_VALUE = _octets("acse.authentication-value.other", "Other form")
CIPHERED_FIELDS = {tag: _octets(f"acse.user-information.{name}", name) for tag, name in CIPHERED.items()}
UNKNOWN_INFORMATION = _octets("acse.user-information.unknown", "Unknown APDU")
UNKNOWN = _octets("acse.unknown-component", "Unknown component")

FIELDS: tuple[Field, ...] = (
    *AARQ.values(),
    *AARE.values(),
    *RLRQ.values(),
    *RLRE.values(),
    USER_DIAGNOSTIC,
    PROVIDER_DIAGNOSTIC,
    CHARSTRING,
    BITSTRING,
    OTHER_VALUE,
    *CIPHERED_FIELDS.values(),
    UNKNOWN_INFORMATION,
    UNKNOWN,
)
