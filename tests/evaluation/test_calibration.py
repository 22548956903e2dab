import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import yaml

import evaluation.scores
from evaluation import GalleryIndex
from evaluation.calibration import (
    BINS,
    TARGETS,
    calibration_table,
    draw_roc,
    operating_points,
    roc,
    save_calibration,
)
from utils.errors import InputError


def pairs(seed=0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(8, 6))
    q_pids, g_pids = rng.integers(0, 8, 30), rng.integers(0, 8, 200)

    def draw(pids):
        features = centers[pids] + rng.normal(size=(len(pids), 6))
        return F.normalize(torch.tensor(features, dtype=torch.float32))

    return draw(q_pids), draw(g_pids), (q_pids, g_pids, rng.integers(0, 3, 30), rng.integers(0, 3, 200))


@pytest.mark.parametrize("same_camera", ["drop", "keep"])
def test_roc_with_plain_loops(same_camera, monkeypatch):
    monkeypatch.setattr(evaluation.scores, "MIN_ROWS", 7)
    monkeypatch.setattr(evaluation.scores, "CHUNK_BYTES", 0)
    query, gallery, ids = pairs()
    q_pids, g_pids, q_camids, g_camids = ids
    curve = roc(query, gallery, GalleryIndex(*ids, same_camera))
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
    for target in TARGETS:
        threshold = points[f"fpr_1e{round(math.log10(target))}"]["threshold"]
        assert np.mean([s >= threshold for s in different]) <= target
        assert np.mean([s >= threshold - 2e-4 for s in different]) > target or threshold == -1
    eer = points["eer"]
    miss = np.mean([s < eer["threshold"] for s in same])
    alarm = np.mean([s >= eer["threshold"] for s in different])
    assert miss == pytest.approx(alarm, abs=0.02) and eer["rate"] == pytest.approx(
        (miss + alarm) / 2, abs=1e-3
    )


def test_calibration_is_written_beside_the_weights(tmp_path):
    query, gallery, ids = pairs()
    curve = roc(query, gallery, GalleryIndex(*ids))
    points = operating_points(curve)
    file, picture = save_calibration(points, curve, tmp_path / "mAP75.1.pth")
    assert (file.name, picture.name) == ("mAP75.1.calibration.yml", "mAP75.1.roc.png")
    assert yaml.safe_load(file.read_text()) == {"similarity": "cosine", **points}
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"{points['eer']['threshold']:.4f}" in calibration_table(points)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        save_calibration(points, curve, tmp_path / "file" / "x.pth")


def test_the_picture_shows_the_rates_and_the_thresholds():
    query, gallery, ids = pairs()
    curve = roc(query, gallery, GalleryIndex(*ids))
    points = operating_points(curve)
    (axes,) = draw_roc(points, curve).axes
    x, y = axes.lines[0].get_data()
    assert np.array_equal(x, curve.fpr[curve.fpr > 0]) and np.array_equal(y, curve.tpr[curve.fpr > 0])
    assert axes.get_xlim() == (1 / curve.negatives, 1) and axes.get_xscale() == "log"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    for label, name in zip(labels, ("fpr_1e-2", "fpr_1e-3", "fpr_1e-4", "fpr_1e-5", "eer"), strict=True):
        assert f"cosine {points[name]['threshold']:.3f}" in label
    assert f"{curve.negatives:,} of different people" in axes.get_title(loc="left")


def test_the_picture_of_a_test_without_a_mistake():
    features = torch.eye(3)
    curve = roc(features, features, GalleryIndex([0, 1, 2], [0, 1, 2], [0, 0, 0], [1, 1, 1]))
    (axes,) = draw_roc(operating_points(curve), curve).axes
    assert axes.get_xlim() == (1 / 6, 1) and set(axes.lines[0].get_ydata()) == {1}
    assert sum("(no wrong pair)" in text.get_text() for text in axes.get_legend().get_texts()) == len(TARGETS)


def test_a_threshold_needs_both_kinds_of_pairs():
    with pytest.raises(InputError, match="pairs of the same person and pairs of different people"):
        roc(torch.ones(1, 1), torch.ones(1, 1), GalleryIndex([1], [2], [0], [1]))
