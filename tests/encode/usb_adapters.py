"""Encoders of the families of USB serial adapters: what their drivers send to open a line, and how octets travel.

Each is written from the descriptions of the chips, apart from the readers in captures/.
"""

import struct

from encode.usb import Bus, configuration, device_descriptor, interface

PARITY = "NOEMS"
FTDI_FRACTIONS = (0, 3, 2, 4, 1, 5, 6, 7)  # eighths → code


class Ftdi:
    """An FT232R, or with h=True one port of an FT2232H."""

    name = "ftdi"
    out_endpoint, in_endpoint = 0x02, 0x81

    def __init__(self, bus: Bus, device: int = 5, port: int = 0, h: bool = False) -> None:
        self.bus, self.device, self.port, self.h = bus, device, port, h
        self.out_endpoint, self.in_endpoint = 0x02 + 2 * port, 0x81 + 2 * port
        self.packet = 512 if h else 64
        self.status = bytes((2 if h else 1, 0x60))

    def describe(self) -> None:
        ends = [interface(n, 0xFF, 0x81 + 2 * n, 2 + 2 * n, packet=self.packet) for n in range(2 if self.h else 1)]
        self.bus.control_in(
            self.device, 0x80, 6, 0x0100, 0,
            device_descriptor(0x0403, 0x6010 if self.h else 0x6001, 0x0700 if self.h else 0x0600),
        )  # fmt: skip
        self.bus.control_in(self.device, 0x80, 6, 0x0200, 0, configuration(*ends))

    def set(self, baud: int, form: str = "8N1") -> None:
        fast = self.h and baud >= 1200
        eighths = round((12_000_000 if fast else 3_000_000) * 8 / baud)
        divisor = eighths >> 3 | FTDI_FRACTIONS[eighths & 7] << 14 | (0x20000 if fast else 0)
        divisor = {1: 0, 0x4001: 1}.get(divisor, divisor)
        high = divisor >> 16
        index = high << 8 | self.port + 1 if self.h else high
        self.bus.control_out(self.device, 0x40, 3, divisor & 0xFFFF, index)
        value = int(form[0]) | PARITY.index(form[1]) << 8 | (0 if form[2] == "1" else 2) << 11
        self.bus.control_out(self.device, 0x40, 4, value, self.port + 1 if self.h else 0)

    def latency(self, ms: int) -> None:
        self.bus.control_out(self.device, 0x40, 9, ms, self.port + 1 if self.h else 0)

    def sends(self, octets: bytes) -> None:
        self.bus.out(self.device, self.out_endpoint, octets)

    def hears(self, octets: bytes) -> None:
        room = self.packet - 2
        pieces = [octets[at : at + room] for at in range(0, len(octets), room)] or [b""]
        self.bus.into(self.device, self.in_endpoint, b"".join(self.status + piece for piece in pieces))


class Plain:
    """What families have in common whose transfers hold octets alone."""

    out_endpoint, in_endpoint = 0x02, 0x81
    vendor, product = 0, 0

    def __init__(self, bus: Bus, device: int = 5) -> None:
        self.bus, self.device = bus, device

    def describe(self) -> None:
        self.bus.control_in(self.device, 0x80, 6, 0x0100, 0, device_descriptor(self.vendor, self.product))
        ends = interface(0, 0xFF, self.in_endpoint, self.out_endpoint)
        self.bus.control_in(self.device, 0x80, 6, 0x0200, 0, configuration(ends))

    def sends(self, octets: bytes) -> None:
        self.bus.out(self.device, self.out_endpoint, octets)

    def hears(self, octets: bytes) -> None:
        if octets:
            self.bus.into(self.device, self.in_endpoint, octets)


def line_coding(baud: int, form: str) -> bytes:
    return struct.pack("<IBBB", baud, 0 if form[2] == "1" else 2, PARITY.index(form[1]), int(form[0]))


class CdcAcm(Plain):
    name = "cdc-acm"

    def describe(self) -> None:
        self.bus.control_in(self.device, 0x80, 6, 0x0100, 0, device_descriptor(0x2341, 0x0043, kind=2))
        ends = configuration(interface(0, 2, union=1), interface(1, 10, self.in_endpoint, self.out_endpoint))
        self.bus.control_in(self.device, 0x80, 6, 0x0200, 0, ends)

    def set(self, baud: int, form: str = "8N1") -> None:
        self.bus.control_out(self.device, 0x21, 0x20, 0, 0, line_coding(baud, form))


class Cp210x(Plain):
    name = "cp210x"
    out_endpoint, in_endpoint = 0x01, 0x81
    vendor, product = 0x10C4, 0xEA60

    def set(self, baud: int, form: str = "8N1") -> None:
        self.bus.control_out(self.device, 0x41, 0x00, 1, 0)
        self.bus.control_out(self.device, 0x41, 0x1E, 0, 0, struct.pack("<I", baud))
        value = int(form[0]) << 8 | PARITY.index(form[1]) << 4 | (0 if form[2] == "1" else 2)
        self.bus.control_out(self.device, 0x41, 0x03, value, 0)


class Ch34x(Plain):
    name = "ch34x"
    in_endpoint = 0x82
    vendor, product = 0x1A86, 0x7523

    def set(self, baud: int, form: str = "8N1") -> None:
        """Searches prescaler and divisor by what comes nearest."""
        tries = [
            (abs(48e6 / (2 ** (12 - 3 * ps - fact) * divisor) - baud), ps, fact, divisor)
            for ps in range(4)
            for fact in range(2)
            for divisor in range(9 if fact else 2, 257)
        ]
        _, ps, fact, divisor = min(tries)
        self.bus.control_out(self.device, 0x40, 0x9A, 0x1312, (256 - divisor) << 8 | 0x80 | fact << 2 | ps)
        control = 0xC0 | int(form[0]) - 5 | (0 if form[2] == "1" else 4)
        control |= {"N": 0, "O": 0x08, "E": 0x18, "M": 0x28, "S": 0x38}[form[1]]
        self.bus.control_out(self.device, 0x40, 0x9A, 0x2518, control)


class Pl2303(Plain):
    name = "pl2303"
    in_endpoint = 0x83
    vendor, product = 0x067B, 0x2303

    def set(self, baud: int, form: str = "8N1") -> None:
        self.bus.control_in(self.device, 0xC0, 1, 0x8484, 0, b"\x02")
        self.bus.control_out(self.device, 0x21, 0x20, 0, 0, line_coding(baud, form))


FAMILIES = (Ftdi, CdcAcm, Cp210x, Ch34x, Pl2303)
