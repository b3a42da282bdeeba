"""USB request blocks (URBs) as three captures hold them: usbmon with 48 and with 64 octets, and USBPcap.

    usbmon   id u64, type u8 (S submit, C complete, E error), transfer u8, endpoint u8 (bit 7: IN), device u8, bus u16,
             setup flag u8 (0: there), data flag u8, seconds i64, microseconds i32, status i32, length u32,
             captured u32, setup of 8 octets; the long form adds interval i32, start frame i32, flags u32,
             isochronous descriptors u32 (16 octets each, before the data)
    USBPcap  header length u16, IRP id u64, status u32, function u16, info u8 (bit 0: from the device's driver up),
             bus u16, device u16, endpoint u8, transfer u8, data length u32; control transfers add stage u8

usbmon writes in the byte order of the host, which is that of the file; USBPcap always little endian
(Documentation/usb/usbmon.rst; desowin.org/usbpcap/captureformat.html).
"""

from struct import Struct as Pack

from captures import linktype
from dissectors.record import Value

ISOCHRONOUS, INTERRUPT, CONTROL, BULK = range(4)
IN = 0x80  # of an endpoint address and of a request type: from the device to the host

_USBMON = "QBBBBHBBqiiII8s"
_USBMON_OCTETS = {linktype.USB_LINUX: 48, linktype.USB_LINUX_MMAPPED: 64}
_DESCRIPTORS_AT = 60
_DESCRIPTOR_OCTETS = 16
_USBPCAP = Pack("<HQIHBHHBBI")
_STAGE_SETUP, _STAGE_DATA, _STAGE_COMPLETE = 0, 1, 3
SETUP_OCTETS = 8
_SETUP = Pack("<BBHHH")


class Setup(Value, frozen=True, gc=False):
    """Setup packet of a control transfer (USB 2.0, 9.3)."""

    kind: int  # bmRequestType
    request: int
    value: int
    index: int
    length: int


class Urb(Value, frozen=True, gc=False):
    """One packet of the capture. submitted: handed to the host controller; else given back by it.

    octets: the data that this packet holds; lost: octets of the transfer that the capture did not keep.
    setup: of a control transfer, where this packet holds it. failed: given back with an error.
    """

    number: int
    bus: int
    device: int
    endpoint: int
    transfer: int
    submitted: bool
    failed: bool
    octets: bytes
    lost: int = 0
    setup: Setup | None = None

    @property
    def from_device(self) -> bool:
        return bool(self.endpoint & IN)


def read(link_type: int, order: str, octets: bytes) -> Urb | None:
    """The URB of a packet of one of the three link types; None where its header is cut. order: "<" or ">"."""
    if link_type == linktype.USBPCAP:
        return _usbpcap(octets)
    return _usbmon(_USBMON_OCTETS[link_type], order, octets)


def setup_of(octets: bytes) -> Setup | None:
    """The setup packet in its eight octets."""
    return Setup(*_SETUP.unpack(octets)) if len(octets) == SETUP_OCTETS else None


def _usbmon(header: int, order: str, octets: bytes) -> Urb | None:
    if len(octets) < header:
        return None
    (number, kind, transfer, endpoint, device, bus, no_setup, no_data, _, _, status, length, captured, setup) = Pack(
        order + _USBMON
    ).unpack_from(octets)
    at = header
    if header > _DESCRIPTORS_AT and transfer == ISOCHRONOUS:
        at += int.from_bytes(octets[_DESCRIPTORS_AT:header], "little" if order == "<" else "big") * _DESCRIPTOR_OCTETS
    data = octets[at:] if no_data == 0 else b""
    # what was submitted for reading has a length, but no data yet
    carried = length if no_data == 0 or captured else 0
    return Urb(
        number,
        bus,
        device,
        endpoint,
        transfer,
        kind == ord("S"),
        kind == ord("E") or (kind == ord("C") and status != 0),
        data,
        max(0, carried - len(data)),
        setup_of(setup) if transfer == CONTROL and no_setup == 0 else None,
    )


def _usbpcap(octets: bytes) -> Urb | None:
    if len(octets) < _USBPCAP.size:
        return None
    header, number, status, _, info, bus, device, endpoint, transfer, length = _USBPCAP.unpack_from(octets)
    if not _USBPCAP.size <= header <= len(octets):
        return None
    data = octets[header:]
    lost = max(0, length - len(data))
    setup = None
    if transfer == CONTROL and header > _USBPCAP.size and octets[_USBPCAP.size] == _STAGE_SETUP:
        setup, data = setup_of(data[:SETUP_OCTETS]), data[SETUP_OCTETS:]
    submitted = not info & 1
    return Urb(number, bus, device, endpoint, transfer, submitted, not submitted and status != 0, data, lost, setup)
