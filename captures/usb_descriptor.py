"""What a USB device says of itself: device, configuration, interface and endpoint descriptors (USB 2.0, 9.6).

device         length, 1, USB version u16, class, subclass, protocol, packet octets, vendor u16, product u16,
               release u16, three string numbers, configurations
configuration  length, 2, total length u16, …; then interfaces, each followed by its endpoints
interface      length, 4, number, alternate, endpoints, class, subclass, protocol, string
endpoint       length, 5, address, attributes (bits 0-1: transfer), packet octets u16, interval
union (CDC)    length, 0x24, 6, control interface, data interface
"""

from captures.usb_urb import BULK
from dissectors.record import Value

DEVICE, CONFIGURATION, INTERFACE, ENDPOINT, CS_INTERFACE = 1, 2, 4, 5, 0x24
UNION = 6
DEVICE_OCTETS = 18
CDC_CONTROL, CDC_DATA, VENDOR = 0x02, 0x0A, 0xFF
# interface classes that are no serial line, as a person would call them
CLASSES = {
    0x01: "audio",
    0x03: "keyboard or mouse",
    0x05: "physical",
    0x06: "camera",
    0x07: "printer",
    0x08: "storage",
    0x09: "hub",
    0x0B: "smart card",
    0x0D: "content security",
    0x0E: "video",
    0x0F: "health",
    0x10: "audio and video",
    0xE0: "wireless",
    0xEF: "miscellaneous",
    0xFE: "firmware update",
}


class Device(Value, frozen=True):
    """vendor, product and release are -1 until captured. interfaces: class of each; endpoints: address of each bulk
    endpoint → (interface, packet octets); controls: CDC control interface → its data interface."""

    vendor: int = -1
    product: int = -1
    release: int = -1
    device_class: int = -1
    interfaces: dict[int, int] = {}
    endpoints: dict[int, tuple[int, int]] = {}
    controls: dict[int, int] = {}

    def foreign(self) -> str | None:
        """What it is where no interface of it can be a serial line, else None."""
        classes = set(self.interfaces.values()) or {self.device_class}
        if classes & {CDC_CONTROL, CDC_DATA, VENDOR, 0, -1}:
            return None
        return ", ".join(sorted(CLASSES.get(code, f"class {code}") for code in classes))


def learn(device: Device, octets: bytes) -> Device:
    """The device with what a descriptor says; a cut one says what is whole."""
    kind = octets[1] if len(octets) > 1 else 0
    if kind == DEVICE and len(octets) >= DEVICE_OCTETS:
        vendor, product, release = (int.from_bytes(octets[at : at + 2], "little") for at in (8, 10, 12))
        if (device.vendor, device.product) not in ((-1, -1), (vendor, product)):
            device = Device()  # another device got this address
        return Device(vendor, product, release, octets[4], device.interfaces, device.endpoints, device.controls)
    if kind != CONFIGURATION:
        return device
    interfaces, endpoints, controls = dict(device.interfaces), dict(device.endpoints), dict(device.controls)
    at, interface = 0, 0
    while at + 2 <= len(octets):
        length, kind = octets[at], octets[at + 1]
        part = octets[at : at + length]
        if length < 2 or len(part) < length:
            break
        if kind == INTERFACE and length >= 9:
            interface = part[2]
            interfaces[interface] = part[5]
        elif kind == ENDPOINT and length >= 7 and part[3] & 3 == BULK:
            endpoints[part[2]] = interface, int.from_bytes(part[4:6], "little") & 0x7FF
        elif kind == CS_INTERFACE and length >= 5 and part[2] == UNION:
            controls[part[3]] = part[4]
        at += length
    return Device(device.vendor, device.product, device.release, device.device_class, interfaces, endpoints, controls)
