"""Our DLMS/COSEM layers as scapy packets, for people who craft traffic (docs/scapy.md).

    from scapy.layers.inet import IP, TCP
    from dissectors.scapy_layers import DlmsWrapper, GetRequestNormal
    IP() / TCP() / DlmsWrapper(source=16, destination=1) / GetRequestNormal(class_id=3, instance_id="1-0:1.8.0*255")

On import TCP and UDP port 4059 carry the wrapper, link types 147 (USER0) HDLC and 250 (RTAC_SERIAL) a serial line.
HDLC on a TCP port: hdlc_on(4060). The program itself does not use this: its dissectors are faster and judge.
"""

from scapy.config import conf
from scapy.fields import ByteField, IntField, ShortField, XByteField
from scapy.layers.inet import TCP, UDP
from scapy.packet import Packet, Raw, bind_top_down

from dissectors.data_types import Data
from dissectors.link.hdlc import FLAG
from dissectors.scapy_hdlc import DlmsHdlc, DlmsLlc, HdlcParameter, HdlcParameters, HdlcReject
from dissectors.scapy_xdlms import (
    Aare,
    AareComponent,
    Aarq,
    AarqComponent,
    ActionRequestNextPblock,
    ActionRequestNormal,
    ActionRequestWithFirstPblock,
    ActionRequestWithList,
    ActionRequestWithListAndFirstPblock,
    ActionRequestWithPblock,
    ActionResponseNextPblock,
    ActionResponseNormal,
    ActionResponseWithList,
    ActionResponseWithPblock,
    ActionResult,
    AttributeDescriptor,
    Ciphered,
    ConfirmedServiceError,
    DataNotification,
    DataNotificationConfirm,
    EventNotification,
    ExceptionResponse,
    GeneralBlockTransfer,
    GeneralDedCiphering,
    GeneralGloCiphering,
    GetDataResult,
    GetRequestNext,
    GetRequestNormal,
    GetRequestWithList,
    GetResponseNormal,
    GetResponseWithDatablock,
    GetResponseWithList,
    MethodDescriptor,
    Rlre,
    RlreComponent,
    Rlrq,
    RlrqComponent,
    SetRequestNormal,
    SetRequestWithDatablock,
    SetRequestWithFirstDatablock,
    SetRequestWithList,
    SetRequestWithListAndFirstDatablock,
    SetResponseDatablock,
    SetResponseLastDatablock,
    SetResponseLastDatablockWithList,
    SetResponseNormal,
    SetResponseWithList,
    SetResult,
    Value,
    Xdlms,
)

__all__ = [
    "Aare",
    "AareComponent",
    "Aarq",
    "AarqComponent",
    "ActionRequestNextPblock",
    "ActionRequestNormal",
    "ActionRequestWithFirstPblock",
    "ActionRequestWithList",
    "ActionRequestWithListAndFirstPblock",
    "ActionRequestWithPblock",
    "ActionResponseNextPblock",
    "ActionResponseNormal",
    "ActionResponseWithList",
    "ActionResponseWithPblock",
    "ActionResult",
    "AttributeDescriptor",
    "Ciphered",
    "ConfirmedServiceError",
    "Data",
    "DataNotification",
    "DataNotificationConfirm",
    "DlmsHdlc",
    "DlmsLlc",
    "DlmsWrapper",
    "EventNotification",
    "ExceptionResponse",
    "GeneralBlockTransfer",
    "GeneralDedCiphering",
    "GeneralGloCiphering",
    "GetDataResult",
    "GetRequestNext",
    "GetRequestNormal",
    "GetRequestWithList",
    "GetResponseNormal",
    "GetResponseWithDatablock",
    "GetResponseWithList",
    "HdlcParameter",
    "HdlcParameters",
    "HdlcReject",
    "MethodDescriptor",
    "Rlre",
    "RlreComponent",
    "Rlrq",
    "RlrqComponent",
    "RtacSerial",
    "SetRequestNormal",
    "SetRequestWithDatablock",
    "SetRequestWithFirstDatablock",
    "SetRequestWithList",
    "SetRequestWithListAndFirstDatablock",
    "SetResponseDatablock",
    "SetResponseLastDatablock",
    "SetResponseLastDatablockWithList",
    "SetResponseNormal",
    "SetResponseWithList",
    "SetResult",
    "Value",
    "Xdlms",
    "hdlc_on",
]

PORT = 4059
USER0, RTAC_SERIAL = 147, 250  # link types


class DlmsWrapper(Packet):
    """Wrapper of an APDU on TCP and UDP (IEC 62056-4-7). length: of the APDU, computed where None."""

    name = "DLMS wrapper"
    fields_desc = [
        ShortField("version", 1),
        ShortField("source", 16),
        ShortField("destination", 1),
        ShortField("length", None),
    ]

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        return (pkt if self.length is not None else pkt[:-2] + len(pay).to_bytes(2, "big")) + pay

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes | None]:
        return s[: self.length], s[self.length :]

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        return Xdlms

    def mysummary(self) -> str:
        return self.sprintf("DLMS wrapper %source% > %destination%")


class RtacSerial(Packet):
    """Header of a serial tap's record (captures/linktype.py): event 1 is from the client, 2 from the server."""

    name = "RTAC serial line"
    fields_desc = [
        IntField("seconds", 0),
        IntField("microseconds", 0),
        ByteField("event", 1),
        XByteField("control_lines", 0),
        ShortField("footer", 0),
    ]

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        return DlmsHdlc if payload[:1] == bytes((FLAG,)) else Raw


def carry(transport: type[Packet], port: int, layer: type[Packet]) -> None:
    """A port of TCP or UDP carries layer, whatever the other port is: scapy's own default, 53, would be DNS."""
    guesses = [({side: port}, layer) for side in ("dport", "sport")]
    transport.payload_guess = [*guesses, *transport.payload_guess]
    bind_top_down(transport, layer, dport=port)


def hdlc_on(port: int) -> None:
    """From now on this TCP port carries HDLC frames."""
    carry(TCP, port, DlmsHdlc)


for _transport in (TCP, UDP):
    carry(_transport, PORT, DlmsWrapper)
conf.l2types.register(USER0, DlmsHdlc)
conf.l2types.register(RTAC_SERIAL, RtacSerial)
