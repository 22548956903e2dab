import math
import subprocess
import sys

import pytest
import torch

from layers import (
    ID_LOSSES,
    METRIC_LOSSES,
    CenterLoss,
    CircleLoss,
    MultiSimilarityLoss,
    TripletLoss,
    make_loss,
)
from layers.build import LABEL_SMOOTHING
from tests.conftest import ROOT


def cross_entropy_loops(score: torch.Tensor, target: torch.Tensor, smoothing: float) -> float:
    """Cross-entropy against (1 - smoothing) at the label plus smoothing / C everywhere."""
    total = 0.0
    for row, y in zip(score.tolist(), target.tolist(), strict=True):
        log_sum = math.log(sum(math.exp(s) for s in row))
        for k, s in enumerate(row):
            total -= ((1 - smoothing) * (k == y) + smoothing / len(row)) * (s - log_sum)
    return total / len(score)


def batch(dtype):
    torch.manual_seed(0)
    return torch.randn(8, 5, dtype=dtype), torch.randn(8, 3, dtype=dtype), torch.arange(8) // 2


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("smooth", ["yes", "no"])
def test_cross_entropy_alone(load, smooth, dtype, tolerance):
    cfg = load("MODEL.METRIC_LOSS_TYPE", "none", "MODEL.IF_LABELSMOOTH", smooth)
    score, feat, target = batch(dtype)
    expected = cross_entropy_loops(score, target, 0.1 if smooth == "yes" else 0.0)
    assert make_loss(cfg, 5, 3)(score, feat, target).item() == pytest.approx(expected, rel=tolerance)


def test_smoothing_is_the_published_one():
    assert LABEL_SMOOTHING == 0.1


def test_recipe_is_the_sum_of_both_with_weight_one(load):
    score, feat, target = batch(torch.float64)
    expected = cross_entropy_loops(score, target, 0.1) + TripletLoss(0.3)(feat, target).item()
    assert make_loss(load(), 5, 3)(score, feat, target).item() == pytest.approx(expected, rel=1e-12)


def test_each_loss_has_its_weight(load):
    score, feat, target = batch(torch.float64)
    cfg = load("SOLVER.ID_LOSS_WEIGHT", "0.5", "SOLVER.METRIC_LOSS_WEIGHT", "3")
    expected = 0.5 * cross_entropy_loops(score, target, 0.1) + 3 * TripletLoss(0.3)(feat, target).item()
    assert make_loss(cfg, 5, 3)(score, feat, target).item() == pytest.approx(expected, rel=1e-12)


def test_losses_choose_by_their_own_keys(load):
    score, feat, target = batch(torch.float64)
    cfg = load("MODEL.ID_LOSS_TYPE", "none", "SOLVER.SOFT_MARGIN", "yes", "DATALOADER.SAMPLER", "softmax")
    assert make_loss(cfg, 5, 3)(score, feat, target) == TripletLoss(None)(feat, target)
    cfg = load("MODEL.ID_LOSS_TYPE", "none", "SOLVER.MARGIN", "2")
    assert make_loss(cfg, 5, 3)(score, feat, target) == TripletLoss(2.0)(feat, target)


def test_center_loss_joins_with_its_weight(load):
    score, feat, target = batch(torch.float64)
    cfg = load("--IF_WITH_CENTER", "yes", "SOLVER.CENTER_LOSS_WEIGHT", "0.25", "SOLVER.CENTER_LR", "0.3")
    torch.manual_seed(3)
    loss_fn = make_loss(cfg, 5, 3)
    torch.manual_seed(3)
    center_loss = CenterLoss(5, 3, lr=0.3)
    alone = make_loss(load(), 5, 3)(score, feat, target).item()
    for _ in range(2):  # between them, the centers move
        expected = alone + 0.25 * center_loss(feat, target).item()
        assert loss_fn(score, feat, target).item() == pytest.approx(expected, rel=1e-12)


def test_the_center_loss_goes_with_every_other(load):
    torch.manual_seed(0)
    score, feat, target = torch.rand(8, 5).double() * 2 - 1, torch.randn(8, 3).double(), torch.arange(8) // 2
    for id_loss in ID_LOSSES:
        for metric_loss in METRIC_LOSSES:
            words = ["MODEL.ID_LOSS_TYPE", id_loss, "MODEL.METRIC_LOSS_TYPE", metric_loss, "--IF_WITH_CENTER"]
            words += ["yes", "SOLVER.CENTER_LOSS_WEIGHT", "0.25"]
            torch.manual_seed(3)
            loss_fn = make_loss(load(*words), 5, 3)
            total = loss_fn(score, feat, target).item()
            torch.manual_seed(3)
            center = CenterLoss(5, 3)(feat, target)
            alone = (loss_fn.id_loss(score, target) if loss_fn.id_loss else 0.0) + (
                loss_fn.metric_loss(feat, target) if loss_fn.metric_loss else 0.0
            )
            assert total == pytest.approx(float(alone + 0.25 * center), rel=1e-12), (id_loss, metric_loss)
            assert set(loss_fn.state_dict()) == {"center_loss.centers"}


def test_settings_of_the_losses_on_pairs(load):
    score, feat, target = batch(torch.float64)
    words = ["MODEL.ID_LOSS_TYPE", "none", "MODEL.METRIC_LOSS_TYPE"]
    cfg = load(*words, "circle", "SOLVER.CIRCLE.MARGIN", "0.4", "SOLVER.CIRCLE.GAMMA", "80")
    assert make_loss(cfg, 5, 3)(score, feat, target) == CircleLoss(0.4, 80.0)(feat, target)
    values = {"ALPHA": "1", "BETA": "10", "BASE": "0.2", "EPSILON": "0.3"}
    more = [word for key, value in values.items() for word in (f"SOLVER.MULTI_SIMILARITY.{key}", value)]
    cfg = load(*words, "multi_similarity", *more)
    assert make_loss(cfg, 5, 3)(score, feat, target) == MultiSimilarityLoss(1, 10, 0.2, 0.3)(feat, target)


def test_what_is_slow_to_import_waits_until_it_is_needed():
    code = (
        "import sys, tools.start; print({'pytorch_metric_learning', 'sklearn', 'timm'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stdout + done.stderr


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_branches_are_averaged(load, dtype, tolerance):
    torch.manual_seed(0)
    scores = tuple(torch.randn(8, 5, dtype=dtype) for _ in range(3))
    feats, target = tuple(torch.randn(8, d, dtype=dtype) for d in (3, 4)), torch.arange(8) // 2
    expected = sum(cross_entropy_loops(score, target, 0.1) for score in scores) / 3
    expected += sum(TripletLoss(0.3)(feat, target).item() for feat in feats) / 2
    assert make_loss(load(), 5, 3)(scores, feats, target).item() == pytest.approx(expected, rel=tolerance)


def test_the_center_loss_is_for_the_first_branch(load):
    score, feat, target = batch(torch.float64)
    cfg = load("MODEL.METRIC_LOSS_TYPE", "center", "MODEL.ID_LOSS_TYPE", "none")
    results = []
    for feats in (feat, (feat, torch.randn(8, 4).double())):
        torch.manual_seed(3)
        results.append(make_loss(cfg, 5, 3)(score, feats, target).item())
    assert results[0] == results[1]
