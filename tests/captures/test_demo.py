"""The captures that ship with the program: others can read them, and they hold what their README says."""

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from fastcrc import crc16

from captures.linktype import RTAC_SERIAL
from captures.pcapng import PcapngSource
from captures.source import open_source
from dissectors.record import Direction, Record

DEMO = Path(__file__).resolve().parent.parent.parent / "captures" / "demo"
NAMES = ("wrapper-tcp", "hdlc-tcp", "hdlc-serial")
PACKETS = {"wrapper-tcp": 229, "wrapper-tcp-ciphered": 22, "hdlc-tcp": 162, "hdlc-serial": 136}
RESIDUE = 0x0F47  # CRC-16/X-25 over a frame with its own check sequence


def path(name: str) -> str:
    return str(DEMO / f"{name}.pcapng")


def serial() -> list[Record]:
    return list(open_source(path("hdlc-serial")))


def capinfos(tshark: str, name: str) -> str:
    tool = shutil.which("capinfos", path=str(Path(tshark).parent))
    assert tool is not None
    return subprocess.run([tool, "-M", path(name)], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", PACKETS)
def test_tshark_reads_every_packet(tshark: str, name: str) -> None:
    command = [tshark, "-r", path(name), "-T", "fields", "-e", "frame.number"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [int(line) for line in done.stdout.split()] == list(range(1, PACKETS[name] + 1))
    assert "cut short" not in done.stderr


@pytest.mark.parametrize("name", PACKETS)
def test_we_read_what_tshark_reads(tshark: str, name: str) -> None:
    command = [tshark, "-r", path(name), "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = []
    for line in done.stdout.splitlines():
        number, stamp = line.split()
        seconds, _, fraction = stamp.partition(".")
        theirs.append((int(number), int(seconds) * 1_000_000_000 + int(fraction)))
    assert [(record.no, record.first_ns) for record in open_source(path(name))] == theirs


def test_the_wires_have_names_and_speed(tshark: str) -> None:
    told = capinfos(tshark, "hdlc-serial")
    for number, name in enumerate(("client", "meter")):
        part = told.partition(f"Interface #{number} info:")[2].partition("Interface #")[0]
        assert f"Name = {name}\n" in part
        assert "Speed = 9600\n" in part
        assert "Time resolution = 0x09\n" in part
        assert "(153 - rtac-serial)" in part


@pytest.mark.parametrize("name", ["wrapper-tcp", "wrapper-tcp-ciphered", "hdlc-tcp"])
def test_dumpcap_made_the_tcp_captures_and_no_host_is_named(tshark: str, name: str) -> None:
    told = capinfos(tshark, name)
    assert re.search(r"Capture application: +Dumpcap", told)
    assert "oper-sys" not in told
    assert "hardware" not in told
    assert "Operating system" not in told


def test_we_know_the_wires() -> None:
    source = open_source(path("hdlc-serial"))
    assert isinstance(source, PcapngSource)
    records = list(source)
    assert [(c.name, c.baud, c.link_type) for c in source.channels] == [
        ("client", 9600, RTAC_SERIAL),
        ("meter", 9600, RTAC_SERIAL),
    ]
    directions = {(record.channel, record.direction) for record in records}
    assert directions == {(0, Direction.TO_SERVER), (1, Direction.TO_CLIENT)}


def test_the_line_carries_one_burst_at_a_time() -> None:
    """9600 Bd, ten bits an octet: no record begins before the one before it has ended."""
    records = serial()
    for before, after in pairwise(records):
        assert before.first_ns is not None and before.last_ns is not None and after.first_ns is not None
        assert before.last_ns - before.first_ns == len(before.octets) * 10 * 1_000_000_000 // 9600
        assert after.first_ns >= before.last_ns


def test_two_frames_are_damaged() -> None:
    bad = [record.no for record in serial() if crc16.ibm_sdlc(record.octets[1:-1]) != RESIDUE]
    assert bad == [11, 14]


def test_three_frames_come_again_after_silence_or_damage() -> None:
    records = {record.no: record for record in serial()}
    assert records[7].octets == records[8].octets
    assert records[10].octets == records[12].octets
    differ = [a ^ b for a, b in zip(records[14].octets, records[15].octets, strict=True) if a != b]
    assert differ == [0x10]


def test_one_answer_is_late() -> None:
    records = {record.no: record for record in serial()}
    asked, answered = records[113].last_ns, records[114].first_ns
    assert asked is not None and answered is not None
    assert 2_500_000_000 <= answered - asked < 3_500_000_000


def test_the_link_ended_during_a_pause() -> None:
    control = 5  # flag, format (2), client or server address (2 + 1 octets)
    assert serial()[-1].octets[control + 1 :][:1] == b"\x1f", "DM with F = 1"


def test_all_sizes_stay_small() -> None:
    assert sum((DEMO / f"{name}.pcapng").stat().st_size for name in PACKETS) < 400_000


def test_the_readme_knows_the_number_of_frames() -> None:
    """The sessions of each capture, as the README lists them, follow each other without a gap."""
    text = (DEMO / "README.md").read_text(encoding="utf-8").partition("## Sessions")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    assert rows[0][2:] == list(NAMES)
    for column, name in enumerate(NAMES, 2):
        spans = sorted(tuple(map(int, row[column].split("-"))) for row in rows[2:] if row[column])
        spans += [tuple(map(int, rows[1][column].split("-")))] if rows[1][column][:1].isdigit() else []
        spans.sort()
        assert spans[0][0] == 1
        assert spans[-1][1] == PACKETS[name]
        assert all(after[0] == before[1] + 1 for before, after in pairwise(spans))
