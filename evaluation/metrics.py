"""mAP, CMC and mINP of a ranking, at little more than the cost of the scores."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from utils.errors import InputError

from .gallery import GalleryIndex
from .ranking import QueryRanks, rank_queries
from .scores import check_features, feature_scores


class RankMetrics(NamedTuple):
    """How well queries find their matches."""

    mAP: float  # mean average precision, 0..1
    cmc: np.ndarray  # (max_rank,) fraction of the queries whose first match is at rank k or before, k = 1..
    mINP: float  # mean inverse negative penalty (Ye et al., TPAMI 2021), 0..1
    num_valid_queries: int  # queries that have a match

    def summary(self) -> dict[str, float]:
        """What is logged and plotted, each 0..1: mAP, the CMC curve at ranks 1, 5 and 10, mINP."""
        ranks = {f"rank{rank}": float(self.cmc[rank - 1]) for rank in (1, 5, 10)}
        return {"mAP": float(self.mAP), **ranks, "mINP": float(self.mINP)}


def rank_metrics(
    query: torch.Tensor | np.ndarray,
    gallery: torch.Tensor | np.ndarray,
    q_pids: Sequence[int],
    g_pids: Sequence[int],
    q_camids: Sequence[int],
    g_camids: Sequence[int],
    max_rank: int = 50,
) -> RankMetrics:
    """Rank the gallery for each query by dot product and measure the ranking (Zheng et al., ICCV 2015).

    Gallery images of the query's own identity and camera are left out; a query with no other match is not
    counted. A wrong image that ties with a match counts before it. Takes about ``scores.CHUNK_BYTES`` beyond
    the features, and their size once more if they are float16. To count matches under the query's own camera,
    give ``GalleryIndex`` its ``same_camera`` and rank by ``rank_queries``, which this function calls.

    Args:
        query: (Q, D) features; L2-normalised, larger dot product = nearer.
        gallery: (G, D) features, on the same device.
        q_pids: (Q,) person ids.
        g_pids: (G,) person ids.
        q_camids: (Q,) camera ids.
        g_camids: (G,) camera ids.
        max_rank: length of the CMC curve.

    Raises:
        InputError: no query, no gallery, no query with a match, or features that are not finite.
        ValueError: lengths that do not match.
    """
    scores = feature_scores(*check_features(query, gallery))
    return summarise(rank_queries(scores, GalleryIndex(q_pids, g_pids, q_camids, g_camids)), max_rank)


def summarise(ranks: QueryRanks, max_rank: int = 50) -> RankMetrics:
    """Means over the queries that have a match.

    Raises:
        InputError: no query has one.
    """
    first = ranks.first_match[ranks.first_match > 0]
    if not len(first):
        raise InputError(
            "no query has an image of its identity under another camera in the gallery; check the ids "
            "and cameras, or set TEST.SAME_CAMERA keep for data without camera ids"
        )
    hits = np.bincount(first, minlength=max_rank + 1)[1 : max_rank + 1]
    return RankMetrics(
        float(np.nanmean(ranks.average_precision)),
        hits.cumsum() / len(first),
        float(np.nanmean(ranks.inverse_penalty)),
        len(first),
    )
