import numpy as np
import pytest
import torch

import evaluation.scores
from evaluation import RankMetrics, rank_metrics
from utils.errors import InputError


def plain_metrics(query, gallery, q_pids, g_pids, q_camids, g_camids, max_rank):
    """mAP, CMC and mINP by the definition: each gallery sorted, one query and one image after another.

    The images of the query's identity and camera are taken out; of tied images the wrong ones come first.
    """
    precisions, cmc, penalties = [], np.zeros(max_rank), []
    for q in range(len(query)):
        ranking = []
        for g in range(len(gallery)):
            if g_pids[g] == q_pids[q] and g_camids[g] == q_camids[q]:
                continue
            score = sum(float(a) * float(b) for a, b in zip(query[q], gallery[g], strict=True))
            ranking.append((-score, int(g_pids[g] == q_pids[q])))
        ranking.sort()
        hits = [rank for rank, (_, right) in enumerate(ranking, 1) if right]
        if hits:
            precisions.append(sum(i / rank for i, rank in enumerate(hits, 1)) / len(hits))
            penalties.append(len(hits) / hits[-1])
            for k in range(hits[0] - 1, max_rank):
                cmc[k] += 1
    if not precisions:
        return None
    return np.mean(precisions), cmc / len(precisions), np.mean(penalties), len(precisions)


def sample(seed: int, ties: bool):
    rng = np.random.default_rng(seed)
    q, g, ids = int(rng.integers(1, 12)), int(rng.integers(5, 40)), int(rng.integers(1, 6))
    # Few small whole numbers: exact products, and many ties, also between right and wrong images.
    draw = (
        (lambda *size: rng.integers(-1, 2, size).astype(float))
        if ties
        else (lambda *size: rng.normal(size=size))
    )
    query, gallery = draw(q, 3), draw(g, 3)
    if not ties:
        query /= np.linalg.norm(query, axis=1, keepdims=True)
        gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    return (query, gallery, rng.integers(0, ids, q), rng.integers(0, ids + 2, g), rng.integers(0, 3, q),
            rng.integers(0, 3, g))  # fmt: skip


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_equals_the_plain_definition(seed, ties, monkeypatch):
    monkeypatch.setattr(evaluation.scores, "CHUNK_BYTES", 1000)  # several chunks
    arguments = sample(seed, ties)
    expected = plain_metrics(*arguments, 10)
    if expected is None:
        with pytest.raises(InputError):
            rank_metrics(*arguments)
        return
    found = rank_metrics(*arguments, max_rank=10)
    assert found.mAP == pytest.approx(expected[0], abs=1e-9)
    assert np.allclose(found.cmc, expected[1], atol=1e-9)
    assert found.mINP == pytest.approx(expected[2], abs=1e-9)
    assert found.num_valid_queries == expected[3]


def test_float32_features_of_a_network(seed=0):
    rng = np.random.default_rng(seed)
    gallery = rng.normal(size=(300, 32))
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    g_pids = np.repeat(np.arange(30), 10)
    query = gallery[::10] + 0.2 * rng.normal(size=(30, 32))
    arguments = (g_pids[::10], g_pids, np.zeros(30, int), rng.integers(0, 4, 300))
    found = rank_metrics(
        torch.tensor(query, dtype=torch.float32), torch.tensor(gallery, dtype=torch.float32), *arguments
    )
    expected = plain_metrics(query, gallery, *arguments, 50)
    assert found.mAP == pytest.approx(expected[0], abs=1e-4) and found.cmc.shape == (50,)


def test_example_by_hand():
    """Wrong 0.9, right 0.8, own camera 0.7, right 0.6 tied with wrong 0.6: hits at ranks 2 and 4."""
    found = rank_metrics(
        [[1.0]], [[0.9], [0.8], [0.7], [0.6], [0.6]], [1], [2, 1, 1, 1, 3], [0], [1, 1, 0, 2, 1], 5
    )
    assert found.mAP == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert found.cmc.tolist() == [0, 1, 1, 1, 1] and found.mINP == pytest.approx(2 / 4)


def test_distractors_hurt_and_junk_of_the_own_camera_does_not():
    ids, cams = [7, 7, 7], [1, 1, 0]
    clean = rank_metrics([[1.0]], [[0.5], [0.4], [0.9]], [7], ids, [0], cams)
    assert clean.mAP == 1.0
    assert rank_metrics([[1.0]], [[0.5], [0.4], [0.9], [0.7]], [7], [*ids, 0], [0], [*cams, 2]).mAP < 1.0


def test_max_rank_beyond_the_gallery():
    assert rank_metrics([[1.0]], [[0.9], [0.8]], [1], [2, 1], [0], [1, 1], 4).cmc.tolist() == [0, 1, 1, 1]


def test_queries_without_a_match_do_not_count():
    found = rank_metrics([[1.0], [1.0]], [[0.9]], [1, 2], [1], [0, 0], [1])
    assert found.num_valid_queries == 1 and found.mAP == 1.0


def test_bad_input():
    with pytest.raises(InputError, match="no query has an image of its identity under another camera"):
        rank_metrics([[1.0]], [[0.9]], [1], [1], [0], [0])
    with pytest.raises(InputError, match="not finite"):
        rank_metrics([[float("nan")]], [[0.9]], [1], [1], [0], [1])
    with pytest.raises(ValueError, match="differ in length"):
        rank_metrics([[1.0]], [[0.9]], [1, 2], [1], [0], [1])


def test_no_gallery_sized_matrix_of_indices(monkeypatch):
    """The gallery is never put into an order, only its scores are sorted."""

    def forbidden(array, *args, **kwargs):
        assert np.asarray(array).ndim == 1, "argsort of a matrix"
        return original(array, *args, **kwargs)

    original = np.argsort
    monkeypatch.setattr(np, "argsort", forbidden)
    monkeypatch.setattr(torch.Tensor, "argsort", forbidden)
    monkeypatch.setattr(torch, "argsort", forbidden)
    monkeypatch.setattr(torch, "sort", forbidden)
    rank_metrics(*sample(1, False))


def test_the_summary_has_the_ranks_that_are_logged():
    metrics = RankMetrics(0.5, np.arange(1, 51) / 50, 0.25, 7)
    assert metrics.summary() == {"mAP": 0.5, "rank1": 0.02, "rank5": 0.1, "rank10": 0.2, "mINP": 0.25}
