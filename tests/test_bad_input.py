"""What a person does wrong, and what a disk and a pipe do: exit codes and one clear line, never a traceback."""

import gzip
import io
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cli_run import Ran, run
from encode.plain import packet, udp
from encode.wrapper import pdu

from captures.pcap import PcapWriter
from dissectors.errors import CaptureError

ROOT = Path(__file__).resolve().parent.parent
REQUEST = bytes.fromhex("C001C100080000010000FF0200")
RESPONSE = bytes.fromhex("C401C100090C07E80101010000000080000000")
START_NS = 1_700_000_000_000_000_000
PCAP_HEADER = 24
RECORD_HEADER = 16


def exchange(n: int) -> list[bytes]:
    """n requests and responses over UDP."""
    out: list[bytes] = []
    for _ in range(n):
        for source, destination, apdu in ((16, 1, REQUEST), (1, 16, RESPONSE)):
            ports = (50000, 4059) if source == 16 else (4059, 50000)
            hosts = ("10.0.0.1", "10.0.0.2") if source == 16 else ("10.0.0.2", "10.0.0.1")
            out.append(packet(17, udp(pdu(apdu, source, destination), ports, hosts), hosts))
    return out


def pcap(packets: list[bytes]) -> bytes:
    file = io.BytesIO()
    writer = PcapWriter(file, 1)
    for i, octets in enumerate(packets):
        writer.write(START_NS + i * 100_000_000, octets)
    return file.getvalue()


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bad") / "whole.pcap"
    path.write_bytes(pcap(exchange(4)))
    return path


def one_line(ran: Ran, code: int, *words: str) -> None:
    assert ran.code == code, ran
    lines = ran.err.strip().splitlines()
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("cosemscope"), lines
    assert "Traceback" not in ran.err
    for word in words:
        assert word in lines[0], (word, lines)


# -- sources that cannot be read -------------------------------------------------------------------------

COMMANDS = (("dump",), ("timing",), ("explain",))


@pytest.mark.parametrize("command", COMMANDS)
def test_sources_that_are_no_capture(tmp_path: Path, command: tuple[str, ...]) -> None:
    text, empty, binary = tmp_path / "letter.txt", tmp_path / "empty.pcap", tmp_path / "picture.png"
    text.write_text("Dear Sir or Madam,\nthis is no recording. Yours, Nobody\n")
    empty.write_bytes(b"")
    binary.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    one_line(run(*command, tmp_path / "nowhere.pcap"), 3, "nowhere.pcap")
    one_line(run(*command, tmp_path), 3, "directory")
    one_line(run(*command, empty), 3, "empty.pcap", "empty")
    one_line(run(*command, binary), 3, "picture.png")
    one_line(run(*command, text), 3, "letter.txt")


def test_a_source_that_may_not_be_read(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("captures.stream.os.open", refuse)
    one_line(run("dump", capture), 3, "whole.pcap", "Permission denied")


def test_reading_that_fails_midway_keeps_what_was_read(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = capture.read_bytes()
    half = len(whole) // 2
    ends = [24]  # where each record ends: 16 octets of header with the length at 8, behind 24 of the file's
    while ends[-1] < len(whole):
        ends.append(ends[-1] + 16 + int.from_bytes(whole[ends[-1] + 8 : ends[-1] + 12], "little"))
    pieces = iter([whole[:half]])

    def read(fd: int, size: int) -> bytes:
        piece = next(pieces, None)
        if piece is None:
            raise OSError(5, "Input/output error")
        return piece

    monkeypatch.setattr("captures.stream.os.read", read)
    ran = run("dump", capture, "--format", "jsonl")
    assert ran.code == 3
    assert "Input/output error" in ran.err
    assert len(ran.lines) == sum(end <= half for end in ends[1:]) > 1


def test_compressed_and_cut(tmp_path: Path, capture: Path) -> None:
    packed = gzip.compress(capture.read_bytes())
    whole, cut = tmp_path / "a.pcap.gz", tmp_path / "b.pcap.gz"
    whole.write_bytes(packed)
    cut.write_bytes(packed[:-20])
    assert run("dump", whole).out == run("dump", capture).out
    ran = run("dump", cut)
    assert ran.code == 4
    assert "cut short" in ran.err


# -- captures cut anywhere -------------------------------------------------------------------------------


def boundaries(whole: bytes) -> dict[int, int]:
    """Offset of each place between records -> number of whole records before it."""
    found, at, n = {PCAP_HEADER: 0}, PCAP_HEADER, 0
    while at < len(whole):
        at += RECORD_HEADER + int.from_bytes(whole[at + 8 : at + 12], "little")
        n += 1
        found[at] = n
    return found


def test_a_capture_cut_at_every_octet(tmp_path: Path, capture: Path) -> None:
    """Between records: 0. Inside a record or its header: 4, with what was whole. Less than a magic number: 3."""
    whole = capture.read_bytes()
    between = boundaries(whole)
    cut = tmp_path / "cut.pcap"
    for size in (*range(201), *range(len(whole) - 200, len(whole) + 1)):
        cut.write_bytes(whole[:size])
        ran = run("dump", cut, "--format", "jsonl", "--level", "frame")
        want = 3 if size < 4 else 0 if size in between else 4
        assert ran.code == want, (size, ran)
        assert "Traceback" not in ran.err
        assert len(ran.lines) == max((n for at, n in between.items() if at <= size), default=0), size
        assert bool(ran.err) == (want != 0), (size, ran.err)


def test_a_cut_comes_before_a_failed_condition_and_after_wrong_use(tmp_path: Path, capture: Path) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(capture.read_bytes()[:-3])
    assert run("timing", cut, "--require", "app-response:1000000").code in (2, 4)
    assert run("dump", cut, "--filter", "nothing ==").code == 2
    assert run("dump", cut, "--quiet").code == 4


def test_an_empty_capture_is_never_green(tmp_path: Path) -> None:
    empty = tmp_path / "header.pcap"
    empty.write_bytes(pcap([]))
    assert run("dump", empty).code == 0
    for demand in ("fail", "undecidable"):
        ran = run("timing", empty, "--fail-on", demand)
        assert ran.code == 1, ran
        assert ran.err.strip(), "it says why"
    assert run("timing", empty, "--fail-on", "never").code == 0


# -- wrong use -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        (("frobnicate", "x"), ("frobnicate",)),
        (("dump",), ("SOURCE",)),
        (("dump", "x.pcap", "--colour"), ("--colour",)),
        (("dump", "x.pcap", "--format", "xml"), ("xml", "jsonl")),
        (("dump", "x.pcap", "--level", "octet"), ("octet", "frame")),
        (("dump", "x.pcap", "--count", "0"), ("--count",)),
        (("dump", "x.pcap", "--count", "many"), ("--count",)),
        (("timing", "x.pcap", "--fail-on", "always"), ("always",)),
        (("decode", "7E", "A0", "0G"), ("G",)),
        (("decode", "ABC"), ("3 hex digits",)),
        (("decode", "7EA0", "--as", "profibus"), ("profibus", "hdlc")),
        (("profiles", "paint"), ("paint",)),
        (("profiles", "show", "no-such-profile"), ("no-such-profile",)),
    ],
)
def test_wrong_words(words: tuple[str, ...], hints: tuple[str, ...]) -> None:
    one_line(run(*words), 2, *hints)


@pytest.mark.parametrize("command", ["scrub", "batch", "compare", "correlate", "whatif"])
def test_later_commands_say_so(command: str) -> None:
    one_line(run(command, "x.pcap"), 2, command)


def test_wrong_fields_and_filters(capture: Path) -> None:
    one_line(run("dump", capture, "--fields", "no,apud"), 2, "apud", "apdu")
    one_line(run("dump", capture, "--filter", 'apud == "aarq"'), 2, "apud", "apdu", "1")
    one_line(run("dump", capture, "--filter", 'apdu == "aarq" &&'), 2, "character 18")
    one_line(run("dump", capture, "--filter", "apdu === 1"), 2, "character 8")
    one_line(run("timing", capture, "--require", "no-such-rule:3"), 2, "no-such-rule")
    one_line(run("timing", capture, "--require", "app-response:some"), 2, "some")


def test_wrong_assumptions(capture: Path) -> None:
    one_line(run("dump", capture, "--assume", "bauds=9600"), 2, "bauds")
    one_line(run("dump", capture, "--assume", "baud=quick"), 2, "quick")


def test_a_wrong_descriptor_names_file_and_key(tmp_path: Path, capture: Path) -> None:
    text = run("profiles", "new", "mine", "--from", "wrapper-tcp").text
    if not text:
        text = run("profiles", "new", "mine").text
    mine = tmp_path / "mine.toml"
    mine.write_text(text + "\n[not_a_table]\ncolour = 1\n")
    one_line(run("dump", capture, "--profile", mine), 2, "mine.toml", "not_a_table")
    mine.write_text("this is = = no toml")
    one_line(run("dump", capture, "--profile", mine), 2, "mine.toml")
    one_line(run("dump", capture, "--profile", tmp_path / "none.toml"), 2, "none.toml")


def test_use_is_judged_before_the_source(tmp_path: Path) -> None:
    """2 before 3: a wrong filter on a missing file is a wrong filter."""
    assert run("dump", tmp_path / "none.pcap", "--filter", "apdu ===").code == 2
    assert run("dump", tmp_path / "none.pcap", "--fields", "apud").code == 2


def test_an_environment_error_has_its_code(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CaptureError("the device is gone")

    monkeypatch.setattr("analyzer.session.open_source", fail)
    one_line(run("dump", capture), 3, "the device is gone")


# -- as a process: pipes, signals, imports -----------------------------------------------------------------


def start(*words: object, **more: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "analyzer.cli", *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        **more,  # type: ignore[call-overload]
    )


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    long = tmp_path / "long.pcap"
    long.write_bytes(pcap(exchange(3000)))
    process = start("dump", long, "--format", "jsonl")
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b'{"no":1')
    process.stdout.close()
    noise = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), noise) == (0, b"")


def test_a_stream_on_stdin(capture: Path) -> None:
    process = start("dump", "-", "--format", "jsonl")
    out, noise = process.communicate(capture.read_bytes())
    assert (process.returncode, noise) == (0, b"")
    assert out == run("dump", capture, "--format", "jsonl").out


def test_a_fifo_is_read_like_a_file(tmp_path: Path, capture: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    with subprocess.Popen(["sh", "-c", f"cat {capture} > {fifo}"]) as writer:
        process = start("dump", fifo, "--format", "jsonl")
        out, noise = process.communicate()
        writer.kill()
    assert (process.returncode, noise) == (0, b"")
    assert out == run("dump", capture, "--format", "jsonl").out


def test_follow_a_growing_file_until_interrupted(tmp_path: Path, capture: Path) -> None:
    whole = capture.read_bytes()
    growing = tmp_path / "growing.pcap"
    middle = sorted(boundaries(whole))[4] + 7  # inside a record's header
    growing.write_bytes(whole[:middle])
    process = start("dump", growing, "--follow", "--format", "jsonl")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    with growing.open("ab") as file:
        file.write(whole[middle:])
    lines += [process.stdout.readline() for _ in range(4)]
    process.send_signal(signal.SIGINT)
    rest, noise = process.communicate()
    assert process.returncode == 0, noise
    assert b"Traceback" not in noise
    assert b"".join(lines) + rest == run("dump", capture, "--format", "jsonl").out


def test_control_c_keeps_what_is_there(capture: Path) -> None:
    shown = run("dump", capture).out.splitlines(keepends=True)
    process = start("dump", capture, "--follow")
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in shown]
    process.send_signal(signal.SIGINT)
    rest, noise = process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in noise
    assert [*seen, *rest.splitlines(keepends=True)] == shown


HEAVY = ("textual", "pandas", "matplotlib", "scapy", "pyshark", "pyarrow", "numpy")
LOADED = """
import sys
from analyzer import cli
try:
    code = cli.main(sys.argv[1:])
except SystemExit as left:
    code = left.code
print("loaded:", [name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    "words", [("--help",), ("decode", "C001C100080000010000FF0200"), ("dump",), ("timing",), ("explain",), ("fields",)]
)
def test_heavy_libraries_stay_away(words: tuple[str, ...], capture: Path) -> None:
    source = [str(capture)] if words[0] in ("dump", "timing", "explain") else []
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(heavy=HEAVY), *words, *source], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = done.stderr.decode().splitlines()[-1]
    if words[0] in ("timing", "fields"):  # percentiles are numpy's work
        loaded = loaded.replace("'numpy'", "")
    assert loaded == "loaded: []"


def test_help_of_every_command_has_an_example() -> None:
    for command in ("dump", "timing", "report", "decode", "explain", "profiles", "fields", "demo"):
        ran = run(command, "--help")
        assert ran.code == 0
        assert f"example: cosemscope {command}" in ran.text
