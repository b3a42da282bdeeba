from pathlib import Path

import analyzer
from analyzer.undecoded import Undecoded

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"


def test_sound_captures_are_decoded_whole() -> None:
    for path in sorted(DEMO.glob("*.pcapng")):
        assert Undecoded(analyzer.open(str(path))).look() == {}


def test_noise_by_reason_and_only_what_came_since(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_text("7E A0 07 03 21 93 0F 01 7E\n00 11 22\n33 44\n")
    a = analyzer.open(str(path))
    expected = [f.no for f in a.rows("frame") if f.layer in ("noise", "other")]  # type: ignore[union-attr]
    assert expected
    undecoded = Undecoded(a)
    found = undecoded.look()
    assert sum(r.frames for r in found.values()) == len(expected)
    assert min(r.frame for r in found.values()) == expected[0]
    assert sum(r.octets for r in found.values()) == 5
    assert all(reason.startswith("noise: ") for reason in found)
    before = sum(r.frames for r in found.values())
    assert sum(r.frames for r in undecoded.look().values()) == before
    a.frames.data += a.frames.data[-a.frames.own.size :]  # one more frame
    assert sum(r.frames for r in undecoded.look().values()) == before + 1


def test_lines_of_a_text_log_that_carry_nothing_known(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_text("2026-01-01 00:00:00.000 00 11 22\n2026-01-01 00:00:01.000 33 44\n")
    found = Undecoded(analyzer.open(str(path))).look()
    assert all(reason.startswith("text: ") for reason in found)
    assert sum(r.frames for r in found.values()) == 2 and sum(r.octets for r in found.values()) == 5
