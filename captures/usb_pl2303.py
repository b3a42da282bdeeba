"""Prolific PL2303 adapters: the line coding of the standard class, in a vendor's own device.

Where the rate is none that the chip knows, its four octets hold a divisor instead: the highest is 0x80, bits 0-8
are a mantissa, bits 9-11 an exponent of four: baud = 384 MHz / mantissa / 4 ^ exponent (the notes in Linux
drivers/usb/serial/pl2303.c). How late octets come is not documented.
"""

from msgspec.structs import replace

from captures.usb_adapter import Adapter, Settings, standard_rate
from captures.usb_cdc_acm import CLASS_OUT, SET_LINE_CODING, line_coding
from captures.usb_descriptor import Device
from captures.usb_urb import Setup

VENDOR_OUT, VENDOR_IN, VENDOR_REQUEST = 0x40, 0xC0, 0x01
DIVISOR_MARK = 0x80
CLOCK_HZ = 12_000_000 * 32


def settings(setup: Setup, data: bytes, device: Device) -> tuple[int, Settings] | None:
    if setup.kind != CLASS_OUT or setup.request != SET_LINE_CODING:
        return None
    found = line_coding(data)
    if found is None:
        return None
    if data[3] == DIVISOR_MARK:
        coded = data[0] | data[1] << 8
        mantissa = coded & 0x1FF
        baud = standard_rate(CLOCK_HZ / mantissa / 4 ** (coded >> 9 & 7)) if mantissa else None
        found = replace(found, baud=baud)
    return 0, found


ADAPTER = Adapter(
    "pl2303",
    frozenset({0x067B, 0x0557}),
    # the reads of unnamed registers that it is started with; its line coding is that of the standard class
    lambda setup: setup.kind == VENDOR_IN and setup.request == VENDOR_REQUEST,
    settings,
)
