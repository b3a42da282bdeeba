"""Mode E followed live: a line begins at 300 Bd, goes to HDLC at 9600 Bd and comes back; the taps are never told.

The line is played onto the taps' terminals octet by octet. What a tap gets depends on the rate that it is set to when
the octet comes: at another than the speaker's it gets what a receiver at that rate makes of the waveform, or nothing.
"""

import json
import subprocess
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from encode.iec62056_21 import block, even
from live import LONGEST_S, PYTHON, ROOT
from patient import patient
from terminals import read, terminal
from test_live_taps import cosemscope, dumped, messages, stop
from traffic import framed

from captures.serial.player import play, run

RATES = {getattr(termios, f"B{rate}"): rate for rate in (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}
REQUEST = b"/?!\r\n"
IDENTIFICATION = b"/CSC5\\2TESTMETER01\r\n"
SLOW_IDENTIFICATION = b"/CSC5TESTMETER01\r\n"
SELECT = b"\x06252\r\n"
CONFIRM = b"\x06252\r\n"
READOUT = b"\x021.8.0(000123.4*kWh)\r\n!\r\n\x03"
Step = tuple[bool, int, bytes, float]  # the client speaks, at this rate, so, after this pause in seconds


def garbled(octet: int, spoken: int, heard: int) -> bytes:
    """What a receiver at another rate makes of one octet: sampled in the middle of its own bits."""
    level = [0, *(octet >> bit & 1 for bit in range(8)), 1]
    out, at, end = [], 0.0, 10 / spoken
    bit = 1 / heard
    while at < end:
        if level[min(9, int(at * spoken))]:
            at += bit / 16
            continue
        value = 0
        for index in range(8):
            moment = at + (index + 1.5) * bit
            value |= (level[int(moment * spoken)] if moment < end else 1) << index
        out.append(value)
        at += 9.5 * bit
    return bytes(out)


def line(steps: list[Step], up: int, down: int) -> None:
    """Plays the steps; a tap that is set to another rate gets garbage."""
    for client, rate, octets, pause in steps:
        time.sleep(pause)
        fd = up if client else down
        for octet in octets:
            heard = RATES[termios.tcgetattr(fd)[4]]
            made = bytes((octet,)) if heard == rate else garbled(octet, rate, heard)
            play(run(0, fd, made, rate if heard == rate else max(rate, heard)) if made else ())


def session(pause: float = 0.25) -> list[Step]:
    hdlc = [(unit.up, 9600, unit.octets, 0.02) for unit in framed()]
    return [
        (True, 300, even(REQUEST), 0.1), (False, 300, even(IDENTIFICATION), pause), (True, 300, even(SELECT), pause),
        (False, 9600, even(CONFIRM), pause), *hdlc,
    ]  # fmt: skip


@pytest.mark.parametrize("taps", ["two", "one"])
@patient
def test_two_mode_e_sessions_in_a_row(tmp_path: Path, taps: str) -> None:
    path = tmp_path / "e.pcapng"
    with terminal() as (up, up_name), terminal() as (down, down_name):
        devices, ends = (f"{up_name},{down_name}", (up, down)) if taps == "two" else (up_name, (up, up))
        with cosemscope("dump", f"serial:{devices}?baud=300&write={path}", "--format", "jsonl") as live:
            line(session() + session(), *ends)
            time.sleep(1)
            text, said = stop(live)
    assert live.returncode == 0, said
    apdus = [m["apdu"] for m in messages(text)]
    once = ["aarq", "aare", *["get-request-normal", "get-response-normal"] * 6, "rlrq", "rlre"]
    assert apdus == once * 2
    assert dumped(path) == text
    records, channels = read(path)
    assert {channels[r.channel].baud for r in records if r.octets} == {300, 9600}
    changes = [(r.comment or "").partition(" (")[0] for r in records if "->" in (r.comment or "")]
    assert changes == ["baud rate 300 -> 9600", "baud rate 9600 -> 300"] * 2
    frames = messages(dumped(path, "--level", "frame"))
    kinds = [f["kind"] for f in frames if f["layer"] == "iec62056-21"]
    assert kinds == ["request", "identification", "option-select", "option-select"] * 2
    assert not [f for f in frames if f["kind"] == "noise"]


@patient
def test_reaction_times_of_the_sign_on_are_judged(tmp_path: Path) -> None:
    """The device answers too soon once: 60 ms where 200 ms are the least."""
    path = tmp_path / "e.pcapng"
    steps = session()
    steps[1] = (False, 300, even(IDENTIFICATION), 0.06)
    with (
        terminal() as (up, up_name),
        terminal() as (down, down_name),
        cosemscope("record", f"serial:{up_name},{down_name}?baud=300", "--write", str(path)) as live,
    ):
        line(steps, up, down)
        time.sleep(1)
        stop(live)
    command = [*PYTHON, "analyzer.cli", "timing", str(path), "--each", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=True)
    rows = [row for row in json.loads(done.stdout) if row["rule"] == "signon.reaction" and row["subject"] == "server"]
    verdicts = [row["verdict"] for row in rows if row["measured_ns"] < 150_000_000]
    assert verdicts == ["fail"]
    assert {row["verdict"] for row in rows if row["measured_ns"] > 220_000_000} == {"pass"}


def refused() -> list[Step]:
    """The device knows no mode E: it sends its readout at the rate of the identification's digit, then starts anew."""
    readout = even(block(READOUT))
    return [
        (True, 300, even(REQUEST), 0.1), (False, 300, even(SLOW_IDENTIFICATION), 0.25),
        (True, 300, even(b"\x06050\r\n"), 0.25), (False, 9600, readout, 0.25),
    ]  # fmt: skip


def silent() -> list[Step]:
    """The device refuses the option by saying nothing: both are back at the start rate."""
    return session()[:3]


@pytest.mark.parametrize("refusal", [refused, silent])
def test_a_device_that_refuses_the_option(tmp_path: Path, refusal: Callable[[], list[Step]]) -> None:
    """After the refusal the next session is followed as if nothing had been."""
    path = tmp_path / "e.pcapng"
    later = session()
    later[0] = (True, 300, even(REQUEST), 6.0)  # well above the time after which an unanswered option is over
    with (
        terminal() as (up, up_name),
        terminal() as (down, down_name),
        cosemscope("dump", f"serial:{up_name},{down_name}?baud=300&write={path}", "--format", "jsonl") as live,
    ):
        line(refusal() + later, up, down)
        time.sleep(1)
        text, said = stop(live)
    assert [m["apdu"] for m in messages(text)][:3] == ["aarq", "aare", "get-request-normal"], said
    assert len(messages(text)) == 16
    frames = messages(dumped(path, "--level", "frame"))
    kinds = [f["kind"] for f in frames if f["layer"] == "iec62056-21"]
    assert kinds.count("request") == 2
    assert ("data" in kinds) == (refusal is refused)
    assert dumped(path) == text


def test_the_rate_of_a_sign_on_line_is_found_and_then_followed(tmp_path: Path) -> None:
    """baud=find hears two requests that stay unanswered, then a session."""
    path = tmp_path / "e.pcapng"
    calls: list[Step] = [(True, 300, even(REQUEST), 0.6)] * 5
    with (
        terminal() as (up, up_name),
        terminal() as (down, down_name),
        cosemscope("dump", f"serial:{up_name},{down_name}?baud=find&write={path}", "--format", "jsonl") as live,
    ):
        line([*calls, *session()], up, down)
        time.sleep(1)
        text, said = stop(live)
    assert [m["apdu"] for m in messages(text)].count("get-response-normal") == 6, said
    records, _ = read(path)
    assert any("baud rate 300 found" in (r.comment or "") for r in records)
