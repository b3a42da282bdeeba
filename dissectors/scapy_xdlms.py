"""xDLMS APDUs as scapy packets (IEC 62056-5-3, 8): the services with logical names, errors, heads of protected APDUs.

`Xdlms(octets)` gives the packet of the APDU at hand; one that has none here is an Xdlms with its tag named and
the rest as raw octets. Names of tags, choices and results are those of the dissectors.
"""

from typing import Any

from scapy.fields import (
    BitEnumField,
    BitField,
    ByteEnumField,
    ByteField,
    ConditionalField,
    IntField,
    PacketListField,
    ShortField,
    SignedByteField,
    StrLenField,
)
from scapy.packet import Packet

from dissectors import acse
from dissectors.acse_fields import AARE_TAG, AARQ_TAG, RLRE_TAG, RLRQ_TAG
from dissectors.apdus import CHOICES
from dissectors.axdr import PRESENT
from dissectors.scapy_fields import DataField, Length, Obis, Octets, Part, count, several, unless, when
from dissectors.tags import TAGS
from dissectors.xdlms import action, errors, general, get, notification, set
from dissectors.xdlms.common import ACTION_RESULTS, DATA_ACCESS_RESULTS

GET_DATA_RESULT = {0: "data", 1: "data-access-result"}
RAW_OR_RESULT = {0: "raw-data", 1: "data-access-result"}
PRESENCE = dict(PRESENT.names or {})
KEY_SETS = dict(general.KEY_SET.names or {})
DATA_RESULTS, RESULTS = dict(DATA_ACCESS_RESULTS), dict(ACTION_RESULTS)


def flag(name: str, default: int = 0) -> Any:
    """The presence flag of an OPTIONAL component."""
    return ByteEnumField(name, default, PRESENCE)


def service(tag: int, choice: int) -> list[Any]:
    """Tag, choice and invoke-id-and-priority of GET, SET and ACTION."""
    return [
        ByteEnumField("tag", tag, TAGS),
        ByteEnumField("choice", choice, {number: name for number, (name, _) in CHOICES[tag].items()}),
        BitField("priority", 1, 1),
        BitField("service_class", 1, 1),
        BitField("reserved", 0, 2),
        BitField("invoke_id", 1, 4),
    ]


def long_service(tag: int) -> list[Any]:
    """Tag and long-invoke-id-and-priority."""
    return [
        ByteEnumField("tag", tag, TAGS),
        BitField("priority", 0, 1),
        BitField("service_class", 0, 1),
        BitField("processing_option", 0, 1),
        BitField("self_descriptive", 0, 1),
        BitField("reserved", 0, 4),
        BitField("long_invoke_id", 1, 24),
    ]


ATTRIBUTE: list[Any] = [ShortField("class_id", 0), Obis("instance_id"), SignedByteField("attribute_id", 2)]
METHOD: list[Any] = [ShortField("class_id", 0), Obis("instance_id"), SignedByteField("method_id", 1)]
SELECTION: list[Any] = [
    flag("access_selection"),
    unless(ByteField("access_selector", 1), "access_selection", 0),
    unless(DataField("access_parameters"), "access_selection", 0),
]
BLOCK: list[Any] = [flag("last_block"), IntField("block_number", 1), Octets("raw_data")]
RESULT_OR_DATA: list[Any] = [
    ByteEnumField("result_choice", 0, GET_DATA_RESULT),
    when(DataField("data"), "result_choice", 0),
    when(ByteEnumField("data_access_result", 0, DATA_RESULTS), "result_choice", 1),
]
RETURNED: list[Any] = [
    ByteEnumField("result", 0, RESULTS),
    flag("return_parameters"),
    unless(ByteEnumField("result_choice", 0, GET_DATA_RESULT), "return_parameters", 0),
]


class AttributeDescriptor(Part):
    """Cosem-Attribute-Descriptor-With-Selection."""

    name = "Attribute descriptor"
    fields_desc = [*ATTRIBUTE, *SELECTION]


class MethodDescriptor(Part):
    name = "Method descriptor"
    fields_desc = METHOD


class Value(Part):
    """An element of a SEQUENCE OF Data."""

    name = "Value"
    fields_desc = [DataField("data")]


class GetDataResult(Part):
    name = "Get-Data-Result"
    fields_desc = RESULT_OR_DATA


class SetResult(Part):
    """Data-Access-Result of one element of a list."""

    name = "Data-Access-Result"
    fields_desc = [ByteEnumField("result", 0, DATA_RESULTS)]


def _returned(pkt: Any) -> bool:
    return bool(pkt.return_parameters) and pkt.result_choice == 0


def _refused(pkt: Any) -> bool:
    return bool(pkt.return_parameters) and pkt.result_choice == 1


def _action_response() -> list[Any]:
    """Action-Response-With-Optional-Data."""
    return [
        *RETURNED,
        ConditionalField(DataField("data"), _returned),
        ConditionalField(ByteEnumField("data_access_result", 0, DATA_RESULTS), _refused),
    ]


class ActionResult(Part):
    name = "Action-Response-With-Optional-Data"
    fields_desc = _action_response()


ATTRIBUTES = [
    count("number_of_attributes", "attributes"),
    several("attributes", AttributeDescriptor, "number_of_attributes"),
]
METHODS = [count("number_of_methods", "methods"), several("methods", MethodDescriptor, "number_of_methods")]
VALUES = [count("number_of_values", "values"), several("values", Value, "number_of_values")]
RESULT_LIST = [count("number_of_results", "results"), several("results", SetResult, "number_of_results")]


class Xdlms(Packet):
    """Any APDU. Called with octets, it gives the packet of their tag and choice."""

    name = "xDLMS APDU"
    fields_desc = [ByteEnumField("tag", 0, TAGS)]

    @classmethod
    def dispatch_hook(cls, _pkt: bytes | None = None, *args: Any, **kargs: Any) -> type[Packet]:
        if not _pkt:
            return cls
        tag = _pkt[0]
        if tag in general.GLO_AND_DED:
            return Ciphered
        return APDUS.get((tag, _pkt[1] if tag in CHOICES and len(_pkt) > 1 else -1), cls)


class GetRequestNormal(Packet):
    name = "Get-Request-Normal"
    fields_desc = [*service(get.REQUEST_TAG, 1), *ATTRIBUTE, *SELECTION]


class GetRequestNext(Packet):
    name = "Get-Request-Next"
    fields_desc = [*service(get.REQUEST_TAG, 2), IntField("block_number", 1)]


class GetRequestWithList(Packet):
    name = "Get-Request-With-List"
    fields_desc = [*service(get.REQUEST_TAG, 3), *ATTRIBUTES]


class GetResponseNormal(Packet):
    name = "Get-Response-Normal"
    fields_desc = [*service(get.RESPONSE_TAG, 1), *RESULT_OR_DATA]


class GetResponseWithDatablock(Packet):
    name = "Get-Response-With-Datablock"
    fields_desc = [
        *service(get.RESPONSE_TAG, 2),
        flag("last_block"),
        IntField("block_number", 1),
        ByteEnumField("result_choice", 0, RAW_OR_RESULT),
        when(Octets("raw_data"), "result_choice", 0),
        when(ByteEnumField("data_access_result", 0, DATA_RESULTS), "result_choice", 1),
    ]


class GetResponseWithList(Packet):
    name = "Get-Response-With-List"
    fields_desc = [
        *service(get.RESPONSE_TAG, 3),
        count("number_of_results", "results"),
        several("results", GetDataResult, "number_of_results"),
    ]


class SetRequestNormal(Packet):
    name = "Set-Request-Normal"
    fields_desc = [*service(set.REQUEST_TAG, 1), *ATTRIBUTE, *SELECTION, DataField("value")]


class SetRequestWithFirstDatablock(Packet):
    name = "Set-Request-With-First-Datablock"
    fields_desc = [*service(set.REQUEST_TAG, 2), *ATTRIBUTE, *SELECTION, *BLOCK]


class SetRequestWithDatablock(Packet):
    name = "Set-Request-With-Datablock"
    fields_desc = [*service(set.REQUEST_TAG, 3), *BLOCK]


class SetRequestWithList(Packet):
    name = "Set-Request-With-List"
    fields_desc = [*service(set.REQUEST_TAG, 4), *ATTRIBUTES, *VALUES]


class SetRequestWithListAndFirstDatablock(Packet):
    name = "Set-Request-With-List-And-First-Datablock"
    fields_desc = [*service(set.REQUEST_TAG, 5), *ATTRIBUTES, *BLOCK]


class SetResponseNormal(Packet):
    name = "Set-Response-Normal"
    fields_desc = [*service(set.RESPONSE_TAG, 1), ByteEnumField("result", 0, DATA_RESULTS)]


class SetResponseDatablock(Packet):
    name = "Set-Response-Datablock"
    fields_desc = [*service(set.RESPONSE_TAG, 2), IntField("block_number", 1)]


class SetResponseLastDatablock(Packet):
    name = "Set-Response-Last-Datablock"
    fields_desc = [
        *service(set.RESPONSE_TAG, 3), ByteEnumField("result", 0, DATA_RESULTS), IntField("block_number", 1),
    ]  # fmt: skip


class SetResponseLastDatablockWithList(Packet):
    name = "Set-Response-Last-Datablock-With-List"
    fields_desc = [*service(set.RESPONSE_TAG, 4), *RESULT_LIST, IntField("block_number", 1)]


class SetResponseWithList(Packet):
    name = "Set-Response-With-List"
    fields_desc = [*service(set.RESPONSE_TAG, 5), *RESULT_LIST]


class ActionRequestNormal(Packet):
    name = "Action-Request-Normal"
    fields_desc = [
        *service(action.REQUEST_TAG, 1), *METHOD, flag("parameters"), unless(DataField("data"), "parameters", 0),
    ]  # fmt: skip


class ActionRequestNextPblock(Packet):
    name = "Action-Request-Next-Pblock"
    fields_desc = [*service(action.REQUEST_TAG, 2), IntField("block_number", 1)]


class ActionRequestWithList(Packet):
    name = "Action-Request-With-List"
    fields_desc = [*service(action.REQUEST_TAG, 3), *METHODS, *VALUES]


class ActionRequestWithFirstPblock(Packet):
    name = "Action-Request-With-First-Pblock"
    fields_desc = [*service(action.REQUEST_TAG, 4), *METHOD, *BLOCK]


class ActionRequestWithListAndFirstPblock(Packet):
    name = "Action-Request-With-List-And-First-Pblock"
    fields_desc = [*service(action.REQUEST_TAG, 5), *METHODS, *BLOCK]


class ActionRequestWithPblock(Packet):
    name = "Action-Request-With-Pblock"
    fields_desc = [*service(action.REQUEST_TAG, 6), *BLOCK]


class ActionResponseNormal(Packet):
    name = "Action-Response-Normal"
    fields_desc = [*service(action.RESPONSE_TAG, 1), *_action_response()]


class ActionResponseWithPblock(Packet):
    name = "Action-Response-With-Pblock"
    fields_desc = [*service(action.RESPONSE_TAG, 2), *BLOCK]


class ActionResponseWithList(Packet):
    name = "Action-Response-With-List"
    fields_desc = [
        *service(action.RESPONSE_TAG, 3),
        count("number_of_results", "results"),
        several("results", ActionResult, "number_of_results"),
    ]


class ActionResponseNextPblock(Packet):
    name = "Action-Response-Next-Pblock"
    fields_desc = [*service(action.RESPONSE_TAG, 4), IntField("block_number", 1)]


class DataNotification(Packet):
    name = "Data-Notification"
    fields_desc = [*long_service(notification.DATA_TAG), Octets("date_time"), DataField("data")]


class DataNotificationConfirm(Packet):
    name = "Data-Notification-Confirm"
    fields_desc = [*long_service(notification.CONFIRM_TAG), Octets("date_time")]


class EventNotification(Packet):
    name = "Event-Notification-Request"
    fields_desc = [
        ByteEnumField("tag", notification.EVENT_TAG, TAGS),
        flag("time_present"),
        unless(Octets("time"), "time_present", 0),
        *ATTRIBUTE,
        DataField("data"),
    ]


class ExceptionResponse(Packet):
    """invocation_counter: what the server expects, where service_error says that it is about it."""

    name = "Exception-Response"
    fields_desc = [
        ByteEnumField("tag", errors.EXCEPTION_TAG, TAGS),
        ByteEnumField("state_error", 1, errors.STATE_ERRORS),
        ByteEnumField("service_error", 1, errors.SERVICE_ERRORS),
        when(IntField("invocation_counter", 0), "service_error", errors.INVOCATION_COUNTER_ERROR),
    ]


class ConfirmedServiceError(Packet):
    name = "Confirmed-Service-Error"
    fields_desc = [
        ByteEnumField("tag", errors.SERVICE_ERROR_TAG, TAGS),
        ByteEnumField("service", 1, errors.SERVICES),
        ByteEnumField("group", 6, errors.GROUPS),
        BitField("value", 0, 8),
    ]

    def mysummary(self) -> str:
        field = errors.VALUES.get(self.group, errors.UNKNOWN_VALUE)
        return self.sprintf(f"%group% {(field.names or {}).get(self.value, self.value)}")


# -- protected, and in blocks ------------------------------------------------------------------------------


def _counted(pkt: Any) -> bool:
    """Whether the security control asks for an invocation counter."""
    return bool(pkt.authentication or pkt.encryption)


def _content() -> list[Any]:
    """Length, security control, invocation counter and protected octets."""
    return [
        Length("content_length", lambda pkt: 1 + 4 * _counted(pkt) + len(pkt.protected_octets)),
        BitField("compression", 0, 1),
        BitEnumField("key_set", 0, 1, KEY_SETS),
        BitField("encryption", 1, 1),
        BitField("authentication", 1, 1),
        BitField("security_suite", 0, 4),
        ConditionalField(IntField("invocation_counter", 0), _counted),
        StrLenField("protected_octets", b"", length_from=lambda pkt: pkt.content_length - 1 - 4 * _counted(pkt)),
    ]


class Ciphered(Packet):
    """A glo- or ded- form, by its tag."""

    name = "Ciphered APDU"
    fields_desc = [ByteEnumField("tag", 0xC8, TAGS), *_content()]


class GeneralGloCiphering(Packet):
    name = "General-Glo-Ciphering"
    fields_desc = [ByteEnumField("tag", general.GENERAL_GLO, TAGS), Octets("system_title"), *_content()]


class GeneralDedCiphering(Packet):
    name = "General-Ded-Ciphering"
    fields_desc = [ByteEnumField("tag", general.GENERAL_DED, TAGS), Octets("system_title"), *_content()]


class GeneralBlockTransfer(Packet):
    name = "General-Block-Transfer"
    fields_desc = [
        ByteEnumField("tag", general.BLOCK_TRANSFER, TAGS),
        BitField("last_block", 0, 1),
        BitField("streaming", 0, 1),
        BitField("window", 1, 6),
        ShortField("block_number", 1),
        ShortField("block_number_ack", 0),
        Octets("block_data"),
    ]


# -- ACSE --------------------------------------------------------------------------------------------------


def _component(apdu: int) -> type[Part]:
    """One tagged component of an ACSE APDU: tag, BER length and contents."""
    names = {tag: field.key for tag, field in acse.COMPONENTS[apdu].items()}
    fields = [ByteEnumField("tag", min(names), names), Octets("contents")]
    return type(
        f"{TAGS[apdu].capitalize()}Component", (Part,), {"name": f"{TAGS[apdu]} component", "fields_desc": fields}
    )


AarqComponent = _component(AARQ_TAG)
AareComponent = _component(AARE_TAG)
RlrqComponent = _component(RLRQ_TAG)
RlreComponent = _component(RLRE_TAG)


def _acse(tag: int, component: type[Part]) -> list[Any]:
    return [
        ByteEnumField("tag", tag, TAGS),
        Length("length", lambda pkt: sum(len(bytes(part)) for part in pkt.components)),
        PacketListField("components", [], component, length_from=lambda pkt: pkt.length),
    ]


class Aarq(Packet):
    name = "AARQ"
    fields_desc = _acse(AARQ_TAG, AarqComponent)


class Aare(Packet):
    name = "AARE"
    fields_desc = _acse(AARE_TAG, AareComponent)


class Rlrq(Packet):
    name = "RLRQ"
    fields_desc = _acse(RLRQ_TAG, RlrqComponent)


class Rlre(Packet):
    name = "RLRE"
    fields_desc = _acse(RLRE_TAG, RlreComponent)


PACKETS: tuple[type[Packet], ...] = (
    GetRequestNormal, GetRequestNext, GetRequestWithList,
    GetResponseNormal, GetResponseWithDatablock, GetResponseWithList,
    SetRequestNormal, SetRequestWithFirstDatablock, SetRequestWithDatablock, SetRequestWithList,
    SetRequestWithListAndFirstDatablock,
    SetResponseNormal, SetResponseDatablock, SetResponseLastDatablock, SetResponseLastDatablockWithList,
    SetResponseWithList,
    ActionRequestNormal, ActionRequestNextPblock, ActionRequestWithList, ActionRequestWithFirstPblock,
    ActionRequestWithListAndFirstPblock, ActionRequestWithPblock,
    ActionResponseNormal, ActionResponseWithPblock, ActionResponseWithList, ActionResponseNextPblock,
    DataNotification, DataNotificationConfirm, EventNotification, ExceptionResponse, ConfirmedServiceError,
    GeneralGloCiphering, GeneralDedCiphering, GeneralBlockTransfer, Aarq, Aare, Rlrq, Rlre,
)  # fmt: skip


def _head(packet: type[Packet]) -> tuple[int, int]:
    """Tag and choice of a packet, choice -1 without."""
    blank: Any = packet()
    return blank.tag, getattr(blank, "choice", -1)


APDUS: dict[tuple[int, int], type[Packet]] = {_head(packet): packet for packet in PACKETS}
