"""The command line: every command answers --help, prints results on stdout and only there."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_run import run
from scripts import DOWN, GET, GOT, OPENING, UP, over_udp

from analyzer import cli
from dissectors.errors import UsageError

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("command", [*cli.COMMANDS, ""])
def test_help_has_an_example(command: str) -> None:
    ran = run(*command.split(), "--help")
    assert ran.code == 0 and ran.err == ""
    assert "usage: cosemscope" in ran.text and f"example: cosemscope {command}".strip() in ran.text


def test_version() -> None:
    assert run("--version").text.startswith("cosemscope ")


def test_every_command_of_the_parser_is_implemented_or_named_later() -> None:
    parser = cli.build_parser()
    actions = [a for a in parser._actions if a.dest == "command"]
    assert set(actions[0].choices or ()) == set(cli.COMMANDS) | set(cli.LATER)
    assert not set(cli.COMMANDS) & set(cli.LATER)


@pytest.mark.parametrize(
    "words",
    [
        ("dump",), ("dump", "x", "--format", "xml"), ("dump", "x", "--count", "-1"), ("dump", "x", "--count", "a"),
        ("timing",), ("timing", "x", "--fail-on", "maybe"), ("decode",), ("profiles",), ("profiles", "show"),
        ("fields", "--level", "x"), ("explain",), ("dump", "x", "--nothing"), ("report", "x"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_2(words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert (ran.code, ran.out) == (2, b"") and ran.err.startswith("cosemscope: ") and ran.err.count("\n") == 1, ran.err


def test_commands_on_a_capture(tmp_path: Path) -> None:
    path = over_udp(*OPENING, (UP, GET), (DOWN, GOT)).save(tmp_path / "a.pcap")
    assert len(run("dump", path).lines) == 4
    assert [row["rule"] for row in json.loads(run("timing", path, "--format", "json").out)]
    assert "nothing failed" in run("explain", path, "--format", "json").text
    assert run("fields").lines and json.loads(run("fields", "--format", "json").out)
    for words in (("dump", path), ("timing", path), ("explain", path), ("fields",)):
        assert run(*words).err == ""


def test_positive() -> None:
    assert cli.positive("3") == 3
    with pytest.raises(Exception, match="number from 1"):
        cli.positive("0")


def test_parser_raises_usage_errors() -> None:
    with pytest.raises(UsageError, match="try cosemscope dump --help"):
        cli.build_parser().parse_args(["dump"])


def test_control_c_is_no_error(tmp_path: Path) -> None:
    """A followed capture is stopped by the user: what there is was printed."""
    path = over_udp(*OPENING).save(tmp_path / "a.pcap")
    command = [sys.executable, "-m", "analyzer.cli", "dump", str(path), "--follow"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        first = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate()
    assert process.returncode == 0 and "Traceback" not in errors
    assert "aarq" in first[0] and "aare" in first[1] and rest == ""


def test_nothing_written_to_stdout_but_results(tmp_path: Path) -> None:
    path = over_udp(*OPENING).save(tmp_path / "a.pcap")
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(path.read_bytes()[:-3])
    ran = run("dump", cut, "--format", "jsonl")
    assert [json.loads(line)["no"] for line in ran.lines] == [1] and "cut" in ran.err
