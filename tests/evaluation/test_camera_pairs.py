import numpy as np
import pytest
import torch
import torch.nn.functional as F

import evaluation.scores
from config import load_cfg
from evaluation import TestImages, rank_images
from evaluation.camera_pairs import camera_pairs
from tests.evaluation.images import embedded


def drawn(seed: int = 0, cameras: int = 3) -> TestImages:
    """Some queries without a match in some cameras; a camera that only the gallery has."""
    rng = np.random.default_rng(seed)

    def draw(number: int, cameras: int):
        features = torch.tensor(rng.normal(size=(number, 4)), dtype=torch.float32)
        return embedded(features, rng.integers(0, 6, number), 2 * rng.integers(0, cameras, number))

    return TestImages(draw(25, cameras), draw(40, cameras + 1))


def plain_pair(images: TestImages, asking: int, asked: int, keep: bool) -> tuple[float, int]:
    """mAP of one camera's queries in one camera, and how many have a match there, by plain loops."""
    query, gallery = images.query, images.gallery
    found = []
    for q in range(len(query.pids)):
        if query.camids[q] != asking:
            continue
        scored = []
        for g in range(len(gallery.pids)):
            same = bool(gallery.pids[g] == query.pids[q])
            if gallery.camids[g] != asked or same and not keep and asking == asked:
                continue
            score = float(F.cosine_similarity(query.features[q], gallery.features[g], dim=0))
            scored.append((-score, same))
        hits = [place for place, (_, same) in enumerate(sorted(scored), 1) if same]
        if hits:
            found.append(np.mean([n / place for n, place in enumerate(hits, 1)]))
    return (float(np.mean(found)) if found else np.nan), len(found)


@pytest.mark.parametrize("same_camera", ["drop", "keep"])
def test_each_pair_with_plain_loops(same_camera, monkeypatch):
    monkeypatch.setattr(evaluation.scores, "MIN_ROWS", 7)
    monkeypatch.setattr(evaluation.scores, "CHUNK_BYTES", 0)
    images = drawn()
    pairs = camera_pairs(load_cfg(["TEST.SAME_CAMERA", same_camera], "test"), images)
    assert pairs.query_cameras.tolist() == [0, 2, 4] and pairs.gallery_cameras.tolist() == [0, 2, 4, 6]
    for row, asking in enumerate(pairs.query_cameras):
        for column, asked in enumerate(pairs.gallery_cameras):
            mean_ap, queries = plain_pair(images, asking, asked, same_camera == "keep")
            assert pairs.queries[row, column] == queries
            assert pairs.mean_ap[row, column] == pytest.approx(mean_ap, abs=1e-6, nan_ok=True)
    assert np.isnan(pairs.mean_ap).any() == (same_camera == "drop"), "a camera has no matches of its own"


def test_two_cameras_are_the_whole_test():
    """Where the gallery is one camera, the pair is the plain ranking."""
    images = drawn(1)
    one = images._replace(gallery=images.gallery.where(images.gallery.camids == 6))
    cfg = load_cfg([], "test")
    pairs, ranks = camera_pairs(cfg, one), rank_images(cfg, one).ranks
    total = np.nansum(pairs.mean_ap * pairs.queries) / pairs.queries.sum()
    assert total == pytest.approx(np.nanmean(ranks.average_precision))
