"""Who joins whom: against scipy's dense linkage, and against plain loops where some cannot be one person."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from search.people import neighbours
from search.people.linkage import Groups, link
from search.people.neighbours import similar_pairs
from search.people.timetable import Place, Span, Timetable

CAMERAS = "abc"
TRAVEL = {(one, other): 2.5 for one in "ab" for other in "ab" if one != other}


def groups_of(vectors, people=None, stays=None):
    """A group for each vector."""
    count = len(vectors)
    stays = stays or [()] * count
    people = np.zeros(count, int) if people is None else np.array(people)
    return Groups(vectors.astype(np.float32).copy(), np.ones(count, int), people, [*map(Timetable, stays)])


def draw(rng, count, people, dim=8, noise=0.35):
    """Unit vectors of people, (count, dim)."""
    centres = rng.standard_normal((people, dim))
    vectors = centres[rng.integers(people, size=count)] + noise * rng.standard_normal((count, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def as_sets(labels):
    """Groups of places, whatever their labels."""
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def far_from(threshold, cosines):
    """No mean of pairs is so near to the threshold that rounding decides."""
    return np.abs(cosines - threshold).min() > 1e-5


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 40), threshold=st.floats(-0.2, 0.9))
def test_without_constraints_it_is_average_linkage(seed, count, threshold):
    vectors = draw(np.random.default_rng(seed), count, people=5)
    labels = link(groups_of(vectors), threshold, {})
    if count > 1:
        distances = np.array([1 - one @ other for one, other in combinations(vectors, 2)])
        merges = linkage(distances, "average")
        if not far_from(1 - threshold, merges[:, 2]):
            return
        assert as_sets(labels) == as_sets(fcluster(merges, 1 - threshold, "distance"))
    assert all(labels[label] == label for label in labels)


def plain_link(vectors, people, stays, threshold, travel):
    """The nearest pair that may join, again and again; all means over all pairs."""
    groups = [[place] for place in range(len(vectors))]

    def meet(one, other):
        (place, span), (elsewhere, when) = one, other
        if place.clock != elsewhere.clock:
            return False
        if place.camera == elsewhere.camera:
            way = 0.0
        elif place.clock or (place.camera, elsewhere.camera) not in travel:
            return False
        else:
            way = travel[place.camera, elsewhere.camera]
        return span.start < when.end + way and when.start < span.end + way

    def may(one, other):
        both = any(people[place] for place in one) and any(people[place] for place in other)
        apart = any(meet(a, b) for x in one for y in other for a in stays[x] for b in stays[y])
        return not apart and not both

    def mean(one, other):
        return float(np.mean([vectors[x] @ vectors[y] for x in one for y in other]))

    while True:
        pairs = [(mean(*pair), pair) for pair in combinations(groups, 2) if may(*pair)]
        best = max(pairs, default=(-2.0, None), key=lambda pair: pair[0])
        if best[0] < threshold:
            return {frozenset(group) for group in groups}
        one, other = best[1]
        groups = [group for group in groups if group not in (one, other)] + [one + other]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(2, 14), threshold=st.floats(0.1, 0.7))
def test_with_constraints_it_is_the_nearest_pair_that_may_join_again_and_again(seed, count, threshold):
    rng = np.random.default_rng(seed)
    vectors = draw(rng, count, people=3)
    people = np.where(rng.random(count) < 0.2, np.arange(count) + 1, 0)
    stays = []
    for _ in range(count):
        place = Place(str(rng.choice([*CAMERAS])), "" if rng.random() < 0.7 else "video")
        start = rng.integers(0, 30)
        stays.append([(place, Span(start, start + rng.integers(1, 6)))])
    labels = link(groups_of(vectors, people, stays), threshold, TRAVEL)
    assert as_sets(labels) == plain_link(vectors, people, stays, threshold, TRAVEL)


def test_of_equally_near_ones_none_is_left():
    vectors = np.tile(np.eye(1, 8), (7, 1))
    assert as_sets(link(groups_of(vectors), 0.5, {})) == {frozenset(range(7))}
    stays = [[(Place("a"), Span(0, 10))]] * 7
    assert len(as_sets(link(groups_of(vectors, stays=stays), 0.5, {}))) == 7


def test_few_neighbours_and_a_divided_search_find_the_same_people(monkeypatch):
    """Each group is only compared with few others, and not with all."""
    rng = np.random.default_rng(0)
    truth = np.arange(600) // 30
    vectors = np.eye(20, 32)[truth] + 0.12 * rng.standard_normal((600, 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    monkeypatch.setattr(neighbours, "NEIGHBOURS", 3)
    monkeypatch.setattr(neighbours, "EXACT", 100**2)
    searched = []

    def search(means, asking, threshold):
        pairs = similar_pairs(means, asking, threshold)
        searched.append((len(means), len(pairs.score)))
        return pairs

    assert as_sets(link(groups_of(vectors), 0.4, {}, search)) == as_sets(truth)
    assert searched[0][0] == 600 and searched[0][1] <= 600 * 3
    assert len(searched) > 1 and searched[-1] == (20, 0), "until nothing more joins"


def test_pairs_are_those_that_reach_the_threshold_each_once():
    vectors = draw(np.random.default_rng(1), 50, people=4).astype(np.float32)
    asking = np.arange(0, 50, 3)
    pairs = similar_pairs(vectors, asking, 0.3)
    found = dict(zip(zip(*(side.tolist() for side in pairs[:2]), strict=True), pairs.score, strict=True))
    expected = {
        (one, other): vectors[one] @ vectors[other]
        for one, other in combinations(range(50), 2)
        if (one in asking or other in asking) and vectors[one] @ vectors[other] >= 0.3
    }
    assert found == pytest.approx(expected, abs=1e-5) and len(found) == len(pairs.score)
    assert not len(similar_pairs(vectors, asking[:0], 0.3).score)
