import numpy as np
import psutil
import pytest
import torch

from evaluation import GalleryIndex, k_reciprocal, rank_queries, re_ranking
from utils.errors import InputError


def classic(query, gallery, k1, k2, lambda_value):
    """The method as its paper describes it, with dense N x N matrices and loops over the images."""
    features = np.concatenate([query, gallery]).astype(np.float64)
    number, num_query = len(features), len(query)
    squared = ((features[:, None] - features[None]) ** 2).sum(2)
    original = squared / squared.max(axis=1, keepdims=True)
    order = np.argsort(original, axis=1, kind="stable")

    def reciprocal(i, k):
        return {j for j in order[i, : k + 1] if i in order[j, : k + 1]}

    encoding = np.zeros((number, number))
    for i in range(number):
        own = reciprocal(i, k1)
        expanded = set(own)
        for candidate in own:
            theirs = reciprocal(candidate, round(k1 / 2))
            if len(theirs & own) > 2 / 3 * len(theirs):
                expanded |= theirs
        members = sorted(expanded)
        encoding[i, members] = np.exp(-original[i, members])
        encoding[i] /= encoding[i].sum()
    if k2 > 1:
        encoding = np.stack([encoding[order[i, :k2]].mean(0) for i in range(number)])
    jaccard = np.empty((num_query, number))
    for q in range(num_query):
        shared = np.minimum(encoding[q], encoding).sum(1)
        jaccard[q] = 1 - shared / (2 - shared)
    return ((1 - lambda_value) * jaccard + lambda_value * original[:num_query])[:, num_query:]


def people(seed=0, ids=12, per_id=9, dim=8, noise=0.6):
    rng = np.random.default_rng(seed)
    pids = np.repeat(np.arange(ids), per_id)
    features = rng.normal(size=(ids, dim))[pids] + noise * rng.normal(size=(len(pids), dim))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    camids = rng.integers(0, 3, len(pids))
    is_query = np.arange(len(pids)) % per_id < 2
    return features, pids, camids, is_query


@pytest.mark.parametrize(
    "k1, k2, lambda_value", [(20, 6, 0.3), (6, 1, 0.3), (7, 3, 0.0), (5, 2, 1.0), (1, 1, 0.5)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_equals_the_dense_method(seed, k1, k2, lambda_value, monkeypatch):
    monkeypatch.setattr(k_reciprocal, "CHUNK_BYTES", 20_000)  # several chunks at every stage
    monkeypatch.setattr(k_reciprocal, "REMEMBERED", 3)  # and pairs that must be computed
    features, _, _, is_query = people(seed)
    query, gallery = features[is_query], features[~is_query]
    expected = classic(query, gallery, k1, k2, lambda_value)
    assert (
        np.abs(re_ranking(torch.tensor(query), torch.tensor(gallery), k1, k2, lambda_value) - expected).max()
        < 1e-5
    )


def test_float32_differs_by_less_than_the_classic_codes_rounding():
    features, pids, camids, is_query = people(3, ids=20, per_id=12, dim=32, noise=1.0)
    query, gallery = features[is_query], features[~is_query]
    found = re_ranking(query.astype(np.float32), gallery.astype(np.float32))
    expected = classic(query, gallery, 20, 6, 0.3)
    assert found.dtype == np.float32 and found.shape == (len(query), len(gallery))
    assert np.abs(found - expected).max() < 2e-3

    def mean_ap(distance):
        index = GalleryIndex(pids[is_query], pids[~is_query], camids[is_query], camids[~is_query])
        ranks = rank_queries([torch.from_numpy(-distance)], index)
        return np.nanmean(ranks.average_precision)

    plain = ((query[:, None] - gallery[None]) ** 2).sum(2)
    assert mean_ap(found) == pytest.approx(mean_ap(expected), abs=5e-4)
    assert mean_ap(found) > mean_ap(plain) + 0.02, "re-ranking helps on clustered features"


def test_equal_images_give_finite_distances():
    features = np.repeat(np.eye(4, 6, dtype=np.float32), 8, axis=0)
    distance = re_ranking(features[::4], features, 5, 3)
    assert np.isfinite(distance).all()
    assert (distance.argmin(1) // 8 == np.arange(8) // 2).all()


def test_the_memory_is_estimated_before(caplog_loguru):
    features = torch.randn(40, 4)
    re_ranking(features[:10], features[10:], 5, 2)
    assert len(caplog_loguru) == 1 and "10 queries against 30 images, in at most 0.2 GB" in caplog_loguru[0]


def test_bad_input(monkeypatch):
    features = torch.randn(10, 4)
    with pytest.raises(
        InputError, match="re-ranking needs 1 <= k2 <= k1 < images, not k1 20 and k2 6 for 15 images"
    ):
        re_ranking(features, features[:5])
    with pytest.raises(InputError, match="k2 7"):
        re_ranking(features, features, 5, 7)
    with pytest.raises(InputError, match="1 of 10 query features are not finite"):
        re_ranking(features.clone().index_fill_(0, torch.tensor([3]), torch.nan), features, 5, 2)
    free = psutil.virtual_memory()._replace(available=1_000_000_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    with pytest.raises(
        InputError, match=r"11659 queries against 82161 images needs about \d+\.\d GB, 1\.0 GB are free"
    ):
        k_reciprocal.check_memory(11659, 82161, 2048, 20, 6)
