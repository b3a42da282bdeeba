"""record: what its options mean, what it shows, and the keys that mark. Whole recordings: tests/test_live_taps.py."""

import argparse
import sys
from pathlib import Path

import pexpect
import pytest
from live import PYTHON, ROOT
from terminals import read, terminal

from analyzer.record import Shown, octets, ring
from analyzer.session import Session
from captures.health import Health
from captures.spool import Ring
from dissectors.errors import UsageError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("size=100MB", Ring(100_000_000)),
        ("time=1h,files=10", Ring(0, 3600.0, 10)),
        ("size=1.5k,time=90s,files=2", Ring(1500, 90.0, 2)),
    ],
)
def test_rings(text: str, found: Ring) -> None:
    assert ring(text) == found


@pytest.mark.parametrize("text", ["files=3", "size", "size=", "size=big", "time=soon", "files=x,size=1k", "age=3"])
def test_rings_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        ring(text)


def test_sizes() -> None:
    assert [octets(text) for text in ("4096", "2 kB", "1.5M", "3GB")] == [4096, 2000, 1_500_000, 3_000_000_000]


def test_health_is_a_line_that_is_written_over_where_a_person_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    out: list[str] = []
    shown = Shown(out.append, Session(argparse.Namespace(quiet=False), out.append))
    shown(Health(records=1))
    shown(Health(records=2))  # within a second: not again
    shown.done(Health(records=2, ended="stopped"))
    assert out[0] == "\r1 records; 0 octets written"
    assert out[-1] == "cosemscope: 2 records; 0 octets written (stopped)\n"
    assert len(out) == 3
    quiet: list[str] = []
    shown = Shown(quiet.append, Session(argparse.Namespace(quiet=True), quiet.append))
    shown(Health())
    shown.done(Health())
    assert quiet == []


def test_keys_mark_and_q_stops(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    with terminal() as (_, name):
        words = [*PYTHON[1:], "analyzer.cli", "record", f"serial:{name}", "--write", str(path)]
        child = pexpect.spawn(sys.executable, words, cwd=str(ROOT), timeout=30, encoding="utf-8")
        child.expect("q stops")
        child.send("p")
        child.expect("marker power")
        child.send("x")
        child.expect("marker key-x")
        child.send("q")
        child.expect("stopped")
        child.expect(pexpect.EOF)
        child.close()
    assert child.exitstatus == 0
    words = [(r.comment or "").partition("\n")[0] for r in read(path)[0]]
    assert [text for text in words if text.startswith("marker")] == ["marker power", "marker key-x"]
