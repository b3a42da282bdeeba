"""Serial lines inside captures of USB: transfers of serial adapters become records of two-wire lines.

A capture of a USB bus is no line: each adapter on it is one line for each interface, whose channels are appended
as the adapters show themselves. Records keep the number of their packet. A device whose family is not known yet is
held back until it is (usb_family.py); all other devices are counted in a remark.
"""

from collections.abc import Iterator

from captures import linktype, usb_urb
from captures.assume import FAMILIES, Assume
from captures.usb_adapter import Adapter
from captures.usb_descriptor import learn
from captures.usb_family import UNKNOWN_MAKE, Evidence
from captures.usb_port import RECEIVED, SENT, Port
from captures.usb_urb import BULK, CONTROL, IN, Setup, Urb
from dissectors.record import Channel, Record

LINKS = frozenset({linktype.USB_LINUX, linktype.USB_LINUX_MMAPPED, linktype.USBPCAP})
HELD_URBS = 4096
HELD_OCTETS = 1 << 20
PENDING = 256  # control transfers under way on one device
GET_DESCRIPTOR = 6
STANDARD = 0x60  # the bits of a request type that say whose request it is: none for the standard's own
DEVICES_NAMED = 5


class Device:
    """One address of one bus: what is known of it, and its lines."""

    def __init__(self, name: str, stated: str | None) -> None:
        self.name = name
        self.evidence = Evidence(stated)
        self.adapter: Adapter | None = None
        self.ports: dict[int, Port] = {}
        self.pending: dict[int, Setup] = {}
        self.held: list[tuple[Record, Urb, Setup | None]] = []
        self.held_octets = 0
        self.given_up = False
        self.packets = 0
        self.transfers = 0


class UsbLines:
    """The lines of all USB interfaces of one capture. channels and remarks are those of its source."""

    def __init__(self, channels: list[Channel], assume: Assume, remarks: list[str]) -> None:
        self.channels = channels
        self.assume = assume
        self.remarks = remarks
        self._buses: dict[int, str] = {}  # channel of an interface → its byte order
        self._devices: dict[tuple[int, int, int], Device] = {}
        self._cut = 0

    def listen(self, channel: int, order: str) -> None:
        """The packets of this channel are URBs. order: "<" or ">", of the file."""
        self._buses[channel] = order

    def records(self, r: Record) -> Iterator[Record]:
        """What a record of the capture tells: itself on any other channel, else the records of a line."""
        order = self._buses.get(r.channel)
        if order is None:
            yield r
            return
        urb = usb_urb.read(self.channels[r.channel].link_type, order, r.octets)
        if urb is None:
            self._cut += 1
            return
        device = self._device(r.channel, urb)
        device.packets += 1
        device.transfers += urb.transfer == BULK
        setup = self._control(device, urb) if urb.transfer == CONTROL else None
        if device.given_up or (setup is None and urb.transfer != BULK):
            return
        if device.adapter is None and not self._decide(device, r, urb, setup):
            return
        yield from self._line(device, r, urb, setup)

    def end(self) -> Iterator[Record]:
        """The capture is over: what was held back, and the remarks."""
        for device in self._devices.values():
            if device.adapter is None and not device.given_up:
                device.adapter = device.evidence.adapter(last=True)
            if device.adapter is not None:
                yield from self._release(device)
        self._remark()

    def _device(self, channel: int, urb: Urb) -> Device:
        key = (channel, urb.bus, urb.device)
        device = self._devices.get(key)
        if device is None:
            name = f"usb{urb.bus}.{urb.device}"
            device = self._devices[key] = Device(name, self.assume.stated(channel).adapter)
        return device

    def _control(self, device: Device, urb: Urb) -> Setup | None:
        """The request that this packet completes as far as we need it: data to the device are there with it."""
        if urb.setup is not None:
            if len(device.pending) >= PENDING:
                device.pending.clear()
            device.pending[urb.number] = urb.setup
        setup = device.pending.get(urb.number)
        if setup is None:
            return None
        if setup.kind & IN:
            if urb.octets and not urb.submitted and setup.request == GET_DESCRIPTOR and not setup.kind & STANDARD:
                self._learn(device, urb.octets)
            whole = not urb.submitted
        else:
            whole = len(urb.octets) >= setup.length or not urb.submitted
        if not whole:
            return None
        del device.pending[urb.number]
        if not setup.kind & STANDARD:
            return None
        device.evidence.request(setup)
        return setup

    def _learn(self, device: Device, octets: bytes) -> None:
        before = device.evidence.device
        after = device.evidence.device = learn(before, octets)
        if before.vendor >= 0 and (after.vendor, after.product) != (before.vendor, before.product):
            device.adapter, device.ports, device.given_up = None, {}, False  # another device got this address
            device.evidence = Evidence(device.evidence.stated)
            device.evidence.device = after

    def _decide(self, device: Device, r: Record, urb: Urb, setup: Setup | None) -> bool:
        """Whether the family is known with this packet; else it is held back, or the device is given up."""
        if urb.transfer == BULK:
            device.evidence.transfer(urb.octets, urb.from_device)
        device.adapter = device.evidence.adapter()
        device.held.append((r, urb, setup))
        device.held_octets += len(r.octets)
        if device.adapter is None and (len(device.held) >= HELD_URBS or device.held_octets >= HELD_OCTETS):
            device.adapter = device.evidence.adapter(last=True)
            device.given_up = device.adapter is None
        if device.evidence.foreign is not None or device.given_up:
            device.given_up = True
            device.held.clear()
        return device.adapter is not None

    def _line(self, device: Device, r: Record, urb: Urb, setup: Setup | None) -> Iterator[Record]:
        if device.held:  # the last of them is r itself
            yield from self._release(device)
        else:
            yield from self._records(device, r, urb, setup)

    def _release(self, device: Device) -> Iterator[Record]:
        held, device.held = device.held, []
        for r, urb, setup in held:
            yield from self._records(device, r, urb, setup)

    def _records(self, device: Device, r: Record, urb: Urb, setup: Setup | None) -> Iterator[Record]:
        adapter = device.adapter
        assert adapter is not None
        if setup is not None:
            found = adapter.settings(setup, urb.octets, device.evidence.device)
            if found is not None:
                record = self._port(device, found[0], r).set(r, found[1])
                if record is not None:
                    yield record
            return
        number, packet = device.evidence.device.endpoints.get(urb.endpoint, (adapter.port(urb.endpoint), 0))
        if urb.from_device and not urb.submitted:
            if urb.octets:
                heard = adapter.heard(urb.octets, packet)
                yield from self._port(device, number, r).received(r, heard)
            if urb.lost:
                yield self._port(device, number, r).lost(r, RECEIVED, urb.lost)
        elif not urb.from_device and urb.submitted:
            if urb.octets:
                yield self._port(device, number, r).sent(r, urb.octets)
            if urb.lost:
                yield self._port(device, number, r).lost(r, SENT, urb.lost)
        elif not urb.from_device and urb.failed:
            yield self._port(device, number, r).status(r, "a transfer to the adapter failed")

    def _port(self, device: Device, number: int, r: Record) -> Port:
        port = device.ports.get(number)
        if port is None:
            assert device.adapter is not None
            resolution = self.channels[r.channel].resolution_ns
            name = f"{device.name}/{number}"
            port = device.ports[number] = Port(name, device.adapter, resolution, self.channels, self.assume)
        return port

    def _remark(self) -> None:
        passed, others = 0, []
        for device in self._devices.values():
            if device.adapter is UNKNOWN_MAKE:
                self.remarks.append(
                    f"{device.name} is read as a serial line by the looks of its octets: no descriptor and no request"
                    f" tells its family; --assume adapter=… does ({', '.join(FAMILIES)}), and baud=… its rate"
                )
            elif device.adapter is None and device.evidence.foreign is None and device.transfers:
                self.remarks.append(
                    f"{device.name} has {device.transfers} bulk packets and no sign of what it is;"
                    f" --assume adapter=… reads it as a serial line ({', '.join(FAMILIES)})"
                )
            elif device.adapter is None:
                passed += device.packets
                others.append(device.name + (f" {device.evidence.foreign}" if device.evidence.foreign else ""))
        if passed:
            more = ", …" if len(others) > DEVICES_NAMED else ""
            self.remarks.append(
                f"{passed} packets of other USB devices were passed over ({', '.join(others[:DEVICES_NAMED])}{more})"
            )
        if self._cut:
            self.remarks.append(f"{self._cut} packets are shorter than a USB header (snap length)")
