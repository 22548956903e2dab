"""mAP, CMC and mINP of a ranking, at little more than the cost of the scores."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from .errors import InputError
from .ranking import QueryRanks, rank_queries

CHUNK_BYTES = 48 << 20  # scores held at a time, but never fewer than MIN_ROWS queries' scores
MIN_ROWS = 128  # fewer rows would make the matrix product wait for memory


class RankMetrics(NamedTuple):
    """How well queries find their matches."""

    mAP: float  # mean average precision, 0..1
    cmc: np.ndarray  # (max_rank,) part of the queries whose first match is at rank 1..k or before
    mINP: float  # mean inverse negative penalty (Ye et al., TPAMI 2021), 0..1
    num_valid_queries: int  # queries that have a match


def rank_metrics(
    query: torch.Tensor | np.ndarray,
    gallery: torch.Tensor | np.ndarray,
    q_pids: Sequence[int],
    g_pids: Sequence[int],
    q_camids: Sequence[int],
    g_camids: Sequence[int],
    max_rank: int = 50,
    same_camera: str = "drop",
) -> RankMetrics:
    """Rank the gallery for each query by dot product and measure the ranking (Zheng et al., ICCV 2015).

    Gallery images of the query's own identity and camera are left out; a query with no other match is not
    counted. A wrong image that ties with a match counts before it. Takes about CHUNK_BYTES beyond the
    features, and their size once more if they are float16.

    Args:
        query: (Q, D) features; L2-normalised, larger dot product = nearer.
        gallery: (G, D) features, on the same device.
        q_pids: (Q,) person ids.
        g_pids: (G,) person ids.
        q_camids: (Q,) camera ids.
        g_camids: (G,) camera ids.
        max_rank: length of the CMC curve.
        same_camera: 'drop' as above; 'keep' also counts matches under the query's own camera, for data
            without camera ids.

    Raises:
        InputError: no query, no gallery, no query with a match, or features that are not finite.
        ValueError: lengths that do not agree.
    """
    scores = feature_scores(*check_features(query, gallery))
    return summarise(rank_queries(scores, q_pids, g_pids, q_camids, g_camids, same_camera), max_rank)


def check_features(
    query: torch.Tensor | np.ndarray, gallery: torch.Tensor | np.ndarray
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features as tensors, float32 at least.

    Raises:
        InputError: there are none, or some are not finite.
        ValueError: they are no (Q, D) and (G, D).
    """
    both = []
    for name, features in (("query", query), ("gallery", gallery)):
        features = torch.as_tensor(features)
        features = features.to(torch.promote_types(features.dtype, torch.float32))
        if features.ndim != 2:
            raise ValueError(f"{name} features must be (number, dimensions), not {tuple(features.shape)}")
        if not len(features):
            raise InputError(f"there is no {name} image to rank")
        if bad := int((~torch.isfinite(features.sum(1))).sum()):
            raise InputError(
                f"{bad} of {len(features)} {name} features are not finite (NaN or infinite); has the "
                "training that made the weights diverged?"
            )
        both.append(features)
    if both[0].shape[1] != both[1].shape[1]:
        raise ValueError(f"query has {both[0].shape[1]} dimensions, gallery {both[1].shape[1]}")
    return both[0], both[1]


def feature_scores(query: torch.Tensor, gallery: torch.Tensor) -> Iterator[torch.Tensor]:
    """Chunks (m, G) of the dot products of (Q, D) and (G, D) features, each over the one before."""
    step = max(MIN_ROWS, CHUNK_BYTES // (gallery.element_size() * len(gallery)))
    buffer = gallery.new_empty(min(step, len(query)), len(gallery))
    for rows in query.split(step):
        yield torch.mm(rows, gallery.T, out=buffer[: len(rows)])


def summarise(ranks: QueryRanks, max_rank: int = 50) -> RankMetrics:
    """Means over the queries that have a match.

    Raises:
        InputError: none has.
    """
    first = ranks.first_match[ranks.first_match > 0]
    if not len(first):
        raise InputError(
            "no query has an image of its identity under another camera in the gallery; are the ids and "
            "cameras right? (TEST.SAME_CAMERA keep, for data without camera ids)"
        )
    hits = np.bincount(first, minlength=max_rank + 1)[1 : max_rank + 1]
    return RankMetrics(
        float(np.nanmean(ranks.average_precision)),
        hits.cumsum() / len(first),
        float(np.nanmean(ranks.inverse_penalty)),
        len(first),
    )
