"""Cross-entropy of cosines with a margin, against plain loops."""

import math

import pytest
import torch

from layers import ArcFaceLoss, CircleSoftmaxLoss, CosFaceLoss, CosineClassifier, make_loss
from modeling import build_model


def arcface(s: float, right: bool, m: float) -> float:
    angle = math.acos(s) + (m if right else 0)
    return math.cos(angle) if angle < math.pi else s - m * math.sin(m)


def cosface(s: float, right: bool, m: float) -> float:
    return s - m if right else s


def circle(s: float, right: bool, m: float) -> float:
    return max(0, 1 + m - s) * (s - (1 - m)) if right else max(0, s + m) * (s - m)


HEADS = {
    "arcface": (ArcFaceLoss, arcface, 64.0, 0.5),
    "cosface": (CosFaceLoss, cosface, 64.0, 0.35),
    "circle_softmax": (CircleSoftmaxLoss, circle, 64.0, 0.35),
}
HEAD = pytest.mark.parametrize("name", HEADS)


def plain_loops(score, target, with_margin, scale, margin, smoothing) -> float:
    total = 0.0
    for row, y in zip(score.tolist(), target.tolist(), strict=True):
        logits = [scale * with_margin(s, k == y, margin) for k, s in enumerate(row)]
        log_sum = max(logits) + math.log(sum(math.exp(x - max(logits)) for x in logits))
        for k, x in enumerate(logits):
            total -= ((1 - smoothing) * (k == y) + smoothing / len(row)) * (x - log_sum)
    return total / len(score)


def cosines(dtype, rows=6) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    score, target = torch.rand(rows, 5, dtype=dtype) * 2 - 1, torch.arange(rows) % 5
    score[0, 0], score[1, 1] = -0.99, 0.99  # angles beyond a half turn with the margin, and near 0
    return score, target


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@HEAD
def test_equals_plain_loops(name, smoothing, dtype, tolerance):
    build, with_margin, scale, margin = HEADS[name]
    score, target = cosines(dtype)
    for constants in ((scale, margin), (30.0, 0.2), (10.0, 0.0)):
        loss = build(*constants, smoothing)(score, target)
        expected = plain_loops(score, target, with_margin, *constants, smoothing)
        assert loss.dtype == dtype and loss.item() == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("name", ["arcface", "cosface"])
def test_gradient_is_the_slope(name):
    build, _, scale, margin = HEADS[name]
    score, target = cosines(torch.float64)
    assert torch.autograd.gradcheck(lambda s: build(4.0, margin, 0.1)(s, target), score.requires_grad_())


def test_gradient_of_circle_softmax_takes_its_weights_for_constants():
    score, target = cosines(torch.float64)
    m, fixed, right = 0.35, score.clone(), torch.nn.functional.one_hot(target, 5).bool()
    weight = torch.where(right, 1 + m - fixed, fixed + m).clamp(min=0)
    offset = torch.where(right, 1 - m, m)
    expected = score.clone().requires_grad_()
    torch.nn.functional.cross_entropy(4 * weight * (expected - offset), target).backward()
    CircleSoftmaxLoss(4.0, m)(score.requires_grad_(), target).backward()
    assert torch.allclose(score.grad, expected.grad, atol=1e-12)


@HEAD
def test_cosines_at_the_ends_give_finite_gradients(name):
    score = torch.tensor([[1.0, -1.0], [1.0 + 1e-7, -1.0 - 1e-7], [-1.0, 1.0]], requires_grad=True)
    loss = HEADS[name][0]()(score, torch.tensor([0, 0, 0]))
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(score.grad).all()


def test_a_larger_angle_never_costs_less_with_arcface():
    angles = torch.linspace(0, math.pi, 200, dtype=torch.float64)
    score = torch.stack([angles.cos(), torch.zeros(200, dtype=torch.float64)], 1)
    losses = [ArcFaceLoss(64.0, 0.5)(row[None], torch.tensor([0])).item() for row in score]
    assert losses == sorted(losses)


@HEAD
def test_half_precision_is_computed_in_float32(name):
    build, with_margin, scale, margin = HEADS[name]
    score, target = cosines(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        loss = build()(score, target)
    expected = plain_loops(score, target, with_margin, scale, margin, 0.0)
    assert loss.dtype == torch.float32 and loss.item() == pytest.approx(expected, rel=1e-4)


def test_the_classifier_gives_cosines():
    torch.manual_seed(0)
    classifier = CosineClassifier(4, 3).double()
    assert set(classifier.state_dict()) == {"weight"} and classifier.weight.shape == (3, 4)
    feat = torch.randn(5, 4, dtype=torch.float64)
    for i, row in enumerate(feat.tolist()):
        for k, weight in enumerate(classifier.weight.tolist()):
            dot = sum(x * w for x, w in zip(row, weight, strict=True))
            expected = dot / math.hypot(*row) / math.hypot(*weight)
            assert classifier(feat)[i, k].item() == pytest.approx(expected, rel=1e-12)
    assert torch.autograd.gradcheck(classifier, feat.requires_grad_())


@HEAD
def test_settings_reach_the_loss_with_the_recipes_smoothing(load, name):
    build, with_margin, scale, margin = HEADS[name]
    score, target = cosines(torch.float64)
    words = ["MODEL.ID_LOSS_TYPE", name, "MODEL.METRIC_LOSS_TYPE", "none"]
    key = f"SOLVER.{name.upper()}"
    feat = torch.zeros(6, 2, dtype=torch.float64)
    for more, constants in (
        ([], (scale, margin, 0.1)),
        ([f"{key}.SCALE", "20", f"{key}.MARGIN", "0.1", "MODEL.IF_LABELSMOOTH", "no"], (20.0, 0.1, 0.0)),
    ):
        found = make_loss(load(*words, *more), 5, 3)(score, feat, target)
        assert found == build(*constants)(score, target)


@HEAD
@pytest.mark.parametrize("neck", ["bnneck", "no"])
def test_the_network_scores_with_cosines_under_the_same_name(load, name, neck):
    torch.manual_seed(0)
    words = ["--model_name", "resnet18", "--neck", neck]
    plain = build_model(load(*words), 10)
    model = build_model(load(*words, "MODEL.ID_LOSS_TYPE", name), 10).train()
    assert set(model.state_dict()) == set(plain.state_dict()) - {"classifier.bias"}
    assert model.classifier.weight.shape == plain.classifier.weight.shape
    images = torch.randn(4, 3, 64, 32)
    score, feat = model(images)
    after = model.bottleneck(feat)
    expected = torch.cosine_similarity(after[:, None], model.classifier.weight[None], dim=2)
    assert score.shape == (4, 10) and torch.allclose(score, expected, atol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        assert model(images)[0].dtype == torch.float32
    assert set(build_model(load(*words, "MODEL.ID_LOSS_TYPE", name), 0).state_dict()) == {
        key for key in model.state_dict() if not key.startswith("classifier.")
    }
