"""One step of training against plain PyTorch."""

import copy

import pytest
import torch
from torch import nn

from data.images import Batch
from engine import Training
from engine.step import TrainStep
from layers import make_loss

CPU = torch.device("cpu")


class Tiny(nn.Module):
    """Scores and features of (B, 3, 4, 4) images, without batch norm, so that batches can be added up."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3)
        self.classifier = nn.Linear(6, 5)

    def forward(self, images):
        feat = self.conv(images).float().mean((2, 3))
        return self.classifier(feat), feat


class TwoParts(nn.Module):
    """A loss of two parts with weights of their own, all of it times ``factor``."""

    def __init__(self, factor=1.0):
        super().__init__()
        self.weights = {"id": factor, "size": 0.5 * factor}

    def parts(self, score, feat, target):
        return {
            "id": nn.functional.cross_entropy(score.float(), target),
            "size": feat.square().mean(),
        }

    def forward(self, score, feat, target):
        parts = self.parts(score, feat, target)
        return self.weights["id"] * parts["id"] + self.weights["size"] * parts["size"]


def make_step(cfg, model, loss_fn, optimizer) -> TrainStep:
    return TrainStep(Training(cfg, CPU, None, None, 0, model, loss_fn, optimizer, None))


def batch_of(images, target) -> Batch:
    return Batch(images, target, target, torch.arange(len(target)), [])


@pytest.fixture
def parts():
    """A network and six batches."""
    torch.manual_seed(0)
    batches = [(torch.randn(4, 3, 4, 4), torch.randint(5, (4,))) for _ in range(6)]
    return Tiny(), batches


def run(load, model, batches, *words, lr=0.5, factor=1.0) -> nn.Module:
    model, loss_fn = copy.deepcopy(model), TwoParts(factor)
    optimizer = torch.optim.SGD(model.parameters(), lr)
    step = make_step(load("SOLVER.AMP", "no", *words), model, loss_fn, optimizer)
    for i, (images, target) in enumerate(batches):
        scalars = step(batch_of(images, target), left=len(batches) - i)
        assert list(scalars) == ["loss", "loss_id", "loss_size", "accuracy"]
        assert not any(value.requires_grad for value in scalars.values())
        total = factor * (scalars["loss_id"] + 0.5 * scalars["loss_size"])
        assert 0 <= scalars["accuracy"] <= 1 and torch.allclose(scalars["loss"], total)
    return model


def plain(model, groups, clip=None, lr=0.5, factor=1.0) -> nn.Module:
    """A step of gradient descent on the mean loss of each group's batches."""
    model, loss_fn = copy.deepcopy(model), TwoParts(factor)
    for group in groups:
        model.zero_grad()
        loss = sum(loss_fn(*model(images), target) for images, target in group) / len(group)
        loss.backward()
        norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
        scale = min(1.0, clip / norm.item()) if clip else 1.0
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * scale * p.grad
    return model


def assert_same(a: nn.Module, b: nn.Module, atol=1e-6) -> None:
    for (name, x), (_, y) in zip(a.named_parameters(), b.named_parameters(), strict=True):
        assert torch.allclose(x, y, atol=atol), name


def test_plain_step(load, parts):
    model, batches = parts
    assert_same(run(load, model, batches), plain(model, [[b] for b in batches]))


@pytest.mark.parametrize("accum, groups", [(2, [2, 2, 2]), (4, [4, 2]), (9, [6])])
def test_gradients_of_several_batches_make_one_step_and_the_last_group_may_be_small(
    load, parts, accum, groups
):
    model, batches = parts
    left, expected = list(batches), []
    for size in groups:
        expected.append(left[:size])
        del left[:size]
    assert_same(run(load, model, batches, "SOLVER.GRAD_ACCUM", str(accum)), plain(model, expected))


@pytest.mark.parametrize("clip", [0.01, 100.0])
def test_gradients_are_scaled_down_to_the_norm(load, parts, clip):
    model, batches = parts
    found = run(load, model, batches, "SOLVER.CLIP_GRAD_NORM", str(clip))
    assert_same(found, plain(model, [[b] for b in batches], clip))


def test_accuracy_is_the_global_branchs(load, parts):
    model, batches = parts
    images, target = batches[0]
    score, feat = model(images)

    class Branches(Tiny):
        def forward(self, images):
            score, feat = super().forward(images)
            return (score, -score), (feat,)

    branches = Branches()
    branches.load_state_dict(model.state_dict())
    optimizer = torch.optim.SGD(branches.parameters(), 0.1)
    step = make_step(load("SOLVER.AMP", "no"), branches, make_loss(load(), 5, 3), optimizer)
    for label in (score.argmax(1), score.argmin(1)):
        expected = (label == score.argmax(1)).float().mean()
        branches.load_state_dict(model.state_dict())
        assert step(batch_of(images, label), left=1)["accuracy"] == expected


@pytest.fixture
def float16(monkeypatch):
    """A processor without bfloat16 but with float16."""
    monkeypatch.setattr("utils.device.amp_dtype", lambda device: torch.float16)


@pytest.mark.parametrize("factor, clip", [(1e-7, 0), (1e-3, 1e-4)])
def test_gradients_too_small_for_float16_are_scaled(load, parts, float16, factor, clip):
    model, batches = parts
    lr = 0.1 / (clip or factor)
    expected = plain(model, [[b] for b in batches], clip, lr, factor)
    words = ["SOLVER.AMP", "yes", "SOLVER.CLIP_GRAD_NORM", str(clip)]
    found = run(load, model, batches, *words, lr=lr, factor=factor)
    assert_same(found, expected, atol=2e-3)
    assert (found.conv.weight - model.conv.weight).abs().max() > 0.01


def test_a_step_that_overflows_float16_is_skipped(load, parts, float16):
    model, batches = parts
    huge = [(torch.full((4, 3, 4, 4), 3e4), batches[0][1])]
    assert_same(run(load, model, huge, "SOLVER.AMP", "yes"), model, atol=0)


def test_no_scaling_with_bfloat16_or_float32(load, parts, monkeypatch):
    model, _ = parts
    for dtype, amp in ((torch.bfloat16, "yes"), (None, "yes"), (torch.float16, "no")):
        monkeypatch.setattr("utils.device.amp_dtype", lambda device, dtype=dtype: dtype)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        assert not make_step(load("SOLVER.AMP", amp), model, TwoParts(), optimizer).scaler.is_enabled()


def test_compiled_network_trains_to_the_same_weights(load, parts):
    model, batches = parts
    found = run(load, model, batches, "SOLVER.COMPILE", "on")
    assert found.state_dict().keys() == model.state_dict().keys(), "the names that are saved"
    assert_same(found, plain(model, [[b] for b in batches]), atol=1e-4)
