"""The branches of MODEL.HEAD parts in two processes, each with half of a batch, against one process."""

import copy

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from config import load_cfg
from layers import POOLINGS, make_loss
from modeling import BackboneInfo, Baseline, HeadSpec, NetworkSpec
from tests.distributed import run_in_processes


def check_gradients(rank: int) -> None:
    torch.manual_seed(0)
    info = BackboneInfo(lambda **_: nn.Conv2d(3, 6, 3), feature_dim=6)
    head = HeadSpec(4, neck="no", embedding_dim=5)  # no batch norm, whose statistics would differ
    spec = NetworkSpec(info.make(), info, POOLINGS["gem"](), head, parts=True)
    model = Baseline(spec).double()
    parallel = DistributedDataParallel(copy.deepcopy(model))
    loss_fn = make_loss(load_cfg([]), 4, 3)
    images, target = torch.randn(8, 3, 8, 6, dtype=torch.float64), torch.tensor([0, 1, 2, 3] * 2)
    for _ in range(2):  # the second shows that no gradient was waited for in vain
        parallel.zero_grad()
        loss_fn(*parallel(images.chunk(2)[rank]), target.chunk(2)[rank]).backward()
    loss_fn(*model(images), target).backward()
    for (name, p), q in zip(model.named_parameters(), parallel.module.parameters(), strict=True):
        assert p.grad.abs().sum() > 0 and torch.allclose(p.grad, q.grad, atol=1e-10), name


def test_gradients_are_those_of_one_process():
    run_in_processes(check_gradients)
