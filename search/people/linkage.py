"""Average linkage: who looks alike becomes one, the most alike first, unless they cannot be one person.

Two groups of vectors join when the mean cosine of all pairs between them reaches a threshold and their
timetables do not clash. The libraries' linkages do not serve: scipy's and fastcluster's need a matrix of all
pairs (40 GB for 100,000 walks); scikit-learn's takes a sparse graph, but counts a missing pair as if it did
not exist, so that one pair can join two groups; and none of them knows who cannot be one person.

What makes it simple:

- The mean cosine of all pairs of two groups is the product of the means of their unit vectors. So each group
  is one vector, all pairs count though none is stored, and nearest neighbours only say what to look at.
- If A and B join, what was not nearer than d to either is not nearer than d to both: linkage is *reducible*,
  and stays so if clashing groups count as infinitely far apart. So all groups that are each other's nearest
  may join at once; the outcome is that of joining the nearest pair of all, again and again (Murtagh, 1983;
  Sumengen et al., 2021). It also means that a pair below the threshold can be forgotten: groups that reach it
  have parts that do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .neighbours import Pairs, once, similar_pairs
from .timetable import Timetable
from .travel import Travel

CHUNK = 16_384  # pairs whose vectors are multiplied at a time


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of vectors, which ``link`` joins in place.

    Args:
        sums: (G, D) float32, sums of their unit vectors.
        sizes: (G,) int64, how many these are.
        people: (G,) int64, whom they are known to be; 0: not known. Two who are known never join.
        timetables: when they were where.
    """

    sums: np.ndarray
    sizes: np.ndarray
    people: np.ndarray
    timetables: Sequence[Timetable]


def link(
    groups: Groups, threshold: float, travel: Travel, search: Callable[..., Pairs] = similar_pairs
) -> np.ndarray:
    """Join groups until no two that may join reach the threshold.

    Args:
        groups: to join; the first of a joined group holds it, with its ``people``.
        threshold: least mean cosine.
        travel: least times between cameras.
        search: finds pairs, as ``similar_pairs``. It may miss some: it is asked again about groups that have
            grown, until none does.

    Returns:
        (G,) int64, for each group the first of the joined group that it is in.
    """
    root, asking = np.arange(len(groups.sizes)), np.flatnonzero(groups.people == 0)
    while len(asking):
        live = np.flatnonzero(root == np.arange(len(root)))
        means = groups.sums[live] / groups.sizes[live, None].astype(np.float32)
        first, second, score = search(means, np.searchsorted(live, asking), threshold)
        pairs = _of_strangers(groups, Pairs(live[first], live[second], score))
        asking = _join(groups, root, pairs, threshold, travel)
    return _followed(root)


def _join(groups: Groups, root: np.ndarray, pairs: Pairs, threshold: float, travel: Travel) -> np.ndarray:
    """Join what these pairs allow; the groups that have grown."""
    grown = np.zeros(len(root), bool)
    while len(pairs.score):
        mutual = _mutual(pairs, len(root))
        nearest = pairs.only(mutual)
        may = [
            groups.timetables[one].clash(groups.timetables[other], travel) is None
            for one, other in zip(nearest.first.tolist(), nearest.second.tolist(), strict=True)
        ]
        one, other = nearest.first[may], nearest.second[may]
        _absorb(groups, root, one, other)
        grown[one], grown[other] = True, False
        pairs = _contracted(groups, root, pairs.only(~mutual), one)
        pairs = pairs.only(pairs.score >= threshold)
    return np.flatnonzero(grown)


def _mutual(pairs: Pairs, groups: int) -> np.ndarray:
    """Which pairs are of two groups that are each other's nearest, bool (P,).

    Of equally near ones the one with the lower number counts as nearer. So of all pairs that are nearest, the
    first one is always mutual, and each round ends with fewer pairs.
    """
    best = np.full(groups, -np.inf, np.float32)
    nearest = np.full(groups, groups)
    sides = ((pairs.first, pairs.second), (pairs.second, pairs.first))
    for one, _ in sides:
        np.maximum.at(best, one, pairs.score)
    for one, other in sides:
        top = pairs.score == best[one]
        np.minimum.at(nearest, one[top], other[top])
    return (nearest[pairs.first] == pairs.second) & (nearest[pairs.second] == pairs.first)


def _absorb(groups: Groups, root: np.ndarray, one: np.ndarray, other: np.ndarray) -> None:
    """Join groups in pairs, of which each group is in one at most."""
    groups.sums[one] += groups.sums[other]
    groups.sizes[one] += groups.sizes[other]
    groups.people[one] = np.maximum(groups.people[one], groups.people[other])
    root[other] = one
    for to, by in zip(one.tolist(), other.tolist(), strict=True):
        groups.timetables[to].join(groups.timetables[by])


def _contracted(groups: Groups, root: np.ndarray, pairs: Pairs, joined: np.ndarray) -> Pairs:
    """The pairs between groups after some have joined."""
    is_joined = np.zeros(len(root), bool)
    is_joined[joined] = True
    first, second = root[pairs.first], root[pairs.second]
    touched = is_joined[first] | is_joined[second]
    kept = pairs.only(~touched)
    low, high = np.minimum(first, second)[touched], np.maximum(first, second)[touched]
    new = once(_of_strangers(groups, Pairs(low, high, pairs.score[touched])), len(root))
    new = new._replace(score=_scores(groups, new))
    return Pairs(*(np.concatenate(columns) for columns in zip(kept, new, strict=True)))


def _of_strangers(groups: Groups, pairs: Pairs) -> Pairs:
    """The pairs of which not both are known."""
    return pairs.only((groups.people[pairs.first] == 0) | (groups.people[pairs.second] == 0))


def _scores(groups: Groups, pairs: Pairs) -> np.ndarray:
    """Mean cosines of all pairs of vectors between groups, float32 (P,)."""
    score = np.empty(len(pairs.first), np.float32)
    for begin in range(0, len(score), CHUNK):
        one, other = pairs.first[begin : begin + CHUNK], pairs.second[begin : begin + CHUNK]
        dot = np.einsum("pd,pd->p", groups.sums[one], groups.sums[other])
        score[begin : begin + CHUNK] = dot / (groups.sizes[one] * groups.sizes[other])
    return score


def _followed(root: np.ndarray) -> np.ndarray:
    """Where each way along ``root`` ends."""
    while (root[root] != root).any():
        root = root[root]
    return root
