"""URBs of the three header forms, and that tshark reads our captures as we do."""

import subprocess
from pathlib import Path

import pytest
from encode.usb import BULK, CONTROL, FORMS, INTERRUPT, ISOCHRONOUS, Bus, device_descriptor
from encode.usb_adapters import CdcAcm, Ftdi
from hypothesis import given
from hypothesis import strategies as st

from captures.usb_urb import Setup, read, setup_of

FRAME = bytes.fromhex("7ea0070321930f017e")
ORDERS = [(form, order) for form in FORMS for order in "<>" if (form, order) != ("usbpcap", ">")]


@pytest.mark.parametrize(("form", "order"), ORDERS)
def test_bulk_and_control(form: str, order: str) -> None:
    bus = Bus(form, 3, order=order)
    bus.out(5, 0x02, FRAME)
    bus.into(6, 0x01, FRAME[:4])
    bus.control_out(7, 0x21, 0x20, 1, 2, b"coding")
    found = [read(FORMS[form], order, octets) for _, octets in bus.packets]
    assert all(urb is not None and urb.bus == 3 and not urb.lost for urb in found)
    sent, sent_done, asked, got, control, done = found
    assert (sent.device, sent.endpoint, sent.transfer, sent.submitted, sent.octets) == (5, 2, BULK, True, FRAME)
    assert (sent_done.submitted, sent_done.octets, sent_done.number) == (False, b"", sent.number)
    assert asked.from_device and asked.submitted and asked.octets == b""
    assert (got.device, got.endpoint, got.submitted, got.octets) == (6, 0x81, False, FRAME[:4])
    assert (control.transfer, control.setup, control.octets) == (CONTROL, Setup(0x21, 0x20, 1, 2, 6), b"coding")
    assert done.setup is None and not done.failed


@pytest.mark.parametrize("form", FORMS)
def test_a_failed_transfer(form: str) -> None:
    bus = Bus(form)
    bus.urb(5, 2, BULK, False, status=-71)
    bus.urb(5, 2, BULK, True, status=-115)  # as usbmon submits
    done, begun = (read(FORMS[form], "<", octets) for _, octets in bus.packets)
    assert done.failed and not begun.failed


@pytest.mark.parametrize("form", FORMS)
def test_what_the_snap_length_took_is_counted(form: str) -> None:
    bus = Bus(form)
    bus.out(5, 0x02, FRAME)
    octets = bus.packets[0][1]
    urb = read(FORMS[form], "<", octets[:-4])
    assert urb.octets == FRAME[:-4] and urb.lost == 4


def test_isochronous_descriptors_are_no_data() -> None:
    bus = Bus("usbmon-64")
    bus.urb(5, 0x83, ISOCHRONOUS, False, bytes(32) + b"sound")
    octets = bytearray(bus.packets[0][1])
    octets[60] = 2
    assert read(220, "<", bytes(octets)).octets == b"sound"


@given(st.sampled_from(ORDERS), st.binary(max_size=80))
def test_any_octets(form: tuple[str, str], octets: bytes) -> None:
    urb = read(FORMS[form[0]], form[1], octets)
    assert urb is None or (octets.endswith(urb.octets) and urb.lost >= 0)


def test_a_cut_setup() -> None:
    assert setup_of(b"1234567") is None
    bus = Bus("usbpcap")
    bus.control_in(5, 0x80, 6, 0x0100, 0, b"")
    assert read(249, "<", bus.packets[0][1][:33]).setup is None


FIELDS = ("frame.number", "usb.transfer_type", "usb.endpoint_address", "usb.device_address", "usb.bus_id")


@pytest.mark.parametrize(("form", "order"), ORDERS)
def test_tshark_reads_the_same(tshark: str, tmp_path: Path, form: str, order: str) -> None:
    bus = Bus(form, 2, order=order)
    acm = CdcAcm(bus, 9)
    acm.describe()
    acm.set(9600)
    acm.sends(FRAME)
    acm.hears(FRAME * 30)
    bus.interrupt(4, 3, b"\x01\0\0")
    path = bus.write(tmp_path / "made.pcap")
    words = [word for name in (*FIELDS, "usb.capdata", "_ws.malformed") for word in ("-e", name)]
    run = [tshark, "-n", "-r", str(path), "-T", "fields", *words]
    rows = [
        line.split("\t") for line in subprocess.run(run, capture_output=True, check=True, text=True).stdout.splitlines()
    ]
    assert len(rows) == len(bus.packets)
    for row, (_, octets) in zip(rows, bus.packets, strict=True):
        urb = read(FORMS[form], order, octets)
        assert [int(cell, 0) for cell in row[1:5]] == [urb.transfer, urb.endpoint, urb.device, urb.bus], row
        assert row[6] == ""
        if urb.transfer in (BULK, INTERRUPT):
            assert bytes.fromhex(row[5]) == urb.octets


@pytest.mark.parametrize("h", [False, True])
def test_tshark_takes_the_same_octets_off_an_ftdi(tshark: str, tmp_path: Path, h: bool) -> None:
    from captures.source import open_source

    bus = Bus("usbmon-64")
    adapter = Ftdi(bus, h=h)
    adapter.describe()
    adapter.set(9600)
    octets = bytes(range(256)) * 3
    adapter.sends(octets[:300])
    adapter.hears(octets)
    adapter.hears(b"")
    path = bus.write(tmp_path / "made.pcap")
    names = ("ftdi-ft.if_a_tx_payload", "ftdi-ft.if_a_rx_payload")
    run = [tshark, "-n", "-r", str(path), "-T", "fields", *(word for name in names for word in ("-e", name))]
    done = subprocess.run(run, capture_output=True, check=True, text=True).stdout
    theirs = [bytes.fromhex(cell.replace(",", "")) for line in done.splitlines() for cell in line.split("\t") if cell]
    source = open_source(str(path))
    assert [r.octets for r in source if r.octets] == theirs == [octets[:300], octets]
    source.close()


def test_descriptors_of_the_encoder() -> None:
    assert len(device_descriptor(1, 2)) == 18
