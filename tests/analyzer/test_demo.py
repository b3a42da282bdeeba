import argparse
from pathlib import Path

import pytest
import report_capture

from analyzer import cli, demo, report_case
from analyzer.session import Session
from dissectors import profile


def told(path: Path) -> list[str]:
    args = argparse.Namespace(quiet=True)
    session = Session(args, lambda line: None)
    case = report_case.load(session, str(path), "x", list(profile.builtin().values()), "guarded")
    return list(demo.summary(case))


def test_a_capture_in_few_short_lines(tmp_path: Path) -> None:
    lines = told(report_capture.capture(tmp_path / "c.pcap"))
    text = "\n".join(lines)
    assert len(lines) <= 60
    assert max(map(len, lines)) <= demo.WIDTH
    assert "16 public client" in text
    assert "= <script>alert(1)</script>" in text  # plain text: markup is nothing here
    assert "\\x1b[2J\\r\\n\\x07red" in text
    assert text.isprintable() or {c for c in text if not c.isprintable()} == {"\n"}
    assert "app.response" in text
    assert "client 16 with server 1: failed at" in text
    assert "apdu.conf 2" in text


def test_nothing_known_in_the_capture(tmp_path: Path) -> None:
    lines = told(report_capture.empty(tmp_path / "e.pcap"))
    assert lines[1].startswith("1 records, 0.0 us: 1 frames, 0 messages")
    assert "Timing" not in lines


def test_every_shipped_capture_and_what_to_try_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo"]) == 0
    out = capsys.readouterr().out
    folder = Path(__file__).parents[2] / "captures" / "demo"
    shipped = sorted(path.name for path in folder.glob("*.pcapng"))
    starts = [line.split()[1] for line in out.splitlines() if line.startswith("── ")]
    assert starts == shipped
    assert len(out.splitlines()) <= 60 * len(shipped) + 10
    assert max(map(len, out.splitlines())) <= demo.WIDTH + 20  # the commands hold a path
    assert "cosemscope timing " in out
