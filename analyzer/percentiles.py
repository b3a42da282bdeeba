"""Percentiles by nearest rank, of samples some of which are censored, with a confidence interval.

A request without an answer is known only to have taken longer than the wait that was observed. It
counts as that: its weight moves to all that took longer (Kaplan and Meier, 1958), which is plain
nearest rank where nothing is censored, or where every wait outlasts the percentile.
"""

import sys
from collections.abc import Sequence
from math import ceil, comb, sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

P99_SAMPLES = 100  # below, the 99th percentile is the maximum in disguise: left blank
PLAIN = 1_000_000  # values up to which sorting them here is quicker than importing numpy
FEW = 10_000  # and where it is there already; its sort lets other threads go on
EXACT = 1000  # samples up to which the binomial is summed exactly
NORMAL_95 = 1.959963985


def nearest_rank(
    ordered: "npt.NDArray[Any] | Sequence[int]", percent: int, waits: "npt.NDArray[Any] | None" = None
) -> int:
    """The percentile of measured values in ascending order, and of waits without an answer.

    One that falls among the unanswered is the longest wait: the truth is longer. Needs one value at
    least, measured or waited.
    """
    n = len(ordered)
    if waits is None or not len(waits):
        return int(ordered[max(1, -(-n * percent // 100)) - 1])
    import numpy as np  # 0.1 s: only where something is censored

    if n:
        gone = np.searchsorted(np.sort(waits), ordered, "left")
        at_risk = n + len(waits) - np.arange(n) - gone
        reached = np.nonzero(1 - np.cumprod(1 - 1 / at_risk) >= percent / 100 - 1e-9)[0]
        if len(reached):
            return int(ordered[reached[0]])
    return max(int(waits.max()), int(ordered[-1]) if n else 0)


def statistics(values: Sequence[int], waits: Sequence[int] = ()) -> dict[str, int | None]:
    """min_ns, mean_ns, p50_ns, p90_ns, p95_ns, p99_ns, max_ns, in this order; None without samples.

    values: measured; waits: of the unanswered, which min, mean and max leave out.
    """
    ordered: Any
    censored: Any = None
    if not len(waits) and len(values) <= (FEW if "numpy" in sys.modules else PLAIN):
        ordered = sorted(values)
        least = ordered[0] if ordered else 0
        mean = (sum(ordered) - least * len(ordered)) / len(ordered) if ordered else 0.0
    else:
        import numpy as np

        ordered = np.sort(np.asarray(values, dtype=np.int64))
        censored = np.asarray(waits, dtype=np.int64)
        # Sums of many days in ns pass 2**63: the mean of the differences does not.
        mean = float(np.mean(ordered - ordered[0])) if len(ordered) else 0.0
    n = len(ordered) + len(waits)
    out: dict[str, int | None] = dict.fromkeys(
        ("min_ns", "mean_ns", "p50_ns", "p90_ns", "p95_ns", "p99_ns", "max_ns"), None
    )
    if len(ordered):
        out["min_ns"], out["max_ns"] = int(ordered[0]), int(ordered[-1])
        out["mean_ns"] = int(ordered[0]) + round(mean)
    if n:
        for percent in (50, 90, 95) if n < P99_SAMPLES else (50, 90, 95, 99):
            out[f"p{percent}_ns"] = nearest_rank(ordered, percent, censored)
    return out


def percentile_interval(n: int, percent: int) -> tuple[int, int] | None:
    """Ranks (from 1) of n ordered samples between which the true percentile lies with 95 % confidence.

    Free of any distribution: the number of samples below the percentile is binomial. None where n
    samples cannot enclose it. For reports: "p95 420 ms (95 %: 390 to 510 ms)".
    """
    p = percent / 100
    if n < 1 or 1 - p**n - (1 - p) ** n < 0.95:
        return None
    if n > EXACT:
        centre, half = n * p, NORMAL_95 * sqrt(n * p * (1 - p))
        return max(1, int(centre - half)), min(n, ceil(centre + half) + 1)
    below = [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    low, tail = 0, below[0]
    while low + 1 <= n and tail + below[low + 1] <= 0.025:
        low += 1
        tail += below[low]
    high, tail = n, below[n]
    while high - 1 >= 0 and tail + below[high - 1] <= 0.025:
        high -= 1
        tail += below[high]
    if tail > 0.025:  # the upper tail is heavier than its share: enclose one-sided towards the maximum
        high = n
    return max(1, low + 1) if below[0] <= 0.025 else 1, min(n, high)
