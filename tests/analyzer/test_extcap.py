"""extcap: the calls that Wireshark makes and the sentences it reads; and the real tshark capturing through us."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from cli_run import run
from terminals import terminal

from analyzer import extcap
from captures.recorder import RecordPlan
from captures.source import open_source
from dissectors.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
SERIAL = ROOT / "captures" / "demo" / "hdlc-serial.pcapng"
SENTENCE = re.compile(r"[a-z]+ (\{[a-z]+=[^{}]*\})+")
TAP = ("--extcap-interface", "cosemscope-ttyUSB0")
DEMO = ("--extcap-interface", "cosemscope-demo")


class Port:
    def __init__(self, device: str, description: str, serial_number: str | None = None) -> None:
        self.device = device
        self.description = description
        self.driver = "ftdi_sio"
        self.serial_number = serial_number


class FakeRecorder:
    """What the recorder looks like from its parent's side."""

    calls: list[Any] = []
    error: str | None = None

    def __init__(self, plan: RecordPlan) -> None:
        self.calls.append((plan.specs, plan.path))

    def wait(self) -> None:
        self.calls.append("wait")
        os.kill(os.getpid(), signal.SIGTERM)  # Wireshark's stop button

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def taps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Two ports, and a recorder that tells how it was called."""
    ports = [Port("/dev/ttyUSB0", "FT232R {USB} UART\n", "A1"), Port("/dev/ttyUSB1", "CP2102")]
    monkeypatch.setattr("captures.serial.port.list_ports", lambda: ports)
    monkeypatch.setattr(extcap, "Recorder", FakeRecorder)
    monkeypatch.setattr(FakeRecorder, "calls", [])
    return FakeRecorder.calls


@pytest.fixture
def no_taps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without serial taps."""
    monkeypatch.setitem(sys.modules, "captures.serial.port", None)


def told(*words: object) -> list[str]:
    """The lines that Wireshark gets, each checked against its grammar."""
    ran = run("extcap", *words)
    assert (ran.code, ran.err) == (0, "")
    assert [line for line in ran.lines if not SENTENCE.fullmatch(line)] == []
    return ran.lines


def test_interfaces_are_the_ports_and_the_demo(taps: list[Any]) -> None:
    for version in ((), ("--extcap-version=4.2",), ("--extcap-version", "4.0")):
        lines = told("--extcap-interfaces", *version)
        assert lines[0].startswith("extcap {version=")
        assert re.findall(r"^interface \{value=(\S+)\}", "\n".join(lines), re.M) == [
            "cosemscope-ttyUSB0", "cosemscope-ttyUSB1", "cosemscope-demo",
        ]  # fmt: skip
        assert "tap on ttyUSB0 (FT232R (USB) UART\\n, A1)" in lines[1]


def test_without_taps_there_is_the_demo(no_taps: None) -> None:
    assert len(told("--extcap-interfaces")) == 2
    ran = run("extcap", "--extcap-dlts", *TAP)
    assert ran.code == 2 and "no interface cosemscope-ttyUSB0, expected one of cosemscope-demo" in ran.err


def test_link_type(taps: list[Any]) -> None:
    for interface in (TAP, DEMO):
        (line,) = told("--extcap-dlts", *interface)
        assert line.startswith("dlt {number=250}{name=RTAC_SERIAL}{display=")


def test_settings_of_a_tap(taps: list[Any]) -> None:
    lines = told("--extcap-config", *TAP)
    arguments = {re.findall(r"call=(\S+?)\}", line)[0]: line for line in lines if line.startswith("arg ")}
    assert list(arguments) == ["--baud", "--format", "--second-port", "--profile", "--markers"]
    numbers = [int(found) for line in lines for found in re.findall(r"^arg \{number=(\d+)", line)]
    assert numbers == list(range(5))
    assert "{type=boolflag}" in arguments["--markers"] and "{reload=true}" in arguments["--second-port"]
    values = {n: re.findall(rf"^value \{{arg={n}\}}\{{value=([^}}]*)\}}", "\n".join(lines), re.M) for n in numbers}
    assert values[0][0] == "find" and "9600" in values[0] and values[1] == ["8N1", "7E1", "8E1"]
    assert values[2] == ["", "/dev/ttyUSB1"] and "hdlc" in values[3] and values[4] == []
    for n in numbers[:4]:  # exactly one default each
        assert sum(f"{{arg={n}}}" in line and "default=true" in line for line in lines) == 1


def test_settings_are_options_of_the_command(taps: list[Any]) -> None:
    """Every value that is offered is taken when Wireshark passes it on."""
    for name in ("cosemscope-ttyUSB0", "cosemscope-demo"):
        for setting in extcap.settings(name):
            for words in [(setting.call, value) for value, _ in setting.choices] or [(setting.call,)]:
                assert told("--extcap-interface", name, "--extcap-dlts", *words)


def test_the_list_of_ports_is_asked_for_again(taps: list[Any]) -> None:
    for option in (("--extcap-reload-option", "second-port"), ("--extcap-reload-option=--second-port",)):
        lines = told("--extcap-config", *TAP, *option)
        assert [line[:14] for line in lines] == ["value {arg=2}{"] * 2


def test_capture_filter() -> None:
    assert told("--extcap-interface", "cosemscope-demo", "--extcap-capture-filter", "") == []
    ran = run("extcap", "--extcap-interface", "cosemscope-demo", "--extcap-capture-filter", "port 4059")
    assert ran.code == 0 and "a serial line has no capture filter" in ran.text
    ran = run("extcap", "--capture", *DEMO, "--fifo", "x", "--extcap-capture-filter", "port 4059")
    assert ran.code == 2


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        ((), 2, "expected --extcap-interface NAME"),
        (DEMO, 2, "expected install, --extcap-interfaces"),
        (("--extcap-dlts", "--extcap-interface", "eth0"), 2, "no interface eth0, expected one of"),
        (("--capture", *DEMO), 2, "expected --fifo"),
        (("--capture", *DEMO, "--fifo", "/nowhere/at/all"), 3, "cannot be written"),
        (("remove",), 2, "invalid choice"),
    ],
)
def test_wrong_calls(words: tuple[str, ...], code: int, why: str) -> None:
    ran = run("extcap", *words)
    assert (ran.code, ran.out) == (code, b"") and why in ran.err and ran.err.count("\n") == 1


def test_a_tap_is_recorded_to_the_fifo_until_wireshark_stops_it(taps: list[Any]) -> None:
    words = ("--baud", "find", "--format", "7E1", "--second-port", "/dev/ttyUSB1", "--profile", "hdlc", "--markers")
    ran = run("extcap", "--capture", *TAP, "--fifo", "the-fifo", *words)
    assert (ran.code, ran.out, ran.err) == (0, b"", "")
    source = "serial:/dev/ttyUSB0,/dev/ttyUSB1?baud=find&format=7E1&profile=hdlc&marker=cts:cts,dsr:dsr"
    assert taps == [((source,), "the-fifo"), "wait", "close"]


def test_a_tap_with_what_stands_by_default(taps: list[Any]) -> None:
    run("extcap", "--capture", *TAP, "--fifo", "f", "--second-port", "", "--profile", "")
    assert taps[0] == (("serial:/dev/ttyUSB0?baud=9600&format=8N1",), "f")


def test_a_real_tap_until_nobody_reads_the_fifo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    heard, done = bytearray(), threading.Event()

    def wireshark() -> None:
        with fifo.open("rb", buffering=0) as pipe:
            while b"heard" not in heard:
                heard.extend(pipe.read(4096) or b"")

    with terminal() as (fd, name):
        monkeypatch.setattr("captures.serial.port.list_ports", lambda: [Port(name, "a tap")])

        def talk() -> None:
            while not done.wait(0.05):
                os.write(fd, b"heard")

        threads = [threading.Thread(target=work) for work in (wireshark, talk)]
        for thread in threads:
            thread.start()
        ran = run("extcap", "--capture", "--extcap-interface", f"cosemscope-{os.path.basename(name)}", "--fifo", fifo)
        done.set()
        for thread in threads:
            thread.join()
    assert (ran.code, ran.out, ran.err) == (0, b"", "")
    assert heard[:4] == b"\n\r\r\n"


def test_a_tap_that_goes_is_told(monkeypatch: pytest.MonkeyPatch, taps: list[Any]) -> None:
    monkeypatch.setattr(FakeRecorder, "error", "/dev/ttyUSB0: Input/output error")
    monkeypatch.setattr(FakeRecorder, "wait", lambda self: None)
    ran = run("extcap", "--capture", *TAP, "--fifo", "f")
    assert ran.code == 3 and "Input/output error" in ran.err


# -- the demo ----------------------------------------------------------------------------------------------


def program(*words: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "analyzer.cli", "extcap", "--capture", *DEMO, *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_demo_has_every_octet_in_its_own_time(tmp_path: Path) -> None:
    ran = run("extcap", "--capture", *DEMO, "--fifo", tmp_path / "a.pcapng", "--speed", "max")
    assert (ran.code, ran.err) == (0, "")
    shipped, played = (list(open_source(str(path))) for path in (SERIAL, tmp_path / "a.pcapng"))
    assert shipped[0].first_ns is not None and played[0].first_ns is not None
    shift = played[0].first_ns - shipped[0].first_ns
    assert shift > 0
    for one, other in zip(shipped, played, strict=True):
        assert one.first_ns is not None
        assert (one.octets, one.direction, one.channel) == (other.octets, other.direction, other.channel)
        assert other.first_ns == one.first_ns + shift


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_capture(tmp_path: Path, number: int) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with program("--fifo", fifo) as process, fifo.open("rb") as pipe:
        pipe.read(100)  # it has begun
        process.send_signal(number)
        pipe.read()
        assert process.communicate() == ("", "") and process.returncode == 0


def test_a_closed_fifo_ends_the_capture(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with program("--fifo", fifo, "--speed", "100x") as process:
        with fifo.open("rb") as pipe:
            pipe.read(100)
        assert process.communicate() == ("", "") and process.returncode == 0


# -- installing, and Wireshark -----------------------------------------------------------------------------


def test_install_writes_a_program_that_runs(tmp_path: Path) -> None:
    folder = tmp_path / "a folder" / "extcap"
    for _ in range(2):  # again is no error
        assert run("extcap", "install", "--dir", folder).text.startswith(f"{folder / 'cosemscope'}: written; ")
    done = subprocess.run(
        [folder / "cosemscope", "--extcap-interfaces"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "interface {value=cosemscope-demo}" in done.stdout


def test_install_leaves_other_programs_alone(tmp_path: Path) -> None:
    (tmp_path / "cosemscope").write_text("#!/bin/sh\n")
    ran = run("extcap", "install", "--dir", tmp_path)
    assert ran.code == 2 and "not ours" in ran.err
    ran = run("extcap", "install", "--dir", tmp_path / "cosemscope" / "below")
    assert ran.code == 3 and "expected --dir FOLDER" in ran.err


def test_install_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = extcap.batch()
    assert text.startswith("@echo off\r\n") and f'"{sys.executable}" -m analyzer.cli extcap %*\r\n' in text


def test_the_personal_folder_is_the_one_that_wireshark_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIRESHARK_EXTCAP_DIR", raising=False)
    new = ["Temp:\t/tmp", "Personal Extcap path:\t/me/extcap", "Global Extcap path:\t/usr/extcap"]
    monkeypatch.setattr(extcap, "_folders", lambda: iter(new))
    assert extcap.extcap_folder() == (Path("/me/extcap"), "")
    monkeypatch.setattr(extcap, "_folders", lambda: iter(["Extcap path:\t/usr/extcap"]))
    folder, hint = extcap.extcap_folder()
    assert folder == Path.home() / ".local/lib/wireshark/extcap" and f"WIRESHARK_EXTCAP_DIR={folder}" in hint
    monkeypatch.setenv("WIRESHARK_EXTCAP_DIR", "/else/where")
    assert extcap.extcap_folder() == (Path("/else/where"), "")


def test_tshark_is_asked_for_its_folders(tshark: str) -> None:
    assert any("xtcap path" in line for line in extcap._folders())


def test_no_tshark_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert list(extcap._folders()) == []


def wireshark(tshark: str, folder: Path, *words: object) -> "subprocess.CompletedProcess[str]":
    """tshark with our program as its only extcap. It ignores the variable for root: there it gets another number."""
    other: list[str] = []
    if os.geteuid() == 0:
        other = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
        if not shutil.which("unshare") or subprocess.run([*other, "true"], check=False).returncode:
            pytest.skip("tshark ignores WIRESHARK_EXTCAP_DIR for root, and there are no user namespaces here")
    return subprocess.run(
        [*other, tshark, *map(str, words)], capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "WIRESHARK_EXTCAP_DIR": str(folder)},
    )  # fmt: skip


def test_tshark_captures_through_us(tshark: str, tmp_path: Path) -> None:
    folder = tmp_path / "extcap"
    assert run("extcap", "install", "--dir", folder).code == 0
    listed = wireshark(tshark, folder, "-D")
    assert "cosemscope-demo (DLMS/COSEM demo: a recorded serial line)" in listed.stdout, listed.stderr
    types = wireshark(tshark, folder, "-i", "cosemscope-demo", "-L")
    assert "RTAC_SERIAL (Serial line with directions)" in types.stdout, types.stderr
    path = tmp_path / "got.pcapng"
    speed = ("-o", "extcap.cosemscope_demo.speed:max")
    done = wireshark(tshark, folder, "-i", "cosemscope-demo", *speed, "-c", 100, "-w", path)
    assert done.returncode == 0, done.stderr
    shipped, got = (list(open_source(str(file))) for file in (SERIAL, path))
    assert [record.octets for record in got] == [record.octets for record in shipped[:100]]
    refused = wireshark(tshark, folder, "-i", "cosemscope-demo", "-f", "port 4059", "-c", 1, "-w", tmp_path / "none")
    assert "a serial line has no capture filter" in refused.stderr


def test_unknown_speed_is_one_line(tmp_path: Path) -> None:
    ran = run("extcap", "--capture", *DEMO, "--fifo", tmp_path / "a", "--speed", "fast")
    assert ran.code == 2 and "expected a factor" in ran.err


def test_sentences_cannot_be_broken() -> None:
    assert extcap.sentence("value", display="a}{b=c}\n") == "value {display=a)(b=c)\\n}"
    with pytest.raises(UsageError, match="expected --extcap-interface"):
        extcap.known(None)
