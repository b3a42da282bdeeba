"""A recording in a process of its own: taps and interfaces heard, limits kept, and whatever happens to it."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminals import read, send, terminal
from traffic import Sent, framed

from captures.health import Health
from captures.recorder import Recorder, RecordPlan, mend
from captures.spool import Ring
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Flag

LONGEST_S = 60.0


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LONGEST_S
    while not condition():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.02)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Callable[..., Recorder]]:
    running: list[Recorder] = []

    def start(*specs: str, **limits: object) -> Recorder:
        plan = RecordPlan(specs, str(limits.pop("path", tmp_path / "a.pcapng")), **limits)  # type: ignore[arg-type]
        said: list[str] = []
        recorder = Recorder(plan, said.append)
        recorder.words = said  # type: ignore[attr-defined]
        running.append(recorder)
        return recorder

    yield start
    for recorder in running:
        recorder.close()


def heard(path: str) -> list[tuple[int, bytes]]:
    """(direction, octets) of runs that follow each other in the same direction, joined."""
    out: list[tuple[int, bytes]] = []
    for r in read(path)[0]:
        if r.octets and out and out[-1][0] == r.direction:
            out[-1] = (r.direction, out[-1][1] + r.octets)
        elif r.octets:
            out.append((r.direction, r.octets))
    return out


def test_two_wires_give_a_dialogue_in_order(record: Callable[..., Recorder]) -> None:
    units = framed()[:10]
    with terminal() as (up, up_name), terminal() as (down, down_name):
        recorder = record(f"serial:{up_name},{down_name}?baud=9600")
        send(units, up, down, 9600)
        until(lambda: sum(w.octets for w in recorder.health.wires) == sum(len(u.octets) for u in units))
        recorder.close()
    assert recorder.error is None
    assert heard(recorder.path) == [(int(not unit.up), unit.octets) for unit in units]
    records, channels = read(recorder.path)
    assert [c.line for c in channels] == ["+".join(c.name for c in channels)] * 2
    times = [r.first_ns for r in records]
    assert times == sorted(times)  # type: ignore[type-var]
    assert all(r.uncertainty_ns and r.flags & Flag.OCTET_TIMES for r in records if r.octets)
    runs = [r for r in records if r.octets]
    assert min(b.first_ns - a.last_ns for a, b in itertools.pairwise(runs)) > -10_000_000  # type: ignore[operator]


def test_several_lines_at_once_and_an_interface(record: Callable[..., Recorder], loopback: None) -> None:
    with terminal() as (one, one_name), terminal() as (two, two_name):
        recorder = record(f"serial:{one_name},{two_name}?wiring=separate&profile=hdlc", "ip:lo?filter=udp port 40590")
        os.write(one, b"first")
        os.write(two, b"second")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            until(lambda: recorder.health.records and out.sendto(b"packet", ("127.0.0.1", 40590)))
            until(lambda: recorder.health.packets and sum(w.octets for w in recorder.health.wires) == 11)
        recorder.close()
    records, channels = read(recorder.path)
    by_line = {c.line: b"".join(r.octets for r in records if r.channel == c.number) for c in channels}
    assert sorted(value for key, value in by_line.items() if key) == [b"first", b"second"]
    (lo,) = [c for c in channels if c.name == "lo"]
    assert any(r.octets.endswith(b"packet") for r in records if r.channel == lo.number)
    assert {c.profile for c in channels if c.line} == {"hdlc"}


@pytest.mark.parametrize("by", ["dumpcap", "scapy"])
def test_packets_of_an_interface(record: Callable[..., Recorder], by: str, loopback: None) -> None:
    recorder = record(f"ip:lo?filter=udp port 40591&by={by}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for k in range(500):
            out.sendto(k.to_bytes(2, "big"), ("127.0.0.1", 40591))
            time.sleep(0.0002)
    until(lambda: recorder.health.packets >= 500)
    recorder.close()
    numbers = [int.from_bytes(r.octets[-2:], "big") for r in read(recorder.path)[0]]
    assert numbers == list(range(500))
    assert recorder.health.dropped == 0


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("serial:/dev/does-not-exist", CaptureError, "no such port"),
        ("serial:/dev/x?baud=0", UsageError, "expected 50 to"),
        ("ip:does-not-exist", CaptureError, "cannot be captured from"),
        ("ip:lo?filter=udp prt 1", UsageError, "is none of libpcap"),
        ("ip:does-not-exist?by=scapy", CaptureError, "cannot be captured from"),
        ("ip:lo?filter=udp prt 1&by=scapy", UsageError, "is none of libpcap"),
    ],
)
def test_what_cannot_be_opened_is_said_at_once(
    record: Callable[..., Recorder], tmp_path: Path, spec: str, error: type[Exception], words: str, loopback: None
) -> None:
    with pytest.raises(error, match=words):
        record(spec)
    assert not list(tmp_path.glob("*.reserve"))


def test_limits(record: Callable[..., Recorder], tmp_path: Path) -> None:
    with terminal() as (fd, name):
        recorder = record(f"serial:{name}?baud=115200", duration_s=0.3, path=tmp_path / "time.pcapng")
        assert recorder.wait(LONGEST_S)
        assert (recorder.health.ended, recorder.error) == ("after 0.3 s", None)
        recorder = record(f"serial:{name}?baud=115200", count=5, path=tmp_path / "count.pcapng")
        until(lambda: (os.write(fd, b"x") and time.sleep(0.05)) or recorder.ended.is_set())
        assert recorder.health.ended == "after 5 records"
        recorder = record(f"serial:{name}?baud=115200", octets=3000, path=tmp_path / "octets.pcapng")
        until(lambda: (os.write(fd, b"x") and time.sleep(0.02)) or recorder.ended.is_set())
        assert recorder.health.ended == "after 3000 octets"


def test_ring(record: Callable[..., Recorder], tmp_path: Path) -> None:
    with terminal() as (fd, name):
        recorder = record(f"serial:{name}?baud=115200", ring=Ring(octets=1500, files=2))
        until(lambda: (os.write(fd, b"x") and time.sleep(0.02)) or len(recorder.files) > 4)
        recorder.close()
    kept = sorted(str(path) for path in tmp_path.glob("a_*.pcapng"))
    assert kept == recorder.files[-2:]
    assert all(read(path)[0] for path in kept)


def test_a_marker_is_a_record(record: Callable[..., Recorder]) -> None:
    with terminal() as (_, name):
        recorder = record(f"serial:{name}")
        recorder.mark("power: the fuse was put in")
        until(lambda: recorder.health.records >= 2)
        recorder.close()
    (marker,) = [r for r in read(recorder.path)[0] if (r.comment or "").startswith("marker")]
    assert marker.comment is not None
    assert marker.comment.partition("\n")[0] == "marker power: the fuse was put in"
    assert marker.flags & Flag.STATUS and marker.uncertainty_ns and marker.uncertainty_ns > 1_000_000


def test_a_port_that_goes_ends_a_recording_that_stays_readable(record: Callable[..., Recorder]) -> None:
    with terminal() as (fd, name):
        recorder = record(f"serial:{name}")
        os.write(fd, b"before")
        until(lambda: recorder.health.wires and recorder.health.wires[0].octets == 6)
        os.close(fd)
        assert recorder.wait(LONGEST_S)
    assert recorder.error is not None and name in recorder.error
    records, _ = read(recorder.path)
    assert b"".join(r.octets for r in records) == b"before"
    losses = [r.comment or "" for r in records if r.flags & Flag.LOSS]
    assert any("is gone" in words for words in losses)


def test_one_of_two_ports_goes_and_the_other_is_still_heard(record: Callable[..., Recorder]) -> None:
    with terminal() as (one, one_name), terminal() as (two, two_name):
        recorder = record(f"serial:{one_name},{two_name}?wiring=separate")
        os.close(one)
        until(lambda: any(wire.gone for wire in recorder.health.wires))
        os.write(two, b"after")
        until(lambda: any(wire.octets == 5 for wire in recorder.health.wires))
        recorder.close()
    assert recorder.error is None
    assert b"".join(r.octets for r in read(recorder.path)[0]) == b"after"


def test_a_recorder_that_is_killed_leaves_a_file_that_says_so(record: Callable[..., Recorder]) -> None:
    with terminal() as (fd, name):
        recorder = record(f"serial:{name}?baud=115200")
        os.write(fd, b"heard")
        until(lambda: recorder.health.wires and recorder.health.wires[0].octets == 5 and recorder.health.records >= 2)
        os.kill(recorder._process.pid, signal.SIGKILL)
        assert recorder.wait(LONGEST_S)
    assert recorder.error is not None and "killed by signal 9" in recorder.error
    records, _ = read(recorder.path)
    assert b"".join(r.octets for r in records) == b"heard"
    assert "killed by signal 9" in (records[-1].comment or "")
    assert records[-1].flags & Flag.LOSS


def test_a_parent_that_is_killed_ends_the_recording_cleanly(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    with terminal() as (fd, name):
        code = (
            "import sys, time\nfrom captures.recorder import Recorder, RecordPlan\n"
            f"r = Recorder(RecordPlan(('serial:{name}?baud=115200',), {str(path)!r}))\n"
            "print(r._process.pid, flush=True)\ntime.sleep(1000)"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            os.write(fd, b"heard")
            until(lambda: path.exists() and any(r.octets for r in read(path)[0]))
            parent.kill()
        until(lambda: not Path(f"/proc/{child}").exists() or "\tZ" in Path(f"/proc/{child}/status").read_text()[:200])
    assert b"".join(r.octets for r in read(path)[0]) == b"heard"
    assert not path.with_name("a.pcapng.reserve").exists()


def test_a_full_disk(record: Callable[..., Recorder], small_disk: Path) -> None:
    """A tmpfs of 4 MB: the recording ends with a record that says why, and everything before it is there."""
    with terminal() as (fd, name):
        recorder = record(f"serial:{name}?baud=115200", path=small_disk / "a.pcapng")
        os.write(fd, b"x" * 100)
        until(lambda: recorder.health.wires and recorder.health.wires[0].octets == 100)
        (small_disk / "ballast").write_bytes(bytes(2_500_000))
        assert recorder.wait(LONGEST_S)
    assert recorder.error is not None and "the disk is nearly full" in recorder.error
    records, _ = read(recorder.path)
    assert b"".join(r.octets for r in records) == b"x" * 100
    assert "disk is nearly full" in (records[-1].comment or "")


def test_a_disk_that_is_full_between_two_looks(record: Callable[..., Recorder], small_disk: Path) -> None:
    with terminal() as (fd, name):
        recorder = record(f"serial:{name}?baud=115200", path=small_disk / "a.pcapng")
        with open(small_disk / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass
        until(lambda: (os.write(fd, b"x" * 50) and time.sleep(0.01)) or recorder.ended.is_set())
    assert (recorder.error is not None and "full" in recorder.error) or "No space" in str(recorder.error)
    records, _ = read(recorder.path)
    assert set(b"".join(r.octets for r in records)) <= set(b"x")
    assert records[-1].flags & Flag.LOSS


@pytest.mark.parametrize("cut", [0, 1, 7, 40])
def test_mending(record: Callable[..., Recorder], tmp_path: Path, cut: int) -> None:
    with terminal() as (fd, name):
        recorder = record(f"serial:{name}?baud=115200")
        os.write(fd, b"heard")
        until(lambda: recorder.health.records >= 2)
        recorder.close()
    path = Path(recorder.path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - cut] if cut else whole)
    mend(str(path), "loss: tested")
    records, _ = read(path)
    assert (records[-1].comment or "").startswith("loss: tested")
    other = tmp_path / "other"
    other.write_bytes(b"no pcapng at all")
    mend(str(other), "loss: tested")
    assert other.read_bytes() == b"no pcapng at all"
    mend(str(tmp_path / "absent"), "loss: tested")


def test_garbage_and_long_silence_cost_nothing(record: Callable[..., Recorder]) -> None:
    """All octets in any order, FF among them, which the terminal doubles."""
    octets = bytes(range(256)) * 8
    with terminal() as (fd, name):
        recorder = record(f"serial:{name}?baud=115200")
        for at in range(0, len(octets), 64):
            os.write(fd, octets[at : at + 64])
            time.sleep(0.006)
        until(lambda: recorder.health.wires and recorder.health.wires[0].octets >= len(octets))
        recorder.close()
    assert b"".join(r.octets for r in read(recorder.path)[0]) == octets


def test_the_baud_rate_is_found(record: Callable[..., Recorder]) -> None:
    units = [Sent(True, framed()[0].octets)] * 3
    with terminal() as (fd, name):
        recorder = record(f"serial:{name}?baud=find")
        send(units, fd, fd, 9600)
        until(lambda: recorder.health.wires and recorder.health.wires[0].phase != "searching")
        recorder.close()
    assert recorder.health.wires[0].baud == 9600
    assert any("baud rate 9600 found" in (r.comment or "") for r in read(recorder.path)[0])


def test_health_before_anything() -> None:
    assert Health().line() == "0 records; 0 octets written"
