"""The similarity above which two images show the same person, from all pairs of a test."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import yaml

from utils.errors import InputError
from utils.figures import AMBER, COLOURS, Axes, Figure, in_style, new_figure, save_figure
from utils.files import atomic_write

from .embedded import TestImages
from .gallery import GalleryIndex
from .scores import feature_scores

BINS = 20_000  # of the cosine -1..1: thresholds to four digits
TARGETS = (1e-2, 1e-3, 1e-4, 1e-5)  # false positive rates


class Roc(NamedTuple):
    """Rates at rising thresholds of the cosine; a pair at or above one is called the same person."""

    thresholds: np.ndarray  # (BINS,)
    fpr: np.ndarray  # (BINS,) fraction of the pairs of different people that are called the same
    tpr: np.ndarray  # (BINS,) fraction of the pairs of the same person that are called the same
    positives: int  # pairs of the same person
    negatives: int  # pairs of different people


def roc(query: torch.Tensor, gallery: torch.Tensor, index: GalleryIndex) -> Roc:
    """Rates over all pairs of a query and a gallery image, in a histogram that is filled chunk by chunk.

    Pairs of the same person that the index leaves out (same camera) do not count, as in a ranking.

    Args:
        query: (Q, D) float32 features, L2-normalised.
        gallery: (G, D) float32 features, L2-normalised.
        index: of the queries and the gallery.

    Raises:
        InputError: there are no pairs of the same person, or none of different people.
    """
    positive, negative = np.zeros(BINS), np.zeros(BINS)
    for queries, scores in index.numbered(feature_scores(query, gallery)):
        own, kinds = index.own_scores(scores, queries)
        positive += _histogram(own[kinds == 2])
        negative += _histogram(scores) - _histogram(own[kinds > 0])
    if not positive.sum() or not negative.sum():
        raise InputError(
            "a threshold needs pairs of the same person and pairs of different people; the test set has only "
            "one kind"
        )
    thresholds = np.linspace(-1, 1, BINS + 1)[:-1]
    fpr, tpr = (h[::-1].cumsum()[::-1] / h.sum() for h in (negative, positive))
    return Roc(thresholds, fpr, tpr, int(positive.sum()), int(negative.sum()))


def roc_of_test(images: TestImages, same_camera: str) -> Roc:
    """``roc`` of the cosines of a test's images.

    Args:
        images: as the network gives them.
        same_camera: TEST.SAME_CAMERA.
    """
    query, gallery = images.query.normalised(), images.gallery.normalised()
    return roc(query.features, gallery.features, GalleryIndex.of(query, gallery, same_camera))


def operating_points(curve: Roc) -> dict:
    """The thresholds that a search may need, as plain numbers.

    Returns:
        For each of TARGETS the lowest threshold whose false positive rate is not above it, with both rates;
        the equal error rate and its threshold; the numbers of pairs.
    """
    points = {}
    for target in TARGETS:
        allowed = curve.fpr <= target
        place = int(np.argmax(allowed)) if allowed.any() else BINS - 1
        points[f"fpr_{target:.0e}".replace("e-0", "e-")] = {
            "threshold": round(float(curve.thresholds[place]), 4),
            "tpr": float(curve.tpr[place]),
            "fpr": float(curve.fpr[place]),
        }
    place = int(np.argmin(np.abs(curve.fpr - (1 - curve.tpr))))
    points["eer"] = {
        "threshold": round(float(curve.thresholds[place]), 4),
        "rate": float((curve.fpr[place] + 1 - curve.tpr[place]) / 2),
    }
    return points | {"pairs": {"same": curve.positives, "different": curve.negatives}}


def save_calibration(points: dict, curve: Roc, weights: Path) -> tuple[Path, Path]:
    """Write ``<weights>.calibration.yml``, which search commands read, and the picture ``<weights>.roc.png``.

    Raises:
        InputError: a file cannot be written.
    """
    file, picture = weights.with_suffix(".calibration.yml"), weights.with_suffix(".roc.png")
    with atomic_write(file) as stream:
        yaml.safe_dump({"similarity": "cosine", **points}, stream, sort_keys=False)
    save_figure(draw_roc(points, curve), picture)
    return file, picture


@in_style
def draw_roc(points: dict, curve: Roc) -> Figure:
    """Draw the rates against each other, from the lowest false positive rate that so many pairs can show.

    Args:
        points: of ``operating_points``.
        curve: of ``roc``.
    """
    figure = new_figure(6.4, 4.6, "Are two images of the same person?")
    axes = figure.subplots()
    lowest = 1 / curve.negatives  # one pair
    shown = curve.fpr > 0
    axes.plot(curve.fpr[shown], curve.tpr[shown], color=COLOURS[0])
    for (name, point), colour in zip(_by_rate(points).items(), COLOURS[1:], strict=False):
        label = f"FPR {name}: cosine {point['threshold']:.3f}, TPR {point['tpr']:.1%}"
        if point["fpr"] > 0:
            axes.plot(point["fpr"], point["tpr"], "o", color=colour, label=label, clip_on=False, zorder=3)
        else:  # no pair of different people is above this threshold
            axes.plot([], [], "o", color=colour, label=f"{label} (no wrong pair)")
    eer = points["eer"]
    place = np.argmin(np.abs(curve.thresholds - eer["threshold"]))
    label = f"equal error rate {eer['rate']:.1%}: cosine {eer['threshold']:.3f}"
    found = max(curve.fpr[place], lowest), curve.tpr[place]
    axes.plot(*found, "D", color=AMBER, label=label, clip_on=False, zorder=3)
    rate_axes(axes, curve.negatives)
    axes.set_title(f"{curve.positives:,} pairs of the same person, {curve.negatives:,} of different people")
    axes.legend(loc="lower right")
    return figure


def rate_axes(axes: Axes, negatives: int) -> None:
    """Axes of both rates; the false positive one begins where one of so many pairs is wrong."""
    axes.set(xscale="log", xlim=(min(1 / negatives, 0.5), 1), ylim=(0, 1.02))
    axes.set(xlabel="false positive rate: different people called the same")
    axes.set(ylabel="true positive rate: the same person called so")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")


def _by_rate(points: dict) -> dict[str, dict]:
    """The points of the false positive rates, by the rate as text."""
    return {name.removeprefix("fpr_"): point for name, point in points.items() if name.startswith("fpr_")}


def calibration_table(points: dict) -> str:
    """The operating points for the log."""
    lines = ["  called the same person at | threshold |  TPR"]
    for rate, point in _by_rate(points).items():
        lines.append(f"  FPR {rate:<21} | {point['threshold']:9.4f} | {point['tpr']:.1%}")
    eer = points["eer"]
    lines.append(f"  {'equal error rate':<25} | {eer['threshold']:9.4f} | {1 - eer['rate']:.1%}")
    return "\n".join(lines)


def _histogram(scores: torch.Tensor) -> np.ndarray:
    # A chunk has fewer than 2^24 pairs for each bin, so that histc's float32 counts are exact.
    return torch.histc(scores.clamp(-1, 1), BINS, -1, 1).double().cpu().numpy()
