"""The single-gallery-shot protocol of CUHK03 (Li et al., "DeepReID", CVPR 2014)."""

from collections.abc import Iterable

import numpy as np
import torch

from .gallery import GalleryIndex
from .ranking import QueryRanks


def rank_single_shot(
    scores: Iterable[torch.Tensor], index: GalleryIndex, repeats: int = 10, seed: int = 0
) -> QueryRanks:
    """Ranks in galleries of one image of each identity, drawn for each query and repeat.

    A wrong image that ties with the match counts before it.

    Args:
        scores: chunks (m, G) of the (Q, G) scores, larger = nearer, in order.
        index: of the queries and the gallery; images that it leaves out are never drawn as the match.
        repeats: galleries drawn for each query.
        seed: of the drawing.

    Returns:
        Ranks of length Q x repeats, a query's repeats one after another.
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(index.g_pids, kind="stable")
    ids, first, counts = np.unique(index.g_pids[order], return_index=True, return_counts=True)
    ranks = []
    for queries, chunk in index.numbered(scores):
        for q, row in zip(queries, chunk.cpu().numpy(), strict=True):
            own, is_match = index.own(q)
            candidates = own[is_match]
            if not len(candidates):
                ranks += [0] * repeats
                continue
            drawn = order[first + (rng.random((repeats, len(ids))) * counts).astype(np.int64)]
            match = row[rng.choice(candidates, repeats)]
            before = (row[drawn] >= match[:, None]) & (ids != index.q_pids[q])
            ranks += (before.sum(1) + 1).tolist()
    first_match = np.array(ranks, np.int64)
    with np.errstate(divide="ignore"):
        precision = np.where(first_match > 0, 1 / first_match, np.nan)  # one match: both are 1 / rank
    return QueryRanks(precision, first_match, precision)
