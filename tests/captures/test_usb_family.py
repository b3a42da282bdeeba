"""Families of adapters: what their requests set, and how a device is told."""

import pytest
from encode.usb import Bus, configuration, device_descriptor, interface
from encode.usb_adapters import FAMILIES, Ch34x, Cp210x, Ftdi, Pl2303, line_coding
from hypothesis import given
from hypothesis import strategies as st

from captures import usb_ch34x, usb_cp210x, usb_ftdi, usb_pl2303
from captures.assume import FAMILIES as STATED
from captures.usb_adapter import Settings, character, standard_rate
from captures.usb_descriptor import Device, learn
from captures.usb_family import ADAPTERS, NAMES, UNKNOWN_MAKE, Evidence
from captures.usb_urb import Setup, read
from dissectors.record import Flag

RATES = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
FRAME = bytes.fromhex("7ea0070321930f017e")


def asked(bus: Bus) -> list[tuple[Setup, bytes]]:
    urbs = [read(220, "<", octets) for _, octets in bus.packets]
    return [(urb.setup, urb.octets) for urb in urbs if urb.setup is not None]


def described(family) -> Device:
    bus = Bus("usbmon-64")
    family(bus).describe()
    device = Device()
    for _, octets in bus.packets:
        device = learn(device, read(220, "<", octets).octets)
    return device


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("baud", RATES)
def test_rate_and_format(family, known: bool, baud: int) -> None:
    """With the descriptors and without, which are rarely captured."""
    device = described(family) if known else Device()
    for form in ("8N1", "7E1", "8O2", "7M1", "8S1"):
        bus = Bus("usbmon-64")
        family(bus).set(baud, form)
        found = [NAMES[family.name].settings(setup, data, device) for setup, data in asked(bus)]
        set_ = [settings for port, settings in filter(None, found)]
        assert {settings.baud for settings in set_} - {None} == {baud}
        assert {settings.format for settings in set_} - {None} == {form}


@pytest.mark.parametrize("port", [0, 1])
@pytest.mark.parametrize("baud", RATES)
def test_the_ports_of_an_ftdi_with_the_fast_clock(port: int, baud: int) -> None:
    bus = Bus("usbmon-64")
    adapter = Ftdi(bus, port=port, h=True)
    adapter.set(baud)
    adapter.latency(2)
    device = Device(0x0403, 0x6010, 0x0700)
    found = [usb_ftdi.settings(setup, data, device) for setup, data in asked(bus)]
    assert found == [
        (port, Settings(baud=baud)),
        (port, Settings(format="8N1")),
        (port, Settings(latency_ns=2_000_000)),
    ]


@pytest.mark.parametrize(
    ("divisor", "baud"),
    [(0x0000, 3_000_000), (0x0001, 2_000_000), (0x4138, 9600), (0x2710, 300), (0xC034, 57600), (0x809C, 19200)],
)
def test_divisors_of_the_application_note(divisor: int, baud: int) -> None:
    """FTDI AN232B-05 and the table of its drivers."""
    assert usb_ftdi.baud_of(divisor) == baud


@pytest.mark.parametrize(
    ("line", "flags"),
    [(0x60, 0), (0x62, Flag.OVERRUN), (0x64, Flag.PARITY_ERROR), (0x68, Flag.FRAMING_ERROR), (0x70, Flag.BREAK)],
)
def test_line_errors_of_an_ftdi(line: int, flags: int) -> None:
    packet = bytes((0x31, line)) + FRAME
    assert usb_ftdi.heard(packet, 64) == usb_ftdi.Heard(FRAME, int(flags), 0x30, 1)


def test_packets_of_an_ftdi_without_a_descriptor() -> None:
    full = bytes((1, 0x60)) + bytes(62)
    assert usb_ftdi.heard(full + bytes((1, 0x60)) + FRAME, 0).octets == bytes(62) + FRAME
    large = bytes((2, 0x60)) + bytes(510)
    assert usb_ftdi.heard(large + bytes((2, 0x60)) + FRAME, 0).octets == bytes(510) + FRAME
    assert usb_ftdi.heard(full + b"\x01", 64).octets == bytes(62)  # cut by the snap length inside the status


def test_older_ways_to_set_a_rate() -> None:
    device = Device()
    assert usb_cp210x.settings(Setup(0x41, 1, 384, 0, 0), b"", device) == (0, Settings(baud=9600))
    bus = Bus("usbmon-64")
    Ch34x(bus).set(9600)
    (baud, _), (control, _) = asked(bus)
    both = Setup(0x40, 0xA1, (control.index & 0xFF) << 8 | 0x9C, baud.index, 0)
    assert usb_ch34x.settings(both, b"", device) == (0, Settings(baud=9600, format="8N1"))
    # 384 MHz / 400 / 4 ^ 5 = 937.5: a rate that no table has
    coded = bytes((400 & 0xFF, 5 << 1 | 400 >> 8, 0, 0x80)) + line_coding(0, "8N1")[4:]
    assert usb_pl2303.settings(Setup(0x21, 0x20, 0, 0, 7), coded, device)[1].baud == 938
    assert usb_pl2303.settings(Setup(0x21, 0x20, 0, 0, 7), bytes(3) + b"\x80" + coded[4:], device)[1].baud is None


@given(
    st.sampled_from(ADAPTERS),
    st.builds(
        Setup, *(st.integers(0, 255),) * 2, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)
    ),
    st.binary(max_size=10),
)
def test_any_request(adapter, setup: Setup, data: bytes) -> None:
    """None raises; a rate is positive, a format one that can be stated."""
    found = adapter.settings(setup, data, Device())
    assert isinstance(adapter.request(setup), bool)
    if found is not None:
        assert found[0] >= 0 and (found[1].baud is None or found[1].baud > 0)


def test_rates_and_characters() -> None:
    assert standard_rate(9615.4) == 9600 and standard_rate(12345) == 12345
    assert character(8, 0, 0) == "8N1" and character(7, 2, 2) == "7E2" and character(8, 4, 1) == "8S2"
    assert character(4, 0, 0) is None and character(8, 5, 0) is None and character(8, 0, 3) is None


# -- which family ------------------------------------------------------------------------------------------


def test_what_can_be_stated_is_what_there_is() -> None:
    assert set(STATED) == set(NAMES)


@pytest.mark.parametrize("family", FAMILIES)
def test_by_descriptor(family) -> None:
    evidence = Evidence("ch34x")  # what the capture tells goes before what is stated
    evidence.device = described(family)
    assert evidence.adapter().name == family.name


@pytest.mark.parametrize("family", FAMILIES)
def test_by_requests(family) -> None:
    bus = Bus("usbmon-64")
    family(bus).set(9600)
    evidence = Evidence(None)
    for setup, _ in asked(bus):
        evidence.request(setup)
    assert evidence.adapter().name == family.name


def test_as_stated() -> None:
    assert Evidence("cp210x").adapter().name == "cp210x"
    assert Evidence(None).adapter() is None


def test_by_transfers() -> None:
    ftdi = Evidence(None)
    ftdi.transfer(FRAME, False)
    for _ in range(3):
        assert ftdi.adapter() is None
        ftdi.transfer(b"\x01\x60", True)
    assert ftdi.adapter().name == "ftdi"

    early = Evidence(None)
    early.transfer(FRAME, False)
    early.transfer(b"\x01\x60" + FRAME, True)
    assert early.adapter() is None and early.adapter(last=True).name == "ftdi"

    plain = Evidence(None)
    plain.transfer(b"/?!\r\n", False)
    assert plain.adapter() is None
    plain.transfer(b"/I", True)
    assert plain.adapter() is UNKNOWN_MAKE

    neither = Evidence(None)
    neither.transfer(b"\x00\x01", False)
    neither.transfer(b"whatever", True)
    assert neither.adapter(last=True) is None and neither.foreign is None


def test_what_is_no_adapter() -> None:
    storage = Evidence("ftdi")
    storage.transfer(b"USBC" + bytes(27), False)
    assert storage.adapter() is None and storage.foreign == "storage"
    keyboard = Evidence("ftdi")
    keyboard.device = learn(keyboard.device, configuration(interface(0, 3)))
    assert keyboard.adapter() is None and keyboard.foreign == "keyboard or mouse"
    hub = Evidence(None)
    hub.device = learn(hub.device, device_descriptor(1, 2, kind=9))
    assert hub.adapter() is None and hub.foreign == "hub"
    odd = Evidence(None)
    odd.device = learn(odd.device, device_descriptor(1, 2, kind=0x42))
    assert odd.adapter() is None and odd.foreign == "class 66"


def test_a_chip_of_a_maker_of_adapters_in_the_standard_class() -> None:
    evidence = Evidence(None)
    evidence.device = learn(learn(Device(), device_descriptor(0x1A86, 0x55D3, kind=2)), b"")
    assert evidence.adapter().name == "cdc-acm"


def test_descriptors() -> None:
    device = learn(Device(), device_descriptor(0x10C4, 0xEA70, 0x0100))
    whole = configuration(interface(0, 0xFF, 0x81, 0x01), interface(1, 0xFF, 0x82, 0x02, packet=512))
    device = learn(device, whole)
    assert (device.vendor, device.product, device.release) == (0x10C4, 0xEA70, 0x0100)
    assert device.endpoints == {0x81: (0, 64), 0x01: (0, 64), 0x82: (1, 512), 0x02: (1, 512)}
    assert learn(Device(), configuration(interface(2, 2, union=5))).controls == {2: 5}
    assert learn(Device(), whole[:30]).endpoints == {0x81: (0, 64)}
    for octets in (b"", b"\x02", b"\x12\x01short", b"\x04\x03a\0", whole[:9] + b"\x00\x04", whole[:9] + b"\x01"):
        assert learn(Device(), octets) == Device()
    other = learn(device, device_descriptor(0x0403, 0x6001))
    assert other.vendor == 0x0403 and not other.endpoints


def test_ports_without_a_descriptor() -> None:
    assert [NAMES["ftdi"].port(end) for end in (0x81, 0x02, 0x83, 0x04)] == [0, 0, 1, 1]
    assert [NAMES["cp210x"].port(end) for end in (0x81, 0x01, 0x82, 0x02)] == [0, 0, 1, 1]
    assert NAMES["cdc-acm"].port(0x83) == 0
    acm = NAMES["cdc-acm"]
    coding = Setup(0x21, 0x20, 0, 2, 7)
    assert acm.settings(coding, line_coding(9600, "8N1"), Device())[0] == 0
    no_union = learn(Device(), configuration(interface(2, 2), interface(3, 10, 0x84, 0x05)))
    assert acm.settings(coding, line_coding(9600, "8N1"), no_union)[0] == 3
    assert acm.settings(Setup(0x21, 0x23, 250, 0, 0), b"", Device())[1].said == "a break is sent"
    assert Cp210x.name == "cp210x" and Pl2303.name == "pl2303"
