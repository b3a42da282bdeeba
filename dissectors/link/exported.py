"""Wireshark upper PDU export (LINKTYPE_WIRESHARK_UPPER_PDU, 252): tags, then the PDU of one dissector."""

from typing import Final

from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field, group
from dissectors.layer import Layer
from dissectors.link.ip import host
from dissectors.problem import ETH_TRUNC
from dissectors.record import Value

END, PROTOCOL, HEURISTIC, TABLE = 0, 12, 13, 14
IPV4_SOURCE, IPV4_DESTINATION, IPV6_SOURCE, IPV6_DESTINATION = 20, 21, 22, 23
PORT_TYPE, SOURCE_PORT, DESTINATION_PORT = 24, 25, 26
TAG_NAMES: Final = {
    END: "end-of-options",
    10: "options-length",
    11: "linktype",
    PROTOCOL: "dissector-name",
    HEURISTIC: "heuristic-dissector-name",
    TABLE: "dissector-table-name",
    IPV4_SOURCE: "ipv4-source",
    IPV4_DESTINATION: "ipv4-destination",
    IPV6_SOURCE: "ipv6-source",
    IPV6_DESTINATION: "ipv6-destination",
    PORT_TYPE: "port-type",
    SOURCE_PORT: "source-port",
    DESTINATION_PORT: "destination-port",
    27: "ss7-opc",
    28: "ss7-dpc",
    30: "original-frame",
    31: "dvbci-event",
    32: "dissector-table-value",
    33: "column-text",
    34: "tcp-info",
    35: "p2p-direction",
    36: "column-info",
    37: "user-data-pdu",
}
PORT_TYPES: Final = {1: "sctp", 2: "tcp", 3: "udp"}  # EXP_PDU_PT_…
_BY_NAME: Final = frozenset({PROTOCOL, HEURISTIC, TABLE})


def _words(octets: bytes) -> str:
    return octets.rstrip(b"\0").decode("ascii", "replace")


TAG = Field("exported.tag", "Tag", type="enum", names=TAG_NAMES)
LENGTH = Field("exported.length", "Length", unit="octets")
VALUE = Field("exported.value", "Value", type="octets")
NAME = Field("exported.name", "Name", type="octets", show=_words)
PAYLOAD = Field("exported.payload", "PDU", type="octets")
HEAD = group("!HH", TAG, LENGTH)


class Exported(Value, frozen=True, gc=False):
    """protocol: the dissector's name ("dlms"), or the heuristic's, or the table's. transport: "tcp", "udp",
    "sctp" or "". Ports -1 and addresses b"" where not told."""

    protocol: str
    source: bytes
    destination: bytes
    transport: str
    source_port: int
    destination_port: int
    payload: tuple[int, int]


def dissect(c: Cursor, ctx: Context) -> Exported:
    """Tags up to the end tag (each takes four octets at least), the rest is the PDU. Problem: ethernet.trunc."""
    names: dict[int, str] = {}
    hosts = [b"", b""]
    numbers = {PORT_TYPE: -1, SOURCE_PORT: -1, DESTINATION_PORT: -1}
    while True:
        tag, length = c.read(HEAD)
        if tag == END:
            if length:
                c.take(VALUE, length)
            break
        value = c.take(NAME if tag in _BY_NAME else VALUE, length)
        if tag in _BY_NAME:
            names.setdefault(tag, _words(value))
        elif tag in (IPV4_SOURCE, IPV4_DESTINATION) and length >= 4:
            hosts[tag - IPV4_SOURCE] = value[:4]
        elif tag in (IPV6_SOURCE, IPV6_DESTINATION) and length >= 16:
            hosts[tag - IPV6_SOURCE] = value[:16]
        elif tag in numbers and length >= 4:
            numbers[tag] = int.from_bytes(value[:4], "big")
        if tag in (IPV4_SOURCE, IPV4_DESTINATION, IPV6_SOURCE, IPV6_DESTINATION):
            c.text(host(value))
    protocol = names.get(PROTOCOL) or names.get(HEURISTIC) or names.get(TABLE) or ""
    return Exported(
        protocol,
        hosts[0],
        hosts[1],
        PORT_TYPES.get(numbers[PORT_TYPE], ""),
        numbers[SOURCE_PORT],
        numbers[DESTINATION_PORT],
        c.payload(PAYLOAD, c.left()),
    )


LAYER = Layer("exported", "LINKTYPE_WIRESHARK_UPPER_PDU", dissect, ETH_TRUNC, (TAG, LENGTH, VALUE, NAME, PAYLOAD))
