"""Plots of the report: a histogram and the measurements over time, as SVG to stand inside an HTML page.

The same measurements give the same text: no random ids, no date. Colours are the page's own CSS
variables, so that a plot is readable in light, in dark and on paper.
"""

import io
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

POINTS = 1500  # drawn one by one; above, the lowest and highest of each interval of time
INTERVALS = 500
BINS = 40
WIDE = 30  # maximum over minimum from which an axis is logarithmic

# Colours that nothing else uses, each replaced by a variable of the page.
COLOURS = {
    "#010101": "var(--ink)",
    "#010102": "var(--line)",
    "#010103": "var(--muted)",
    "#010104": "var(--series)",
    "#010105": "var(--pass)",
    "#010106": "var(--fail)",
    "#010107": "var(--warn)",
}
INK, LINE, MUTED, SERIES, PASS, FAIL, WARN = COLOURS
MARKS = {
    "pass": (PASS, "o"),
    "fail": (FAIL, "D"),
    "undecidable": (WARN, "s"),
    "unjudged": (SERIES, "o"),
    "unanswered": (FAIL, "x"),
}
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "cosemscope",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "path.simplify": False,
}


class Series(msgspec.Struct):
    """The measurements of one row of timing. at_s: seconds after the start of the capture (NaN: no clock);
    values: seconds, or counts; verdicts: index into `names`; low, high: the limit, NaN for none."""

    at_s: npt.NDArray[Any]
    values: npt.NDArray[Any]
    verdicts: npt.NDArray[Any]
    names: Sequence[str]
    low: float
    high: float
    unit: str = "s"


def svg(series: Series, number: int) -> tuple[str, str]:
    """(SVG element, what of it is not drawn, "" for nothing). number: of the plot on its page, for its ids."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.1), layout="constrained")
        FigureCanvasSVG(figure)
        left, right = figure.subplots(1, 2, width_ratios=(2, 3))
        notes = _histogram(left, series)
        notes += _over_time(right, series)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return inline(out.getvalue(), number), "; ".join(dict.fromkeys(notes))


def _formatter(unit: str) -> Any:
    from matplotlib.ticker import EngFormatter, FuncFormatter

    return EngFormatter(unit="s") if unit == "s" else FuncFormatter(lambda value, _: f"{value:g}")


def _wide(values: npt.NDArray[Any]) -> bool:
    above = values[values > 0]
    return len(above) > 1 and len(above) == len(values) and float(above.max()) > WIDE * float(above.min())


def _limits(axes: Any, series: Series, top: float, vertical: bool) -> list[str]:
    """Draws the bounds that are near enough to the values not to squash them; names the others."""
    notes = []
    for value in (series.low, series.high):
        if np.isnan(value):
            continue
        if top > 0 and value > 4 * top:
            notes.append("a limit lies far above what was measured and is not drawn")
            continue
        draw = axes.axvline if vertical else axes.axhline
        draw(value, color=FAIL, linewidth=0.9, linestyle="--")
    return notes


def _histogram(axes: Any, series: Series) -> list[str]:
    answered = np.array([name != "unanswered" for name in series.names])[series.verdicts]
    values = series.values[answered]
    values = values[~np.isnan(values)]
    axes.set_ylabel("measurements")
    if not len(values):
        axes.set_xticks([])
        axes.set_yticks([])
        axes.text(0.5, 0.5, "none answered", transform=axes.transAxes, ha="center", color=MUTED)
        return []
    logarithmic = _wide(values)
    low, high = float(values.min()), float(values.max())
    if logarithmic:
        edges = np.geomspace(low, high, BINS + 1)
        axes.set_xscale("log")
    elif high > low:
        count = min(BINS, max(8, len(values) // 4))
        edges = np.linspace(low, high, count + 1)
    else:
        width = abs(low) * 0.05 or 0.5
        edges = np.array([low - width, low + width])
    axes.hist(values, bins=edges, color=SERIES, linewidth=0)
    from matplotlib.ticker import MaxNLocator, NullFormatter

    axes.xaxis.set_major_formatter(_formatter(series.unit))
    axes.xaxis.set_minor_formatter(NullFormatter())
    if not logarithmic:
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.set_xlabel("measured")
    return _limits(axes, series, high, True)


def _over_time(axes: Any, series: Series) -> list[str]:
    known = ~(np.isnan(series.at_s) | np.isnan(series.values))
    at, values, verdicts = series.at_s[known], series.values[known], series.verdicts[known]
    axes.set_xlabel("seconds after the start of the capture")
    if not len(at):
        axes.set_xticks([])
        axes.set_yticks([])
        return ["without a clock there is nothing to draw over time"]
    notes = []
    if len(at) > POINTS:
        keep = _extremes(at, values)
        notes.append(f"{len(at)} measurements, drawn are the lowest and highest of {INTERVALS} intervals of time")
        at, values, verdicts = at[keep], values[keep], verdicts[keep]
    for index, name in enumerate(series.names):
        colour, marker = MARKS[name]
        own = verdicts == index
        if own.any():
            axes.scatter(at[own], values[own], s=9, color=colour, marker=marker, linewidths=0.8 if marker == "x" else 0)
    if _wide(values):
        axes.set_yscale("log")
    else:
        top = float(values.max())
        drawn = [limit for limit in (series.low, series.high) if limit <= 4 * top]
        axes.set_ylim(min(0.0, 1.05 * float(values.min())), 1.08 * max(top, *drawn, 1e-12))
    from matplotlib.ticker import NullFormatter

    axes.yaxis.set_major_formatter(_formatter(series.unit))
    axes.yaxis.set_minor_formatter(NullFormatter())
    return notes + _limits(axes, series, float(values.max()), False)


def _extremes(at: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Indices of the lowest and highest value of each interval of time."""
    first, last = float(at.min()), float(at.max())
    interval = np.minimum(((at - first) * (INTERVALS / ((last - first) or 1.0))).astype(np.int64), INTERVALS - 1)
    order = np.lexsort((values, interval))
    ordered = interval[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ends = np.r_[starts[1:], len(order)] - 1
    return np.unique(order[np.r_[starts, ends]])


def inline(text: str, number: int) -> str:
    """The <svg> element alone, with ids of its own and the colours of the page."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    text = text.replace("xlink:href=", "href=")
    text = re.sub(r'\sid="((?!m|p|c|h)[\w.]*_\d+)"', "", text)  # groups of the figure: named, never referred to
    referred = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))
    text = re.sub(r'\sid="([^"]*)"', lambda found: f' id="p{number}-{found[1]}"' if found[1] in referred else "", text)
    text = re.sub(r'(url\(#|href="#)', rf"\g<1>p{number}-", text)
    text = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" role="img">', text, count=1)
    for colour, variable in COLOURS.items():
        text = text.replace(colour, variable)
    return re.sub(r"\n\s*", "\n", text).strip()
