"""Which family of serial adapters a USB device is of, from the best evidence that a capture has.

1. Its descriptors: the standard class, or the vendor. 2. A request that one family alone makes. 3. What a person
stated (`--assume adapter=ftdi`). 4. Its transfers: two status octets before everything are FTDI's; octets that begin as
a meter's line does are a line, of whatever make.
"""

from captures import octets as meter_line
from captures import usb_cdc_acm, usb_ch34x, usb_cp210x, usb_ftdi, usb_pl2303
from captures.usb_adapter import Adapter
from captures.usb_descriptor import CDC_CONTROL, CDC_DATA, Device
from captures.usb_urb import Setup

ADAPTERS: tuple[Adapter, ...] = (
    usb_ftdi.ADAPTER,
    usb_cp210x.ADAPTER,
    usb_ch34x.ADAPTER,
    usb_pl2303.ADAPTER,
    usb_cdc_acm.ADAPTER,
)
NAMES = {adapter.name: adapter for adapter in ADAPTERS}
# a line by its looks: nothing is known of how it is set
UNKNOWN_MAKE = Adapter("unknown make", frozenset(), lambda setup: False, lambda setup, data, device: None)
STORAGE = b"USBC"  # command block of mass storage
STATUS_SEEN = 3


class Evidence:
    """What was seen of one device. foreign: what it is, where it is no adapter."""

    def __init__(self, stated: str | None) -> None:
        self.device = Device()
        self.stated = stated
        self.requested: Adapter | None = None
        self.foreign: str | None = None
        self.heard = 0  # IN transfers with octets
        self.status = 0  # of them with FTDI's two octets first
        self.bare = 0  # of them with nothing else
        self.like_meter = False  # OUT octets begin as a meter's line does

    def request(self, setup: Setup) -> None:
        if self.requested is None:
            self.requested = next((adapter for adapter in ADAPTERS if adapter.request(setup)), None)

    def transfer(self, octets: bytes, from_device: bool) -> None:
        """A bulk transfer of a device whose family is not known yet."""
        if octets.startswith(STORAGE):
            self.foreign = "storage"
        looks = meter_line.recognise(octets)
        if not from_device:
            self.like_meter |= looks
        elif octets:
            self.heard += 1
            status = usb_ftdi.is_status(octets)
            self.status += status
            self.bare += status and len(octets) == usb_ftdi.STATUS_OCTETS
            self.like_meter |= looks and not status

    def adapter(self, last: bool = False) -> Adapter | None:
        """The family; None where it is foreign or not certain yet. last: nothing more will be seen."""
        device = self.device
        self.foreign = self.foreign or device.foreign()
        if self.foreign is not None:
            return None
        if {CDC_CONTROL, CDC_DATA} & {device.device_class, *device.interfaces.values()}:
            return usb_cdc_acm.ADAPTER
        for adapter in ADAPTERS:
            if device.vendor in adapter.vendors:
                return adapter
        if self.requested is not None:
            return self.requested
        if self.stated is not None:
            return NAMES[self.stated]
        if self.heard == self.status and (self.bare >= STATUS_SEEN or (last and self.status and self.like_meter)):
            return usb_ftdi.ADAPTER
        if self.like_meter and (last or self.heard > self.status):
            return UNKNOWN_MAKE
        return None
