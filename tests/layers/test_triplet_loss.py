import math

import pytest
import torch
from torch import nn

from layers import TripletLoss
from layers.pairs import pair_distances
from tests.layers.operations import Operations


def plain_loops(feat: torch.Tensor, target: torch.Tensor, margin: float | None) -> float:
    """Batch-hard triplet loss as it is written down, one distance at a time, in Python's floats."""
    rows, ids = feat.tolist(), target.tolist()
    losses = []
    for a, anchor in enumerate(rows):
        positives = [math.dist(anchor, x) for i, x in enumerate(rows) if ids[i] == ids[a] and i != a]
        negatives = [math.dist(anchor, x) for i, x in enumerate(rows) if ids[i] != ids[a]]
        if positives and negatives:
            gap = max(positives) - min(negatives)
            losses.append(math.log1p(math.exp(gap)) if margin is None else max(0.0, gap + margin))
    return sum(losses) / len(losses) if losses else 0.0


BATCHES = {
    "pk": [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
    "shuffled, unequal counts": [3, 0, 3, 1, 0, 3, 3, 1, 0, 3, 3, 0],
    "an identity stands once": [0, 0, 0, 1, 2, 2, 2, 2, 3, 4, 4, 4],
    "all identities stand once": list(range(12)),
    "one identity only": [5] * 12,
}


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("margin", [0.0, 0.3, 5.0, None])
@pytest.mark.parametrize("ids", BATCHES.values(), ids=BATCHES.keys())
def test_equals_plain_loops(ids, margin, dtype, tolerance):
    torch.manual_seed(len(ids))
    feat = torch.randn(12, 7, dtype=dtype, requires_grad=True)
    target = torch.tensor(ids)
    loss = TripletLoss(margin)(feat, target)
    assert loss.item() == pytest.approx(plain_loops(feat, target, margin), rel=tolerance, abs=tolerance)
    loss.backward()
    assert torch.isfinite(feat.grad).all()


@pytest.mark.parametrize("margin", [0.3, None])
def test_gradient_is_the_slope_of_the_plain_loops(margin):
    torch.manual_seed(0)
    feat = torch.randn(8, 3, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, 0, 1, 1, 1, 2, 2, 3])
    TripletLoss(margin)(feat, target).backward()
    step = 1e-6
    for i in range(8):
        for j in range(3):
            shift = torch.zeros_like(feat)
            shift[i, j] = step
            up = plain_loops(feat.detach() + shift, target, margin)
            down = plain_loops(feat.detach() - shift, target, margin)
            assert feat.grad[i, j].item() == pytest.approx((up - down) / (2 * step), abs=1e-6)


def test_equal_features_give_the_margin_and_no_nan():
    feat = torch.ones(8, 16, requires_grad=True)
    loss = TripletLoss(0.3)(feat, torch.arange(8) // 2)
    loss.backward()
    assert loss.item() == pytest.approx(0.3)
    assert torch.isfinite(feat.grad).all()


def test_published_form_on_pk_batches():
    """The margin ranking loss that reid-strong-baseline applies to the mined distances."""
    torch.manual_seed(1)
    feat, target = torch.randn(16, 5), torch.arange(16) // 4
    distance = torch.cdist(feat, feat)
    same = target[:, None] == target
    farthest = distance.masked_fill(~same, -1).amax(1)
    nearest = distance.masked_fill(same, 1e9).amin(1)
    expected = nn.MarginRankingLoss(0.3)(nearest, farthest, torch.ones(16))
    assert TripletLoss(0.3)(feat, target).item() == pytest.approx(expected.item(), rel=1e-5)


def test_half_precision_features_are_computed_in_float32():
    torch.manual_seed(2)
    feat, target = torch.randn(16, 32).bfloat16(), torch.arange(16) // 4
    with torch.autocast("cpu", torch.bfloat16):
        loss = TripletLoss(0.3)(feat, target)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(plain_loops(feat.float(), target, 0.3), rel=1e-5)


def test_gradient_of_the_distances_is_the_slope():
    torch.manual_seed(0)
    feat = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    off_diagonal = ~torch.eye(6, dtype=torch.bool)
    assert torch.autograd.gradcheck(lambda feat: pair_distances(feat)[off_diagonal], feat)


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-13)])
@pytest.mark.parametrize("mean", [0.0, 30.0])
def test_gradient_of_the_distances_is_that_of_cdist(mean, dtype, tolerance):
    """Also of equal features, and of features far from zero."""
    torch.manual_seed(0)
    found = (torch.randn(12, 40, dtype=dtype) + mean)[[0, 0, 0, *range(3, 12)]].requires_grad_()
    expected, gradient = found.detach().clone().requires_grad_(), torch.randn(12, 12, dtype=dtype)
    distance = torch.cdist(expected, expected, compute_mode="donot_use_mm_for_euclid_dist")
    assert torch.equal(pair_distances(found), distance)
    with torch.autocast("cpu", torch.bfloat16):
        pair_distances(found).backward(gradient)
    distance.backward(gradient)
    assert torch.allclose(found.grad, expected.grad, rtol=0, atol=tolerance * expected.grad.abs().max())


def test_equal_features_have_no_gradient_of_their_distance():
    feat = torch.ones(4, 3, requires_grad=True)
    pair_distances(feat).sum().backward()
    assert torch.equal(feat.grad, torch.zeros(4, 3))


def test_no_tensor_holds_the_differences_of_all_pairs():
    """cdist's gradient does, on a GPU: 4 x B² x D bytes."""
    feat = torch.randn(8, 64, requires_grad=True)
    with Operations() as operations:
        TripletLoss(0.3)(feat, torch.arange(8) // 4).backward()
    assert max(number for _, _, number in operations.seen) == 8 * 64
    assert not [name for name, _, _ in operations.seen if "cdist_backward" in name]
