"""Offline use works where there is no POSIX terminal (Windows): nothing outside captures/serial needs one."""

import subprocess
import sys

import pytest
from live import ROOT

ABSENT = ("termios", "fcntl", "tty", "pty", "grp", "pwd", "resource", "curses", "readline")
ELSEWHERE = f"""
import sys
sys.path.insert(0, ".")

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {ABSENT!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
for name in {ABSENT!r}:
    sys.modules.pop(name, None)
"""


def elsewhere(code: str) -> "subprocess.CompletedProcess[str]":
    """Runs code where those modules are missing."""
    return subprocess.run(
        [sys.executable, "-c", ELSEWHERE + code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_every_module_outside_can_be_imported() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in ("analyzer", "captures", "dissectors", "tui")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "serial" not in path.parts
        and "demo" not in path.parts
        and path.name != "__init__.py"
        and not path.name.startswith("scapy")  # scapy itself asks which system it is on
    ]
    assert len(modules) > 150
    done = elsewhere(f"import importlib\nfor name in {modules!r}:\n    importlib.import_module(name)\n")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["dump"], ["timing"], ["explain"], ["dump", "--level", "object"]])
def test_captures_are_analyzed(words: list[str]) -> None:
    argv = [*words, "captures/demo/hdlc-serial.pcapng"]
    done = elsewhere(f"from analyzer.cli import main\nsys.exit(main({argv!r}))")
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize(
    "argv",
    [
        ["dump", "serial:COM3?baud=9600"],
        ["record", "serial:COM3", "--write", "x.pcapng"],
        ["calibrate", "serial:COM3?baud=9600", "--feed", "COM4"],
        ["replay", "captures/demo/hdlc-serial.pcapng", "--to", "pty"],
    ],
)
def test_what_wants_a_posix_terminal_says_so(argv: list[str]) -> None:
    """The recorder is a process of its own: it must be without those modules too."""
    code = (
        "import subprocess\nPopen = subprocess.Popen\n"
        "def elsewhere(command, **options):\n"
        "    if command[1:] == ['-m', 'captures.record_process']:\n"
        "        start = 'from captures.record_process import main\\nsys.exit(main())'\n"
        f"        command = [command[0], '-c', {ELSEWHERE!r} + start]\n"
        "    return Popen(command, **options)\n"
        "subprocess.Popen = elsewhere\n"
        f"from analyzer.cli import main\nsys.exit(main({argv!r}))"
    )
    done = elsewhere(code)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Linux" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
