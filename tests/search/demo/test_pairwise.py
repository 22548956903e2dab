"""Agreement about pairs, by plain loops."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.demo.pairwise import pairwise


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=12))
def test_pairs_are_counted(things):
    truth, found = zip(*things, strict=True)
    pairs = list(combinations(range(len(things)), 2))
    same, together = ({(i, j) for i, j in pairs if groups[i] == groups[j]} for groups in (truth, found))
    score = pairwise(truth, found)
    precision = len(same & together) / len(together) if together else 1.0
    recall = len(same & together) / len(same) if same else 1.0
    assert (score.precision, score.recall) == pytest.approx((precision, recall))
    harmonic = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    if same and together:
        assert score.f1 == pytest.approx(harmonic)
    assert pairwise(found, found) == (1, 1, 1)
