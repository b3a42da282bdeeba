"""Percentiles against numpy and pandas; censored samples; confidence intervals."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import percentiles
from analyzer.percentiles import nearest_rank, percentile_interval, statistics

NS = st.integers(0, 10**12)


@given(st.lists(NS, min_size=1, max_size=300))
def test_nearest_rank_is_numpys_inverted_cdf(values: list[int]) -> None:
    found = statistics(values)
    for percent in (50, 90, 95, 99):
        expected = int(np.percentile(values, percent, method="inverted_cdf"))
        assert found[f"p{percent}_ns"] == (expected if percent < 99 or len(values) >= 100 else None)
    series = pd.Series(values, dtype="int64")
    assert (found["min_ns"], found["max_ns"]) == (series.min(), series.max())
    assert found["mean_ns"] == pytest.approx(series.mean(), abs=1)


def test_without_samples_all_is_blank_and_the_order_is_the_contracts() -> None:
    found = statistics([])
    assert list(found) == ["min_ns", "mean_ns", "p50_ns", "p90_ns", "p95_ns", "p99_ns", "max_ns"]
    assert set(found.values()) == {None}


@given(st.lists(NS, max_size=150), st.integers(1, 50))
def test_long_waits_stand_above_everything(values: list[int], unanswered: int) -> None:
    wait = max(values, default=0) + 1
    found = statistics(values, [wait] * unanswered)
    both = sorted(values) + [wait] * unanswered
    for percent in (50, 90, 95):
        assert found[f"p{percent}_ns"] == both[math.ceil(len(both) * percent / 100) - 1]
    assert found["max_ns"] == (max(values) if values else None)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=100), st.integers(1, 20))
def test_a_wait_shorter_than_all_says_nothing(values: list[int], unanswered: int) -> None:
    """Requests whose capture ended at once shift no percentile."""
    assert statistics(values, [0] * unanswered)["p90_ns"] == statistics(values)["p90_ns"]


def test_a_wait_in_between_moves_its_weight_up() -> None:
    # Of 1, 2, 3 and more than 2: the last may be the longest, so the median is not below 2 and p90 beyond 3.
    ordered, waits = np.array([1, 2, 3]), np.array([2])
    assert nearest_rank(ordered, 50, waits) == 2
    assert nearest_rank(ordered, 60, waits) == 3  # more than 2: not gone at 2
    assert nearest_rank(ordered, 90, waits) == 3
    assert nearest_rank(ordered, 90, np.array([4])) == 4


@pytest.mark.parametrize(("n", "percent"), [(20, 50), (100, 50), (100, 95), (999, 95), (5000, 95), (5000, 99)])
def test_confidence_interval_covers(n: int, percent: int) -> None:
    ranks = percentile_interval(n, percent)
    assert ranks is not None
    low, high = ranks
    assert 1 <= low < high <= n
    generator = np.random.default_rng(1)
    samples = np.sort(generator.random((2000, n)), axis=1)
    covered = np.mean((samples[:, low - 1] <= percent / 100) & (percent / 100 <= samples[:, high - 1]))
    assert covered >= 0.93
    assert (high - low) / n < 6 * math.sqrt(percent / 100 * (1 - percent / 100) / n)


@pytest.mark.parametrize(("n", "percent"), [(0, 50), (3, 50), (20, 99), (50, 95)])
def test_too_few_samples_enclose_nothing(n: int, percent: int) -> None:
    assert percentile_interval(n, percent) is None


def test_numpy_and_plain_python_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [((n * 7919) % 10007) * 1_000_003 for n in range(5000)]
    found = []
    for few in (0, 10_000):
        monkeypatch.setattr(percentiles, "FEW", few)
        found.append(percentiles.statistics(values))
    assert found[0] == found[1]
