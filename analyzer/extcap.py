"""extcap: the program that Wireshark runs to capture from our taps (Wireshark's doc/extcap.adoc).

    --extcap-interfaces [--extcap-version=4.2]                      which interfaces there are
    --extcap-dlts --extcap-interface X                              their link type
    --extcap-config --extcap-interface X [--extcap-reload-option O] what a person may set (again, for one option)
    --extcap-interface X --extcap-capture-filter F                  is F a valid filter: nothing printed is yes
    --capture --extcap-interface X --fifo F [what was set]          capture to F until it closes or SIGTERM comes

Answers are lines of sentences, `word {key=value}{key=value}`. An interface is a serial port, or the demo: a shipped
capture in its own time, to try it without a tap. On stderr stands only what ended a capture: Wireshark shows it.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

from analyzer import words
from captures import linktype
from captures.pcapng_write import PcapngWriter
from captures.recorder import Recorder, RecordPlan
from captures.replay import speed
from captures.source import open_source
from dissectors import profile
from dissectors.errors import CaptureError, UsageError
from dissectors.link.sign_on import RATES
from dissectors.record import Direction, Value

PREFIX = "cosemscope-"
MARKERS = "marker=cts:cts,dsr:dsr"
DEMO = "cosemscope-demo"
DEMO_CAPTURE = "hdlc-serial.pcapng"
FIND = "find"  # the baud rate is found by listening
FORMATS = ("8N1", "7E1", "8E1")
SPEEDS = ("1x", "4x", "max")
EVENTS = {
    Direction.TO_SERVER: linktype.Event.TX_START,
    Direction.TO_CLIENT: linktype.Event.RX_START,
    Direction.UNKNOWN: linktype.Event.STATUS_CHANGE,
}
MARK = "made by cosemscope extcap install"


class Setting(Value, frozen=True):
    """One thing that a person may set. choices: (value, what is shown); the default is among them.

    type: "selector", or "boolflag" for one without choices."""

    call: str
    display: str
    tooltip: str
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""
    type: str = "selector"
    reload: bool = False


def answer(args: argparse.Namespace) -> list[str]:
    """The lines that answer one call; none after a capture. UsageError: an unknown interface, a wrong call."""
    if args.action == "install":
        return [install(args.dir)]
    if args.extcap_interfaces:
        return interfaces()
    name = known(args.extcap_interface)
    if args.extcap_dlts:
        return [sentence("dlt", number=linktype.RTAC_SERIAL, name="RTAC_SERIAL", display="Serial line with directions")]
    if args.extcap_config:
        return config(name, args.extcap_reload_option)
    if args.capture:
        capture(name, args)
        return []
    if args.extcap_capture_filter is not None:
        refusal = filter_refusal(args.extcap_capture_filter)
        return [refusal] if refusal else []
    raise UsageError(
        "cosemscope extcap: expected install, --extcap-interfaces, --extcap-dlts, --extcap-config or --capture; "
        "Wireshark calls it, after cosemscope extcap install"
    )


def sentence(word: str, **values: object) -> str:
    """One line of an answer; braces and control characters in a value cannot break it."""
    plain = str.maketrans("{}", "()")
    told = (f"{{{key}={words.printable(str(value)).translate(plain)}}}" for key, value in values.items())
    return f"{word} {''.join(told)}"


def ports() -> dict[str, Any]:
    """The serial ports by the names of their interfaces."""
    try:
        from captures.serial.port import list_ports
    except ImportError:  # no POSIX terminals
        return {}
    return {PREFIX + os.path.basename(port.device): port for port in list_ports()}


def interfaces() -> list[str]:
    """Every port, and the demo."""
    lines = [sentence("extcap", version="0.1.0", display="cosemscope taps for DLMS/COSEM")]
    for name, port in ports().items():
        shown = f"DLMS/COSEM tap on {os.path.basename(port.device)}"
        told = ", ".join(str(word) for word in (port.description, port.serial_number) if word)
        lines.append(sentence("interface", value=name, display=f"{shown} ({told})" if told else shown))
    return [*lines, sentence("interface", value=DEMO, display="DLMS/COSEM demo: a recorded serial line")]


def known(name: str | None) -> str:
    """The name, where there is such an interface."""
    if name is None:
        raise UsageError("cosemscope extcap: expected --extcap-interface NAME")
    if name != DEMO and name not in (found := ports()):
        raise UsageError(f"no interface {name}, expected one of {', '.join((*found, DEMO))}")
    return name


def settings(name: str) -> tuple[Setting, ...]:
    """What a person may set before capturing from an interface."""
    if name == DEMO:
        return (
            Setting("--speed", "Speed", "How fast the recorded line is played", _same(SPEEDS), SPEEDS[0]),
        )  # fmt: skip
    others = [(port.device, f"{port.device} {port.description or ''}") for key, port in ports().items() if key != name]
    profiles = [(key, f"{key}: {found.title}") for key, found in profile.builtin().items()]
    bauds = [(FIND, "find by listening"), *((str(baud), f"{baud} Bd") for baud in RATES)]
    return (
        Setting("--baud", "Baud rate", "A mode E sign-on is followed from here", tuple(bauds), "9600"),
        Setting("--format", "Character", "Data bits, parity, stop bits", _same(FORMATS), FORMATS[0]),
        Setting(
            "--second-port", "Second receiver", "Hears the server, where the first hears the client only",
            (("", "none: one receiver hears both"), *others), reload=True,
        ),
        Setting("--profile", "Profile", "Communication profile", (("", "recognised"), *profiles)),
        Setting("--markers", "Markers", "Edges of CTS and DSR are markers in the capture", type="boolflag"),
    )  # fmt: skip


def _same(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, name) for name in names)


def config(name: str, only: str | None = None) -> list[str]:
    """The settings as Wireshark reads them; the values alone of one that is asked for again."""
    lines = []
    for number, setting in enumerate(settings(name)):
        values = [
            sentence("value", arg=number, value=value, display=shown, default=str(value == setting.default).lower())
            for value, shown in setting.choices
        ]
        if only is not None:
            lines += values if only.lstrip("-") == setting.call.lstrip("-") else []
            continue
        more = {"reload": "true", "placeholder": "Look again"} if setting.reload else {}
        lines.append(
            sentence(
                "arg", number=number, call=setting.call, display=setting.display, tooltip=setting.tooltip,
                type=setting.type, required="false", **more,
            )
        )  # fmt: skip
        lines += values
    return lines


def filter_refusal(text: str) -> str:
    """Why a capture filter is not taken; "" for the empty one."""
    return f"a serial line has no capture filter: expected none, not {text!r} (use a display filter)" if text else ""


# -- capturing ---------------------------------------------------------------------------------------------


def capture(name: str, args: argparse.Namespace) -> None:
    """Captures until the fifo is closed, or SIGTERM or SIGINT comes."""
    if args.fifo is None:
        raise UsageError("cosemscope extcap --capture: expected --fifo FILE")

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)  # how Wireshark ends a capture
    try:
        with suppress(BrokenPipeError, KeyboardInterrupt):
            if args.extcap_capture_filter:
                raise UsageError(filter_refusal(args.extcap_capture_filter))
            if name == DEMO:
                factor = speed(args.speed)
                with _opened(args.fifo) as fifo:
                    play_demo(fifo, factor)
            else:
                record(spec(name, args), args.fifo)
    except (UsageError, CaptureError):
        if Path(args.fifo).is_fifo():  # Wireshark waits for it; closed with the process, when main has told why
            os.open(args.fifo, os.O_WRONLY)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _opened(path: str) -> BinaryIO:
    try:
        return open(path, "wb", buffering=0)
    except OSError as error:
        raise CaptureError(f"{path}: cannot be written ({error.strerror})") from None


def spec(name: str, args: argparse.Namespace) -> str:
    """The source that a person's settings describe, in the form of `record`."""
    devices = [ports()[name].device, *([args.second_port] if args.second_port else [])]
    options = {"baud": args.baud, "format": args.format, "profile": args.profile}
    told = [f"{key}={value}" for key, value in options.items() if value]
    return f"serial:{','.join(devices)}?{'&'.join([*told, *([MARKERS] if args.markers else [])])}"


def record(source: str, path: str) -> None:
    """A live tap, recorded straight to the fifo by the recorder's own process."""
    running = Recorder(RecordPlan((source,), path))
    try:
        running.wait()
    finally:
        running.close()
    if running.error is not None:
        raise CaptureError(running.error)


def play_demo(fifo: BinaryIO, factor: float | None) -> None:
    """The shipped serial capture, as if it happened now; each record when its last octet has come."""
    with (
        resources.as_file(resources.files("captures") / "demo" / DEMO_CAPTURE) as path,
        closing(open_source(str(path))) as source,
    ):
        writer = PcapngWriter(fifo, application="cosemscope extcap")
        wires = 0
        shift: int | None = None
        for record in source:
            for channel in source.channels[wires:]:
                writer.interface(
                    channel.link_type, name=channel.name, description=channel.description, speed=channel.baud
                )
            wires = len(source.channels)
            assert record.first_ns is not None and record.last_ns is not None  # our own tap has a clock
            if shift is None:
                start, shift = time.time_ns(), record.first_ns
            after, until = ((at - shift) / (factor or 1) for at in (record.first_ns, record.last_ns))
            if factor is not None:
                time.sleep(max(0.0, (start + until - time.time_ns()) / 1e9))
            ns = start + int(after)
            seconds, rest = divmod(ns, 1_000_000_000)
            head = linktype.RTAC_HEADER.pack(seconds, rest // 1000, EVENTS[Direction(record.direction)], 0, 0)
            writer.packet(record.channel, ns, head + record.octets)


# -- installing --------------------------------------------------------------------------------------------


def install(folder: str | None) -> str:
    """Writes the program that Wireshark runs, which runs us; says where and what is left to do."""
    chosen, hint = (Path(folder), "") if folder else extcap_folder()
    windows = os.name == "nt"
    path = chosen / ("cosemscope.bat" if windows else "cosemscope")
    try:
        if path.exists() and MARK not in path.read_text(encoding="utf-8", errors="replace"):
            raise UsageError(f"{path}: is there already and not ours; expected --dir with another folder")
        chosen.mkdir(parents=True, exist_ok=True)
        path.write_text(batch() if windows else script(), encoding="utf-8")
        path.chmod(0o755)
    except OSError as error:
        raise CaptureError(f"{path}: cannot be written ({error.strerror}); expected --dir FOLDER") from None
    return f"{path}: written; Wireshark lists the interfaces {PREFIX}… after its next start{hint}"


def _home() -> str:
    """Where our packages lie: a checkout that is not installed works too."""
    return str(Path(__file__).resolve().parent.parent)


def script() -> str:
    """The program for a POSIX shell."""
    return (
        f"#!/bin/sh\n# {MARK}\n"
        f"PYTHONPATH={shlex.quote(_home())}${{PYTHONPATH:+:$PYTHONPATH}}\nexport PYTHONPATH\n"
        f'exec {shlex.quote(sys.executable)} -m analyzer.cli extcap "$@"\n'
    )


def batch() -> str:
    """The program for Windows."""
    return (
        f'@echo off\r\nrem {MARK}\r\nset "PYTHONPATH={_home()};%PYTHONPATH%"\r\n'
        f'"{sys.executable}" -m analyzer.cli extcap %*\r\n'
    )


def extcap_folder() -> tuple[Path, str]:
    """Wireshark's personal extcap folder as tshark tells it, and what to do where it has none (before 4.2)."""
    for line in _folders():
        name, _, path = line.partition(":")
        if name.strip().lower() == "personal extcap path":
            return Path(path.strip()), ""
    folder = Path(os.environ.get("WIRESHARK_EXTCAP_DIR") or Path.home() / ".local" / "lib" / "wireshark" / "extcap")
    if os.environ.get("WIRESHARK_EXTCAP_DIR"):
        return folder, ""
    return folder, f"; one before 4.2 has to be started with WIRESHARK_EXTCAP_DIR={shlex.quote(str(folder))}"


def _folders() -> Iterator[str]:
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            ["tshark", "-G", "folders"], capture_output=True, text=True, errors="replace", timeout=20, check=False
        )
        yield from done.stdout.splitlines()
