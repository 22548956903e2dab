"""At which ranks each query finds its matches, without sorting the gallery into an order."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch


class QueryRanks(NamedTuple):
    """How well each query finds its matches; (Q,) each."""

    average_precision: np.ndarray  # float64, NaN for a query without a match
    first_match: np.ndarray  # int64, rank from 1; 0 for a query without a match
    inverse_penalty: np.ndarray  # float64, matches / rank of the last one; NaN for a query without a match


def rank_queries(
    scores: Iterable[torch.Tensor],
    q_pids: Sequence[int],
    g_pids: Sequence[int],
    q_camids: Sequence[int],
    g_camids: Sequence[int],
    same_camera: str = "drop",
) -> QueryRanks:
    """Ranks of the matches of each query.

    The rank of a match is its place among the matches plus the number of wrong images whose score is not
    lower,
    which a binary search in the sorted scores gives: values are sorted, indices never.

    Args:
        scores: chunks (m, G) of the (Q, G) scores, larger = nearer, in order; overwritten.
        q_pids: (Q,) person ids.
        g_pids: (G,) person ids.
        q_camids: (Q,) camera ids.
        g_camids: (G,) camera ids.
        same_camera: 'drop' leaves out gallery images of the query's identity and camera, 'keep' keeps them.

    Raises:
        ValueError: lengths that do not agree.
    """
    index = GalleryIndex(q_pids, g_pids, q_camids, g_camids, same_camera)
    parts, start = [], 0
    # numpy sorts without Python's lock, so a thread per core is not in vain.
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        for chunk in scores:
            queries = range(start, start + len(chunk))
            index.check(chunk, queries)
            if chunk.is_cuda:
                parts.append(rank_on_device(chunk, index, queries))
            else:
                rows = zip(chunk.numpy(), queries, strict=True)
                ranks = pool.map(lambda row: _measure(_match_ranks(*row, index)), rows, chunksize=32)
                parts.append(np.array(list(ranks)))
            start += len(chunk)
    index.check_complete(start)
    precision, first, penalty = np.concatenate(parts).T
    return QueryRanks(precision, first.astype(np.int64), penalty)


class GalleryIndex:
    """Which gallery images are a query's own identity, and which of them are matches.

    Args: as for ``rank_queries``.
    """

    def __init__(self, q_pids, g_pids, q_camids, g_camids, same_camera: str = "drop"):
        self.q_pids, self.g_pids, self.q_camids, self.g_camids = map(
            np.asarray, (q_pids, g_pids, q_camids, g_camids)
        )
        if len(self.q_pids) != len(self.q_camids) or len(self.g_pids) != len(self.g_camids):
            raise ValueError("person ids and camera ids differ in length")
        self.keep = same_camera == "keep"
        self._order = np.argsort(self.g_pids, kind="stable")
        ids = self.g_pids[self._order]
        self._first = np.searchsorted(ids, self.q_pids, "left")
        self._last = np.searchsorted(ids, self.q_pids, "right")

    def own(self, q: int) -> tuple[np.ndarray, np.ndarray]:
        """Gallery images of the query's identity, and whether each is a match."""
        own = self._order[self._first[q] : self._last[q]]
        return own, (self.g_camids[own] != self.q_camids[q]) | self.keep

    def check(self, chunk: torch.Tensor, queries: range) -> None:
        """Raise a ValueError for scores of another size than the ids."""
        if chunk.shape[1] != len(self.g_pids) or queries.stop > len(self.q_pids):
            raise ValueError("scores, person ids and camera ids differ in length")

    def check_complete(self, number: int) -> None:
        """Raise a ValueError if there were scores for fewer queries than ids."""
        if number != len(self.q_pids):
            raise ValueError("scores, person ids and camera ids differ in length")


def rank_on_device(scores: torch.Tensor, index: GalleryIndex, queries: range) -> np.ndarray:
    """The same for a whole chunk at once, where the scores are.

    Args:
        scores: (m, G).
        index: of the gallery.
        queries: the chunk's queries.

    Returns:
        (m, 3): average precision, rank of the first match, inverse penalty; NaN, 0, NaN without a match.
    """
    device = scores.device
    own = [index.own(q) for q in queries]
    most = max(1, max(len(images) for images, _ in own))
    images = np.zeros((len(own), most), np.int64)
    kinds = np.zeros((len(own), most), np.int8)  # 1: of the identity, 2: a match
    for i, (indices, is_match) in enumerate(own):
        images[i, : len(indices)] = indices
        kinds[i, : len(indices)] = 1 + is_match
    kinds = torch.from_numpy(kinds).to(device)
    own_scores = scores.gather(1, torch.from_numpy(images).to(device))
    matches = own_scores.masked_fill(kinds != 2, -torch.inf).sort(1, descending=True).values
    number = (kinds == 2).sum(1)
    found = torch.arange(1, most + 1, device=device, dtype=torch.float64)
    not_lower = scores.shape[1] - torch.searchsorted(scores.sort(1).values, matches)
    own_not_lower = ((own_scores[:, None] >= matches[:, :, None]) & (kinds > 0)[:, None]).sum(2)
    ranks = not_lower - own_not_lower + found
    precision = torch.where(found <= number[:, None], found / ranks, 0).sum(1) / number
    first = torch.where(number > 0, ranks[:, 0], 0)
    penalty = number / ranks.gather(1, (number - 1).clamp(min=0)[:, None])[:, 0]
    penalty = torch.where(number > 0, penalty, torch.nan)
    return torch.stack((precision, first, penalty), dim=1).cpu().numpy()


def _match_ranks(row: np.ndarray, q: int, index: GalleryIndex) -> np.ndarray:
    """Ranks of a query's matches, rising, from its scores (G,), which are sorted in place."""
    own, is_match = index.own(q)
    own_scores = row[own]
    matches = -np.sort(-own_scores[is_match])
    if not len(matches):
        return matches
    row.sort()
    own_scores.sort()
    return (
        _count_not_lower(row, matches)
        - _count_not_lower(own_scores, matches)
        + np.arange(1, len(matches) + 1)
    )


def _count_not_lower(ascending: np.ndarray, values: np.ndarray) -> np.ndarray:
    return len(ascending) - np.searchsorted(ascending, values, side="left")


def _measure(ranks: np.ndarray) -> tuple[float, int, float]:
    """Average precision, rank of the first match, inverse penalty."""
    if not len(ranks):
        return np.nan, 0, np.nan
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks)), int(ranks[0]), len(ranks) / float(ranks[-1])
