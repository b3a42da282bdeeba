"""replay: a recorded line comes out of a pseudo terminal as it was: its octets, their order, its pauses."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from cli_run import run

from captures import replay
from captures.assume import parse
from captures.pcap import PcapWriter
from captures.pcapng_write import PcapngWriter
from captures.replay import Options
from captures.source import open_source
from dissectors.errors import CaptureError, UsageError

ROOT = Path(__file__).resolve().parents[2]
SERIAL = ROOT / "captures" / "demo" / "hdlc-serial.pcapng"
START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
CLIENT, SERVER = 1, 2  # events of RTAC_SERIAL: tx start, rx start
STATUS = 0


def line(path: Path, *records: tuple[int, int, int, bytes], speeds: tuple[int, ...] = (9600,)) -> Path:
    """A capture of taps: (interface, ns after START, event, octets)."""
    with path.open("wb") as file:
        writer = PcapngWriter(file)
        for number, speed in enumerate(speeds):
            writer.interface(250, name=f"wire{number}", speed=speed)
        for interface, ns, event, octets in records:
            writer.packet(interface, START + ns, bytes(8) + bytes([event, 0, 0, 0]) + octets)
    return path


def due(options: Options, assume: str = "") -> list[tuple[int, int, bytes]]:
    """The schedule, its wires numbered as they come."""
    stated = parse(assume) if assume else None
    recording = replay.survey(options, stated)
    fds = {key: number for number, key in enumerate(recording.wires)}
    return list(replay.schedule(options, stated, recording, fds))


def joined(schedule: list[tuple[int, int, bytes]], wire: int) -> bytes:
    return b"".join(octet for _, fd, octet in schedule if fd == wire)


# -- the schedule ------------------------------------------------------------------------------------------


def test_each_octet_at_the_end_of_its_character(tmp_path: Path) -> None:
    path = line(tmp_path / "a", (0, 0, CLIENT, b"ab"), (0, SECOND, CLIENT, b"c"))
    character = 10 * SECOND // 9600
    times = [at for at, _, _ in due(Options(str(path), "pty"))]
    assert times == pytest.approx([character, 2 * character, SECOND + character], abs=1000)


def test_wires_are_channels_or_directions(tmp_path: Path) -> None:
    taps = line(tmp_path / "a", (0, 0, CLIENT, b"ask"), (1, SECOND, SERVER, b"answer"), speeds=(9600, 300))
    one = line(tmp_path / "b", (0, 0, CLIENT, b"ask"), (0, SECOND, SERVER, b"answer"))
    for path, names in (
        (taps, ["wire0, 9600 Bd", "wire1, 300 Bd"]),
        (one, ["wire0, client-to-server, 9600 Bd", "wire0, server-to-client, 9600 Bd"]),
    ):
        options = Options(str(path), "pty")
        assert [wire.name for wire in replay.survey(options, None).wires.values()] == names
        assert (joined(due(options), 0), joined(due(options), 1)) == (b"ask", b"answer")
        merged = Options(str(path), "pty", merge=True)
        assert joined(due(merged), 0) == b"askanswer"
        assert [wire.name for wire in replay.survey(merged, None).wires.values()] == ["all wires merged, 9600 Bd"]


def test_a_channel_with_unknown_directions_is_one_wire(tmp_path: Path) -> None:
    path = line(tmp_path / "a", (0, 0, CLIENT, b"ask"), (0, SECOND, SERVER, b"answer"), (0, 2 * SECOND, 77, b"?"))
    schedule = due(Options(str(path), "pty"))
    assert joined(schedule, 0) == b"askanswer?"


def test_records_without_octets_are_no_wire(tmp_path: Path) -> None:
    path = line(tmp_path / "a", (0, 0, STATUS, b""), (0, SECOND, CLIENT, b"x"))
    assert [at for at, _, _ in due(Options(str(path), "pty"))] == pytest.approx([10 * SECOND // 9600], abs=1000)


def test_octets_of_two_wires_come_by_their_times(tmp_path: Path) -> None:
    """A long record at 300 Bd is written after a short one of the other wire that it encloses."""
    path = line(tmp_path / "a", (0, 0, CLIENT, b"0123"), (1, SECOND // 50, SERVER, b"x"), speeds=(300, 9600))
    schedule = due(Options(str(path), "pty"))
    assert [octet for _, _, octet in schedule] == [b"x", b"0", b"1", b"2", b"3"]
    assert [at for at, _, _ in schedule] == sorted(at for at, _, _ in schedule)


def test_one_wire_carries_one_octet_at_a_time(tmp_path: Path) -> None:
    """Stamps that overlap, and a clock set back: octets keep the order of the records."""
    path = line(tmp_path / "a", (0, 0, CLIENT, b"abc"), (0, 1, CLIENT, b"def"), (0, -3600 * SECOND, CLIENT, b"g"))
    schedule = due(Options(str(path), "pty"))
    assert joined(schedule, 0) == b"abcdefg"
    times = [at for at, _, _ in schedule]
    assert all(later - earlier >= 10 * SECOND // 9600 - 1 for earlier, later in pairwise(times))
    assert times[-1] < SECOND


def test_stamps_that_say_more_than_the_baud_rate(tmp_path: Path) -> None:
    """A record that tells its first and last octet is played between them, whatever the rate."""
    path = line(tmp_path / "a", (0, 0, CLIENT, b"ab"))
    times = [at for at, _, _ in due(Options(str(path), "pty"), "baud=300,format=8E1")]
    assert times == pytest.approx([11 * SECOND // 300, 22 * SECOND // 300], abs=1000)


def test_faster_and_without_waiting(tmp_path: Path) -> None:
    path = line(tmp_path / "a", (0, 0, CLIENT, b"a"), (0, SECOND, CLIENT, b"b"))
    normal, twice, most = (due(Options(str(path), "pty", speed=replay.speed(text))) for text in ("1", "2x", "max"))
    assert [at for at, _, _ in twice] == [at // 2 for at, _, _ in normal]
    assert [at for at, _, _ in most] == [0, 0]
    assert replay.speed("0.5x") == 0.5


def test_part_of_a_capture(tmp_path: Path) -> None:
    path = line(tmp_path / "a", *((0, n * SECOND, CLIENT, bytes([n])) for n in range(6)))
    some = due(Options(str(path), "pty", first=3, count=2))
    assert joined(some, 0) == b"\2\3"
    assert some[0][0] == pytest.approx(10 * SECOND // 9600, abs=1000)


def test_one_channel(tmp_path: Path) -> None:
    path = line(tmp_path / "a", (0, 0, CLIENT, b"ask"), (1, SECOND, SERVER, b"answer"), speeds=(9600, 9600))
    assert joined(due(Options(str(path), "pty", channel=1)), 0) == b"answer"


def test_without_stamps_the_baud_rate_paces(tmp_path: Path) -> None:
    path = tmp_path / "a.hex"
    path.write_text("7E A0 07\n03 21\n")
    recording = replay.survey(Options(str(path), "pty"), None)
    assert "no baud rate is known, 9600 is taken" in recording.remarks[0]
    assert "without time stamps: octets at 9600 Bd, 50 ms between records" in recording.remarks[1]
    character = 10 * SECOND // 300
    times = [at for at, _, _ in due(Options(str(path), "pty"), "baud=300")]
    pause = 3 * character + replay.NO_CLOCK_PAUSE_NS
    assert times == pytest.approx([character, 2 * character, 3 * character, pause + character, pause + 2 * character])


def test_every_octet_of_the_demo_is_played_once() -> None:
    schedule = due(Options(str(SERIAL), "pty"))
    with closing(open_source(str(SERIAL))) as source:
        records = list(source)
    for channel in (0, 1):
        assert joined(schedule, channel) == b"".join(r.octets for r in records if r.channel == channel)
    first, last = records[0].first_ns, records[-1].last_ns
    assert first is not None and last is not None and schedule[-1][0] == last - first


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/dev/ttyUSB0", "/dev/pts/1", "COM1", "serial:/dev/ttyS0", ""])
def test_never_to_a_port(target: str) -> None:
    ran = run("replay", SERIAL, "--to", target)
    assert ran.code == 2 and "expected pty" in ran.err and "real meter" in ran.err and ran.out == b""


@pytest.mark.parametrize("text", ["fast", "0", "0x", "-1", "nan", "1e3", "x"])
def test_speed_is_a_factor(text: str) -> None:
    with pytest.raises(UsageError, match="expected a factor such as 2x"):
        replay.speed(text)


def test_packets_are_no_line(pcap: Path, pcapng: Path) -> None:
    with pytest.raises(CaptureError, match="holds Ethernet where replay was asked to play; expected a serial line"):
        replay.survey(Options(str(pcap), "pty"), None)
    recording = replay.survey(Options(str(pcapng), "pty"), None)  # one wire among packets
    assert len(recording.wires) == 1 and "Ethernet is passed over" in recording.remarks[0]


def test_nothing_to_play(tmp_path: Path) -> None:
    path = line(tmp_path / "a", (0, 0, STATUS, b""))
    with pytest.raises(CaptureError, match="has no octets of a line"):
        replay.survey(Options(str(path), "pty"), None)
    with pytest.raises(UsageError, match=r"--channel 3: .* has the channels 0 to 0"):
        replay.survey(Options(str(path), "pty", channel=3), None)
    assert run("replay", "-", "--to", "pty").code == 2
    assert run("replay", tmp_path / "none", "--to", "pty").code == 3


def test_a_capture_that_is_cut_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    path = line(tmp_path / "a", (0, 0, CLIENT, b"abc"), (0, SECOND, CLIENT, b"def"))
    path.write_bytes(path.read_bytes()[:-10])
    assert "cut short" in replay.survey(Options(str(path), "pty"), None).remarks[0]


def test_a_system_without_pseudo_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captures.serial.replay_pty", None)
    ran = run("replay", SERIAL, "--to", "pty")
    assert ran.code == 3 and "no pseudo terminals" in ran.err


# -- on a terminal -----------------------------------------------------------------------------------------


def playing(*words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "analyzer.cli", "replay", *map(str, words), "--to", "pty"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def listened(process: "subprocess.Popen[str]", wires: int) -> list[list[tuple[int, bytes]]]:
    """What each wire delivers until the replay ends, with the time of each read: a reader that sets nothing."""
    assert process.stdout is not None
    fds = [os.open(process.stdout.readline().split()[0], os.O_RDWR | os.O_NOCTTY) for _ in range(wires)]
    got: dict[int, list[tuple[int, bytes]]] = {fd: [] for fd in fds}
    unfinished = list(fds)
    while unfinished:
        for fd in select.select(unfinished, [], [])[0]:
            at = time.monotonic_ns()
            try:
                octets = os.read(fd, 4096)
            except OSError:  # how Linux tells that the other side is closed
                octets = b""
            if octets:
                got[fd].append((at, octets))
            else:
                unfinished.remove(fd)
    for fd in fds:
        os.close(fd)
    return list(got.values())


def test_octets_and_pauses_come_through(tmp_path: Path) -> None:
    every = bytes(range(256))
    path = line(
        tmp_path / "a", (0, 0, CLIENT, every), (0, SECOND, CLIENT, b"a"), (1, SECOND * 4 // 3, SERVER, b"b"),
        speeds=(9600, 9600),
    )  # fmt: skip
    with playing(path) as process:
        client, server = listened(process, 2)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 0
    assert b"".join(octets for _, octets in client) == every + b"a"
    assert [octets for _, octets in server] == [b"b"]
    # the schedule is absolute: only this reader's own wake-up can shorten what it sees
    assert server[0][0] > client[-1][0] > client[-2][0]
    assert client[-1][0] - client[0][0] > SECOND // 2
    assert len(client) > 20  # octet by octet, not in one piece
    assert "waiting until a program opens /dev/" in told and "258 octets written, late by median" in told


def test_the_demo_through_one_terminal_without_waiting() -> None:
    with playing(SERIAL, "--merge", "--speed", "max") as process:
        ((*_,),) = (got,) = listened(process, 1)
    with closing(open_source(str(SERIAL))) as source:
        records = [r for r in source if r.octets]
    assert b"".join(octets for _, octets in got) == b"".join(r.octets for r in records)


def test_again_and_again_until_control_c(tmp_path: Path) -> None:
    path = line(tmp_path / "a", (0, 0, CLIENT, b"hello"))
    with playing(path, "--loop") as process:
        assert process.stdout is not None and process.stderr is not None
        fd = os.open(process.stdout.readline().split()[0], os.O_RDWR | os.O_NOCTTY)
        got = b""
        while len(got) < 10:
            got += os.read(fd, 100)
        process.send_signal(signal.SIGINT)
        process.wait()
        told = process.stderr.read()
        os.close(fd)
    assert got == b"hellohello" and process.returncode == 0
    assert "Traceback" not in told and re.search(r"\b(9|10) octets written", told)  # the tenth may not be counted yet


def test_nobody_needs_to_listen(tmp_path: Path) -> None:
    """Without waiting, more octets than a terminal holds are lost and said to be."""
    path = tmp_path / "a.pcap"
    with path.open("wb") as file:
        writer = PcapWriter(file, 250)
        for n in range(40):
            writer.write(START + n, bytes(8) + bytes([CLIENT, 0, 0, 0]) + bytes(4096))
    ran = run("replay", path, "--to", "pty", "--no-wait", "--speed", "1000x", "--assume", "baud=4000000", "--quiet")
    assert ran.code == 0 and "163840 octets written" in ran.err and "lost, nobody read" in ran.err


def test_lateness_keeps_the_last_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "KEPT", 4)
    lateness = replay.Lateness()
    lateness.count([(0, 9_000_000), *((n, n + 1_000_000) for n in range(8)), (5, None)])
    assert lateness.words() == (
        "10 octets written, late by median 1.000 ms, p99 1.000 ms, max 9.000 ms; 1 of them lost, nobody read"
    )
    assert replay.Lateness().words(paced=False) == "0 octets written"
