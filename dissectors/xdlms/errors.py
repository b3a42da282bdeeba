"""Exception-Response and ConfirmedServiceError: a service failed as a whole (IEC 62056-5-3, 7.3 and clause 8)."""

from collections.abc import Callable, Mapping

from dissectors import problem
from dissectors.apdu import Apdu
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.record import Value
from dissectors.tags import TAGS

EXCEPTION_TAG = 0xD8
SERVICE_ERROR_TAG = 0x0E

STATE_ERRORS = {1: "service-not-allowed", 2: "service-unknown"}
SERVICE_ERRORS = {
    1: "operation-not-possible",
    2: "service-not-supported",
    3: "other-reason",
    4: "pdu-too-long",
    5: "deciphering-error",
    6: "invocation-counter-error",
}
INVOCATION_COUNTER_ERROR = 6

SERVICES = {
    1: "initiateError",
    2: "getStatus",
    3: "getNameList",
    4: "getVariableAttribute",
    5: "read",
    6: "write",
    7: "getDataSetAttribute",
    8: "getTIAttribute",
    9: "changeScope",
    10: "start",
    11: "stop",
    12: "resume",
    13: "makeUsable",
    14: "initiateLoad",
    15: "loadSegment",
    16: "terminateLoad",
    17: "initiateUpLoad",
    18: "upLoadSegment",
    19: "terminateUpLoad",
}
USED_SERVICES = (1, 5, 6)  # the others are of the older IEC 61334-4-41

_GROUPS: dict[int, tuple[str, tuple[str, ...]]] = {
    0: (
        "application-reference",
        (
            "other",
            "time-elapsed",
            "application-unreachable",
            "application-reference-invalid",
            "application-context-unsupported",
            "provider-communication-error",
            "deciphering-error",
        ),
    ),
    1: (
        "hardware-resource",
        (
            "other",
            "memory-unavailable",
            "processor-resource-unavailable",
            "mass-storage-unavailable",
            "other-resource-unavailable",
        ),
    ),
    2: (
        "vde-state-error",
        ("other", "no-dlms-context", "loading-data-set", "status-nochange", "status-inoperable"),
    ),
    3: ("service", ("other", "pdu-size", "service-unsupported")),
    4: (
        "definition",
        ("other", "object-undefined", "object-class-inconsistent", "object-attribute-inconsistent"),
    ),
    5: (
        "access",
        ("other", "scope-of-access-violated", "object-access-invalid", "hardware-fault", "object-unavailable"),
    ),
    6: (
        "initiate",
        (
            "other",
            "dlms-version-too-low",
            "incompatible-conformance",
            "pdu-size-too-short",
            "refused-by-the-VDE-handler",
        ),
    ),
    7: (
        "load-data-set",
        (
            "other",
            "primitive-out-of-sequence",
            "not-loadable",
            "dataset-size-too-large",
            "not-awaited-segment",
            "interpretation-failure",
            "storage-failure",
            "data-set-not-ready",
        ),
    ),
    8: ("change-scope", ()),
    9: ("task", ("other", "no-remote-control", "ti-stopped", "ti-running", "ti-unusable")),
    10: ("other", ("other",)),
}
GROUPS = {number: name for number, (name, _) in _GROUPS.items()}

STATE_ERROR = Field("exception-response.state-error", "State error", type="enum", names=STATE_ERRORS)
SERVICE_ERROR = Field("exception-response.service-error", "Service error", type="enum", names=SERVICE_ERRORS)
COUNTER = Field("exception-response.invocation-counter-error", "Invocation counter expected")
SERVICE = Field("confirmed-service-error.service", "Service", type="enum", names=SERVICES)
SERVICE_ERROR_CHOICE = Field("confirmed-service-error.service-error", "Service error", type="node")
GROUP = Field("confirmed-service-error.group", "Error group", type="encoding", names=GROUPS)
VALUES: Mapping[int, Field] = {
    number: Field(f"confirmed-service-error.{name}", "Error", type="enum", names=dict(enumerate(names)))
    for number, (name, names) in _GROUPS.items()
}
UNKNOWN_VALUE = Field("confirmed-service-error.value", "Error")
TAG = Field("apdu.tag", "APDU", type="encoding", names=TAGS)
FIELDS = (STATE_ERROR, SERVICE_ERROR, COUNTER, SERVICE, SERVICE_ERROR_CHOICE, GROUP, *VALUES.values(), UNKNOWN_VALUE)


class ExceptionResponse(Value, frozen=True, gc=False):
    """state and service error as numbers; counter: the invocation counter that the server expects, -1 without."""

    state_error: int
    service_error: int
    counter: int = -1


class ServiceError(Value, frozen=True, gc=False):
    """service, group and value of a ConfirmedServiceError, as numbers and in words."""

    service: int
    group: int
    value: int
    service_name: str
    group_name: str
    value_name: str


def _word(names: Mapping[int, str], value: int) -> str:
    return names.get(value) or f"unknown-{value}"


def exception_response(c: Cursor, ctx: Context) -> Apdu:
    """Exception-Response, cursor at the tag D8. The old form has two plain enumerations: the same octets.

    Problems: apdu.trunc; apdu.value for an enumeration that is not defined. A missing counter behind
    invocation-counter-error is noted and what stands before it is kept.
    """
    c.u8(TAG)
    state = c.u8(STATE_ERROR)
    if state not in STATE_ERRORS:
        c.note(problem.APDU_VALUE, 1, STATE_ERROR.label, f"{state} is not defined")
    service = c.u8(SERVICE_ERROR)
    if service not in SERVICE_ERRORS:
        c.note(problem.APDU_VALUE, 1, SERVICE_ERROR.label, f"{service} is not defined")
    counter = -1
    if service == INVOCATION_COUNTER_ERROR:
        if c.left() >= 4:
            counter = c.u32(COUNTER)
        else:
            c.note(c.short, -c.left(), COUNTER.label, 4, c.left())
    result = _word(SERVICE_ERRORS, service)
    detail = ExceptionResponse(state, service, counter)
    return Apdu(EXCEPTION_TAG, "exception-response", "exception", "response", result=result, detail=detail)


def read_service_error(c: Cursor) -> ServiceError:
    """A ConfirmedServiceError, cursor at the tag 0E; usable inside the user-information of an AARE.

    Problems: apdu.trunc; apdu.value for a choice or enumeration that DLMS/COSEM does not use.
    """
    c.u8(TAG)
    service = c.u8(SERVICE)
    if service not in USED_SERVICES:
        c.note(problem.APDU_VALUE, 1, SERVICE.label, f"{_word(SERVICES, service)} is not used by DLMS/COSEM")
    c.open(SERVICE_ERROR_CHOICE)
    group = c.u8(GROUP)
    if group not in GROUPS:
        c.note(problem.APDU_VALUE, 1, GROUP.label, f"{group} is not defined")
    field = VALUES.get(group, UNKNOWN_VALUE)
    value = c.u8(field)
    c.close()
    names = field.names or {}
    if group in GROUPS and value not in names:
        c.note(problem.APDU_VALUE, 1, field.label, f"{value} is not defined in {GROUPS[group]}")
    return ServiceError(service, group, value, _word(SERVICES, service), _word(GROUPS, group), _word(names, value))


def confirmed_service_error(c: Cursor, ctx: Context) -> Apdu:
    """ConfirmedServiceError as an APDU of its own, cursor at the tag 0E."""
    detail = read_service_error(c)
    return Apdu(
        SERVICE_ERROR_TAG, "confirmed-service-error", "error", "response", result=detail.value_name, detail=detail
    )


TABLE: dict[int, tuple[str, Callable[[Cursor, Context], Apdu]]] = {
    SERVICE_ERROR_TAG: ("confirmed-service-error", confirmed_service_error),
    EXCEPTION_TAG: ("exception-response", exception_response),
}
