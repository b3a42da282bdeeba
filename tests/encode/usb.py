"""Encoder of USB captures for tests: control and bulk transfers in the three header forms.

bus = Bus("usbpcap")
bus.control_in(5, 0x80, 6, 0x0100, 0, descriptor)
bus.out(5, 0x02, octets)
bus.write(path)
"""

import struct
from pathlib import Path

from captures.pcap import PcapWriter

FORMS = {"usbmon-48": 189, "usbmon-64": 220, "usbpcap": 249}
START = 1_700_000_000_000_000_000
MS = 1_000_000
ISOCHRONOUS, INTERRUPT, CONTROL, BULK = range(4)


class Bus:
    """One bus; `now` is the time of the next packet and goes on by 10 µs with each. snap: octets kept of a packet."""

    def __init__(self, form: str, number: int = 1, snap: int = 65535, order: str = "<") -> None:
        self.form = form
        self.number = number
        self.snap = snap
        self.order = order
        self.now = START
        self.urbs = 0
        self.packets: list[tuple[int, bytes]] = []

    def urb(
        self,
        device: int,
        endpoint: int,
        transfer: int,
        submitted: bool,
        data: bytes = b"",
        *,
        setup: bytes = b"",
        length: int | None = None,
        status: int = 0,
        stage: int | None = None,
        number: int | None = None,
    ) -> None:
        """One packet. length: of the transfer where it is not that of the data."""
        number = self.urbs if number is None else number
        if self.form == "usbpcap":
            octets = self._usbpcap(device, endpoint, transfer, submitted, data, setup, status, stage, number)
        else:
            octets = self._usbmon(device, endpoint, transfer, submitted, data, setup, length, status, number)
        self.packets.append((self.now, octets))
        self.now += 10_000

    def _usbpcap(self, device, endpoint, transfer, submitted, data, setup, status, stage, number) -> bytes:
        body = setup + data
        tail = b"" if transfer != CONTROL else bytes((0 if submitted else 3,)) if stage is None else bytes((stage,))
        function = {CONTROL: 0x08, BULK: 0x09}.get(transfer, 0x09)
        head = struct.pack(
            "<HQIHBHHBBI",
            27 + len(tail), number, status & 0xFFFFFFFF, function, not submitted,
            self.number, device, endpoint, transfer, len(body),
        )  # fmt: skip
        return head + tail + body

    def _usbmon(self, device, endpoint, transfer, submitted, data, setup, length, status, number) -> bytes:
        wanted = len(data) if length is None else length
        head = struct.pack(
            self.order + "QBBBBHBBqiiII",
            number, ord("S" if submitted else "C"), transfer, endpoint, device, self.number,
            0 if setup else ord("-"),
            0 if data else ord("<" if endpoint & 0x80 else ">"),
            self.now // 10**9, self.now % 10**9 // 1000, status, wanted, len(data),
        )  # fmt: skip
        head += setup.ljust(8, b"\0")
        if self.form == "usbmon-64":
            head += struct.pack(self.order + "iiII", 0, 0, 0, 0)
        return head + data

    # -- transfers -------------------------------------------------------------------------------------

    def control_out(self, device: int, kind: int, request: int, value: int, index: int, data: bytes = b"") -> None:
        self.urbs += 1
        setup = struct.pack("<BBHHH", kind, request, value, index, len(data))
        self.urb(device, 0, CONTROL, True, data, setup=setup)
        self.urb(device, 0, CONTROL, False)

    def control_in(self, device: int, kind: int, request: int, value: int, index: int, reply: bytes) -> None:
        self.urbs += 1
        setup = struct.pack("<BBHHH", kind, request, value, index, len(reply))
        self.urb(device, 0x80, CONTROL, True, setup=setup, length=len(reply))
        self.urb(device, 0x80, CONTROL, False, reply)

    def out(self, device: int, endpoint: int, octets: bytes) -> None:
        self.urbs += 1
        self.urb(device, endpoint, BULK, True, octets)
        self.urb(device, endpoint, BULK, False, length=len(octets))

    def into(self, device: int, endpoint: int, octets: bytes) -> None:
        """An IN transfer: asked for now, given back now."""
        self.urbs += 1
        self.urb(device, endpoint | 0x80, BULK, True, length=512)
        self.urb(device, endpoint | 0x80, BULK, False, octets)

    def interrupt(self, device: int, endpoint: int, octets: bytes) -> None:
        self.urbs += 1
        self.urb(device, endpoint | 0x80, INTERRUPT, False, octets)

    def write(self, path: Path) -> Path:
        with path.open("wb") as file:
            writer = PcapWriter(file, FORMS[self.form], nanoseconds=False, order=self.order)
            for ns, octets in self.packets:
                writer.write(ns, octets[: self.snap], len(octets))
        return path


def device_descriptor(vendor: int, product: int, release: int = 0x0100, kind: int = 0) -> bytes:
    return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, kind, 0, 0, 64, vendor, product, release, 1, 2, 3, 1)


def interface(number: int, code: int, *endpoints: int, packet: int = 64, union: int | None = None) -> bytes:
    """An interface with bulk endpoints; union: its data interface, of a CDC control interface."""
    out = struct.pack("<BBBBBBBBB", 9, 4, number, 0, len(endpoints), code, 2 if code == 2 else 0, 0, 0)
    if union is not None:
        out += bytes((5, 0x24, 6, number, union))
    for address in endpoints:
        out += struct.pack("<BBBBHB", 7, 5, address, BULK, packet, 0)
    return out


def configuration(*interfaces: bytes) -> bytes:
    body = b"".join(interfaces)
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), len(interfaces), 1, 0, 0x80, 50) + body
