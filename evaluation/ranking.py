"""At which ranks each query finds its matches, without sorting the gallery into an order."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch

from .gallery import GalleryIndex


class QueryRanks(NamedTuple):
    """How well each query finds its matches; (Q,) each."""

    average_precision: np.ndarray  # float64, NaN for a query without a match
    first_match: np.ndarray  # int64, rank from 1; 0 for a query without a match
    inverse_penalty: np.ndarray  # float64, matches / rank of the last one; NaN for a query without a match


def rank_queries(scores: Iterable[torch.Tensor], index: GalleryIndex) -> QueryRanks:
    """Ranks of the matches of each query.

    The rank of a match is its place among the matches plus the number of wrong images whose score is not
    lower, which a binary search in the sorted scores gives: values are sorted, indices never.

    Args:
        scores: chunks (m, G) of the (Q, G) scores, larger = nearer, in order; overwritten.
        index: of the queries and the gallery.

    Raises:
        ValueError: the size of the scores differs from that of the index.
    """
    parts = [_rank_chunk(chunk, index, queries) for queries, chunk in index.numbered(scores)]
    precision, first, penalty = torch.cat(parts, dim=1).numpy()
    return QueryRanks(precision, first.astype(np.int64), penalty)


def _rank_chunk(scores: torch.Tensor, index: GalleryIndex, queries: range) -> torch.Tensor:
    """Average precision, rank of the first match and inverse penalty of a chunk, (3, m) float64."""
    own, kinds = index.own_scores(scores, queries)
    own = own.masked_fill_(kinds == 0, -torch.inf)
    matches = own.masked_fill(kinds != 2, -torch.inf).sort(1, descending=True).values
    number = (kinds == 2).sum(1)
    found = torch.arange(1, matches.shape[1] + 1, device=scores.device, dtype=torch.float64)
    own_before = _count_not_lower(own.sort(1).values, matches)
    ranks = _count_not_lower(_sort_rows(scores), matches) - own_before + found
    precision = torch.where(found <= number[:, None], found / ranks, 0).sum(1) / number
    first = torch.where(number > 0, ranks[:, 0], 0)
    last = ranks.gather(1, (number - 1).clamp(min=0)[:, None])[:, 0]
    return torch.stack((precision, first, torch.where(number > 0, number / last, torch.nan))).cpu()


def _count_not_lower(ascending: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    return ascending.shape[1] - torch.searchsorted(ascending, values)


def _sort_rows(scores: torch.Tensor) -> torch.Tensor:
    """Rows in rising order; on the CPU in place."""
    scores = scores.contiguous()
    if scores.is_cuda:
        return scores.sort(1).values
    # numpy sorts floats several times faster than torch, and without Python's lock: one thread per core.
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda rows: rows.sort(axis=1), np.array_split(scores.numpy(), 4 * threads)))
    return scores
