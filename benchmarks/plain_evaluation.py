"""mAP, CMC and mINP as most programs compute them: all distances, then the gallery sorted by them."""

import numpy as np


def plain_rank_metrics(query, gallery, q_pids, g_pids, q_camids, g_camids, max_rank=50):
    """The reference for results and for speed; ties are broken by the gallery's order.

    Args: as for ``evaluation.rank_metrics``, as numpy arrays.

    Returns:
        mAP, CMC (max_rank,), mINP.
    """
    distance = 2 - 2 * (query @ gallery.T)
    order = np.argsort(distance, axis=1)
    matches = g_pids[order] == q_pids[:, None]
    precisions, curves, penalties = [], [], []
    for q in range(len(query)):
        junk = matches[q] & (g_camids[order[q]] == q_camids[q])
        hits = matches[q][~junk]
        if not hits.any():
            continue
        found = hits.cumsum()
        ranks = np.flatnonzero(hits) + 1
        precisions.append((found[hits] / ranks).mean())
        penalties.append(len(ranks) / ranks[-1])
        curve = np.ones(max_rank)
        curve[: min(max_rank, ranks[0] - 1)] = 0
        curves.append(curve)
    return np.mean(precisions), np.mean(curves, axis=0), np.mean(penalties)
