"""WCH CH340 and CH341 adapters: two registers a request.

| request | what it sets |
|---|---|
| 0x9A, value 0x1312 | index: divisor (256 - high octet) and prescaler (low octet: bits 0-1, bit 2 halves it) |
| 0x9A, value 0x2518 | index, low octet: line control |
| 0xA1, value LL9C | line control LL, and divisor and prescaler in the index, as older drivers do |

Line control: bits 0-1 data bits less 5, bit 2 two stop bits, bit 3 parity, bit 4 even, bit 5 mark or space.
baud = 48 MHz / (2 ^ (12 - 3 * prescaler - halved) * divisor). Facts: the notes in Linux drivers/usb/serial/ch341.c.
Bulk transfers hold octets of the line alone. The chip keeps them until 32 are there, unless bit 7 of the prescaler is
set, as drivers of today do where the chip knows it: how late they come then is not documented.
"""

from captures.usb_adapter import Adapter, Settings, character, standard_rate
from captures.usb_descriptor import Device
from captures.usb_urb import Setup

VENDOR_OUT, VENDOR_IN = 0x40, 0xC0
READ_VERSION, READ_REGISTER, WRITE_REGISTER, SERIAL_INIT, MODEM = 0x5F, 0x95, 0x9A, 0xA1, 0xA4
BAUD_REGISTERS, LINE_REGISTERS = 0x1312, 0x2518
INIT_BOTH = 0x9C  # line control and timer are set with the start
CLOCK_HZ = 48_000_000
PARITY_ON, PARITY_EVEN, MARK_SPACE, TWO_STOP = 0x08, 0x10, 0x20, 0x04
NONE, ODD, EVEN, MARK, SPACE = range(5)


def baud_of(index: int) -> int:
    divisor = 0x100 - (index >> 8)
    return standard_rate(CLOCK_HZ / ((1 << 12 - 3 * (index & 3) - (index >> 2 & 1)) * divisor))


def format_of(control: int) -> str | None:
    parity = NONE
    if control & PARITY_ON:
        even = bool(control & PARITY_EVEN)
        parity = (SPACE if even else MARK) if control & MARK_SPACE else (EVEN if even else ODD)
    return character((control & 3) + 5, parity, 2 if control & TWO_STOP else 0)


def settings(setup: Setup, data: bytes, device: Device) -> tuple[int, Settings] | None:
    if setup.kind != VENDOR_OUT:
        return None
    if setup.request == WRITE_REGISTER and setup.value == BAUD_REGISTERS:
        return 0, Settings(baud=baud_of(setup.index))
    if setup.request == WRITE_REGISTER and setup.value == LINE_REGISTERS:
        return 0, Settings(format=format_of(setup.index & 0xFF))
    if setup.request == SERIAL_INIT and setup.value & 0xFF == INIT_BOTH:
        return 0, Settings(baud=baud_of(setup.index), format=format_of(setup.value >> 8))
    return None


ADAPTER = Adapter(
    "ch34x",
    frozenset({0x1A86, 0x4348, 0x2184, 0x9986}),
    lambda setup: (
        (setup.kind == VENDOR_OUT and setup.request in (WRITE_REGISTER, SERIAL_INIT, MODEM))
        or (setup.kind == VENDOR_IN and setup.request in (READ_VERSION, READ_REGISTER))
    ),
    settings,
)
