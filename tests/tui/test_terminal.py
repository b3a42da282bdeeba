"""The program in a terminal of its own: what it leaves behind, however it ends."""

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from live_app import SNRM
from screens import ROOT, SERIAL
from terminals import terminal

from captures.source import open_source

pexpect = pytest.importorskip("pexpect")

# what the terminal is told in the end: mouse off, other screen off, cursor on
CLEAN = (b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?1006l", b"\x1b[?2004l", b"\x1b[?1049l", b"\x1b[?25h")
PROGRAM = "import sys; from analyzer.cli import main; sys.exit(main(sys.argv[1:]))"


class Shown:
    """A running program and everything it wrote."""

    def __init__(self, words: list[str], folder: Path, program: str = PROGRAM, shell: str = "") -> None:
        environment = {**os.environ, "XDG_CONFIG_HOME": str(folder), "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", program, *words]
        if shell:
            command = ["/bin/sh", "-c", shell.format(program=subprocess.list2cmdline(command))]
        self.child: Any = pexpect.spawn(
            command[0], command[1:], dimensions=(30, 100), timeout=60, cwd=str(ROOT), env=environment
        )

    def until(self, text: str) -> None:
        self.child.expect_exact(text.encode())

    def rest(self) -> tuple[bytes, int | None]:
        """What it wrote up to its end, and the exit code."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.before, self.child.exitstatus

    def is_raw(self) -> bool:
        return not termios.tcgetattr(self.child.child_fd)[3] & (termios.ECHO | termios.ICANON)


@contextmanager
def shown(folder: Path, *words: str, **given: str) -> Iterator[Shown]:
    found = Shown(list(words), folder, **given)
    try:
        yield found
    finally:
        found.child.close(force=True)


def users_of(device: str) -> set[int]:
    """Processes that have it open."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if os.readlink(link) == device:
                found.add(int(link.parts[2]))
    return found


def hang_up(child: Any) -> None:
    """Closes the terminal, as the window of one is closed."""
    child.ptyproc.fileobj.close()
    child.closed = child.ptyproc.closed = True


def is_clean(wrote: bytes) -> bool:
    """Whether each mode was left, and none was entered after it."""
    return all(wrote.rfind(mode) > wrote.rfind(mode[:-1] + (b"h" if mode[-1:] == b"l" else b"l")) for mode in CLEAN)


WAYS: list[tuple[Callable[[Any], object], int]] = [
    (lambda child: child.send("q"), 0),
    (lambda child: child.send("\x03"), 0),
    (lambda child: child.kill(signal.SIGINT), 0),
    (lambda child: child.kill(signal.SIGTERM), 143),
    (lambda child: child.kill(signal.SIGHUP), 129),
]


@pytest.mark.parametrize("way", range(len(WAYS)))
def test_the_terminal_is_left_clean(way: int, tmp_path: Path) -> None:
    end, code = WAYS[way]
    with shown(tmp_path, "open", SERIAL) as program:
        program.until("136 frames")
        assert program.is_raw()
        end(program.child)
        wrote, exit_code = program.rest()
    assert exit_code == code
    assert is_clean(wrote)


def test_a_terminal_that_is_closed_ends_the_program(tmp_path: Path) -> None:
    with shown(tmp_path, "open", SERIAL) as program:
        program.until("136 frames")
        hang_up(program.child)
        assert program.child.wait() == 129
    assert (tmp_path / "cosemscope" / "tui.json").exists()


CRASH = """
import sys
from tui.capture_screen import CaptureScreen
from tui.row_commands import RowCommands
def broken(self):
    secret = "the value of a variable"
    raise RuntimeError("broken \\x1b[31m")
RowCommands.action_rows_level = broken
from analyzer.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_crash_leaves_terminal_and_recording(tmp_path: Path) -> None:
    """One traceback, without the values of variables and without what moves the cursor."""
    record = tmp_path / "live.pcapng"
    with (
        terminal() as (wire, name),
        shown(tmp_path, "open", f"serial:{name}?baud=9600&write={record}", program=CRASH) as program,
    ):
        program.until("live")
        os.write(wire, SNRM)
        program.until("1 frames")
        program.child.send("e")
        wrote, exit_code = program.rest()
    assert exit_code == 1
    assert is_clean(wrote)
    said = wrote[wrote.rfind(b"\x1b[?1049l") :].decode()
    assert said.count("Traceback") == 1 and "RuntimeError: broken \\x1b[31m" in said
    assert "the value" not in said.replace('secret = "the value of a variable"', "")
    source = open_source(str(record))
    assert any(len(found.octets) for found in source) and source.cut is None
    source.close()


@pytest.mark.parametrize("closed", [False, True])
def test_a_recording_ends_with_the_program(closed: bool, tmp_path: Path) -> None:
    """By a signal, or with the terminal: the file is whole, and nobody listens any more."""
    record = tmp_path / "live.pcapng"
    with terminal() as (wire, name), shown(tmp_path, "open", f"serial:{name}?write={record}") as program:
        program.until("live")
        os.write(wire, SNRM)
        program.until("1 frames")
        if closed:
            hang_up(program.child)
            assert program.child.wait() == 129
        else:
            program.child.kill(signal.SIGTERM)
            wrote, exit_code = program.rest()
            assert exit_code == 143 and is_clean(wrote)
        assert users_of(name) == {os.getpid()}
    assert not Path(f"{record}.reserve").exists()
    source = open_source(str(record))
    assert b"".join(found.octets for found in source) == SNRM and source.cut is None
    source.close()


def test_stop_and_on(tmp_path: Path) -> None:
    """Control-Z gives the terminal back, and fg shows all again."""
    with shown(tmp_path, "open", SERIAL) as program:
        program.until("136 frames")
        program.child.send("\x1a")
        program.until("\x1b[?1049l")
        _, status = os.waitpid(program.child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status) and not program.is_raw()
        program.child.kill(signal.SIGCONT)
        program.until("\x1b[?1049h")
        program.until("136 frames")
        program.child.send("q")
        assert program.rest()[1] == 0


def test_a_pipe_is_a_source(tmp_path: Path) -> None:
    """The keyboard is the terminal, stdin the capture; it grows with the pipe, and is decoded again."""
    half = Path(SERIAL).stat().st_size // 2
    feed = (
        f"(head -c {half} {SERIAL}; while [ ! -e {tmp_path}/more ]; do sleep 0.1; done; tail -c +{half + 1} {SERIAL})"
    )
    with shown(tmp_path, "open", "-", shell=feed + " | {program}") as program:
        program.until("reading")
        program.until("display filter")
        (tmp_path / "more").touch()
        program.until("136 frames")
        program.child.send("\x12")
        program.until("reading it again")
        program.until("136 frames")
        program.child.send("q")
        wrote, exit_code = program.rest()
    assert exit_code == 0 and is_clean(wrote)


def test_without_source_the_start_screen_opens(tmp_path: Path) -> None:
    with shown(tmp_path) as program:
        program.until("Captures to learn with")
        program.child.send("q")
        assert program.rest()[1] == 0


@pytest.mark.parametrize(
    ("words", "shell", "said"),
    [
        (["open", SERIAL], "{program} > /dev/null", "stdout is not a terminal"),
        (["open", SERIAL], "{program} 2> {{folder}}/said", "stderr is not a terminal"),
        (["open", "-"], "{program}", "stdin is the keyboard"),
        (["open", SERIAL], "setsid -w {program} < /dev/null", "/dev/tty cannot be opened"),
        (["open", "nowhere.pcapng"], "{program}", "no such file"),
    ],
)
def test_what_cannot_be_is_one_line(words: list[str], shell: str, said: str, tmp_path: Path) -> None:
    shell = shell.replace("{{folder}}", str(tmp_path)) + "; echo code $?"
    with shown(tmp_path, *words, shell=shell) as program:
        wrote, _ = program.rest()
    if (tmp_path / "said").exists():
        wrote += (tmp_path / "said").read_bytes()
    text = wrote.decode()
    assert said in text and text.count("cosemscope: ") == 1 and "Traceback" not in text and "\x1b[?1049h" not in text
    assert ("code 3" if "no such" in said else "code 2") in text
