"""Verdicts: an interval against a limit, under a stated decision rule.

| verdict | when |
|---|---|
| pass | guarded: the whole interval is inside the limit (bounds included); simple: the estimate is |
| fail | guarded: the whole interval is outside; simple: the estimate is |
| undecidable | the limit lies within the interval, the interval is negative, or something is missing |
| unjudged | there is no limit; or the rule's own confidence is C, which informs and never judges |
| unanswered | nothing came: measured is the wait observed, the truth is longer (censored data) |

`simple` shares the risk of a wrong verdict equally (ILAC-G8:09/2019, 4.2.1), but it too needs a known
uncertainty: where that is unknown, nothing is decided.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final


class Verdict(IntEnum):
    PASS = 0
    FAIL = 1
    UNDECIDABLE = 2
    UNJUDGED = 3
    UNANSWERED = 4


VERDICT_NAMES: Final = ("pass", "fail", "undecidable", "unjudged", "unanswered")
DECISIONS: Final = ("guarded", "simple")
PASS, FAIL, UNDECIDABLE, UNJUDGED, UNANSWERED = Verdict
NOT_OBSERVED, NOT_APPLICABLE = "not-observed", "not-applicable"


def judge(ns: int, lo_ns: int, hi_ns: int, low: int | None, high: int | None, guarded: bool = True) -> Verdict:
    """The verdict on a measured length with bounds lo_ns..hi_ns against low..high (None: no bound)."""
    if low is None and high is None:
        return UNJUDGED
    if ns < 0:
        return UNDECIDABLE
    if not guarded:
        lo_ns = hi_ns = ns
    if (low is not None and hi_ns < low) or (high is not None and lo_ns > high):
        return FAIL
    if (low is None or low <= lo_ns) and (high is None or hi_ns <= high):
        return PASS
    return UNDECIDABLE


def react(
    ns: int, lo_ns: int, hi_ns: int, alive: bool, low: int | None, high: int | None, guarded: bool = True
) -> Verdict | None:
    """The verdict on a receiver's time-out, judged by what the receiver did after a gap.

    alive: it still served the link. Shorter than low and alive is pass, closed is fail; longer than
    high and alive is fail, closed is pass. None: the gap proves nothing (between the two bounds, or
    no bound on that side). Without any limit: unjudged.
    """
    if low is None and high is None:
        return UNJUDGED
    if ns < 0:
        return UNDECIDABLE
    if not guarded:
        lo_ns = hi_ns = ns
    if low is not None and hi_ns < low:
        return PASS if alive else FAIL
    if high is not None and lo_ns > high:
        return FAIL if alive else PASS
    # Only what could have been a failure is undecidable; else nothing was learned.
    doubtful = (high is not None and hi_ns > high) if alive else (low is not None and lo_ns < low)
    return UNDECIDABLE if doubtful else None


def margin(ns: int, low: int | None, high: int | None) -> int | None:
    """Distance to the nearer limit: positive inside, negative outside, None without a limit."""
    if high is None:
        return None if low is None else ns - low
    return high - ns if low is None else min(high - ns, ns - low)


def row_verdict(counts: Sequence[int], overdue: int, limited: bool) -> str:
    """The verdict of a row, from its counts in the order of Verdict.

    overdue: unanswered requests that waited longer than the limit. A tap cannot tell a request that
    was lost from an answer that never came, so they never fail, but no row with one is pass.
    """
    passed, failed, undecidable, unjudged, unanswered = counts
    if failed:
        return "fail"
    if undecidable or overdue:
        return "undecidable"
    if passed:
        return "pass"
    if unjudged:
        return "unjudged"
    if unanswered:
        return "undecidable" if limited else "unjudged"
    return NOT_OBSERVED
