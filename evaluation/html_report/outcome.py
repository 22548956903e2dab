"""What a page shows of a test, once its features are gone."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from yacs.config import CfgNode

from ..calibration import Roc, operating_points, roc_of_test
from ..camera_pairs import CameraPairs, camera_pairs
from ..embedded import TestImages
from ..evaluate import Result
from ..per_query import results_of_test, worst_first

SHOWN = 10  # of the worst queries, and of those in the middle
BINS = 20  # of average precisions
SIMILARITIES = 100  # bins of the cosine -1..1


class Outcome(NamedTuple):
    """What a test of one network found."""

    network: str  # MODEL.NAME
    weights: str  # their file
    results: Sequence[Result]  # of each way of ranking, the plain one first
    num_query: int
    num_gallery: int
    curve: Roc
    points: dict  # of operating_points
    pairs: CameraPairs
    worst: list[dict]  # queries, as query_results gives them
    median: list[dict]  # those around the median of the average precision that are not among the worst
    settings: dict[str, object]  # by their dotted names

    def precisions(self) -> np.ndarray:
        """(BINS,) numbers of queries by their average precision, 0..1, in the plain ranking."""
        found = self.results[0].ranks.average_precision
        return np.histogram(found[~np.isnan(found)], BINS, (0, 1))[0]

    def similarities(self) -> tuple[np.ndarray, np.ndarray]:
        """Shares (SIMILARITIES,) of the pairs of one person, and of different people, by their cosine."""
        rates = (self.curve.tpr, self.curve.fpr)
        return tuple(-np.diff(rate, append=0).reshape(SIMILARITIES, -1).sum(1) for rate in rates)


def look_into(
    cfg: CfgNode,
    images: TestImages,
    results: Sequence[Result],
    paths: Sequence[str],
    settings: dict[str, object],
) -> Outcome:
    """What a page shows of a test.

    Args:
        cfg: the settings, with the protocol 'standard'.
        images: as the network gives them.
        results: of the ways of ranking, the plain one first.
        paths: files, by the images' ``indices``.
        settings: the same settings by their dotted names.

    Raises:
        InputError: there are no pairs of the same person, or none of different people.
    """
    ranks = results[0].ranks
    curve = roc_of_test(images, cfg.TEST.SAME_CAMERA)
    order = worst_first(ranks)[: int((ranks.first_match > 0).sum())]
    begin = max(min(SHOWN, len(order)), len(order) // 2 - SHOWN // 2)
    chosen = order[:SHOWN], order[begin : begin + SHOWN]
    worst, median = (results_of_test(cfg, images, ranks, paths, part) for part in chosen)
    return Outcome(
        cfg.MODEL.NAME,
        cfg.TEST.WEIGHT,
        results,
        len(images.query.pids),
        len(images.gallery.pids),
        curve,
        operating_points(curve),
        camera_pairs(cfg, images),
        worst,
        median,
        settings,
    )
