"""A loss over the batch of all processes."""

import torch
import torch.distributed as dist


def gather_batch(feat: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Features and identities of the batch of all processes, in the order of the processes.

    A loss computed from them is the same in every process. Its gradient reaches the features of this process
    multiplied by the number of processes, which cancels the mean that DistributedDataParallel takes over the
    processes: the weights get the gradient of the whole batch.

    Args:
        feat: (b, D) float.
        target: (b,) int64 identities; b is the same in every process.

    Returns:
        (B, D) and (B,). Without other processes, the arguments themselves.
    """
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return feat, target
    targets = [torch.empty_like(target) for _ in range(dist.get_world_size())]
    dist.all_gather(targets, target.contiguous())
    return _Gather.apply(feat), torch.cat(targets)


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx, feat: torch.Tensor) -> torch.Tensor:
        ctx.size = len(feat)
        feats = [torch.empty_like(feat) for _ in range(dist.get_world_size())]
        dist.all_gather(feats, feat.contiguous())
        return torch.cat(feats)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        # Every process has the whole loss, so its own part of the gradient is complete without asking others.
        start = dist.get_rank() * ctx.size
        return gradient[start : start + ctx.size] * dist.get_world_size()
