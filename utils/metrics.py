"""mAP, CMC and mINP of a ranking, without sorting the gallery into an order."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from .errors import InputError

CHUNK_BYTES = 64 << 20  # scores held at a time


class RankMetrics(NamedTuple):
    """How well queries find their matches."""

    mAP: float  # mean average precision, 0..1
    cmc: np.ndarray  # (max_rank,) part of the queries whose first match is at rank 1..k or before
    mINP: float  # mean inverse negative penalty (Ye et al., TPAMI 2021), 0..1
    num_valid_queries: int  # queries that have a match under another camera


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
    counted. A wrong image that ties with a match counts before it.

    The rank of a match is found without an order of the gallery: among the matches by their own scores, plus
        the number of wrong images whose score is not lower, which a binary search in the sorted scores gives.
        Queries are taken in chunks of CHUNK_BYTES of scores.

    Args:
        query: (Q, D) features, float32 or float64; L2-normalised, larger dot product = nearer.
        gallery: (G, D) features.
        q_pids: (Q,) person ids.
        g_pids: (G,) person ids.
        q_camids: (Q,) camera ids.
        g_camids: (G,) camera ids.
        max_rank: length of the CMC curve.

    Raises:
        InputError: no query has a match under another camera, or a feature is not finite.
        ValueError: lengths that do not agree.
    """
    query, gallery = torch.as_tensor(query), torch.as_tensor(gallery)
    q_pids, g_pids, q_camids, g_camids = map(np.asarray, (q_pids, g_pids, q_camids, g_camids))
    if not len(query) == len(q_pids) == len(q_camids) or not len(gallery) == len(g_pids) == len(g_camids):
        raise ValueError("features, person ids and camera ids differ in length")
    if not torch.isfinite(query.sum() + gallery.sum()):
        raise InputError("some features are not finite (NaN or infinite); the network has diverged")

    by_pid = np.argsort(g_pids, kind="stable")
    first, last = (np.searchsorted(g_pids[by_pid], q_pids, side) for side in ("left", "right"))
    cmc, precisions, penalties = np.zeros(max_rank), [], []
    step = max(1, CHUNK_BYTES // (query.element_size() * max(1, len(gallery))))
    for start in range(0, len(query), step):
        scores = (query[start : start + step] @ gallery.T).cpu().numpy()
        for i, row in enumerate(scores, start):
            own = by_pid[first[i] : last[i]]
            matches = -np.sort(-row[own[g_camids[own] != q_camids[i]]])
            if not len(matches):
                continue
            own_scores = np.sort(row[own])
            row.sort()
            wrong_before = _count_not_lower(row, matches) - _count_not_lower(own_scores, matches)
            found = np.arange(1, len(matches) + 1)
            ranks = wrong_before + found
            precisions.append(np.mean(found / ranks))
            penalties.append(len(matches) / ranks[-1])
            cmc[ranks[0] - 1 :] += 1
    if not precisions:
        raise InputError(
            "no query has an image of its identity under another camera in the gallery; are the ids and "
            "cameras in the file names right?"
        )
    return RankMetrics(
        float(np.mean(precisions)), cmc / len(precisions), float(np.mean(penalties)), len(precisions)
    )


def _count_not_lower(ascending: np.ndarray, values: np.ndarray) -> np.ndarray:
    return len(ascending) - np.searchsorted(ascending, values, side="left")
