"""The charts of a page."""

from collections.abc import Sequence

import numpy as np

from utils.figures import AMBER, COLOURS, GREEN, GREY, RED, Figure, in_style, new_figure, plain, whole_numbers

from ..calibration import Roc, rate_axes
from .outcome import Outcome

SIZE = (4.5, 3.3)  # [inches]
RANKS = 20  # of the CMC curve


@in_style
def draw_cmc(tests: Sequence[Outcome], names: Sequence[str]) -> Figure:
    """Draw the curves over the ranks 1 to RANKS."""
    figure, axes = _axes()
    lowest = 1.0
    for test, name, colour in zip(tests, names, _colours(tests), strict=True):
        cmc = test.results[0].metrics.cmc[:RANKS]
        lowest = min(lowest, cmc[0])
        axes.plot(range(1, len(cmc) + 1), cmc, color=colour, marker=".", label=plain(name))
    bottom = np.floor(10 * max(0, lowest - 0.02)) / 10
    axes.set(
        xlabel="rank", ylabel="queries with a match up to there", xlim=(0.5, RANKS), ylim=(bottom, 1.005)
    )
    axes.set_xticks([1, 5, 10, 15, RANKS])
    _percent(axes)
    _legend(axes, names, "lower right")
    return figure


@in_style
def draw_rocs(tests: Sequence[Outcome], names: Sequence[str]) -> Figure:
    """Draw the rates against each other, with a dot at each threshold."""
    figure, axes = _axes()
    for test, name, colour in zip(tests, names, _colours(tests), strict=True):
        curve, points = test.curve, test.points
        shown = curve.fpr > 0
        axes.plot(curve.fpr[shown], curve.tpr[shown], color=colour, label=plain(name))
        dots = [point for key, point in points.items() if key.startswith("fpr_") and point["fpr"] > 0]
        style = {"color": colour, "clip_on": False, "zorder": 3}
        axes.plot([dot["fpr"] for dot in dots], [dot["tpr"] for dot in dots], "o", **style)
        axes.plot(*_equal_error(curve, points), "D", **style)
    rate_axes(axes, max(test.curve.negatives for test in tests))
    axes.set(xlabel="false positive rate", ylabel="true positive rate")
    _legend(axes, names, "lower right")
    return figure


@in_style
def draw_precisions(tests: Sequence[Outcome], names: Sequence[str]) -> Figure:
    """Draw the numbers of queries by their average precision."""
    figure, axes = _axes()
    for test, name, colour in zip(tests, names, _colours(tests), strict=True):
        counts = test.precisions()
        edges = np.linspace(0, 1, len(counts) + 1)
        axes.stairs(counts, edges, fill=len(tests) == 1, color=colour, linewidth=1.6, label=plain(name))
        mean = test.results[0].metrics.mAP
        axes.axvline(mean, color=AMBER if len(tests) == 1 else colour, linestyle="--", linewidth=1.2)
    axes.set(xlabel="average precision of a query (dashed: mAP)", ylabel="queries", xlim=(0, 1))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    whole_numbers(axes.yaxis)
    _legend(axes, names, "upper center")
    return figure


@in_style
def draw_similarities(test: Outcome) -> Figure:
    """Draw both shares by the cosine; a line at each threshold."""
    figure, axes = _axes()
    edges = np.linspace(-1, 1, len(test.similarities()[0]) + 1)
    kinds = ("the same person", "different people")
    for share, kind, colour in zip(test.similarities(), kinds, (GREEN, RED), strict=True):
        axes.stairs(share, edges, fill=True, alpha=0.35, color=colour, label=kind)
        axes.stairs(share, edges, color=colour, linewidth=1.2)
    for (key, point), style in zip(test.points.items(), ("-", "--", "-.", ":"), strict=False):
        label = f"FPR {key.removeprefix('fpr_')}: {point['threshold']:.3f}"
        axes.axvline(point["threshold"], color=GREY, linestyle=style, linewidth=1.4, label=label)
    seen = np.flatnonzero(sum(test.similarities()) > 1e-4)
    axes.set(xlabel="cosine", ylabel="share of the pairs", xlim=(edges[seen[0]], edges[seen[-1] + 1]))
    _percent(axes)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


def _axes():
    figure = new_figure(*SIZE, "")
    return figure, figure.subplots()


def _colours(tests: Sequence[Outcome]) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(len(tests))]


def _equal_error(curve: Roc, points: dict) -> tuple[float, float]:
    """The point where as many wrong pairs pass as right ones do not."""
    place = np.argmin(np.abs(curve.thresholds - points["eer"]["threshold"]))
    return max(curve.fpr[place], 1 / curve.negatives), curve.tpr[place]


def _percent(axes) -> None:
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")


def _legend(axes, names: Sequence[str], place: str) -> None:
    """A single curve needs none."""
    if len(names) > 1:
        axes.legend(loc=place)
