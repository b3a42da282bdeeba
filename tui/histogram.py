"""Histogram: how measured values are spread, as lines of characters, with the limits drawn in."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

EIGHTHS = " ▁▂▃▄▅▆▇█"
LIMIT, AXIS, TICK = "│", "─", "┴"
LOG_FROM = 30  # the largest this many times the smallest: the axis is logarithmic
LEAST_WIDTH = 20


def histogram(
    values: npt.NDArray[np.int64],
    width: int,
    height: int,
    limits: Sequence[int] = (),
    show: Callable[[int], str] = str,
) -> list[str]:
    """Lines of at most width cells: the bars, height lines high, then an axis and its labels. limits are in the unit
    of the values, and always within the picture; [] without values."""
    if not len(values):
        return []
    most_digits = len(str(len(values)))
    bins = max(LEAST_WIDTH, width - most_digits - 1)
    points = np.concatenate([values, np.asarray(limits, np.int64)]).astype(np.float64)
    log = bool(points.min() >= 0 and (points > 0).any() and points.max() >= LOG_FROM * points[points > 0].min())
    if log:
        points = np.log10(np.maximum(points, points[points > 0].min()))
    first, last = float(points.min()), float(points.max())
    span = last - first
    places = (
        ((points - first) / span * (bins - 1)).round().astype(np.int64) if span else np.full(len(points), bins // 2)
    )
    counts = np.bincount(places[: len(values)], minlength=bins)
    marks = [int(place) for place in places[len(values) :]]
    lines = [
        label.rjust(most_digits) + " " + bars
        for label, bars in zip(_labels(int(counts.max()), height), _bars(counts, height, marks))
    ]
    axis = "".join(TICK if n in marks else AXIS for n in range(bins))
    ends = (
        {0: show(_value(first, log)), bins - 1: show(_value(last, log))} if span else {bins // 2: show(int(values[0]))}
    )
    told = {mark: f"limit {show(limit)}" for mark, limit in zip(marks, limits)}
    lines.append(" " * (most_digits + 1) + axis)
    lines.append(" " * (most_digits + 1) + _along({**ends, **told}, bins, list(told)) + ("  log" if log else ""))
    return [line[:width].rstrip() for line in lines]


def _value(point: float, log: bool) -> int:
    return round(10**point) if log else round(point)


def _labels(most: int, height: int) -> list[str]:
    """The largest count beside the highest line."""
    return [str(most), *[""] * (height - 1)]


def _bars(counts: npt.NDArray[np.int64], height: int, marks: Sequence[int]) -> list[str]:
    """From the highest line down; what is there is seen, however little."""
    eighths = np.ceil(counts / counts.max() * height * 8).astype(np.int64)
    out = []
    for line in range(height - 1, -1, -1):
        full = np.clip(eighths - line * 8, 0, 8)
        out.append("".join(LIMIT if n in marks and not f else EIGHTHS[f] for n, f in enumerate(full)))
    return out


def _along(texts: dict[int, str], width: int, firstly: Sequence[int]) -> str:
    """Texts under their places, as far as they have room; firstly: places whose text goes before the others."""
    line = [" "] * width
    for place in sorted(texts, key=lambda p: p not in firstly):
        text = texts[place]
        start = max(0, min(place - len(text) // 2, width - len(text)))
        if all(c == " " for c in line[max(0, start - 1) : start + len(text) + 1]):
            line[start : start + len(text)] = text
    return "".join(line)
