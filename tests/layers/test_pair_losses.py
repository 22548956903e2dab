"""The losses on the features other than the batch-hard triplet, against plain loops."""

import math

import pytest
import torch
from pytorch_metric_learning import losses, miners
from torch._subclasses import FakeTensorMode

from layers import CircleLoss, MultiSimilarityLoss, WeightedTripletLoss


def pairs(ids: list[int], anchor: int) -> tuple[list[int], list[int]]:
    """Positions of an anchor's positives and negatives."""
    others = [i for i in range(len(ids)) if i != anchor]
    return [i for i in others if ids[i] == ids[anchor]], [i for i in others if ids[i] != ids[anchor]]


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def log_sum_exp(values: list[float]) -> float:
    return max(values) + math.log(sum(math.exp(v - max(values)) for v in values))


def weighted_triplet_loops(rows: list[list[float]], ids: list[int]) -> float:
    losses = []
    for a, anchor in enumerate(rows):
        positives, negatives = ([math.dist(anchor, rows[i]) for i in part] for part in pairs(ids, a))
        if positives and negatives:
            far = sum(d * math.exp(d) for d in positives) / sum(math.exp(d) for d in positives)
            near = sum(d * math.exp(-d) for d in negatives) / sum(math.exp(-d) for d in negatives)
            losses.append(softplus(far - near))
    return sum(losses) / max(1, len(losses))


def circle_loops(rows: list[list[float]], ids: list[int], m: float = 0.25, gamma: float = 128.0) -> float:
    losses = []
    for a, anchor in enumerate(rows):
        positives, negatives = ([cosine(anchor, rows[i]) for i in part] for part in pairs(ids, a))
        if positives and negatives:
            p = [-gamma * max(0.0, 1 + m - s) * (s - (1 - m)) for s in positives]
            n = [gamma * max(0.0, s + m) * (s - m) for s in negatives]
            losses.append(softplus(log_sum_exp(p) + log_sum_exp(n)))
    return sum(losses) / max(1, len(losses))


def multi_similarity_loops(
    rows: list[list[float]], ids: list[int], alpha=2.0, beta=50.0, base=0.5, epsilon=0.1
) -> float:
    total = 0.0
    for a, anchor in enumerate(rows):
        positives, negatives = ([cosine(anchor, rows[i]) for i in part] for part in pairs(ids, a))
        if positives and negatives:
            hard_positives = [s for s in positives if s - epsilon < max(negatives)]
            hard_negatives = [s for s in negatives if s + epsilon > min(positives)]
            total += math.log1p(sum(math.exp(-alpha * (s - base)) for s in hard_positives)) / alpha
            total += math.log1p(sum(math.exp(beta * (s - base)) for s in hard_negatives)) / beta
    return total / len(rows)


LOSSES = {
    "weighted_triplet": (WeightedTripletLoss, weighted_triplet_loops),
    "circle": (CircleLoss, circle_loops),
    "multi_similarity": (MultiSimilarityLoss, multi_similarity_loops),
}
BATCHES = {
    "pk": [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
    "shuffled, unequal counts": [3, 0, 3, 1, 0, 3, 3, 1, 0, 3, 3, 0],
    "an identity stands once": [0, 0, 0, 1, 2, 2, 2, 2, 3, 4, 4, 4],
    "all identities stand once": list(range(12)),
    "one identity only": [5] * 12,
}
LOSS = pytest.mark.parametrize("name", LOSSES)
BATCH = pytest.mark.parametrize("ids", BATCHES.values(), ids=BATCHES.keys())


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-4), (torch.float64, 1e-11)])
@BATCH
@LOSS
def test_equals_plain_loops(name, ids, dtype, tolerance):
    build, loops = LOSSES[name]
    torch.manual_seed(len(ids))
    feat = torch.randn(12, 7, dtype=dtype, requires_grad=True)
    loss = build()(feat, torch.tensor(ids))
    assert loss.dtype == dtype and loss.shape == ()
    assert loss.item() == pytest.approx(loops(feat.tolist(), ids), rel=tolerance, abs=tolerance)
    loss.backward()
    assert torch.isfinite(feat.grad).all()


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@BATCH
def test_equals_pytorch_metric_learning(ids, dtype, tolerance):
    """Values and gradients."""
    torch.manual_seed(0)
    found, expected = (torch.randn(12, 7, dtype=dtype).add(0.3).requires_grad_() for _ in range(2))
    expected.data.copy_(found.data)
    target, miner = torch.tensor(ids), miners.MultiSimilarityMiner(0.1)
    for ours, theirs in (
        (CircleLoss(), losses.CircleLoss(m=0.25, gamma=128)(expected, target)),
        (
            MultiSimilarityLoss(),
            losses.MultiSimilarityLoss(2, 50, 0.5)(expected, target, miner(expected, target)),
        ),
    ):
        loss = ours(found, target)
        assert torch.allclose(loss, theirs, rtol=tolerance, atol=0)
        slopes = [torch.autograd.grad(x, feat)[0] for x, feat in ((loss, found), (theirs, expected))]
        assert torch.allclose(*slopes, rtol=tolerance, atol=tolerance * slopes[1].abs().max())


@LOSS
def test_waits_for_no_value(name):
    """Fake tensors have none: what lists pairs, or reads a number on the host, fails."""
    with FakeTensorMode():
        feat = torch.randn(8, 16, requires_grad=True)
        LOSSES[name][0]()(feat, torch.arange(8) // 2).backward()


@LOSS
def test_other_constants(name):
    build, loops = LOSSES[name]
    torch.manual_seed(1)
    feat, ids = torch.randn(12, 7, dtype=torch.float64), BATCHES["shuffled, unequal counts"]
    for constants in {"weighted_triplet": [], "circle": [(0.4, 80.0), (0.1, 3.0)],
                      "multi_similarity": [(1.0, 10.0, 0.2, 0.0), (3.0, 40.0, 0.8, 5.0)]}[name]:  # fmt: skip
        found = build(*constants)(feat, torch.tensor(ids)).item()
        assert found == pytest.approx(loops(feat.tolist(), ids, *constants), rel=1e-11)


@BATCH
@pytest.mark.parametrize("name", ["weighted_triplet", "multi_similarity"])
def test_gradient_is_the_slope(name, ids):
    loss, target = LOSSES[name][0](), torch.tensor(ids)
    torch.manual_seed(0)
    feat = torch.randn(12, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda feat: loss(feat, target), feat)


def test_gradient_of_circle_takes_its_weights_for_constants():
    """The slope of the loops in which the weights stay those of the features as they are."""
    torch.manual_seed(0)
    feat, ids, m = torch.randn(8, 3, dtype=torch.float64), [0, 0, 1, 1, 1, 2, 2, 3], 0.25
    fixed = [[cosine(a, b) for b in feat.tolist()] for a in feat.tolist()]

    def with_fixed_weights(feat: torch.Tensor) -> float:
        rows, losses = feat.tolist(), []
        for a, anchor in enumerate(rows):
            positives, negatives = pairs(ids, a)
            if positives and negatives:
                p = [-9 * max(0, 1 + m - fixed[a][i]) * (cosine(anchor, rows[i]) - 1 + m) for i in positives]
                n = [9 * max(0, fixed[a][i] + m) * (cosine(anchor, rows[i]) - m) for i in negatives]
                losses.append(softplus(log_sum_exp(p) + log_sum_exp(n)))
        return sum(losses) / len(losses)

    leaf = feat.clone().requires_grad_()
    CircleLoss(m, 9.0)(leaf, torch.tensor(ids)).backward()
    step = 1e-6
    for i in range(8):
        for j in range(3):
            shift = torch.zeros_like(feat)
            shift[i, j] = step
            slope = (with_fixed_weights(feat + shift) - with_fixed_weights(feat - shift)) / (2 * step)
            assert leaf.grad[i, j].item() == pytest.approx(slope, abs=1e-6)


@LOSS
def test_equal_and_zero_features_give_no_nan(name):
    for value in (1.0, 0.0):
        feat = torch.full((8, 16), value, requires_grad=True)
        loss = LOSSES[name][0]()(feat, torch.arange(8) // 2)
        loss.backward()
        assert torch.isfinite(loss) and torch.isfinite(feat.grad).all()


@LOSS
def test_a_feature_that_is_nan_shows_in_the_loss(name):
    feat = torch.randn(8, 4)
    feat[3, 1] = float("nan")
    assert not torch.isfinite(LOSSES[name][0]()(feat, torch.arange(8) // 2))


@LOSS
def test_half_precision_features_are_computed_in_float32(name):
    build, loops = LOSSES[name]
    torch.manual_seed(2)
    feat, target = torch.randn(16, 32).bfloat16(), torch.arange(16) // 4
    with torch.autocast("cpu", torch.bfloat16):
        loss = build()(feat, target)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(loops(feat.tolist(), target.tolist()), rel=1e-4)


def test_weighted_triplet_lies_between_the_mean_and_the_hardest():
    """Weights of features scaled up choose the hardest pairs, scaled down all pairs alike."""
    torch.manual_seed(0)
    feat, target = torch.randn(12, 5, dtype=torch.float64), torch.arange(12) // 4
    distance = torch.cdist(feat, feat)
    same = target[:, None] == target
    other = same & ~torch.eye(12, dtype=torch.bool)
    hardest = distance.masked_fill(~same, 0).amax(1) - distance.masked_fill(same, 1e9).amin(1)
    loss = WeightedTripletLoss()
    scaled_up = loss(1e4 * feat, target)
    assert scaled_up.item() == pytest.approx(torch.relu(1e4 * hardest).mean().item(), rel=1e-3)
    mean = (distance * other).sum(1) / 3 - (distance * ~same).sum(1) / 8
    small = torch.nn.functional.softplus(1e-4 * mean).mean().item()
    assert loss(1e-4 * feat, target).item() == pytest.approx(small, rel=1e-7)
