"""Live taps: gurux-dlms client and server talk across a line of pseudo terminals while we listen; and what a person
does with a live source at the command line."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from live import LONGEST_S, PYTHON, ROOT, compare, running
from patient import patient
from terminals import send, terminal
from test_live_gurux import METER, read
from traffic import framed

RECORDING = re.compile(r"recording to (\S+)")


@contextmanager
def cosemscope(*words: str) -> Iterator["subprocess.Popen[str]"]:
    """The command line, once it says that it records; ended by Control-C."""
    process = subprocess.Popen(
        [*PYTHON, "analyzer.cli", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    assert RECORDING.search(said), said + process.stderr.read()
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def stop(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """Control-C: (what it printed, what it said)."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=LONGEST_S)


def messages(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def dumped(path: Path | str, *options: str) -> str:
    command = [*PYTHON, "analyzer.cli", "dump", str(path), "--format", "jsonl", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("taps", ["two", "one"])
@patient
def test_live_decode_equals_the_replay_and_what_the_client_got(tmp_path: Path, taps: str) -> None:
    path = tmp_path / "live.pcapng"
    with running("tests.tapped_line", "--baud", "38400") as (client, server, up, down, both):
        devices = f"{up},{down}" if taps == "two" else both
        with (
            cosemscope("dump", f"serial:{devices}?baud=38400&write={path}", "--format", "jsonl") as live,
            running(METER, "--interface", "hdlc", "--serial", server),
        ):
            got = read("--interface", "hdlc", "--serial", client, "--session", "full")
            time.sleep(1)
            text, said = stop(live)
    assert live.returncode == 0, said
    assert len(got) == 24
    found = messages(text)
    compare(got, found)
    assert dumped(path) == text
    assert {m["uncertainty_ns"] is not None for m in found} == {True}


@patient
def test_timing_of_a_live_line_is_printed_at_control_c() -> None:
    with (
        terminal() as (up, up_name),
        terminal() as (down, down_name),
        cosemscope("timing", f"serial:{up_name},{down_name}?baud=9600", "--format", "json", "--each") as live,
    ):
        send(framed(), up, down, 9600)
        time.sleep(1)
        text, said = stop(live)
    assert live.returncode == 0, said
    rows = [row for row in json.loads(text) if row["rule"] == "app.response"]
    assert len(rows) == 8  # AARQ, six GET, RLRQ
    assert all(row["hi_ns"] >= 20_000_000 for row in rows)  # so long the player paused, at the least
    assert sum(row["lo_ns"] <= 22_000_000 for row in rows) >= 4  # and seldom much longer


def test_inter_octet_gaps_of_a_live_line_are_decided() -> None:
    """A record of octets back to back says so: no rule is undecidable for want of octet times."""
    with terminal() as (up, up_name), terminal() as (down, down_name):
        spec = f"serial:{up_name},{down_name}?baud=9600"
        with cosemscope("timing", spec, "--format", "json", "--each") as live:
            send(framed(), up, down, 9600)
            time.sleep(1)
            text, _ = stop(live)
    inside = [row for row in json.loads(text) if row["rule"] == "link.inter-octet"]
    assert inside
    assert not [row for row in inside if row["needs"] == "octet-times"]


def test_a_mix_of_a_line_and_an_interface(tmp_path: Path, loopback: None) -> None:
    path = tmp_path / "mix.pcapng"
    port = 40593
    with terminal() as (up, up_name), terminal() as (down, down_name):
        specs = [
            f"serial:{up_name},{down_name}?baud=9600&write={path}",
            f"ip:lo?filter=udp port {port}&profile=tcp-udp-ip",
        ]
        with cosemscope("dump", *specs, "--format", "jsonl") as live:
            send(framed()[:6], up, down, 9600)
            with (
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out,
                socket.socket(type=socket.SOCK_DGRAM) as meter,
            ):
                meter.bind(("127.0.0.1", port))
                time.sleep(0.2)  # a tap's stamps may be late by more than a datagram takes
                out.sendto(bytes.fromhex("000100100001000dc001c100080000010000ff0200"), ("127.0.0.1", port))
                time.sleep(1.5)
            text, said = stop(live)
    found = messages(text)
    assert [m["profile"] for m in found].count("tcp-udp-ip") == 1, said
    assert [m["profile"] for m in found].count("hdlc") == 4
    times = [m["time_ns"] for m in found]
    assert times == sorted(times)
    assert dumped(path) == text


def test_several_files_are_no_live_mix(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PYTHON, "analyzer.cli", "dump", "a.pcap", "serial:/dev/x"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "expected one file, or live sources" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("dump", "serial:/dev/does-not-exist"), 3, "no such port"),
        (("dump", "serial:/dev/x?baud=fast"), 2, "expected 50 to"),
        (("timing", "ip:does-not-exist"), 3, "cannot be captured from"),
        (("record", "serial:/dev/does-not-exist", "--write", "x.pcapng"), 3, "no such port"),
        (("record", "file.pcap", "--write", "x.pcapng"), 2, "expected serial:"),
        (("record", "ip:lo", "--write", "x", "--ring", "size=ten"), 2, "--ring size ten: expected a size"),
        (("record", "ip:lo", "--write", "x", "--ring", "files=3"), 2, "expected size= or time="),
        (("record", "ip:lo", "--write", "x", "--ring", "big"), 2, "expected size=100MB"),
        (("record", "ip:lo", "--write", "x", "--duration", "soon"), 2, "--duration soon: expected a time"),
        (("record", "ip:lo", "--write", "x", "--after", "3"), 2, "expected --until"),
        (("record", "ip:lo", "--write", "x", "--until", "apdu =="), 2, "at character 8"),
        (("record", "ip:lo", "--write", "-", "--until", "problems"), 2, "expected a file"),
        (("calibrate", "ip:lo", "--feed", "/dev/x"), 2, "expected a serial tap"),
    ],
)
def test_mistakes_get_one_line(words: tuple[str, ...], code: int, said: str, loopback: None) -> None:
    command = [*PYTHON, "analyzer.cli", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_record_until_a_filter_matches(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    with terminal() as (up, up_name), terminal() as (down, down_name):
        spec = f"serial:{up_name},{down_name}?baud=9600"
        words = ("record", spec, "--write", str(path), "--until", 'apdu == "get-response-normal"', "--after", "2")
        with cosemscope(*words) as live:
            send(framed(), up, down, 9600)
            _, said = live.communicate(timeout=LONGEST_S)
    assert live.returncode == 0, said
    assert "the filter matched" in said
    apdus = [m["apdu"] for m in messages(dumped(path))]
    assert apdus[:6] == [
        "aarq",
        "aare",
        "get-request-normal",
        "get-response-normal",
        "get-request-normal",
        "get-response-normal",
    ]


def test_record_to_stdout_is_a_capture() -> None:
    with terminal() as (fd, name):
        command = [*PYTHON, "analyzer.cli", "record", f"serial:{name}", "--write", "-", "--duration", "2s"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            process.stderr.readline()
            os.write(fd, b"heard")
            out, _ = process.communicate(timeout=LONGEST_S)
    assert out[:4] == b"\n\r\r\n" and b"heard" in out


def test_a_port_that_goes_ends_with_three_and_what_was_decoded() -> None:
    with (
        terminal() as (up, up_name),
        terminal() as (down, down_name),
        cosemscope("dump", f"serial:{up_name},{down_name}?baud=9600", "--format", "jsonl") as live,
    ):
        send(framed()[:4], up, down, 9600)
        os.close(up)
        os.close(down)
        text, said = live.communicate(timeout=LONGEST_S)
    assert live.returncode == 3
    assert "gone" in said or "Input/output error" in said or "its other end was closed" in said
    assert [m["apdu"] for m in messages(text)] == ["aarq", "aare"]


def test_a_recorder_killed_under_dump_is_three_with_what_was_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    with terminal() as (up, up_name), terminal() as (down, down_name):
        spec = f"serial:{up_name},{down_name}?baud=9600&write={path}"
        with cosemscope("dump", spec, "--format", "jsonl") as live:
            send(framed()[:6], up, down, 9600)
            time.sleep(1)
            children = Path(f"/proc/{live.pid}/task/{live.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)
            text, said = live.communicate(timeout=LONGEST_S)
    assert live.returncode == 3
    assert "killed by signal 9" in said
    assert [m["apdu"] for m in messages(text)][:2] == ["aarq", "aare"]
    losses = messages(dumped(path, "--level", "finding"))
    assert any(f["code"] == "capture.loss" for f in losses)


def test_ports_are_freed_at_the_end() -> None:
    with terminal() as (_, name):
        for _ in range(2):
            command = [*PYTHON, "analyzer.cli", "dump", f"serial:{name}?duration=0.3"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)
            assert done.returncode == 0, done.stderr
