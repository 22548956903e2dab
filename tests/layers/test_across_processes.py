"""Layers in two processes, each with half of a batch, against one process with the whole."""

import copy
from collections.abc import Callable
from functools import partial
from unittest import mock

import torch
from torch import nn
from torch.nn.modules._functions import SyncBatchNorm as TorchsFunction
from torch.nn.parallel import DistributedDataParallel

from layers import (
    METRIC_LOSSES,
    ArcFaceLoss,
    CenterLoss,
    CircleSoftmaxLoss,
    CosFaceLoss,
    CosineClassifier,
    SyncBatchNorm,
    TripletLoss,
    gather_batch,
    make_loss,
    synchronise_batch_norm,
)
from layers.sync_batch_norm import _OnCPU
from tests.distributed import run_in_processes


def half(tensor: torch.Tensor, rank: int) -> torch.Tensor:
    return tensor.chunk(2)[rank]


def check_sync_batch_norm(rank: int) -> None:
    torch.manual_seed(0)
    plain = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, momentum=0.3), nn.Flatten(), nn.BatchNorm1d(36)
    )
    nn.init.normal_(plain[1].weight)
    plain[3].bias.requires_grad_(False)
    images, weights = torch.randn(8, 3, 5, 5) + 3, torch.randn(8, 36)
    synchronised = copy.deepcopy(plain)
    synchronise_batch_norm(synchronised)
    parallel = DistributedDataParallel(synchronised)
    for _ in range(2):
        out, expected = parallel(half(images, rank)), plain(images)
        assert torch.allclose(out, half(expected, rank), atol=1e-5)
        (out * half(weights, rank)).mean().backward()
        (expected * weights).mean().backward()
    for (name, found), (_, truth) in zip(
        synchronised.named_parameters(), plain.named_parameters(), strict=True
    ):
        assert found.requires_grad == truth.requires_grad
        assert found.grad is None or torch.allclose(found.grad, truth.grad, atol=1e-5), name
    assert synchronised.state_dict().keys() == plain.state_dict().keys()
    for name, truth in plain.state_dict().items():
        assert torch.allclose(synchronised.state_dict()[name], truth, atol=1e-5), name
    assert torch.allclose(synchronised.eval()(images), plain.eval()(images), atol=1e-5)


def check_batch_norm_with_activation(rank: int) -> None:
    from timm.layers import BatchNormAct2d

    torch.manual_seed(0)
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), BatchNormAct2d(4))
    images = torch.randn(8, 3, 5, 5) + 3
    synchronised = copy.deepcopy(plain)
    synchronise_batch_norm(synchronised)
    assert synchronised.state_dict().keys() == plain.state_dict().keys()
    for _ in range(2):
        assert torch.allclose(synchronised(half(images, rank)), half(plain(images), rank), atol=1e-5)
    expected = plain.eval()(images)
    assert expected.min() == 0 and torch.allclose(synchronised.eval()(images), expected, atol=1e-5)


def check_gathered_triplets(rank: int) -> None:
    torch.manual_seed(0)
    network = nn.Linear(5, 3)
    parallel = DistributedDataParallel(copy.deepcopy(network))
    inputs, target = torch.randn(8, 5), torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])
    feat = parallel(half(inputs, rank))
    feats, targets = gather_batch(feat, half(target, rank))
    assert torch.equal(targets, target) and torch.allclose(feats, network(inputs))
    loss, expected = TripletLoss(0.3)(feats, targets), TripletLoss(0.3)(network(inputs), target)
    loss.backward()
    expected.backward()
    assert torch.allclose(loss, expected)
    assert torch.allclose(parallel.module.weight.grad, network.weight.grad, atol=1e-6)


def check_settings(rank: int) -> None:
    from config import load_cfg

    torch.manual_seed(0)
    feat, target, score = torch.randn(8, 3), torch.arange(8) // 2, torch.randn(8, 5)
    words = ["MODEL.ID_LOSS_TYPE", "none", "SOLVER.GATHER_TRIPLET"]
    mine = half(score, rank), half(feat, rank), half(target, rank)
    gathered = make_loss(load_cfg([*words, "yes"]), 5, 3)(*mine)
    alone = make_loss(load_cfg([*words, "no"]), 5, 3)(*mine)
    assert torch.allclose(gathered, TripletLoss(0.3)(feat, target))
    assert torch.allclose(alone, TripletLoss(0.3)(half(feat, rank), half(target, rank)))


def check_every_loss_on_the_features(rank: int) -> None:
    """Loss and gradient of the whole batch, center loss included, whatever the loss on the features."""
    from config import load_cfg

    torch.manual_seed(0)
    inputs, score, target = torch.randn(8, 5), torch.randn(4, 5), torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])
    for name in METRIC_LOSSES:
        words = ["MODEL.ID_LOSS_TYPE", "none", "MODEL.METRIC_LOSS_TYPE", name, "--IF_WITH_CENTER", "yes"]
        network = nn.Linear(5, 3)
        parallel = DistributedDataParallel(copy.deepcopy(network))
        torch.manual_seed(3)
        loss_fn = make_loss(load_cfg([*words, "SOLVER.CENTER_LOSS_WEIGHT", "0.5"]), 5, 3)
        loss = loss_fn(score, parallel(half(inputs, rank)), half(target, rank))
        loss.backward()
        torch.manual_seed(3)
        feat = network(inputs)
        expected = 0.5 * CenterLoss(5, 3)(feat, target)
        if METRIC_LOSSES[name]:
            expected = expected + METRIC_LOSSES[name](load_cfg([]).SOLVER)(feat, target)
        expected.backward()
        assert torch.allclose(loss, expected, rtol=1e-5), name
        assert torch.allclose(parallel.module.weight.grad, network.weight.grad, rtol=1e-4, atol=1e-5), name


def check_margin_heads(rank: int) -> None:
    """Processes whose gradients are averaged train on the mean of the whole batch."""
    torch.manual_seed(0)
    inputs, target = torch.randn(8, 5), torch.tensor([0, 3, 1, 1, 2, 0, 3, 3])
    for loss_fn in (ArcFaceLoss(), CosFaceLoss(), CircleSoftmaxLoss()):
        network = CosineClassifier(5, 4)
        parallel = DistributedDataParallel(copy.deepcopy(network))
        loss_fn(parallel(half(inputs, rank)), half(target, rank)).backward()
        loss_fn(network(inputs), target).backward()
        found, expected = parallel.module.weight.grad, network.weight.grad
        assert torch.allclose(found, expected, rtol=1e-4, atol=1e-4 * expected.abs().max())


def torchs_own(norm: SyncBatchNorm, x: torch.Tensor) -> torch.Tensor:
    group = torch.distributed.group.WORLD
    buffers = norm.running_mean, norm.running_var, norm.eps, norm.momentum
    return TorchsFunction.apply(x, norm.weight, norm.bias, *buffers, group, 2)


def trained(function: Callable, norm: SyncBatchNorm, x: torch.Tensor) -> tuple[list, list]:
    """All that a step gives, and the calls of torch's operations, for which those for CPUs stand in."""
    calls = []

    def operation(name: str, *args):
        assert len(args) == len(getattr(torch.ops.aten, name).default._schema.arguments)
        calls.append((name, [x.clone() if isinstance(x, torch.Tensor) else x for x in args]))
        return getattr(_OnCPU, name)(*args)

    names = [name for name in vars(_OnCPU) if name.startswith("batch_norm")]
    leaf, gradient = x.clone().requires_grad_(), torch.linspace(-1, 2, x.numel()).view(x.shape)
    with (
        mock.patch.multiple(torch, **{name: partial(operation, name) for name in names}),
        mock.patch("layers.sync_batch_norm._operations", lambda x: torch),
    ):
        out = function(norm, leaf)
        out.backward(gradient)
    parameters = norm.weight.grad, norm.bias.grad, norm.running_mean, norm.running_var
    assert {name for name, _ in calls} == set(names) and len(names) == 5
    return [out, leaf.grad, *parameters], calls


def check_torchs_operations(rank: int) -> None:
    """The same calls of torch's operations for GPUs, in the same order, as torch's own SyncBatchNorm."""
    for shape, channels in (((8, 6), 6), ((8, 6, 5, 3), 6), ((8, 6, 5, 3), 2)):
        torch.manual_seed(rank)
        x = torch.randn(shape)[:, :channels]
        torch.manual_seed(0)
        norm = SyncBatchNorm(nn.BatchNorm2d(channels, momentum=0.3))
        nn.init.normal_(norm.weight)
        expected, their_calls = trained(torchs_own, copy.deepcopy(norm), x)
        found, calls = trained(SyncBatchNorm.forward, norm, x)
        for mine, truth in zip(found, expected, strict=True):
            assert torch.allclose(mine, truth, atol=1e-6)
        for (name, mine), (their_name, truth) in zip(calls, their_calls, strict=True):
            assert name == their_name
            for a, b in zip(mine, truth, strict=True):
                if isinstance(a, torch.Tensor):
                    assert a.dtype == b.dtype and torch.allclose(a.flatten(), b.flatten(), atol=1e-6), name
                else:
                    assert a == b, name


CHECKS = (
    check_every_loss_on_the_features,
    check_margin_heads,
    check_sync_batch_norm,
    check_batch_norm_with_activation,
    check_torchs_operations,
    check_gathered_triplets,
    check_settings,
)


def check_all(rank: int) -> None:
    for check in CHECKS:
        check(rank)


def test_two_processes():
    """All checks in one start of the processes; a failure's traceback names the check."""
    run_in_processes(check_all)


def test_one_process_gathers_nothing():
    feat, target = torch.randn(4, 2), torch.arange(4)
    feats, targets = gather_batch(feat, target)
    assert feats is feat and targets is target


def test_sync_batch_norm_of_one_process_is_the_plain_one():
    plain = nn.Sequential(nn.BatchNorm2d(3))
    synchronised = copy.deepcopy(plain)
    synchronise_batch_norm(synchronised)
    images = torch.randn(4, 3, 2, 2)
    assert torch.equal(synchronised(images), plain(images))
