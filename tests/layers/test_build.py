import math

import pytest
import torch

from layers import CenterLoss, TripletLoss, make_loss
from layers.build import LABEL_SMOOTHING


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
    assert make_loss(cfg, 5)(score, feat, target).item() == pytest.approx(expected, rel=tolerance)


def test_smoothing_is_the_published_one():
    assert LABEL_SMOOTHING == 0.1


def test_recipe_is_the_sum_of_both_with_weight_one(load):
    score, feat, target = batch(torch.float64)
    expected = cross_entropy_loops(score, target, 0.1) + TripletLoss(0.3)(feat, target).item()
    assert make_loss(load(), 5)(score, feat, target).item() == pytest.approx(expected, rel=1e-12)


def test_losses_choose_by_their_own_keys(load):
    score, feat, target = batch(torch.float64)
    cfg = load("MODEL.ID_LOSS_TYPE", "none", "SOLVER.SOFT_MARGIN", "yes", "DATALOADER.SAMPLER", "softmax")
    assert make_loss(cfg, 5)(score, feat, target) == TripletLoss(None)(feat, target)
    cfg = load("MODEL.ID_LOSS_TYPE", "none", "SOLVER.MARGIN", "2")
    assert make_loss(cfg, 5)(score, feat, target) == TripletLoss(2.0)(feat, target)


def test_center_loss_joins_with_its_weight(load):
    score, feat, target = batch(torch.float64)
    cfg = load("--IF_WITH_CENTER", "yes", "SOLVER.CENTER_LOSS_WEIGHT", "0.25", "SOLVER.CENTER_LR", "0")
    torch.manual_seed(3)
    total = make_loss(cfg, 5)(score, feat, target).item()
    torch.manual_seed(3)
    center = CenterLoss(5, lr=0)(feat, target).item()
    assert total == pytest.approx(make_loss(load(), 5)(score, feat, target).item() + 0.25 * center, rel=1e-12)


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_branches_are_averaged(load, dtype, tolerance):
    torch.manual_seed(0)
    scores = tuple(torch.randn(8, 5, dtype=dtype) for _ in range(3))
    feats, target = tuple(torch.randn(8, d, dtype=dtype) for d in (3, 4)), torch.arange(8) // 2
    expected = sum(cross_entropy_loops(score, target, 0.1) for score in scores) / 3
    expected += sum(TripletLoss(0.3)(feat, target).item() for feat in feats) / 2
    assert make_loss(load(), 5)(scores, feats, target).item() == pytest.approx(expected, rel=tolerance)


def test_the_center_loss_is_for_the_first_branch(load):
    score, feat, target = batch(torch.float64)
    cfg = load("MODEL.METRIC_LOSS_TYPE", "center", "MODEL.ID_LOSS_TYPE", "none")
    results = []
    for feats in (feat, (feat, torch.randn(8, 4).double())):
        torch.manual_seed(3)
        results.append(make_loss(cfg, 5)(score, feats, target).item())
    assert results[0] == results[1]
