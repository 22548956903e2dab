"""Queries made of more than one image: their nearest gallery images, or further images of the same person."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from .metrics import feature_scores


def expand_queries(
    query: torch.Tensor, gallery: torch.Tensor, neighbours: int, alpha: float = 0.0
) -> torch.Tensor:
    """Average each query with its nearest gallery images.

    Args:
        query: (Q, D) features, L2-normalised.
        gallery: (G, D) features, L2-normalised.
        neighbours: gallery images that join; at most G.
        alpha: 0: average query expansion (Chum et al., ICCV 2007); above: each neighbour weighs
            similarity^alpha (alpha-QE, Radenović et al., TPAMI 2018).

    Returns:
        (Q, D) features, L2-normalised.
    """
    neighbours = min(neighbours, len(gallery))
    expanded, start = torch.empty_like(query), 0
    for scores in feature_scores(query, gallery):
        similarity, nearest = scores.topk(neighbours, dim=1)
        weight = similarity.clamp(min=0) ** alpha  # 0 ** 0 is 1
        rows = slice(start, start + len(scores))
        # One neighbour at a time: (m, neighbours, D) at once would be as large as the gallery.
        total = query[rows].clone()
        for k in range(neighbours):
            total += weight[:, k, None] * gallery[nearest[:, k]]
        expanded[rows] = total
        start += len(scores)
    return F.normalize(expanded, dim=1)


def pool_queries(
    query: torch.Tensor,
    q_pids: Sequence[int],
    q_camids: Sequence[int],
    extra: torch.Tensor,
    extra_pids: Sequence[int],
    extra_camids: Sequence[int],
) -> torch.Tensor:
    """Average each query with all further images of its person in its camera (multi-query).

    Args:
        query: (Q, D) features.
        q_pids: (Q,) person ids.
        q_camids: (Q,) camera ids.
        extra: (E, D) features of further images; the queries themselves always join.
        extra_pids: (E,) person ids.
        extra_camids: (E,) camera ids.

    Returns:
        (Q, D) features, not normalised.
    """
    keys = np.stack([np.concatenate([q_pids, extra_pids]), np.concatenate([q_camids, extra_camids])])
    _, group = np.unique(keys, axis=1, return_inverse=True)
    group = torch.from_numpy(group.reshape(-1)).to(query.device)
    sums = query.new_zeros(int(group.max()) + 1, query.shape[1]).index_add_(
        0, group, torch.cat([query, extra])
    )
    return (sums / group.bincount()[:, None])[group[: len(query)]]
