"""USB captures as lines: whole sessions in each family and form against the plain serial capture, and what is odd."""

import json
from pathlib import Path
from typing import Any

import cli_run
import pytest
from encode.usb import FORMS, MS, START, Bus, configuration, device_descriptor, interface
from encode.usb_adapters import FAMILIES, CdcAcm, Ch34x, Cp210x, Ftdi

from captures.assume import parse
from captures.linktype import RTAC_HEADER, RTAC_SERIAL, Event
from captures.pcapng_write import PcapngWriter
from captures.source import open_source
from dissectors.record import Direction, Flag, Record

ROOT = Path(__file__).resolve().parents[2]
UP, DOWN = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
FRAME = bytes.fromhex("7ea0070321930f017e")
SIGN_ON = (
    (UP, b"/?!\r\n"),
    (DOWN, b"/ISk5MT174-0001\r\n"),
    (UP, b"\x06050\r\n"),
    (DOWN, b"\x02F.F(00)\r\n1.8.0(0001234.5*kWh)\r\n!\r\n\x03\x58"),
)
Turns = list[tuple[int, int, bytes]]  # direction, stamp as a tap would have it, octets


@pytest.fixture(scope="module")
def hdlc() -> Turns:
    """The whole session of the serial demo: associations, blocks, a lost and a damaged frame."""
    source = open_source(str(ROOT / "captures" / "demo" / "hdlc-serial.pcapng"))
    turns = [(r.direction, r.first_ns if r.direction == UP else r.last_ns, r.octets) for r in source if r.octets]
    source.close()
    return turns


def sign_on() -> Turns:
    return [(direction, START + n * 500 * MS, octets) for n, (direction, octets) in enumerate(SIGN_ON)]


def recorded(adapter: Any, turns: Turns) -> None:
    for direction, ns, octets in turns:
        adapter.bus.now = ns
        (adapter.sends if direction == UP else adapter.hears)(octets)


def tapped(path: Path, turns: Turns, baud: int) -> Path:
    """The same as a serial tap records it."""
    with path.open("wb") as file:
        writer = PcapngWriter(file)
        wires = [writer.interface(RTAC_SERIAL, name=f"tap:{wire}", speed=baud) for wire in "AB"]
        for direction, ns, octets in turns:
            event = Event.TX_START if direction == UP else Event.RX_END
            writer.packet(wires[direction], ns, RTAC_HEADER.pack(0, 0, event, 0, 0) + octets)
    return path


def rows(path: Path, level: str, names: str) -> list[list[Any]]:
    ran = cli_run.run("dump", path, "--level", level, "--format", "jsonl", "--fields", names, "--quiet")
    assert ran.code == 0, ran.err
    found = [json.loads(line) for line in ran.lines]
    return [[row[name] for name in names.split(",")] for row in found if row.get("kind") != "status"]


FRAMES = "layer,kind,direction,source,destination,octets"
MESSAGES = "apdu,direction,client,server,physical,invoke_id,class_id,obis,attribute,result,data,text"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_session_decodes_as_from_a_tap(form: str, family: Any, hdlc: Turns, tmp_path: Path) -> None:
    bus = Bus(form)
    adapter = family(bus)
    adapter.describe()
    adapter.set(9600)
    recorded(adapter, hdlc)
    made, tap = bus.write(tmp_path / "usb.pcap"), tapped(tmp_path / "tap.pcapng", hdlc, 9600)
    assert rows(made, "frame", FRAMES) == rows(tap, "frame", FRAMES)
    messages = rows(made, "message", MESSAGES)
    assert messages == rows(tap, "message", MESSAGES) and len(messages) > 80


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_sign_on_decodes_as_from_a_tap(form: str, family: Any, tmp_path: Path) -> None:
    """IEC 62056-21 without any descriptor: the adapter was plugged in before the capture began."""
    bus = Bus(form)
    adapter = family(bus)
    adapter.set(300, "7E1")
    recorded(adapter, sign_on())
    made, tap = bus.write(tmp_path / "usb.pcap"), tapped(tmp_path / "tap.pcapng", sign_on(), 300)
    frames = rows(made, "frame", FRAMES)
    assert frames == rows(tap, "frame", FRAMES)
    assert {row[0] for row in frames} == {"iec62056-21"}


def read_all(path: Path, assume: str = "") -> tuple[list[Record], Any]:
    source = open_source(str(path), assume=parse(assume) if assume else None)
    records = list(source)
    source.close()
    return records, source


def octets_of(records: list[Record]) -> list[tuple[int, bytes]]:
    return [(r.direction, r.octets) for r in records if r.octets]


TALK = [(UP, START + 10 * MS, FRAME), (DOWN, START + 60 * MS, FRAME[:5]), (DOWN, START + 70 * MS, FRAME[5:])]
HEARD = [(UP, FRAME), (DOWN, FRAME[:5]), (DOWN, FRAME[5:])]


def test_records_keep_the_numbers_of_their_packets_and_channels_come_with_them(tmp_path: Path) -> None:
    bus = Bus("usbpcap")
    adapter = Cp210x(bus)
    adapter.describe()
    adapter.set(9600)
    recorded(adapter, TALK)
    path = bus.write(tmp_path / "made.pcap")
    source = open_source(str(path))
    assert len(source.channels) == 1
    packets = [octets for _, octets in bus.packets]
    for r in source:
        assert source.channels[r.channel].number == r.channel > 0
        assert packets[r.no - 1].endswith(r.octets)
    assert [c.name for c in source.channels[1:]] == ["usb1.5/0:tx", "usb1.5/0:rx"]
    assert not source.remarks and source.cut is None
    source.close()


# -- times --------------------------------------------------------------------------------------------------


def test_times_and_how_far_they_may_be_off(tmp_path: Path) -> None:
    """Sent: from the stamp on. Received: over at the stamp, at most a latency timer and a bus frame before."""
    bus = Bus("usbmon-64")
    adapter = Ftdi(bus)
    adapter.describe()
    adapter.set(9600, "8E1")
    adapter.latency(4)
    recorded(adapter, TALK)
    records, source = read_all(bus.write(tmp_path / "made.pcap"))
    sent, _, second = (r for r in records if r.octets)
    tx, rx = source.channels[1:]
    assert (tx.baud, tx.character_bits, tx.stamp, tx.one_sided) == (9600, 11, "start", False)
    assert (rx.baud, rx.character_bits, rx.stamp, rx.one_sided) == (9600, 11, "end", True)
    spread = 9 * 11 * 10**9 // 9600
    assert (sent.first_ns, sent.last_ns) == (START + 10 * MS, START + 10 * MS + spread)
    assert sent.uncertainty_ns == 1000 + spread * 2 // 100 + 2 * MS
    spread = 4 * 11 * 10**9 // 9600
    stamp = START + 70 * MS + 10_000
    assert (second.first_ns, second.last_ns) == (stamp - spread, stamp)
    assert second.uncertainty_ns == 1000 + spread * 2 // 100 + 4 * MS + MS


def test_the_latency_timer_of_an_ftdi_is_16_ms_unless_it_is_set(tmp_path: Path) -> None:
    bus = Bus("usbmon-64")
    adapter = Ftdi(bus)
    adapter.set(9600)
    recorded(adapter, TALK)
    path = bus.write(tmp_path / "made.pcap")
    assert 17 * MS < read_all(path)[0][-1].uncertainty_ns < 18 * MS
    stated = read_all(path, "uncertainty=3ms")[0]
    assert all(3 * MS < r.uncertainty_ns < 4 * MS for r in stated if r.octets)


@pytest.mark.parametrize("family", [CdcAcm, Cp210x, Ch34x])
def test_how_late_others_are_is_not_known(family: Any, tmp_path: Path) -> None:
    bus = Bus("usbmon-64")
    adapter = family(bus)
    adapter.set(9600)
    recorded(adapter, TALK)
    path = bus.write(tmp_path / "made.pcap")
    assert [r.uncertainty_ns is None for r in read_all(path)[0] if r.octets] == [False, True, True]
    assert all(r.uncertainty_ns is not None for r in read_all(path, "uncertainty=20ms")[0])


def test_octets_that_wait_for_others_are_placed_behind_them(tmp_path: Path) -> None:
    bus = Bus("usbmon-64")
    adapter = Cp210x(bus)
    adapter.set(9600)
    bus.now = START
    adapter.sends(FRAME)
    adapter.sends(FRAME)
    adapter.hears(FRAME)
    adapter.hears(FRAME)
    records = [r for r in read_all(bus.write(tmp_path / "made.pcap"))[0] if r.octets]
    assert records[1].first_ns == records[0].last_ns
    assert records[1].last_ns - records[1].first_ns == records[0].last_ns - records[0].first_ns
    assert records[3].first_ns == records[2].last_ns <= records[3].last_ns


def test_an_answer_is_judged_with_the_latency_of_the_adapter(hdlc: Turns, tmp_path: Path) -> None:
    """The same session says less through a USB adapter than from a tap, and never the opposite."""
    bus = Bus("usbmon-64")
    adapter = Ftdi(bus)
    adapter.set(9600)
    recorded(adapter, hdlc)
    made, tap = bus.write(tmp_path / "usb.pcap"), tapped(tmp_path / "tap.pcapng", hdlc, 9600)
    bounds = []
    for path in (made, tap):
        ran = cli_run.run("timing", path, "--each", "--format", "json", "--quiet")
        each = [row for row in json.loads(ran.out) if row["rule"] == "link.response" and row["end_frame"]]
        bounds.append([(row["lo_ns"], row["hi_ns"]) for row in each])
    usb, wire = bounds
    assert len(usb) == len(wire) > 40
    for (lo, hi), (low, high) in zip(usb, wire, strict=True):
        assert lo <= max(0, low - 16 * MS) and high <= hi


# -- the line ------------------------------------------------------------------------------------------------


def test_a_change_of_rate_is_a_record_and_holds_from_there(tmp_path: Path) -> None:
    bus = Bus("usbmon-64")
    adapter = Ftdi(bus)
    adapter.set(300, "7E1")
    adapter.sends(b"/?!\r\n")
    adapter.set(9600)
    adapter.set(9600)
    bus.now = START + 1000 * MS
    adapter.hears(FRAME)
    records, source = read_all(bus.write(tmp_path / "made.pcap"))
    assert [r.comment for r in records] == [
        "baud 300", "baud 300, 7E1", None, "baud 9600, 7E1", "baud 9600, 8N1", None,
    ]  # fmt: skip
    assert [bool(r.flags & Flag.STATUS) for r in records] == [True, True, False, True, True, False]
    slow, fast = (r for r in records if r.octets)
    assert slow.last_ns - slow.first_ns == 5 * 10**10 // 300
    assert fast.last_ns - fast.first_ns == 9 * 10**10 // 9600
    assert [c.baud for c in source.channels[1:]] == [9600, 9600]


def test_what_is_stated_goes_before_what_was_set(tmp_path: Path) -> None:
    bus = Bus("usbmon-64")
    adapter = Cp210x(bus)
    adapter.set(9600)
    recorded(adapter, TALK)
    records, source = read_all(bus.write(tmp_path / "made.pcap"), "baud=19200,format=8E1")
    assert [(c.baud, c.character_bits) for c in source.channels[1:]] == [(19200, 11)] * 2
    assert next(r.last_ns - r.first_ns for r in records if r.octets) == 9 * 11 * 10**9 // 19200


def test_a_host_that_plays_the_meter(tmp_path: Path) -> None:
    bus = Bus("usbmon-64")
    adapter = Cp210x(bus)
    adapter.set(9600)
    recorded(adapter, TALK)
    records, _ = read_all(bus.write(tmp_path / "made.pcap"), "at=server")
    assert octets_of(records) == [(1 - direction, octets) for direction, octets in HEARD]


def test_errors_and_modem_lines_of_an_ftdi(tmp_path: Path) -> None:
    bus = Bus("usbmon-64")
    adapter = Ftdi(bus)
    adapter.set(9600)
    adapter.hears(b"")
    adapter.hears(b"")
    adapter.status = b"\x31\x60"
    adapter.hears(b"")
    adapter.status = b"\x31\x68"
    adapter.hears(FRAME)
    adapter.status = b"\x31\x70"
    adapter.hears(b"")
    adapter.status = b"\x01\x60"
    adapter.hears(FRAME)
    records = read_all(bus.write(tmp_path / "made.pcap"))[0][2:]
    assert [(r.octets, Flag(r.flags), r.comment) for r in records] == [
        (b"", Flag.STATUS, "status change, modem lines set: CTS DSR"),
        (FRAME, Flag.FRAMING_ERROR, None),
        (b"", Flag.BREAK, None),
        (b"", Flag.STATUS, "status change, modem lines set: none"),
        (FRAME, Flag(0), None),
    ]


def test_a_break_that_is_sent_and_a_transfer_that_fails(tmp_path: Path) -> None:
    bus = Bus("usbpcap")
    adapter = Cp210x(bus)
    adapter.set(9600)
    bus.control_out(5, 0x41, 0x05, 1, 0)
    bus.control_out(5, 0x41, 0x05, 0, 0)
    bus.urb(5, 0x01, 3, False, status=-71)
    said = [r.comment for r in read_all(bus.write(tmp_path / "made.pcap"))[0]]
    assert said[2:] == ["a break is sent", "a transfer to the adapter failed"]


def test_what_the_snap_length_took_is_lost(tmp_path: Path) -> None:
    bus = Bus("usbmon-64", snap=64 + 20)
    adapter = Cp210x(bus)
    adapter.set(9600)
    recorded(adapter, [(UP, START, FRAME), (UP, START + MS, bytes(50)), (DOWN, START + 900 * MS, bytes(30))])
    records, _ = read_all(bus.write(tmp_path / "made.pcap"))
    sent, begun, lost, heard, unheard = records[2:]
    assert (sent.octets, sent.flags) == (FRAME, 0)
    assert (begun.octets, Flag(begun.flags)) == (bytes(20), Flag.TRUNCATED)
    assert (lost.octets, lost.lost, Flag(lost.flags), lost.direction) == (b"", 30, Flag.LOSS, UP)
    assert (heard.octets, unheard.lost, unheard.direction) == (bytes(20), 10, DOWN)
    tiny = Bus("usbmon-64", snap=40)
    recorded(Cp210x(tiny), TALK)
    records, source = read_all(tiny.write(tmp_path / "tiny.pcap"))
    assert not records and "shorter than a USB header" in source.remarks[0]


# -- several devices -------------------------------------------------------------------------------------------


def test_several_adapters_and_ports_are_lines_of_their_own(tmp_path: Path) -> None:
    bus = Bus("usbpcap", 2)
    adapters = [Ftdi(bus, 3, 0, h=True), Ftdi(bus, 3, 1, h=True), Cp210x(bus, 4), CdcAcm(bus, 6)]
    for n, adapter in enumerate(adapters):
        adapter.describe()
        adapter.set(9600 << n)
    for n in range(3):
        for adapter in adapters:
            bus.now = START + (100 + n) * MS
            (adapter.sends if n != 1 else adapter.hears)(FRAME)
    records, source = read_all(bus.write(tmp_path / "made.pcap"))
    names = [f"usb2.{name}:{wire}" for name in ("3/0", "3/1", "4/0", "6/1") for wire in ("tx", "rx")]
    assert [c.name for c in source.channels[1:]] == names
    assert [c.baud for c in source.channels[1::2]] == [9600, 19200, 38400, 76800]
    assert [len([r for r in records if r.octets and (r.channel - 1) // 2 == n]) for n in range(4)] == [3] * 4
    ran = cli_run.run("dump", tmp_path / "made.pcap", "--level", "frame", "--format", "jsonl")
    assert {json.loads(line)["kind"] for line in ran.lines} == {"SNRM", "status"}


def test_other_devices_are_counted(tmp_path: Path) -> None:
    bus = Bus("usbmon-48")
    adapter = Cp210x(bus)
    bus.control_in(7, 0x80, 6, 0x0200, 0, configuration(interface(0, 8, 0x81, 0x02)))
    bus.out(7, 2, b"USBC" + bytes(27))
    bus.into(7, 1, bytes(512))
    bus.interrupt(9, 1, bytes(8))
    adapter.set(9600)
    recorded(adapter, TALK)
    records, source = read_all(bus.write(tmp_path / "made.pcap"))
    assert octets_of(records) == HEARD
    assert source.remarks == ["7 packets of other USB devices were passed over (usb1.7 storage, usb1.9)"]


def test_a_device_of_no_known_family_is_named(tmp_path: Path) -> None:
    bus = Bus("usbmon-48")
    for n in range(20):
        bus.out(8, 2, bytes((n, 1, 2)))
        bus.into(8, 1, bytes((n, 9)))
    path = bus.write(tmp_path / "made.pcap")
    records, source = read_all(path)
    assert not records
    assert source.remarks[0].startswith("usb1.8 has 80 bulk packets and no sign of what it is; --assume adapter=")
    records, source = read_all(path, "adapter=ch34x")
    assert len(records) == 40 and not source.remarks


def test_a_device_that_tells_nothing_is_not_held_for_ever(tmp_path: Path) -> None:
    bus = Bus("usbmon-48")
    for _ in range(1100):
        bus.out(8, 2, bytes(3))
        bus.into(8, 1, bytes(3))
    source = open_source(str(bus.write(tmp_path / "made.pcap")))
    assert not list(source) and "4400 bulk packets" in source.remarks[0]
    (device,) = source.usb._devices.values()
    assert device.given_up and not device.held
    source.close()


@pytest.mark.parametrize("ftdi", [True, False])
def test_what_came_before_the_family_was_known_is_not_lost(ftdi: bool, tmp_path: Path) -> None:
    """No descriptor, no request: the port was open before the capture began."""
    bus = Bus("usbmon-64")
    adapter = Ftdi(bus) if ftdi else Cp210x(bus)
    recorded(adapter, TALK)
    for _ in range(4):
        adapter.hears(b"")
    records, source = read_all(bus.write(tmp_path / "made.pcap"))
    assert octets_of(records) == HEARD
    assert [r.no for r in records] == [1, 4, 6]
    assert [bool(remark) for remark in source.remarks] == [not ftdi] * (not ftdi)
    if not ftdi:
        assert "by the looks of its octets" in source.remarks[0]
    assert all(c.baud == 0 for c in source.channels)
    stated, _ = read_all(tmp_path / "made.pcap", "adapter=ftdi,baud=9600" if ftdi else "adapter=cp210x,baud=9600")
    assert octets_of(stated) == HEARD and stated[0].last_ns > stated[0].first_ns


def test_an_address_that_another_device_gets(tmp_path: Path) -> None:
    bus = Bus("usbmon-64")
    first, second = Ftdi(bus), Cp210x(bus)
    for adapter in (first, second):
        adapter.describe()
        adapter.set(9600)
        adapter.sends(FRAME)
        adapter.hears(FRAME)
    records, source = read_all(bus.write(tmp_path / "made.pcap"))
    assert octets_of(records) == [(UP, FRAME), (DOWN, FRAME)] * 2
    assert [c.description.rpartition(" ")[2] for c in source.channels[1:]] == ["(ftdi)"] * 2 + ["(cp210x)"] * 2


# -- requests in parts, and files ----------------------------------------------------------------------------------


def test_stages_of_a_control_transfer_as_older_usbpcap_writes_them(tmp_path: Path) -> None:
    bus = Bus("usbpcap")
    setup = bytes((0x41, 0x1E, 0, 0, 0, 0, 4, 0))
    bus.urb(5, 0, 2, True, setup=setup, stage=0, number=9)
    bus.urb(5, 0, 2, True, (9600).to_bytes(4, "little"), stage=1, number=9)
    bus.urb(5, 0, 2, False, stage=2, number=9)
    bus.urb(5, 0x80, 2, True, setup=bytes((0x80, 6, 0, 1, 0, 0, 18, 0)), stage=0, number=10)
    bus.urb(5, 0x80, 2, False, device_descriptor(0x10C4, 0xEA60), stage=1, number=10)
    bus.urb(5, 0x80, 2, False, stage=2, number=10)
    records, source = read_all(bus.write(tmp_path / "made.pcap"))
    assert [(r.no, r.comment) for r in records] == [(2, "baud 9600")]
    assert not source.remarks


def test_requests_without_an_end_are_forgotten(tmp_path: Path) -> None:
    bus = Bus("usbpcap")
    for n in range(1000):
        bus.urb(5, 0x80, 2, True, setup=bytes((0xC1, 8, 0, 0, 0, 0, 1, 0)), number=n)
    source = open_source(str(bus.write(tmp_path / "made.pcap")))
    assert not list(source)
    assert all(len(device.pending) <= 256 for device in source.usb._devices.values())
    source.close()


def test_a_bus_beside_other_interfaces(tmp_path: Path) -> None:
    """pcapng of two USB buses and a network card: what is no USB is given as it is."""
    path = tmp_path / "made.pcapng"
    one, two = Bus("usbpcap", 1), Bus("usbpcap", 2)
    for bus in (one, two):
        recorded(Cp210x(bus), [(UP, START, FRAME)])
        Cp210x(bus).set(9600)
    with path.open("wb") as file:
        writer = PcapngWriter(file)
        buses = [writer.interface(249, name=f"USBPcap{n}") for n in (1, 2)]
        net = writer.interface(1)
        for n, bus in enumerate((one, two)):
            for ns, octets in bus.packets:
                writer.packet(buses[n], ns, octets)
            writer.packet(net, START, bytes(60))
    records, source = read_all(path)
    assert [(r.no, len(r.octets)) for r in records if r.octets] == [(1, 9), (9, 60), (10, 9), (18, 60)]
    names = [c.name for c in source.channels]
    assert names[3:] == ["usb1.5/0:tx", "usb1.5/0:rx", "usb2.5/0:tx", "usb2.5/0:rx"]


def test_a_big_endian_capture(tmp_path: Path) -> None:
    bus = Bus("usbmon-64", order=">")
    adapter = Cp210x(bus)
    adapter.set(9600)
    recorded(adapter, TALK)
    assert octets_of(read_all(bus.write(tmp_path / "made.pcap"))[0]) == HEARD
