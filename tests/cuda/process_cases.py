"""What one of two processes does on its device, the other being pretended too; name -> case(bench)."""

from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import nn
from torch.testing._internal.distributed.fake_pg import FakeStore

from layers import METRIC_LOSSES, SyncBatchNorm, make_loss
from tests.cuda.bench import CUDA, TINY, Bench


@contextmanager
def two_processes():
    """While it is entered, this is the first of two processes."""
    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=2)
    try:
        yield
    finally:
        dist.destroy_process_group()


def gathered(metric: str):
    """A loss over the features of both processes, and its gradient."""

    def run(bench: Bench) -> None:
        cfg = bench.cfg(*TINY, "MODEL.METRIC_LOSS_TYPE", metric, "MODEL.IF_WITH_CENTER", "yes")
        loss_fn = make_loss(cfg, 16, 8).to(CUDA)
        score, feat = (torch.zeros(16, width, device=CUDA, requires_grad=True) for width in (16, 8))
        target = (torch.arange(16) // 4).to(CUDA)
        with two_processes(), bench.cuda.no_waiting():
            loss_fn(score, feat, target).backward()
        assert score.grad.device == feat.grad.device == CUDA
        assert bench.cuda.launches["allgather_"]

    return run


def batch_norm(bench: Bench) -> None:
    """A synchronised batch norm of a map whose channels lie last, in both directions."""
    norm = SyncBatchNorm(nn.BatchNorm2d(8)).to(CUDA)
    maps = torch.zeros(4, 8, 6, 3, device=CUDA).contiguous(memory_format=torch.channels_last).requires_grad_()
    with two_processes(), bench.cuda.no_waiting():
        out = norm(maps)
        out.sum().backward()
    assert out.device == CUDA and out.is_contiguous(memory_format=torch.channels_last)
    assert bench.cuda.launches["allgather_"] == bench.cuda.launches["allreduce_"] == 1


CASES = {
    **{f"two processes: {name}": gathered(name) for name in METRIC_LOSSES},
    "two processes: batch norm": batch_norm,
}
