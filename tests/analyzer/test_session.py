"""Exit codes and their precedence, remarks, and what goes to which stream."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest
from cli_run import run
from scripts import DOWN, GET, GOT, OPENING, UP, over_udp

from analyzer.session import Session
from dissectors.errors import UsageError

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return over_udp(*OPENING, (UP, GET), (DOWN, GOT)).save(tmp_path / "whole.pcap")


@pytest.fixture
def cut(whole: Path, tmp_path: Path) -> Path:
    """Ends inside its last record."""
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole.read_bytes()[:-5])
    return path


@pytest.fixture
def short(whole: Path, tmp_path: Path) -> Path:
    """Ends between two records."""
    path = tmp_path / "short.pcap"
    size = 16 + len(over_udp((DOWN, GOT)).records[0].octets)
    path.write_bytes(whole.read_bytes()[:-size])
    return path


def test_done(whole: Path, short: Path) -> None:
    assert (run("dump", whole).code, len(run("dump", whole).lines)) == (0, 4)
    assert (run("dump", short).code, len(run("dump", short).lines)) == (0, 3)


def test_cut_prints_what_is_whole_and_exits_4(cut: Path) -> None:
    ran = run("dump", cut)
    assert (ran.code, len(ran.lines)) == (4, 3)
    assert "cut short" in ran.err and str(cut) in ran.err
    assert run("explain", cut).code == 4 and run("timing", cut).code == 4
    quiet = run("dump", cut, "--quiet")
    assert (quiet.code, quiet.err) == (4, "")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_text("no hex at all\n"), "hex"),
        (lambda path: path.mkdir(), "directory"),
    ],
)
@pytest.mark.parametrize("command", ["dump", "explain", "timing"])
def test_unreadable_exits_3(tmp_path: Path, make: object, said: str, command: str) -> None:
    path = tmp_path / "x"
    make(path)  # type: ignore[operator]
    ran = run(command, path)
    assert ran.code == 3, ran
    assert ran.err.startswith("cosemscope: ") and said.lower() in ran.err.lower() and ran.err.count("\n") == 1


def test_usage_before_unreadable(tmp_path: Path) -> None:
    missing = tmp_path / "none.pcap"
    assert run("dump", missing, "--filter", "a ==").code == 2
    assert run("dump", missing, "--fields", "zzz").code == 2
    assert run("dump", missing, "--profile", "zzz").code == 2
    assert run("timing", missing, "--require", "zzz").code == 2


def test_unreadable_before_cut_before_verdict(cut: Path, whole: Path, tmp_path: Path) -> None:
    missing = tmp_path / "none.pcap"
    assert run("timing", cut, missing).code == 3
    assert run("timing", missing, whole).code == 3
    assert run("timing", cut, whole, "--fail-on", "fail", "--require", "app.response:999").code == 4
    assert run("timing", whole, "--require", "app.response:999").code == 1
    assert "tcp-udp-ip" in run("timing", missing, whole).text  # the others are analyzed all the same


def test_no_command_and_later_commands() -> None:
    ran = run()
    assert ran.code == 0 and "usage" in ran.text
    ran = run("scrub", "x")
    assert ran.code == 2 and "later version" in ran.err
    ran = run("nonsense")
    assert ran.code == 2 and ran.err.count("\n") == 1


def test_profiles_named_and_not() -> None:
    say: list[str] = []
    session = Session(argparse.Namespace(profile=["hdlc"]), say.append)
    assert [p.name for p in session.profiles()] == ["hdlc"]
    assert len(Session(argparse.Namespace(profile=["auto"]), say.append).profiles()) > 1
    assert len(Session(argparse.Namespace(), say.append).profiles()) > 1
    with pytest.raises(UsageError):
        Session(argparse.Namespace(profile=["none"]), say.append).profiles()


def test_quiet_says_only_what_must_be_said() -> None:
    said: list[str] = []
    session = Session(argparse.Namespace(quiet=True), said.append)
    session.say("a remark")
    session.insist("a verdict")
    assert said == ["a verdict"]


def test_codes() -> None:
    session = Session(argparse.Namespace(), print)
    assert [session.exit_code(code) for code in (0, 1, 2, 3)] == [0, 1, 2, 3]
    session.cut = True
    assert [session.exit_code(code) for code in (0, 1, 2, 3)] == [4, 4, 2, 3]


def test_stated_facts_are_read_once_and_joined() -> None:
    session = Session(argparse.Namespace(assume=["baud=9600", "format=8E1"]), print)
    assert session.assume() is session.assume()
    with pytest.raises(UsageError):
        Session(argparse.Namespace(assume=["nothing=1"]), print).assume()


def test_closed_pipe_is_no_error(tmp_path: Path) -> None:
    path = over_udp(*[(UP, GET), (DOWN, GOT)] * 3000).save(tmp_path / "long.pcap")
    command = f"{sys.executable} -m analyzer.cli dump {path} --format jsonl | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 1)
