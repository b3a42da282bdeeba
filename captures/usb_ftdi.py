"""FTDI adapters (FT232, FT2232, FT4232, FT-X): requests, divisor, and the two status octets of every packet.

    packet   modem status u8 (bit 0 packets of 64, bit 1 packets of 512 octets; 4 CTS, 5 DSR, 6 RI, 7 DCD),
             line status u8 (bit 1 overrun, 2 parity, 3 framing, 4 break, 5 and 6 sender empty), octets of the line

An IN transfer is as many packets as it has room for, each of the endpoint's size.
The device sends a packet when it is full or when the latency timer ends: 16 ms unless a request set it.
Facts: FTDI AN232B-05 (divisor), the notes in Linux drivers/usb/serial/ftdi_sio.h.
"""

from captures.usb_adapter import MS, Adapter, Heard, Settings, character, standard_rate
from captures.usb_descriptor import Device
from captures.usb_urb import Setup
from dissectors.record import Flag

VENDOR_OUT = 0x40
MODEM_CONTROL, SET_BAUD, SET_DATA, SET_EVENT, SET_ERROR, SET_LATENCY = 1, 3, 4, 6, 7, 9
OWN = frozenset({0, SET_BAUD, SET_DATA, SET_EVENT, SET_ERROR, SET_LATENCY, 0x0B})
BREAK = 1 << 14

CLOCK_HZ, FAST_CLOCK_HZ = 3_000_000, 12_000_000  # already divided by the 16 samples of a bit
EIGHTHS = (0, 4, 2, 1, 3, 5, 6, 7)  # code in bits 14 to 16 of a divisor → eighths that it adds
FAST = 1 << 17  # the fast clock of the H chips
CHANNELLED = frozenset({0x0500, 0x0700, 0x0800, 0x0900, 0x1000})  # releases that name the channel in index bits 0-7

STATUS_OCTETS = 2
PACKETS = {1: 64, 2: 512}  # bits 0 and 1 of the modem status → octets of a packet
QUIET = frozenset({0x00, 0x01, 0x60, 0x61})  # a line status without errors
LINE_ERRORS = ((0x02, Flag.OVERRUN), (0x04, Flag.PARITY_ERROR), (0x08, Flag.FRAMING_ERROR), (0x10, Flag.BREAK))


def baud_of(divisor: int) -> int:
    """bit/s of a divisor: 14 bits whole, then a code of eighths; 0 and 1 stand for 1 and 1.5."""
    eighths = (divisor & 0x3FFF) * 8 + EIGHTHS[divisor >> 14 & 7]
    eighths = {0: 8, 8: 12}.get(eighths, eighths)
    return standard_rate((FAST_CLOCK_HZ if divisor & FAST else CLOCK_HZ) * 8 / eighths)


def _place(index: int, device: Device) -> tuple[int, int]:
    """Port, and the high bits of the divisor, of a request's index.

    Chips with channels put the channel (from 1) into the low octet and the divisor's bits above it; the
    others have its one bit 16 alone. Without a descriptor an index below 256 is taken as a channel.
    """
    channelled = device.release in CHANNELLED if device.release >= 0 else index != 1 or len(device.interfaces) > 1
    if channelled:
        return max(0, (index & 0xFF) - 1), index >> 8
    return 0, index


def settings(setup: Setup, data: bytes, device: Device) -> tuple[int, Settings] | None:
    if setup.kind != VENDOR_OUT:
        return None
    port, high = _place(setup.index, device)
    value = setup.value
    if setup.request == SET_BAUD:
        return port, Settings(baud=baud_of(value | high << 16))
    if setup.request == SET_DATA:
        form = character(value & 0xFF, value >> 8 & 7, value >> 11 & 7)
        return port, Settings(format=form, said="a break is sent" if value & BREAK else None)
    if setup.request == SET_LATENCY:
        return port, Settings(latency_ns=(value & 0xFF) * MS)
    return None


def is_status(octets: bytes) -> bool:
    """Whether a transfer may begin with two octets of status."""
    return len(octets) >= STATUS_OCTETS and octets[0] & 0x0F in PACKETS and octets[1] in QUIET


def heard(octets: bytes, packet_octets: int) -> Heard:
    """packet_octets: of the endpoint, 0 where no descriptor tells: then the modem status does."""
    size = packet_octets if packet_octets > STATUS_OCTETS else PACKETS.get(octets[0] & 0x0F, PACKETS[1])
    line = bytearray()
    flags, modem, packets = 0, None, 0
    for at in range(0, len(octets), size):
        packet = octets[at : at + size]
        packets += 1
        modem = packet[0] & 0xF0
        if len(packet) >= STATUS_OCTETS:
            for bit, flag in LINE_ERRORS:
                if packet[1] & bit:
                    flags |= int(flag)
        line += packet[STATUS_OCTETS:]
    return Heard(bytes(line), flags, modem, packets)


ADAPTER = Adapter(
    "ftdi",
    frozenset({0x0403}),
    lambda setup: (
        (setup.kind == VENDOR_OUT and setup.request in OWN)
        or (setup.kind == VENDOR_OUT and setup.request == MODEM_CONTROL and setup.value >> 8 in (1, 2, 3))
    ),
    settings,
    heard,
    lambda endpoint: ((endpoint & 0x0F) - 1) // 2,
    16 * MS,
)
