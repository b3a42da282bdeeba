"""Silicon Labs CP210x adapters: requests to an interface (AN571, CP210x virtual COM port interface).

| request | what it sets |
|---|---|
| 0x01 SET_BAUDDIV | value: divisor of 3.6864 MHz |
| 0x03 SET_LINE_CTL | value: bits 0-3 stop (0 one, 1 one and a half, 2 two), 4-7 parity (none … space), 8-15 data bits |
| 0x05 SET_BREAK | value: 1 on |
| 0x1E SET_BAUDRATE | data: bit/s u32 |

Bulk transfers hold octets of the line alone. When the device sends a packet that is not full is not documented.
"""

from captures.usb_adapter import Adapter, Settings, character, standard_rate
from captures.usb_descriptor import Device
from captures.usb_urb import Setup

INTERFACE_OUT, INTERFACE_IN = 0x41, 0xC1
ENABLE, SET_BAUD_DIVISOR, SET_LINE, SET_BREAK, SET_MODEM, SET_BAUD = 0x00, 0x01, 0x03, 0x05, 0x07, 0x1E
CLOCK_HZ = 3_686_400


def settings(setup: Setup, data: bytes, device: Device) -> tuple[int, Settings] | None:
    if setup.kind != INTERFACE_OUT:
        return None
    port, value = setup.index & 0xFF, setup.value
    if setup.request == SET_BAUD and len(data) >= 4:
        return port, Settings(baud=int.from_bytes(data[:4], "little") or None)
    if setup.request == SET_BAUD_DIVISOR and value:
        return port, Settings(baud=standard_rate(CLOCK_HZ / value))
    if setup.request == SET_LINE:
        return port, Settings(format=character(value >> 8, value >> 4 & 15, value & 15))
    if setup.request == SET_BREAK and value:
        return port, Settings(said="a break is sent")
    return None


ADAPTER = Adapter(
    "cp210x",
    frozenset({0x10C4}),
    lambda setup: setup.kind in (INTERFACE_OUT, INTERFACE_IN) and setup.request <= SET_BAUD,
    settings,
    port=lambda endpoint: (endpoint & 0x0F) - 1,
)
