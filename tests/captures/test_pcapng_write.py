"""What PcapngWriter writes, as tshark, capinfos and our own reader see it."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from captures.pcapng_write import PcapngWriter, option
from captures.source import open_source
from dissectors.record import Direction, Flag

T = 1_700_000_000_123_456_789
HEADER = (T // 10**9).to_bytes(4, "big") + (123_456).to_bytes(4, "big") + b"\x02\x06\0\0"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "x.pcapng"
    with path.open("wb") as file:
        writer = PcapngWriter(file, application="test 1", comment="whole file")
        assert writer.interface(250, name="wire0", description="client to meter", speed=9600) == 0
        assert writer.interface(1, name="eth0") == 1
        writer.packet(0, T, HEADER + b"\x7e\xa0\x7e", comment="first ü", flags=1)
        writer.packet(1, T + 1, bytes(61), wire=1500)
        writer.packet(0, T + 2, HEADER + b"\x7e", flags=2 | 1 << 24 | 1 << 31, custom=[(32473, b"fine stamp")])
        writer.statistics(0, T + 3, received=2, dropped=1)
    return path


def test_tshark_reads_it(written, tshark):
    fields = ["frame.number", "frame.cap_len", "frame.len", "frame.time_epoch", "frame.comment", "frame.interface_name"]
    command = [tshark, "-r", written, "-T", "fields", *(part for field in fields for part in ("-e", field))]
    rows = subprocess.run([*command, "-e", "frame.packet_flags"], capture_output=True, check=True).stdout.decode()
    assert [line.split("\t") for line in rows.splitlines()] == [
        ["1", "15", "15", "1700000000.123456789", "first ü", "wire0", "0x00000001"],
        ["2", "61", "1500", "1700000000.123456790", "", "eth0", ""],
        ["3", "13", "13", "1700000000.123456791", "", "wire0", "0x81000002"],
    ]


def test_tshark_dissects_the_tap(written, tshark):
    command = [tshark, "-r", written, "-T", "fields", "-e", "frame.protocols", "-Y", "frame.number == 1"]
    assert "rtac" in subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_capinfos_reads_it(written, tshark):
    program = shutil.which("capinfos")
    if program is None:
        pytest.skip("capinfos is not installed")
    told = subprocess.run([program, written], capture_output=True, text=True, check=True).stdout
    for words in ("Number of packets:   3", "whole file", "test 1", "Name = wire0", "Description = client to meter"):
        assert words in told
    assert "Speed = 9600" in told and "Time precision = nanoseconds (9)" in told


def test_we_read_it(written):
    source = open_source(str(written))
    first, second, third = source
    assert (first.octets, first.direction, first.comment, first.first_ns) == (
        b"\x7e\xa0\x7e",
        Direction.TO_CLIENT,
        "first ü",
        T,
    )
    assert (second.octets, second.flags) == (bytes(61), Flag.TRUNCATED)
    assert third.flags == Flag.CRC_ERROR | Flag.FRAMING_ERROR
    assert source.remarks == ["channel 0: the capture says that it dropped 1 packets"]
    source.close()


def test_every_block_is_one_write():
    class Once(io.BytesIO):
        def write(self, octets) -> int:
            assert len(octets) % 4 == 0 and octets[4:8] == octets[-4:] and len(octets) >= 12
            return super().write(octets)

    writer = PcapngWriter(Once())
    writer.interface(147)
    for length in range(9):
        writer.packet(0, T, bytes(length), comment="x" * length)


def test_an_option_that_does_not_fit():
    with pytest.raises(ValueError, match="at most 65535"):
        option(1, bytes(65536))
