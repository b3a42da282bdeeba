"""A test is run again only when the machine stood still."""

import time
from pathlib import Path

import patient
import pytest


@pytest.mark.parametrize("stall, tries", [(0.0, 1), (1.0, patient.TRIES)])
def test_failures_count_unless_the_machine_stood_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stall: float, tries: int
) -> None:
    folders: list[Path] = []

    class Stood(patient.Stalls):
        longest_s = stall

        def __enter__(self) -> "Stood":
            return self

        def __exit__(self, *_: object) -> None: ...

    @patient.patient
    def fails(tmp_path: Path) -> None:
        folders.append(tmp_path)
        raise AssertionError

    monkeypatch.setattr(patient, "Stalls", Stood)
    with pytest.raises(AssertionError):
        fails(tmp_path=tmp_path)
    assert folders == [tmp_path / str(n) for n in range(1, tries + 1)]


def test_a_standstill_is_noticed() -> None:
    with patient.Stalls() as stalls:
        time.sleep(0.05)
        until = time.monotonic() + 0.05
        sum(range(30_000_000))  # one step of the interpreter that no other thread gets into
        assert time.monotonic() > until
    assert stalls.longest_s > patient.STALL_S
