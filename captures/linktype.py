"""Link types: their numbers (tcpdump.org's LINKTYPE_ list) and names, and the octets of a RTAC_SERIAL record.

RTAC_SERIAL (250) is the file form of a serial tap. Twelve octets, big endian, before the octets of the line:

    seconds u32, microseconds u32, event u8, control lines u8, footer u16 (zero)

Wireshark and tcpdump name the directions from the tap's side; here "tx" is the client (the reader) and "rx"
the server (the meter).
"""

from enum import IntEnum
from struct import Struct as Pack

from dissectors.record import Direction, Flag, Value

TEXT_LINK = -1  # ours: octets of a text log; content decides what they are

NULL = 0
ETHERNET = 1
PPP = 9
RAW = 101
LOOP = 108
LINUX_SLL = 113
USER0 = 147
USER15 = 162
USB_LINUX = 189
USB_LINUX_MMAPPED = 220
IPV4 = 228
IPV6 = 229
USBPCAP = 249
RTAC_SERIAL = 250
WIRESHARK_UPPER_PDU = 252
LINUX_SLL2 = 276

SERIAL = frozenset({TEXT_LINK, RTAC_SERIAL, *range(USER0, USER15 + 1)})
USB = frozenset({186, USB_LINUX, USB_LINUX_MMAPPED, USBPCAP, 266})

NAMES: dict[int, str] = {
    TEXT_LINK: "text",
    NULL: "NULL",
    ETHERNET: "Ethernet",
    6: "IEEE802_5",
    8: "SLIP",
    PPP: "PPP",
    12: "RAW (BSD)",
    14: "RAW (OpenBSD)",
    50: "PPP_HDLC",
    51: "PPP_ETHER",
    100: "ATM_RFC1483",
    RAW: "RAW",
    104: "C_HDLC",
    105: "IEEE802_11",
    107: "FRELAY",
    LOOP: "LOOP",
    LINUX_SLL: "LINUX_SLL",
    127: "IEEE802_11_RADIOTAP",
    **{USER0 + n: f"USER{n}" for n in range(16)},
    166: "PPP_PPPD",
    186: "USB_FREEBSD",
    187: "BLUETOOTH_HCI_H4",
    USB_LINUX: "USB_LINUX",
    195: "IEEE802_15_4_WITHFCS",
    204: "PPP_WITH_DIR",
    209: "IPMB_LINUX",
    215: "IEEE802_15_4_NONASK_PHY",
    USB_LINUX_MMAPPED: "USB_LINUX_MMAPPED",
    227: "CAN_SOCKETCAN",
    IPV4: "IPV4",
    IPV6: "IPV6",
    230: "IEEE802_15_4_NOFCS",
    239: "NFLOG",
    USBPCAP: "USBPCAP",
    RTAC_SERIAL: "RTAC_SERIAL",
    WIRESHARK_UPPER_PDU: "WIRESHARK_UPPER_PDU",
    266: "USB_DARWIN",
    LINUX_SLL2: "LINUX_SLL2",
    283: "IEEE802_15_4_TAP",
}

PACKET_OCTETS = 1 << 18  # the largest packet that libpcap and Wireshark accept
LARGE_OCTETS = 1 << 24  # USB transfers may be larger


def name(link_type: int) -> str:
    """The name of a link type; `linktype-N` where we have none."""
    return NAMES.get(link_type, f"linktype-{link_type}")


def largest(link_type: int) -> int:
    """More octets than this in one record are not believed: the file is damaged there."""
    return LARGE_OCTETS if link_type in USB else PACKET_OCTETS


class Event(IntEnum):
    """Event types of RTAC_SERIAL."""

    STATUS_CHANGE = 0
    TX_START = 1
    RX_START = 2
    TX_END = 3
    RX_END = 4
    DATA_LOSS = 5
    CAPTURE_COMPLETE = 6
    FRAMING_ERROR = 7
    PARITY_ERROR = 8
    BREAK = 9
    OVERFLOW = 10


# event → direction, flags, what the time is the time of ("" as the channel says)
EVENTS: dict[int, tuple[int, int, str]] = {
    Event.STATUS_CHANGE: (Direction.UNKNOWN, Flag.STATUS, ""),
    Event.TX_START: (Direction.TO_SERVER, 0, "start"),
    Event.RX_START: (Direction.TO_CLIENT, 0, "start"),
    Event.TX_END: (Direction.TO_SERVER, 0, "end"),
    Event.RX_END: (Direction.TO_CLIENT, 0, "end"),
    Event.DATA_LOSS: (Direction.UNKNOWN, Flag.LOSS, ""),
    Event.CAPTURE_COMPLETE: (Direction.UNKNOWN, Flag.STATUS, ""),
    Event.FRAMING_ERROR: (Direction.UNKNOWN, Flag.FRAMING_ERROR, ""),
    Event.PARITY_ERROR: (Direction.UNKNOWN, Flag.PARITY_ERROR, ""),
    Event.BREAK: (Direction.UNKNOWN, Flag.BREAK, ""),
    Event.OVERFLOW: (Direction.UNKNOWN, Flag.OVERRUN, ""),
}
LINES = ("CTS", "DCD", "DSR", "RTS", "DTR", "RING", "MBOK")  # control lines, bit 0 first

RTAC_HEADER = Pack(">IIBBH")
_LOST = (int(Direction.UNKNOWN), 0, "")


class Rtac(Value, frozen=True, gc=False):
    """What the header of a RTAC_SERIAL record says. time_ns: its own stamp in microseconds, None where zero.

    octets: of the line alone. remark: the modem lines of a status record, or what is wrong with the header.
    """

    direction: int
    flags: int
    stamp: str
    time_ns: int | None
    octets: bytes
    remark: str | None = None


def rtac(octets: bytes) -> Rtac:
    """Splits a RTAC_SERIAL record; one shorter than its header keeps its octets, as octets of unknown direction."""
    if len(octets) < RTAC_HEADER.size:
        return Rtac(*_LOST, None, octets, f"RTAC_SERIAL header cut after {len(octets)} of {RTAC_HEADER.size} octets")
    seconds, microseconds, event, lines, _footer = RTAC_HEADER.unpack_from(octets)
    direction, flags, stamp = EVENTS.get(event, _LOST)
    time_ns = (seconds * 1_000_000 + microseconds) * 1000 if seconds else None
    remark = None
    if event not in EVENTS:
        remark = f"RTAC_SERIAL event {event} is not defined"
    elif flags & Flag.STATUS:
        up = " ".join(line for bit, line in enumerate(LINES) if lines >> bit & 1) or "none"
        remark = f"{Event(event).name.lower().replace('_', ' ')}, modem lines set: {up}"
    return Rtac(int(direction), int(flags), stamp, time_ns, octets[RTAC_HEADER.size :], remark)


def rtac_record(ns: int, event: int, lines: int, octets: bytes) -> bytes:
    """A RTAC_SERIAL record: its header, with the time in whole microseconds, and the octets of the line."""
    seconds, rest = divmod(ns, 1_000_000_000)
    return RTAC_HEADER.pack(seconds & 0xFFFF_FFFF, rest // 1000, event, lines, 0) + octets
