"""How well things were grouped: by pairs of them."""

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple


class PairScore(NamedTuple):
    """Agreement about pairs: which are of one group."""

    precision: float  # of the pairs that were put together, the share that belongs together; 0..1
    recall: float  # of the pairs that belong together, the share that was put together; 0..1
    f1: float  # harmonic mean of both


def pairwise(truth: Sequence[Hashable], found: Sequence[Hashable]) -> PairScore:
    """Compare groups with the true ones.

    Args:
        truth: the true group of each thing.
        found: the group that it was put into.
    """
    right = _pairs(zip(truth, found, strict=True))
    together, true = _pairs(found), _pairs(truth)
    precision, recall = (right / count if count else 1.0 for count in (together, true))
    return PairScore(precision, recall, 2 * right / (together + true) if together + true else 1.0)


def _pairs(groups) -> int:
    """How many pairs of things are of one group."""
    return sum(count * (count - 1) // 2 for count in Counter(groups).values())
