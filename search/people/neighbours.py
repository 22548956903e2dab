"""Which groups of pictures are similar enough to be compared, without comparing all with all.

faiss, as a gallery would answer a hundred thousand questions one by one; milvus-lite itself is built on it.
"""

from typing import NamedTuple

import numpy as np

from search.optional import need

NEIGHBOURS = 64  # that are looked at, for each group
QUESTIONS = 8192  # that are answered at a time
# Comparisons up to which each group is compared with all others. Above, only with those in the nearest of the
# parts into which k-means divides them; what is missed then is found in a later pass, when groups are fewer.
EXACT = 20_000**2
PROBED = 1 / 32  # of the parts
ITERATIONS = 10  # of k-means
SAMPLE = 40  # groups per part, by which k-means is trained


class Pairs(NamedTuple):
    """Pairs of groups, each once.

    Args:
        first: (P,) int64, index of the one.
        second: (P,) int64, of the other; larger than ``first``.
        score: (P,) float32, similarity.
    """

    first: np.ndarray
    second: np.ndarray
    score: np.ndarray

    def only(self, mask: np.ndarray) -> "Pairs":
        """Some of them, by a mask or by indices."""
        return Pairs(*(column[mask] for column in self))


def similar_pairs(means: np.ndarray, asking: np.ndarray, threshold: float) -> Pairs:
    """The pairs of groups whose similarity reaches a threshold, for each group up to ``NEIGHBOURS``.

    Args:
        means: (G, D) float32, means of unit vectors: the product of two is the mean cosine of all pairs.
        asking: (A,) int64, groups whose neighbours are wanted.
        threshold: least similarity.
    """
    if not len(asking):
        return Pairs(asking, asking, np.empty(0, np.float32))
    index = _index(means, len(asking))
    parts = [
        _answers(index, means, asking[begin : begin + QUESTIONS], threshold)
        for begin in range(0, len(asking), QUESTIONS)
    ]
    return once(Pairs(*map(np.concatenate, zip(*parts, strict=True))), len(means))


def _answers(index, means: np.ndarray, asking: np.ndarray, threshold: float) -> Pairs:
    score, found = index.search(means[asking], min(NEIGHBOURS + 1, len(means)))
    one = np.repeat(asking, found.shape[1])
    score, other = score.ravel(), found.ravel().astype(np.int64)
    pairs = Pairs(np.minimum(one, other), np.maximum(one, other), score)
    return pairs.only((score >= threshold) & (one != other) & (other >= 0))


def once(pairs: Pairs, groups: int) -> Pairs:
    """Pairs without repetition, in order."""
    return pairs.only(np.unique(pairs.first * groups + pairs.second, return_index=True)[1])


def _index(means: np.ndarray, questions: int):
    faiss = need("faiss")
    dim = means.shape[1]
    index = faiss.IndexFlatIP(dim)
    if questions * len(means) > EXACT:
        parts = round(4 * len(means) ** 0.5)
        index = faiss.IndexIVFFlat(index, dim, parts, faiss.METRIC_INNER_PRODUCT)
        index.cp.niter, index.cp.max_points_per_centroid = ITERATIONS, SAMPLE
        index.cp.min_points_per_centroid = 1  # fewer than SAMPLE would be a warning
        index.nprobe = max(1, round(parts * PROBED))
        index.train(means)
    index.add(means)
    return index
