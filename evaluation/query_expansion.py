"""Queries made of more than one image: their nearest gallery images, or further images of the same person."""

import numpy as np
import torch
import torch.nn.functional as F

from .embedded import Embedded
from .scores import feature_scores


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


def pool_queries(query: Embedded, extra: Embedded | None = None) -> torch.Tensor:
    """Average each query with all other images of its person in its camera (multi-query).

    Args:
        query: Q images, which always join.
        extra: further images that are not searched for; None: none.

    Returns:
        (Q, D) features, not normalised.
    """
    images = [query] if extra is None else [query, extra]
    keys = np.stack([np.concatenate([i.pids for i in images]), np.concatenate([i.camids for i in images])])
    _, group = np.unique(keys, axis=1, return_inverse=True)
    group = torch.from_numpy(group.reshape(-1)).to(query.features.device)
    features = torch.cat([i.features for i in images])
    sums = features.new_zeros(int(group.max()) + 1, features.shape[1]).index_add_(0, group, features)
    return (sums / group.bincount()[:, None])[group[: len(query.pids)]]
