import numpy as np

from tui.histogram import histogram


def lines(values: list[int], **given: object) -> list[str]:
    return histogram(np.array(values, np.int64), 60, 3, **given)  # type: ignore[arg-type]


def test_nothing_is_drawn_of_nothing() -> None:
    assert lines([]) == []


def test_bars_stand_where_their_values_are() -> None:
    found = lines([10] * 8 + [20])
    assert len(found) == 5 and all(len(line) <= 60 for line in found)
    assert found[0].split() == ["8", "█"]
    assert found[0].index("█") == 2 and found[2][2] == "█"
    assert found[2].rstrip()[-1] == "▃"  # an eighth of three lines
    assert found[4].split() == ["10", "20"]


def test_a_single_value_is_in_the_middle() -> None:
    found = lines([5, 5, 5])
    assert found[0].index("█") == 2 + 58 // 2
    assert found[-1].split() == ["5"]


def test_limits_are_in_the_picture_even_far_away() -> None:
    found = lines([1000, 1100, 1200], limits=(5_000_000,), show=lambda n: f"{n} ns")
    assert "limit 5000000 ns" in found[-1]
    assert found[0].endswith("│") and found[-2].endswith("┴")
    assert "log" not in found[-1] or found[-1].rstrip().endswith("log")


def test_wide_spans_are_logarithmic() -> None:
    found = lines([1, 10, 100, 1000])
    places = [n for n, c in enumerate(found[2]) if c == "█"]
    steps = np.diff(places)
    assert max(steps) - min(steps) <= 1  # decades have one width


def test_zeros_and_a_limit_of_zero_have_a_place() -> None:
    assert lines([0, 0, 1_000_000])[0].split()[0] == "2"
    assert lines([0, 0], limits=(0,))


def test_what_is_rare_is_seen() -> None:
    assert lines([1] * 10_000 + [2])[2].rstrip().endswith("▁")
