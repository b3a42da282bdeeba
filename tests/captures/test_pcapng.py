"""pcapng: byte orders, resolutions, all packet blocks, what is passed over, and files of Wireshark's tools."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from captures.assume import parse
from captures.pcapng import recognise
from dissectors.record import Direction, Flag

T = 1_700_000_000


class Made:
    """Blocks by hand in either byte order: an encoder that shares nothing with the product."""

    def __init__(self, order: str = "<") -> None:
        self.order = order
        self.octets = b""

    def block(self, kind: int, body: bytes) -> "Made":
        body += bytes(-len(body) % 4)
        length = struct.pack(self.order + "I", len(body) + 12)
        self.octets += struct.pack(self.order + "I", kind) + length + body + length
        return self

    def option(self, code: int, value: bytes) -> bytes:
        return struct.pack(self.order + "HH", code, len(value)) + value + bytes(-len(value) % 4)

    def section(self) -> "Made":
        return self.block(0x0A0D0D0A, struct.pack(self.order + "IHHq", 0x1A2B3C4D, 1, 0, -1))

    def interface(self, link: int = 1, snap: int = 0, *options: tuple[int, bytes]) -> "Made":
        found = b"".join(self.option(*one) for one in options)
        return self.block(1, struct.pack(self.order + "HHI", link, 0, snap) + found)

    def packet(
        self, stamp: int, octets: bytes, *options: tuple[int, bytes], interface: int = 0, wire: int = -1
    ) -> "Made":
        wire = len(octets) if wire < 0 else wire
        head = struct.pack(self.order + "5I", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(octets), wire)
        return self.block(6, head + octets + bytes(-len(octets) % 4) + b"".join(self.option(*one) for one in options))

    def save(self, path: Path) -> Path:
        path.write_bytes(self.octets)
        return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_byte_orders(order, tmp_path, read):
    made = Made(order).section().interface().packet(T * 10**6 + 5, b"\1" * 33).packet(T * 10**6, b"", (1, b"none"))
    records, source = read(made.save(tmp_path / "x"))
    assert [(r.octets, r.first_ns, r.comment) for r in records] == [
        (b"\1" * 33, T * 10**9 + 5000, None),
        (b"", T * 10**9, "none"),
    ]
    assert source.cut is None


def test_sections_of_both_orders_and_numbers_that_go_on(tmp_path, read, tshark):
    first = Made("<").section().interface(1).packet(T * 10**6, b"a" * 20)
    second = Made(">").section().interface(147).interface(147).packet(T * 10**6, b"b" * 20, interface=1)
    path = tmp_path / "x.pcapng"
    path.write_bytes(first.octets + second.octets)
    records, source = read(path)
    assert [(r.no, r.channel) for r in records] == [(1, 0), (2, 2)]
    assert [c.link_type for c in source.channels] == [1, 147, 147]
    seen = subprocess.run([tshark, "-r", path, "-T", "fields", "-e", "frame.number"], capture_output=True, text=True)
    assert seen.stdout.split() == ["1", "2"]


@pytest.mark.parametrize(
    ("resolution", "stamp", "ns", "resolution_ns"),
    [
        (0, T, T * 10**9, 10**9),
        (3, T * 1000 + 1, T * 10**9 + 10**6, 10**6),
        (6, T * 10**6 + 1, T * 10**9 + 1000, 1000),
        (9, T * 10**9 + 1, T * 10**9 + 1, 1),
        (12, 5 * 10**12 + 1_999, 5 * 10**9 + 1, 1),
        (0x80, T, T * 10**9, 10**9),
        (0x80 | 10, T * 1024 + 1, T * 10**9 + 976_562, 976_562),
        (0x80 | 30, T * 2**30 + 2**29, T * 10**9 + 500_000_000, 1),
        (0x80 | 40, 5 * 2**40 + 2**39, 5 * 10**9 + 500_000_000, 1),
    ],
)
def test_resolutions(resolution, stamp, ns, resolution_ns, tmp_path, read):
    made = Made().section().interface(1, 0, (9, bytes([resolution]))).packet(stamp, b"a").packet(stamp, b"a", (1, b"c"))
    records, source = read(made.save(tmp_path / "x"))
    assert [r.first_ns for r in records] == [ns, ns]
    assert source.channels[0].resolution_ns == resolution_ns
    assert records[0].uncertainty_ns == resolution_ns + 1000


@pytest.mark.parametrize("order", ["<", ">"])
def test_time_offset(order, tmp_path, read):
    made = Made(order)
    offset = struct.pack(order + "q", -100)
    made.section().interface(1, 0, (14, offset)).packet(T * 10**6, b"a").packet(1, b"a", (1, b"c"))
    assert [r.first_ns for r in read(made.save(tmp_path / "x"))[0]] == [(T - 100) * 10**9, -100 * 10**9 + 1000]


def test_a_time_beyond_64_bits_is_no_time(tmp_path, read):
    made = Made().section().interface(1, 0, (9, b"\0")).packet(2**64 - 1, b"a").packet(2**64 - 1, b"a", (1, b"c"))
    records, source = read(made.save(tmp_path / "x"))
    assert [(r.first_ns, r.uncertainty_ns) for r in records] == [(None, None)] * 2 and source.cut is None


def test_what_an_interface_tells(tmp_path, read):
    made = Made().section()
    made.interface(
        250, 0, (2, b"wire A"), (3, b"\xc3\xa4"), (8, struct.pack("<Q", 9600)), (9, b"\x09"), (11, b"\0port 4059")
    )
    made.interface(1, 0, (8, struct.pack("<Q", 10**9)), (13, b"\4"))
    source = read(made.save(tmp_path / "x"))[1]
    wire, net = source.channels
    assert (wire.name, wire.description, wire.baud, wire.resolution_ns) == ("wire A", "ä; filter port 4059", 9600, 1)
    assert (net.name, net.description, net.baud) == ("1", "4 octets of frame check sequence", 0)
    assert (wire.stamp, net.stamp) == ("start", "packet")


@pytest.mark.parametrize(
    ("link", "word", "direction", "flags"),
    [
        (147, 1, Direction.TO_CLIENT, 0),
        (147, 2, Direction.TO_SERVER, 0),
        (147, 0, Direction.UNKNOWN, 0),
        (147, 3, Direction.UNKNOWN, 0),
        (147, 1 | 1 << 24, Direction.TO_CLIENT, Flag.CRC_ERROR),
        (147, 2 | 1 << 31, Direction.TO_SERVER, Flag.FRAMING_ERROR),
        (1, 1, Direction.UNKNOWN, Flag.RECEIVED),
        (1, 2 | 1 << 24, Direction.UNKNOWN, Flag.SENT | Flag.CRC_ERROR),
    ],
)
def test_flags_mean_the_line_or_the_network_card(link, word, direction, flags, tmp_path, read):
    made = Made().section().interface(link).packet(T, b"\x7e\xa0", (2, struct.pack("<I", word)))
    record = read(made.save(tmp_path / "x"))[0][0]
    assert (record.direction, record.flags) == (direction, flags)


def test_comments_drops_and_snap_length(tmp_path, read):
    drops = struct.pack("<Q", 7)
    made = Made().section().interface().packet(T, b"abc", (1, b"one"), (4, drops), (1, b"two\0"), wire=99)
    record = read(made.save(tmp_path / "x"))[0][0]
    assert (record.comment, record.lost) == ("one\ntwo", 7)
    assert record.flags == Flag.TRUNCATED | Flag.LOSS


@pytest.mark.parametrize("order", ["<", ">"])
def test_obsolete_and_simple_packets(order, tmp_path, read):
    made = Made(order).section().interface(1, 4)
    stamp = T * 10**6
    head = struct.pack(order + "HH4I", 0, 3, stamp >> 32, stamp & 0xFFFFFFFF, 5, 5)
    made.block(2, head + b"abcde\0\0\0" + made.option(1, b"old")).block(3, struct.pack(order + "I", 60) + b"wxyz")
    made.block(2, struct.pack(order + "HH4I", 0, 0xFFFF, 0, 0, 1, 1) + b"a")
    old, simple, unknown = read(made.save(tmp_path / "x"))[0]
    assert (old.octets, old.first_ns, old.comment, old.lost) == (b"abcde", T * 10**9, "old", 3)
    assert (simple.octets, simple.first_ns, simple.flags) == (b"wxyz", None, Flag.TRUNCATED)
    assert unknown.lost == 0


def test_blocks_that_are_passed_over(tmp_path, read, tshark):
    """Names, statistics, secrets, unknown; Wireshark numbers journal entries and custom blocks as frames."""
    made = Made().section().interface().packet(T * 10**6, b"a" * 20)
    made.block(4, bytes(4)).block(5, struct.pack("<III", 0, 0, 0) + made.option(5, struct.pack("<Q", 9)))
    made.block(10, struct.pack("<II", 0x544C534B, 4) + b"abcd").block(0x7777, b"abcd" * 500)
    made.packet(T * 10**6, b"b" * 20)
    made.block(0x0BAD, struct.pack("<I", 32473) + b"ours").block(0x40000BAD, struct.pack("<I", 32473) + b"ours")
    made.block(9, b"__REALTIME_TIMESTAMP=1700000000123456\nMESSAGE=a\n").packet(T * 10**6, b"c" * 20)
    path = made.save(tmp_path / "x.pcapng")
    records, source = read(path)
    assert [r.octets[:1] for r in records] == [b"a", b"b", b"c"]
    rows = subprocess.run(
        [tshark, "-r", path, "-T", "fields", "-e", "frame.number", "-e", "frame.protocols", "-Y", "eth"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert [r.no for r in records] == [int(row.split()[0]) for row in rows] == [1, 2, 6]
    assert source.remarks == ["channel 0: the capture says that it dropped 9 packets"]


def test_a_large_unknown_block_in_small_pieces(tmp_path, read):
    made = Made().section().interface().packet(T, b"a").block(0x7777, bytes(3 << 20)).packet(T, b"b")
    records, source = read(made.save(tmp_path / "x"))
    assert [r.octets for r in records] == [b"a", b"b"] and source.cut is None
    (tmp_path / "y").write_bytes(made.octets[: -(1 << 20)])
    records, source = read(tmp_path / "y")
    assert len(records) == 1 and "lacks" in source.cut


@pytest.mark.parametrize(
    ("at", "octets", "words"),
    [
        (4, struct.pack("<I", 8), "announces 8 octets"),
        (4, struct.pack("<I", 57), "announces 57 octets"),
        (4, struct.pack("<I", 0xFFFFFFF0), "announces 4294967280 octets"),
        (-4, struct.pack("<I", 4), "two lengths"),
        (8, struct.pack("<I", 5), "names interface 5, 1 are described"),
        (20, struct.pack("<I", 5000), "announces 5000 octets"),
    ],
)
def test_a_length_that_cannot_be_ends_the_reading(at, octets, words, tmp_path, read):
    good = Made().section().interface().packet(T, b"good")
    bad = bytearray(Made().packet(T, b"bad packet").octets)
    at %= len(bad)
    bad[at : at + 4] = octets
    (tmp_path / "x").write_bytes(good.octets + bytes(bad) + good.packet(T, b"after").octets)
    records, source = read(tmp_path / "x")
    assert [r.octets for r in records] == [b"good"]
    assert words in source.cut and "record 1" in source.cut


def test_a_packet_larger_than_packets_are(tmp_path, read):
    made = Made().section().interface().packet(T, b"a").packet(T, bytes(300_000))
    records, source = read(made.save(tmp_path / "x"))
    assert len(records) == 1 and "announces 300000 octets" in source.cut


def test_rtac_serial_with_a_baud_rate_is_spread(tmp_path, read):
    made = Made().section().interface(250, 0, (8, struct.pack("<Q", 9600)), (9, b"\x09"))
    ns = T * 10**9
    header = struct.pack(">IIBBH", T, 0, 1, 0, 0)
    made.packet(ns, header + b"\x7e" * 9).packet(ns, struct.pack(">IIBBH", T, 0, 0, 17, 0))
    data, status = read(made.save(tmp_path / "x"))[0]
    assert (data.octets, data.direction) == (b"\x7e" * 9, Direction.TO_SERVER)
    assert (data.first_ns, data.last_ns) == (ns, ns + 9_375_000)
    assert data.uncertainty_ns == 1 + 9_375_000 * 2 // 100
    assert (status.octets, status.flags) == (b"", Flag.STATUS)
    assert status.comment == "status change, modem lines set: CTS DTR"


def test_rtac_times_of_the_header_where_they_are_finer(tmp_path, read):
    header = struct.pack(">IIBBH", T, 123_456, 1, 0, 0)
    coarse = Made().section().interface(250, 0, (9, b"\x03")).packet(T * 1000, header + b"a")
    assert read(coarse.save(tmp_path / "x"))[0][0].first_ns == T * 10**9 + 123_456_000
    fine = Made().section().interface(250, 0, (9, b"\x09")).packet(T * 10**9 + 7, header + b"a")
    assert read(fine.save(tmp_path / "y"))[0][0].first_ns == T * 10**9 + 7


def test_assumed_per_channel(tmp_path, read):
    made = Made().section().interface(147, 0, (9, b"\x09")).interface(147, 0, (9, b"\x09"))
    made.packet(T, b"abc").packet(T, b"abc", interface=1)
    assume = parse("1:baud=300,1:stamp=end,1:format=8E1,1:uncertainty=1ms")
    plain, stated = read(made.save(tmp_path / "x"), assume=assume)[0]
    assert (plain.first_ns, plain.last_ns, plain.uncertainty_ns) == (T, T, None)
    spread = 3 * 11 * 10**9 // 300
    assert (stated.first_ns, stated.last_ns) == (T - spread, T)
    assert stated.uncertainty_ns == 10**6 + 1 + spread * 2 // 100


@pytest.mark.parametrize("tool", ["editcap", "mergecap", "text2pcap"])
def test_what_wiresharks_tools_write(tool, tmp_path, pcap, pcapng, read, tshark):
    program = shutil.which(tool)
    if program is None:
        pytest.skip(f"{tool} is not installed")
    path = tmp_path / "out.pcapng"
    if tool == "editcap":
        arguments = ["-F", "pcapng", "-a", "2:noted", pcap, path]
    elif tool == "mergecap":
        arguments = ["-F", "pcapng", "-w", path, pcap, pcapng]
    else:
        (tmp_path / "dump").write_text("0000  7e a0 07 03 21 93 0f 01 7e\n\n0000  01 02\n")
        arguments = ["-F", "pcapng", "-l", "147", tmp_path / "dump", path]
    subprocess.run([program, *arguments], check=True, capture_output=True)
    records, source = read(path)
    assert source.cut is None and source.kind == "pcapng"
    fields = ["-e", "frame.number", "-e", "frame.cap_len", "-e", "frame.time_epoch", "-e", "frame.comment"]
    done = subprocess.run([tshark, "-r", path, "-T", "fields", *fields], capture_output=True, text=True, check=True)
    rows = [(line + "\t").split("\t") for line in done.stdout.splitlines()]
    assert len(records) == len(rows) > 1
    for record, (number, length, epoch, comment, *_) in zip(records, rows, strict=True):
        rtac = 12 if source.channels[record.channel].link_type == 250 else 0
        assert (record.no, len(record.octets) + rtac, record.comment or "") == (int(number), int(length), comment)
        spread = record.first_ns if record.first_ns is not None else 0
        seconds, _, fraction = epoch.partition(".")
        assert spread == int(seconds) * 10**9 + int(fraction.ljust(9, "0"))


def test_recognised_by_content():
    assert recognise(b"\n\r\r\n") and recognise(Made(">").section().octets)
    assert not recognise(b"\n\r\r\n" + bytes(8)) and not recognise(b"\n\r\r")
