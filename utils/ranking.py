"""At which ranks each query finds its matches, without sorting the gallery into an order."""

from collections.abc import Iterable, Iterator, Sequence
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
    lower, which a binary search in the sorted scores gives: values are sorted, indices never.

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
    parts = [_rank_chunk(chunk, index, queries) for queries, chunk in index.numbered(scores)]
    precision, first, penalty = torch.cat(parts, dim=1).numpy()
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

    def numbered(self, scores: Iterable[torch.Tensor]) -> Iterator[tuple[range, torch.Tensor]]:
        """Each chunk (m, G) of the scores with the queries that it is of.

        Raises:
            ValueError: the scores are of another size than the ids.
        """
        start = 0
        for chunk in scores:
            queries = range(start, start + len(chunk))
            if chunk.shape[1] != len(self.g_pids) or queries.stop > len(self.q_pids):
                raise ValueError("scores, person ids and camera ids differ in length")
            yield queries, chunk
            start = queries.stop
        if start != len(self.q_pids):
            raise ValueError("scores, person ids and camera ids differ in length")

    def own(self, q: int) -> tuple[np.ndarray, np.ndarray]:
        """Gallery images of the query's identity, and whether each is a match."""
        (images,), (kinds,) = self.own_padded(range(q, q + 1))
        return images[kinds > 0], kinds[kinds > 0] == 2

    def own_padded(self, queries: range) -> tuple[np.ndarray, np.ndarray]:
        """The same of many queries: images (m, P), and 2 for a match, 1 for another, 0 beyond the query's."""
        rows = slice(queries.start, queries.stop)
        first, number = self._first[rows, None], (self._last - self._first)[rows, None]
        place = np.arange(max(1, number.max(initial=0)))
        images = self._order[np.minimum(first + place, len(self._order) - 1)]
        is_match = (self.g_camids[images] != self.q_camids[rows, None]) | self.keep
        return images, np.where(place < number, 1 + is_match, 0)

    def own_scores(self, chunk: torch.Tensor, queries: range) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores of the queries' own images (m, P), and their kinds as ``own_padded`` gives them."""
        images, kinds = (torch.from_numpy(x).to(chunk.device) for x in self.own_padded(queries))
        return chunk.gather(1, images), kinds


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
    # numpy sorts floats several times faster than torch, and without Python's lock: a thread per core.
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda rows: rows.sort(axis=1), np.array_split(scores.numpy(), 4 * threads)))
    return scores
