import numpy as np
import pytest
import torch
import torch.nn.functional as F

from evaluation import GalleryIndex, rank_metrics, rank_queries


def sample(seed=0, q=9, g=40, ids=5):
    rng = np.random.default_rng(seed)
    scores = torch.tensor(rng.normal(size=(q, g)))
    q_pids, g_pids = rng.integers(0, ids, q), rng.integers(0, ids + 1, g)
    return scores, GalleryIndex(q_pids, g_pids, rng.integers(0, 3, q), rng.integers(0, 3, g))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu():
    query, gallery = F.normalize(torch.randn(20, 8)), F.normalize(torch.randn(90, 8))
    ids = (np.arange(20) % 5, np.arange(90) % 5, np.arange(20) % 3, np.arange(90) % 3)
    found, expected = rank_metrics(query.cuda(), gallery.cuda(), *ids), rank_metrics(query, gallery, *ids)
    assert found.mAP == pytest.approx(expected.mAP, abs=1e-4)


def test_same_camera_keep_counts_matches_of_the_own_camera():
    scores, ids = torch.tensor([[0.9, 0.8, 0.1]]), ([1], [1, 2, 1], [0], [0, 0, 0])
    assert rank_queries([scores.clone()], GalleryIndex(*ids)).first_match.tolist() == [0]
    kept = rank_queries([scores.clone()], GalleryIndex(*ids, "keep"))
    assert kept.first_match.tolist() == [1] and kept.average_precision[0] == pytest.approx((1 + 2 / 3) / 2)


def test_scores_of_another_size_than_the_ids():
    scores, index = sample()
    for chunks in ([scores[:3]], [scores, scores], [scores[:, :5]]):
        with pytest.raises(ValueError, match="differ in length"):
            rank_queries([c.clone() for c in chunks], index)


def test_person_ids_and_camera_ids_of_other_lengths():
    for ids in (([1, 2], [1], [0], [0]), ([1], [1], [0], [0, 1])):
        with pytest.raises(ValueError, match="person ids and camera ids differ in length"):
            GalleryIndex(*ids)
