"""The recorder's own process, in ours: what it checks once a second, and what it does with it."""

import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from terminals import read, terminal

from captures import record_process
from captures.health import Health, RecordPlan
from captures.record_process import Process, main


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Health]:
    out: list[Health] = []
    monkeypatch.setattr(record_process, "send", out.append)
    monkeypatch.setattr(record_process, "CLOCK_SECONDS", 0.05)
    monkeypatch.setattr(record_process, "HEALTH_SECONDS", 0.05)
    return out


def process(path: Path, *specs: str, **limits: Any) -> Process:
    return Process(RecordPlan(specs, str(path), **limits))


def run(process: Process) -> None:
    try:
        process.run()
    finally:
        process.close()


def test_a_step_of_the_clock_is_a_record(tmp_path: Path, told: list[Health], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # its end means stop, after the first look at the clock
    with terminal() as (_, name):
        p = process(tmp_path / "a.pcapng", f"serial:{name}", duration_s=1.0)
        monkeypatch.setattr(p, "_listen", lambda: None)
        p.clock._seen -= 3_600_000_000_000
        run(p)
    words = [(r.comment or "").partition("\n")[0] for r in read(tmp_path / "a.pcapng")[0]]
    (step,) = [text for text in words if text.startswith("clock step")]
    assert step.startswith("clock step +3600.") or step.startswith("clock step +3599.9")
    assert any("keeps its own time line" in line for health in told for line in health.said)


def test_a_disk_that_fills_ends_it(tmp_path: Path, told: list[Health], monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal() as (_, name):
        p = process(tmp_path / "a.pcapng", f"serial:{name}", duration_s=20)
        monkeypatch.setattr(p, "_listen", lambda: None)
        monkeypatch.setattr(p.recording.spool, "free_octets", lambda: 1000)
        run(p)
    assert p.failed and "nearly full (1000 octets left)" in p.ended
    assert "nearly full" in (read(tmp_path / "a.pcapng")[0][-1].comment or "")


def test_commands(tmp_path: Path, told: list[Health], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("mark relay\nnonsense\nstop\n"))
    with terminal() as (_, name):
        p = process(tmp_path / "a.pcapng", f"serial:{name}")
        run(p)
    assert (p.ended, p.failed) == ("stopped", False)
    assert any((r.comment or "").startswith("marker relay") for r in read(tmp_path / "a.pcapng")[0])


@pytest.mark.parametrize(
    ("specs", "code", "words"),
    [(["serial:/dev/does-not-exist"], 3, "no such port"), (["serial:/dev/x?baud=x"], 2, "expected 50 to")],
)
def test_main_tells_why_it_does_not_start(
    told: list[Health], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, specs: list[str], code: int, words: str
) -> None:
    plan = json.dumps({"specs": specs, "path": str(tmp_path / "a.pcapng")})
    monkeypatch.setattr(sys, "stdin", io.StringIO(plan + "\n"))
    monkeypatch.setattr(record_process.signal, "signal", lambda *given: None)
    monkeypatch.setattr(record_process.gc, "disable", lambda: None)
    assert main() == code
    (health,) = told
    assert words in health.ended and health.failed and health.code == code


def test_main_records_until_the_plan_is_done(
    told: list[Health], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with terminal() as (_, name):
        plan = json.dumps({"specs": [f"serial:{name}"], "path": str(tmp_path / "a.pcapng"), "duration_s": 0.3})
        monkeypatch.setattr(sys, "stdin", Waiting(plan))
        monkeypatch.setattr(record_process.signal, "signal", lambda *given: None)
        monkeypatch.setattr(record_process.gc, "disable", lambda: None)
        assert main() == 0
    assert told[-1].ended == "after 0.3 s"


class Waiting:
    """One line, then nothing for long: a parent that has nothing to say."""

    def __init__(self, line: str) -> None:
        self.line = line

    def readline(self) -> str:
        return self.line + "\n"

    def __iter__(self) -> "Waiting":
        return self

    def __next__(self) -> str:
        time.sleep(60)
        raise StopIteration
