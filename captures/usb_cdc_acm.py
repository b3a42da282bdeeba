"""Adapters of the standard class: communications device, abstract control model (USB CDC 1.2, PSTN 1.2).

SET_LINE_CODING carries bit rate u32, stop bits u8 (0 one, 1 one and a half, 2 two), parity u8 (none, odd, even, mark,
space), data bits u8. Bulk transfers hold octets of the line alone; how long a device keeps them is its own affair.
"""

from captures.usb_adapter import Adapter, Settings, character
from captures.usb_descriptor import CDC_DATA, Device
from captures.usb_urb import Setup

CLASS_OUT, CLASS_IN = 0x21, 0xA1
SET_LINE_CODING, GET_LINE_CODING, SET_CONTROL_LINES, SEND_BREAK = 0x20, 0x21, 0x22, 0x23
LINE_CODING_OCTETS = 7


def line_coding(data: bytes) -> Settings | None:
    """None where its seven octets are cut or say no rate."""
    if len(data) < LINE_CODING_OCTETS:
        return None
    baud = int.from_bytes(data[:4], "little")
    return Settings(baud=baud or None, format=character(data[6], data[5], data[4]))


def _line(control: int, device: Device) -> int:
    """The data interface of a control interface: as the union says, else the next; 0 without descriptors."""
    if control in device.controls:
        return device.controls[control]
    if device.interfaces.get(control + 1) == CDC_DATA:
        return control + 1
    return control if device.endpoints else 0


def settings(setup: Setup, data: bytes, device: Device) -> tuple[int, Settings] | None:
    """The index of a request names the control interface; its line is that of its data interface."""
    if setup.kind != CLASS_OUT:
        return None
    port = _line(setup.index & 0xFF, device)
    if setup.request == SET_LINE_CODING:
        found = line_coding(data)
        return None if found is None else (port, found)
    if setup.request == SEND_BREAK and setup.value:
        return port, Settings(said="a break is sent")
    return None


ADAPTER = Adapter(
    "cdc-acm",
    frozenset(),  # told by its class
    lambda setup: (
        (setup.kind == CLASS_OUT and setup.request in (SET_LINE_CODING, SET_CONTROL_LINES))
        or (setup.kind == CLASS_IN and setup.request == GET_LINE_CODING)
    ),
    settings,
)
