"""pcap: every form that is read, those that are refused, and the writer against tshark and scapy."""

import struct
import subprocess
from pathlib import Path

import pytest

from captures.assume import parse
from captures.pcap import PcapWriter, recognise
from captures.source import open_source
from dissectors.errors import CaptureError
from dissectors.record import Direction, Flag

START = 1_700_000_000_123_456_000


def made(path: Path, magic: int, order: str, link: int = 1, version: tuple = (2, 4), wire: int | None = None) -> Path:
    octets = struct.pack(order + "IHHIIII", magic, *version, 0, 0, 65535, link)
    fraction = 123456789 if magic == 0xA1B23C4D else 123456
    more = struct.pack(order + "IHBB", 3, 0x800, 4, 0) if magic == 0xA1B2CD34 else b""
    for n in range(3):
        octets += struct.pack(order + "IIII", 1_700_000_000 + n, fraction, 20, wire or 20) + more + bytes([n]) * 20
    path.write_bytes(octets)
    return path


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "rest", "off"), [(0xA1B2C3D4, 123_456_000, 2000), (0xA1B23C4D, 123_456_789, 1001)])
def test_byte_orders_and_resolutions(order, magic, rest, off, tmp_path, read):
    records, source = read(made(tmp_path / "x", magic, order))
    assert [r.octets for r in records] == [bytes([n]) * 20 for n in range(3)]
    assert records[1].first_ns == records[1].last_ns == 1_700_000_001_000_000_000 + rest
    assert records[0].uncertainty_ns == off
    assert source.channels[0].resolution_ns == off - 1000
    assert records[0].direction == Direction.UNKNOWN and records[0].flags == 0


@pytest.mark.parametrize("order", ["<", ">"])
def test_kuznetzov(order, tmp_path, read):
    records, source = read(made(tmp_path / "x", 0xA1B2CD34, order))
    assert [r.octets for r in records] == [bytes([n]) * 20 for n in range(3)]
    assert records[0].flags == Flag.SENT and source.cut is None


@pytest.mark.parametrize("magic", [0x1C0001AC, 0x1C0001AB, 0xA12B3C4D, 0xA1E2CB12])
def test_other_forms_are_refused_with_words(magic, tmp_path):
    for order in "<>":
        with pytest.raises(CaptureError, match="is not read; convert it"):
            open_source(str(made(tmp_path / "x", magic, order)))


@pytest.mark.parametrize("version", [(1, 4), (2, 2), (543, 0)])
def test_other_versions_are_refused(version, tmp_path):
    with pytest.raises(CaptureError, match=r"expected 2\.3 or 2\.4"):
        open_source(str(made(tmp_path / "x", 0xA1B2C3D4, "<", version=version)))


def test_a_snap_length_marks_the_record(tmp_path, read):
    records, _ = read(made(tmp_path / "x", 0xA1B2C3D4, "<", wire=1500))
    assert all(r.flags == Flag.TRUNCATED and len(r.octets) == 20 for r in records)


def test_a_frame_check_sequence_is_told_by_the_link_type(tmp_path, read):
    _, source = read(made(tmp_path / "x", 0xA1B2C3D4, "<", link=1 | 1 << 26 | 2 << 28))
    assert source.channels[0].link_type == 1
    assert source.channels[0].description == "4 octets of frame check sequence"


def test_a_length_that_cannot_be_ends_the_reading(tmp_path, read):
    path = made(tmp_path / "x", 0xA1B2C3D4, "<")
    octets = bytearray(path.read_bytes())
    octets[24 + 36 + 8 : 24 + 36 + 12] = struct.pack("<I", 0x7FFFFFFF)
    path.write_bytes(octets)
    records, source = read(path)
    assert len(records) == 1
    assert source.cut == "record 2 announces 2147483647 octets: the file is damaged there"


def test_a_packet_larger_than_packets_are(tmp_path, read):
    path = tmp_path / "x"
    with path.open("wb") as file:
        writer = PcapWriter(file, 1)
        for octets in (b"whole", bytes(300_000), b"after"):
            writer.write(START, octets)
    records, source = read(path)
    assert [r.octets for r in records] == [b"whole"] and "announces 300000 octets" in source.cut


def test_rtac_serial_loses_its_header(tmp_path, read):
    path = tmp_path / "x"
    header = struct.pack(">IIBBH", 1_700_000_000, 5, 4, 0, 0)
    with path.open("wb") as file:
        PcapWriter(file, 250).write(START, header + b"\x7e\xa0\x7e")
    records, source = read(path, assume=parse("baud=9600"))
    assert records[0].octets == b"\x7e\xa0\x7e" and records[0].direction == Direction.TO_CLIENT
    assert records[0].last_ns == START and records[0].first_ns == START - 3_125_000  # event 4: its end
    assert source.channels[0].stamp == "start"


@pytest.mark.parametrize(
    ("link", "stamp", "off"), [(147, "unknown", None), (162, "unknown", None), (113, "packet", 1001)]
)
def test_bare_octets_of_a_line_have_no_known_stamp(link, stamp, off, tmp_path, read):
    records, source = read(made(tmp_path / "x", 0xA1B23C4D, "<", link=link))
    assert source.channels[0].stamp == stamp and records[0].uncertainty_ns == off
    assert records[0].octets == bytes(20)


def test_the_rtac_header_is_taken_off_even_if_packets_are_stated(tmp_path, read):
    path = tmp_path / "x"
    with path.open("wb") as file:
        PcapWriter(file, 250).write(START, struct.pack(">IIBBH", 9, 5, 1, 0, 0) + b"\x7e")
    assert read(path, assume=parse("stamp=packet"))[0][0].octets == b"\x7e"


@pytest.mark.parametrize("nanoseconds", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_what_we_write_tshark_reads(nanoseconds, order, tmp_path, tshark, read):
    path = tmp_path / "x.pcap"
    with path.open("wb") as file:
        writer = PcapWriter(file, 1, nanoseconds=nanoseconds, order=order)
        for n in range(4):
            writer.write(START + n * 1_001_000, bytes(60 + n), 100 if n == 3 else None)
    fields = ["-e", "frame.time_epoch", "-e", "frame.cap_len", "-e", "frame.len"]
    lines = subprocess.run([tshark, "-r", path, "-T", "fields", *fields], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in lines.stdout.splitlines()]
    records, _ = read(path)
    assert [int(row[0].replace(".", "")) for row in rows] == [r.first_ns for r in records]
    assert [row[1:] for row in rows] == [["60", "60"], ["61", "61"], ["62", "62"], ["63", "100"]]
    assert [r.first_ns for r in records] == [START + n * 1_001_000 for n in range(4)]


@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("endianness", ["<", ">"])
def test_what_scapy_writes(nano, endianness, tmp_path, read):
    from scapy.utils import RawPcapWriter

    path = tmp_path / "x.pcap"
    with RawPcapWriter(str(path), linktype=1, nano=nano, endianness=endianness) as writer:
        writer.write_header(None)
        for n in range(5):
            writer.write_packet(bytes([n]) * 70, sec=1_700_000_000, usec=n)
    records, source = read(path)
    assert [r.octets for r in records] == [bytes([n]) * 70 for n in range(5)]
    assert [r.first_ns for r in records] == [1_700_000_000 * 10**9 + n * (1 if nano else 1000) for n in range(5)]
    assert source.cut is None


def test_recognised_by_content():
    assert recognise(b"\xd4\xc3\xb2\xa1") and recognise(b"\xa1\xb2\xc3\xd4") and recognise(b"\x4d\x3c\xb2\xa1")
    assert not recognise(b"\xd4\xc3\xb2") and not recognise(b"\n\r\r\n")
