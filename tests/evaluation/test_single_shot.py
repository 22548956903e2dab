import numpy as np
import pytest
import torch

from evaluation import GalleryIndex
from evaluation.single_shot import rank_single_shot


def test_single_shot_against_its_definition():
    """Expected rank-1 and AP over all galleries that can be drawn, by enumeration."""
    scores = torch.tensor([[0.9, 0.8, 0.7, 0.6, 0.5]])
    g_pids, g_camids = [2, 1, 2, 1, 1], [1, 1, 1, 1, 0]  # the last is the query's own camera
    draws = [(match, wrong) for match in (0.8, 0.6) for wrong in (0.9, 0.7)]
    expected_first = np.mean([match > wrong for match, wrong in draws])
    expected_ap = np.mean([1 / (1 + (wrong >= match)) for match, wrong in draws])
    ranks = rank_single_shot([scores], GalleryIndex([1], g_pids, [0], g_camids), repeats=4000)
    assert len(ranks.first_match) == 4000 and set(ranks.first_match) == {1, 2}
    assert (ranks.first_match == 1).mean() == pytest.approx(expected_first, abs=0.03)
    assert ranks.average_precision.mean() == pytest.approx(expected_ap, abs=0.03)


def test_single_shot_is_seeded_and_ties_count_against_the_match():
    rng = np.random.default_rng(3)
    scores = torch.tensor(rng.normal(size=(9, 40)))
    q_pids, g_pids = rng.integers(0, 5, 9), rng.integers(0, 6, 40)
    index = GalleryIndex(q_pids, g_pids, rng.integers(0, 3, 9), rng.integers(0, 3, 40))
    one, same, other = (rank_single_shot([scores], index, repeats=5, seed=s).first_match for s in (1, 1, 2))
    assert (one == same).all() and (one != other).any()
    tied = rank_single_shot([torch.ones(1, 3)], GalleryIndex([1], [1, 2, 3], [0], [1, 1, 1]), repeats=2)
    assert tied.first_match.tolist() == [3, 3]
    without = rank_single_shot([torch.ones(1, 1)], GalleryIndex([1], [2], [0], [1]), repeats=2)
    assert without.first_match.tolist() == [0, 0] and np.isnan(without.average_precision).all()
