"""What the recorder hears, as records of a file that our reader, tshark and capinfos agree on."""

import shutil
import subprocess
from pathlib import Path

import pytest
from terminals import read

from captures import linktype
from captures.pcapng_write import PcapngWriter
from captures.recording import RECORDER, Recording, Wire
from captures.spool import Ring
from captures.tap_option import Wiring
from dissectors.errors import CaptureError
from dissectors.record import Direction, Flag

T = 1_764_000_000_123_456_789
UP, DOWN, BOTH = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)
CLIENT = Wire("ttyUSB0", baud=9600, description="client", wiring=Wiring(line="a+b", hears="client", profile="hdlc"))
SERVER = Wire("ttyUSB1", baud=9600, wiring=Wiring(line="a+b", hears="server", character_bits=11, calibration="known"))


def test_runs_come_back_with_their_fine_times(tmp_path: Path) -> None:
    path = str(tmp_path / "a.pcapng")
    recording = Recording(path)
    recording.run(CLIENT, T, T + 9_375_000, 61_000, b"\x7e\xa0", UP)
    recording.run(SERVER, T + 20_000_001, T + 21_000_003, 50_000, b"~", BOTH)
    recording.run(SERVER, T + 30_000_000, T + 31_000_000, 50_000, b"\0", DOWN, int(Flag.BREAK))
    recording.run(SERVER, T + 40_000_000, T + 41_000_000, 50_000, b"x", DOWN, int(Flag.PARITY_ERROR))
    recording.close()
    records, channels = read(path)
    assert [c.name for c in channels] == ["ttyUSB0", "ttyUSB1"]
    assert [(c.baud, c.line, c.profile, c.one_sided, c.character_bits, c.calibration) for c in channels] == [
        (9600, "a+b", "hdlc", True, 10, ""), (9600, "a+b", "", True, 11, "known"),
    ]  # fmt: skip
    timed = int(Flag.OCTET_TIMES)
    assert [(r.channel, r.direction, r.first_ns, r.last_ns, r.uncertainty_ns, r.octets, r.flags) for r in records] == [
        (0, UP, T, T + 9_375_000, 61_000, b"\x7e\xa0", timed),
        (1, BOTH, T + 20_000_001, T + 21_000_003, 50_000, b"~", timed),
        (1, DOWN, T + 30_000_000, T + 31_000_000, 50_000, b"\0", timed | Flag.BREAK | Flag.FRAMING_ERROR),
        (1, DOWN, T + 40_000_000, T + 41_000_000, 50_000, b"x", timed | Flag.PARITY_ERROR | Flag.CRC_ERROR),
    ]


def test_records_are_written_in_order_of_time_as_far_as_they_are_settled(tmp_path: Path) -> None:
    path = str(tmp_path / "a.pcapng")
    recording = Recording(path)
    recording.begin()
    for k, wire in ((3, CLIENT), (1, SERVER), (2, SERVER), (5, CLIENT)):
        recording.run(wire, T + k, T + k + 10, 1, bytes([k]), UP)
    recording.settle(T + 3)
    assert [r.octets for r in read(path)[0]] == [b"\1", b"\2", b"\3"]
    recording.run(SERVER, T + 4, T + 14, 1, b"\4", UP)
    recording.run(CLIENT, T + 3, T + 13, 1, b"\6", UP)  # behind 5 on its wire: it stays behind
    recording.close()
    assert [r.octets for r in read(path)[0]] == [b"\1", b"\2", b"\3", b"\4", b"\5", b"\6"]


def test_statuses_losses_and_packets(tmp_path: Path) -> None:
    path = str(tmp_path / "a.pcapng")
    recording = Recording(path)
    recording.status(CLIENT, T, "marker power-on", lines=1)
    recording.status(CLIENT, T + 1, "loss: 7 octets (overrun in the driver)", lost=7, flag=Flag.OVERRUN)
    recording.status(RECORDER, T + 2, "clock step +3600.000000 s")
    recording.packet(Wire("lo", linktype.ETHERNET), T + 3, b"packet", 60, 2)
    recording.close()
    records, channels = read(path)
    assert [c.name for c in channels] == ["ttyUSB0", "recorder", "lo"]
    assert [(r.comment or "").partition("\n")[0] for r in records[:3]] == [
        "marker power-on", "loss: 7 octets (overrun in the driver)", "clock step +3600.000000 s",
    ]  # fmt: skip
    assert records[0].flags & Flag.STATUS
    assert records[1].flags & Flag.OVERRUN and records[1].lost == 7
    assert records[3].octets == b"packet" and records[3].flags & Flag.TRUNCATED and records[3].flags & Flag.SENT


def test_each_file_of_a_ring_stands_for_itself(tmp_path: Path) -> None:
    recording = Recording(str(tmp_path / "a.pcapng"), Ring(octets=600, files=4))
    for k in range(60):
        recording.run(CLIENT, T + k * 1_000_000, T + k * 1_000_000 + 1000, 10, bytes([k]), UP)
        recording.settle(None)
    recording.close()
    files = sorted(tmp_path.iterdir())
    assert len(files) == 4
    found = [r.octets[0] for file in files for r in read(file)[0]]
    assert found == list(range(60 - len(found), 60))
    assert all(read(file)[1][0].line == "a+b" for file in files)


@pytest.mark.parametrize("tool", ["tshark", "capinfos"])
def test_wireshark_reads_every_kind_of_record(tmp_path: Path, tool: str, tshark: object) -> None:
    path = str(tmp_path / "a.pcapng")
    recording = Recording(path)
    recording.run(CLIENT, T, T + 9_375_000, 61_000, b"\x7e\xa0", UP)
    recording.status(RECORDER, T + 5, "marker power-on", lines=5)
    recording.packet(Wire("lo", linktype.ETHERNET), T + 10, bytes(60), 60)
    recording.run(SERVER, T + 20, T + 30, 61_000, b"\0", BOTH, int(Flag.FRAMING_ERROR))
    recording.close()
    if tool == "tshark":
        command = [
            "tshark",
            "-r",
            path,
            "-T",
            "fields",
            "-e",
            "frame.time_epoch",
            "-e",
            "frame.interface_name",
            "-e",
            "frame.comment",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert [line.split("\t") for line in done.stdout.splitlines()] == [
            ["1764000000.123456789", "ttyUSB0", ""],
            ["1764000000.123456794", "recorder", "marker power-on"],
            ["1764000000.123456799", "lo", ""],
            ["1764000000.123456809", "ttyUSB1", ""],
        ]  # fmt: skip
    elif shutil.which("capinfos"):
        done = subprocess.run(["capinfos", "-c", "-M", path], capture_output=True, text=True, check=True)
        assert "Number of packets:   4" in done.stdout


def test_a_full_disk_is_the_last_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "a.pcapng")
    recording = Recording(path)
    recording.run(CLIENT, T, T + 10, 1, b"whole", UP)
    recording.settle(None)
    flush = recording.spool.flush
    calls = []

    def full() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise CaptureError("a.pcapng: cannot be written any more (No space left on device)")
        flush()

    monkeypatch.setattr(recording.spool, "flush", full)
    recording.run(CLIENT, T + 20, T + 30, 1, b"last", UP)
    with pytest.raises(CaptureError, match="No space left"):
        recording.settle(None)
    recording.spool.close()
    records, _ = read(path)
    assert [r.octets for r in records] == [b"whole", b"last", b""]
    assert "No space left" in (records[-1].comment or "")
    assert records[-1].flags & Flag.LOSS


def test_going_on_in_a_section(tmp_path: Path) -> None:
    recording = Recording(str(tmp_path / "unused"))
    with open(tmp_path / "a.pcapng", "w+b") as file:
        PcapngWriter(file).interface(1, name="eth0")
        recording.go_on(PcapngWriter(recording.spool, interfaces=1))  # type: ignore[arg-type]
        recording.status(RECORDER, T, "loss: gone", flag=Flag.LOSS)
        file.write(recording.blocks())
    records, channels = read(tmp_path / "a.pcapng")
    assert [c.name for c in channels] == ["eth0", "recorder"]
    assert records[0].channel == 1
