"""The benchmarks measure what they say: their captures are sound and counted right, and the comparison runs."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import analyzer
from dissectors.problem import Problem, Severity

ROOT = Path(__file__).resolve().parent.parent
PACKETS = 2000
KINDS = ("udp", "tcp", "hdlc")


def script(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / name), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one small capture of each kind."""
    folder = tmp_path_factory.mktemp("bench")
    done = script("make_captures.py", "--packets", str(PACKETS), "--out", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


def bad(problems: tuple[Problem, ...]) -> list[str]:
    return [p.kind.code for p in problems if p.kind.severity != Severity.NOTE]


@pytest.mark.parametrize("kind", KINDS)
def test_captures_are_sound(captures: Path, kind: str) -> None:
    a = analyzer.open(str(captures / f"{kind}-{PACKETS}.pcap"))
    frames, messages = list(a.rows("frame")), list(a.rows("message"))
    assert [code for row in (*frames, *messages) for code in bad(row.problems)] == []
    assert max(no for frame in frames for no in frame.records) == PACKETS
    assert len({no for frame in frames for no in frame.records}) == PACKETS
    kinds = Counter(frame.kind for frame in frames)
    names = Counter(message.apdu.name for message in messages)
    assert names["aarq"] and names["aare"] and names["get-request-normal"] and names["get-response-normal"]
    assert set(names) <= {"aarq", "aare", "rlrq", "rlre", "get-request-normal", "get-response-normal"}
    answered = names["get-response-normal"] / names["get-request-normal"]
    assert 0.9 < answered <= 1  # what is on its way at the end of the capture has no response
    if kind == "udp":
        assert kinds == {"wrapper": PACKETS}
    elif kind == "tcp":
        assert kinds["tcp.syn"] == 100 and kinds["tcp.ack"] and kinds["tcp.retransmission"]
        assert not kinds["tcp.gap"] and not kinds["noise"]
    else:
        assert kinds["I"] and kinds["RR"] and kinds["SNRM"] and kinds["UA"] and kinds["DISC"]
        assert sum(kinds.values()) == PACKETS


def test_captures_are_the_same_each_time(captures: Path, tmp_path: Path) -> None:
    done = script("make_captures.py", "--packets", str(PACKETS), "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    for kind in KINDS:
        name = f"{kind}-{PACKETS}.pcap"
        assert (tmp_path / name).read_bytes() == (captures / name).read_bytes()
    done = script("make_captures.py", "--packets", "20", "--out", str(tmp_path), "--seed", "2", "--kinds", "udp")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "udp-20-seed2.pcap").read_bytes() not in (captures / f"udp-{PACKETS}.pcap").read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_tshark_finds_nothing_wrong(captures: Path, tshark: str, kind: str) -> None:
    """Check sequences of IP, UDP and TCP are right; only TCP's retransmissions are remarked on."""
    checks = [word for layer in ("ip", "udp", "tcp") for word in ("-o", f"{layer}.check_checksum:TRUE")]
    path = captures / f"{kind}-{PACKETS}.pcap"
    fields = ["-T", "fields", "-e", "frame.number", "-e", "_ws.expert.severity", "-e", "_ws.expert.message"]
    done = subprocess.run([tshark, "-n", "-r", str(path), *checks, *fields], capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(rows) == PACKETS
    said = Counter(row[2] for row in rows if row[2])
    if kind == "hdlc":  # tshark has no dissector for the link type, and says so
        assert all("DLT" in text for text in said)
        return
    wrong = {text for text in said if not text.startswith(("Connection ", "This frame "))}
    assert not wrong
    assert not any("Malformed" in text or "checksum" in text for text in said)


def test_comparison_runs(captures: Path, tshark: str) -> None:
    done = script(
        "against_tshark.py", "--packets", str(PACKETS), "--quick", "--rounds", "1", "--json", "--folder", str(captures)
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert len(rows) == 27
    assert all(row["ours"] > 0 and row["theirs"] > 0 and row["ratio"] > 0 for row in rows)
    assert {row["unit"] for row in rows} == {"s CPU", "MB"}


def test_comparison_names_its_jobs() -> None:
    done = script("against_tshark.py", "--jobs", "nothing")
    assert done.returncode == 2
    assert "udp_timing" in done.stderr


def test_stages_and_profile(captures: Path) -> None:
    path = str(captures / f"udp-{PACKETS}.pcap")
    done = script("stages.py", path, "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()][1:] == [
        "records", "frames", "pdus", "messages", "exchanges", "timing", "jsonl", "kept",
    ]  # fmt: skip
    done = script("stages.py", path, "--profile", "records", "--top", "3")
    assert done.returncode == 0 and "tottime" in done.stdout


def test_ciphered_against_plain() -> None:
    done = script("ciphered.py", "--gets", "30", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()][1:] == ["plain", "ciphered", "ciphered"]
