"""The parts of the evaluation around rank_metrics."""

import csv
import json
import math

import numpy as np
import pyarrow.parquet
import pytest
import torch
import torch.nn.functional as F
import yaml

import utils.metrics
from utils.calibration import BINS, calibration_table, operating_points, roc, save_calibration
from utils.errors import InputError
from utils.metrics import feature_scores, rank_metrics
from utils.query_expansion import expand_queries, pool_queries
from utils.ranking import GalleryIndex, rank_queries
from utils.results import query_results, save_results, worst_lines
from utils.single_shot import rank_single_shot


def sample(seed=0, q=9, g=40, ids=5, ties=False):
    rng = np.random.default_rng(seed)
    scores = torch.tensor(
        rng.integers(0, 4, (q, g)) if ties else rng.normal(size=(q, g)), dtype=torch.float64
    )
    return (
        scores,
        rng.integers(0, ids, q),
        rng.integers(0, ids + 1, g),
        rng.integers(0, 3, q),
        rng.integers(0, 3, g),
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu():
    query, gallery = F.normalize(torch.randn(20, 8)), F.normalize(torch.randn(90, 8))
    ids = (np.arange(20) % 5, np.arange(90) % 5, np.arange(20) % 3, np.arange(90) % 3)
    found, expected = rank_metrics(query.cuda(), gallery.cuda(), *ids), rank_metrics(query, gallery, *ids)
    assert found.mAP == pytest.approx(expected.mAP, abs=1e-4)


def test_same_camera_keep_counts_matches_of_the_own_camera():
    scores, pids, camids = torch.tensor([[0.9, 0.8, 0.1]]), [1, 2, 1], [0, 0, 0]
    assert rank_queries([scores.clone()], [1], pids, [0], camids).first_match.tolist() == [0]
    kept = rank_queries([scores.clone()], [1], pids, [0], camids, "keep")
    assert kept.first_match.tolist() == [1] and kept.average_precision[0] == pytest.approx((1 + 2 / 3) / 2)


def test_scores_of_another_size_than_the_ids():
    scores, *ids = sample()
    for chunks in ([scores[:3]], [scores, scores], [scores[:, :5]]):
        with pytest.raises(ValueError, match="differ in length"):
            rank_queries([c.clone() for c in chunks], *ids)


def test_chunks_of_scores(monkeypatch):
    monkeypatch.setattr(utils.metrics, "MIN_ROWS", 2)
    monkeypatch.setattr(utils.metrics, "CHUNK_BYTES", 0)
    query, gallery = torch.randn(7, 3), torch.randn(5, 3)
    parts = [chunk.clone() for chunk in feature_scores(query, gallery)]
    assert [len(p) for p in parts] == [2, 2, 2, 1]
    assert torch.allclose(torch.cat(parts), query @ gallery.T)


def test_bad_features():
    ids = ([1], [1], [0], [1])
    for query, gallery, message in (
        (torch.ones(0, 2), torch.ones(1, 2), "there is no query image"),
        (torch.ones(1, 2), torch.ones(0, 2), "there is no gallery image"),
        (torch.ones(1, 2), torch.tensor([[1.0, torch.inf]]), "1 of 1 gallery features are not finite"),
    ):
        with pytest.raises(InputError, match=message):
            rank_metrics(query, gallery, *ids)
    for query, gallery in ((torch.ones(2), torch.ones(1, 2)), (torch.ones(1, 2), torch.ones(1, 3))):
        with pytest.raises(ValueError):
            rank_metrics(query, gallery, *ids)


def test_half_precision_features():
    torch.manual_seed(0)
    query, gallery = F.normalize(torch.randn(20, 16)), F.normalize(torch.randn(60, 16))
    ids = (np.arange(20) % 5, np.arange(60) % 5, np.zeros(20), np.ones(60))
    half = rank_metrics(query.half(), gallery.half(), *ids)
    assert half.mAP == pytest.approx(rank_metrics(query.half().float(), gallery.half().float(), *ids).mAP)


def test_single_shot_against_its_definition():
    """Expected rank-1 and AP over all galleries that can be drawn, by enumeration."""
    scores = torch.tensor([[0.9, 0.8, 0.7, 0.6, 0.5]])
    g_pids, g_camids = [2, 1, 2, 1, 1], [1, 1, 1, 1, 0]  # the last is the query's own camera
    draws = [(match, wrong) for match in (0.8, 0.6) for wrong in (0.9, 0.7)]
    expected_first = np.mean([match > wrong for match, wrong in draws])
    expected_ap = np.mean([1 / (1 + (wrong >= match)) for match, wrong in draws])
    ranks = rank_single_shot([scores], [1], g_pids, [0], g_camids, repeats=4000)
    assert len(ranks.first_match) == 4000 and set(ranks.first_match) == {1, 2}
    assert (ranks.first_match == 1).mean() == pytest.approx(expected_first, abs=0.03)
    assert ranks.average_precision.mean() == pytest.approx(expected_ap, abs=0.03)


def test_single_shot_is_seeded_and_ties_count_against_the_match():
    scores, *ids = sample(3)
    one, same, other = (rank_single_shot([scores], *ids, repeats=5, seed=s).first_match for s in (1, 1, 2))
    assert (one == same).all() and (one != other).any()
    tied = rank_single_shot([torch.ones(1, 3)], [1], [1, 2, 3], [0], [1, 1, 1], repeats=2)
    assert tied.first_match.tolist() == [3, 3]
    without = rank_single_shot([torch.ones(1, 1)], [1], [2], [0], [1], repeats=2)
    assert without.first_match.tolist() == [0, 0] and np.isnan(without.average_precision).all()


@pytest.mark.parametrize("alpha", [0.0, 3.0])
def test_query_expansion_with_plain_loops(alpha, monkeypatch):
    monkeypatch.setattr(utils.metrics, "MIN_ROWS", 3)
    monkeypatch.setattr(utils.metrics, "CHUNK_BYTES", 0)
    torch.manual_seed(0)
    query, gallery = F.normalize(torch.randn(7, 4).double()), F.normalize(torch.randn(12, 4).double())
    for q, found in zip(query, expand_queries(query, gallery, 3, alpha), strict=True):
        similarity = sorted(((float(q @ g), g) for g in gallery), key=lambda pair: -pair[0])[:3]
        total = q + sum(max(0.0, s) ** alpha * g for s, g in similarity)
        assert torch.allclose(found, total / total.norm())
    assert expand_queries(query, gallery, 99, alpha).shape == query.shape


def test_multi_query_with_plain_loops():
    torch.manual_seed(0)
    query, extra = torch.randn(6, 3), torch.randn(5, 3)
    q_ids, e_ids = [(1, 0), (1, 0), (1, 1), (2, 0), (3, 2), (2, 0)], [(1, 0), (2, 1), (3, 2), (3, 2), (9, 9)]
    found = pool_queries(query, *zip(*q_ids, strict=True), extra, *zip(*e_ids, strict=True))
    for i, key in enumerate(q_ids):
        members = [f for f, k in zip(query, q_ids, strict=True) if k == key]
        members += [f for f, k in zip(extra, e_ids, strict=True) if k == key]
        assert torch.allclose(found[i], torch.stack(members).mean(0), atol=1e-6)


def pairs(seed=0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(8, 6))
    q_pids, g_pids = rng.integers(0, 8, 30), rng.integers(0, 8, 200)

    def draw(pids):
        features = centers[pids] + rng.normal(size=(len(pids), 6))
        return F.normalize(torch.tensor(features, dtype=torch.float32))

    return draw(q_pids), draw(g_pids), q_pids, g_pids, rng.integers(0, 3, 30), rng.integers(0, 3, 200)


@pytest.mark.parametrize("same_camera", ["drop", "keep"])
def test_roc_with_plain_loops(same_camera, monkeypatch):
    monkeypatch.setattr(utils.metrics, "MIN_ROWS", 7)
    monkeypatch.setattr(utils.metrics, "CHUNK_BYTES", 0)
    query, gallery, q_pids, g_pids, q_camids, g_camids = pairs()
    curve = roc(query, gallery, q_pids, g_pids, q_camids, g_camids, same_camera)
    same, different = [], []
    for i in range(len(query)):
        for j in range(len(gallery)):
            score = float(query[i] @ gallery[j])
            if q_pids[i] != g_pids[j]:
                different.append(score)
            elif q_camids[i] != g_camids[j] or same_camera == "keep":
                same.append(score)
    assert (curve.positives, curve.negatives) == (len(same), len(different))
    for place in range(0, BINS, 997):
        threshold = curve.thresholds[place]
        tolerance = sum(abs(s - threshold) < 1e-5 for s in same) / len(same) + 1e-9
        assert curve.tpr[place] == pytest.approx(np.mean([s >= threshold for s in same]), abs=tolerance)
        assert curve.fpr[place] == pytest.approx(np.mean([s >= threshold for s in different]), abs=1e-3)

    points = operating_points(curve)
    for name, target in (("fpr_1e-3", 1e-3), ("fpr_1e-4", 1e-4)):
        threshold = points[name]["threshold"]
        assert np.mean([s >= threshold for s in different]) <= target
        assert np.mean([s >= threshold - 2e-4 for s in different]) > target or threshold == -1
    eer = points["eer"]
    miss = np.mean([s < eer["threshold"] for s in same])
    alarm = np.mean([s >= eer["threshold"] for s in different])
    assert miss == pytest.approx(alarm, abs=0.02) and eer["rate"] == pytest.approx(
        (miss + alarm) / 2, abs=1e-3
    )


def test_calibration_is_written_beside_the_weights(tmp_path):
    curve = roc(*pairs())
    points = operating_points(curve)
    file, picture = save_calibration(points, curve, tmp_path / "mAP75.1.pth")
    assert (file.name, picture.name) == ("mAP75.1.calibration.yml", "mAP75.1.roc.png")
    assert yaml.safe_load(file.read_text()) == {"similarity": "cosine", **points}
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"{points['eer']['threshold']:.4f}" in calibration_table(points)
    with pytest.raises(InputError, match="cannot write"):
        save_calibration(points, curve, tmp_path / "none" / "x.pth")


def test_a_threshold_needs_both_kinds_of_pairs():
    with pytest.raises(InputError, match="pairs of one person and pairs of different people"):
        roc(torch.ones(1, 1), torch.ones(1, 1), [1], [2], [0], [1])


def test_results_of_each_query(tmp_path):
    query = F.normalize(torch.tensor([[1.0, 0.2], [1.0, 0.0], [0.0, 1.0]]))
    gallery = F.normalize(torch.tensor([[1.0, 0.1], [1.0, 0.3], [0.1, 1.0], [1.0, 1.0]]))
    ids = ([1, 2, 3], [1, 2, 1, 2], [0, 0, 0], [0, 1, 1, 1])
    index = GalleryIndex(*ids)
    ranks = rank_queries(feature_scores(query, gallery), *ids)
    results = query_results(
        feature_scores(query, gallery), index, ranks, ["q/一.jpg", "q/2.jpg", "q/3.jpg"], list("abcd"), 3
    )
    assert [r["query"] for r in results] == ["q/一.jpg", "q/2.jpg", "q/3.jpg"], (
        "worst first, without a match last"
    )
    first = results[0]
    assert [t["path"] for t in first["top"]] == ["b", "d", "c"], "its own camera's image is left out"
    assert [t["match"] for t in first["top"]] == [False, False, True] and first["first_match"] == 3
    assert first["average_precision"] == pytest.approx(1 / 3)
    assert first["top"][0]["score"] == pytest.approx(float(query[0] @ gallery[1]), abs=1e-5)
    assert results[2]["average_precision"] is None and results[2]["first_match"] is None

    for name in ("r.json", "r.csv", "sub/r.parquet"):
        save_results(results, tmp_path / name)
    assert json.loads((tmp_path / "r.json").read_text()) == results
    with open(tmp_path / "r.csv", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    table = pyarrow.parquet.read_table(tmp_path / "sub" / "r.parquet").to_pylist()
    for row, cells, result in zip(rows, table, results, strict=True):
        assert row["query"] == cells["query"] == result["query"]
        assert row["top2_path"] == cells["top2_path"] == result["top"][1]["path"]
        assert float(row["top1_score"]) == cells["top1_score"] == result["top"][0]["score"]
    assert math.isclose(table[0]["average_precision"], 1 / 3) and table[2]["average_precision"] is None
    assert "q/一.jpg" in worst_lines(results, 1) and "q/2.jpg" not in worst_lines(results, 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        save_results(results, tmp_path / "file" / "r.csv")
