"""Batch norm over the batch of all processes."""

import torch
import torch.distributed as dist
from torch import nn


def synchronise_batch_norm(model: nn.Module, device: torch.device) -> None:
    """Replace a network's batch norms by synchronised ones; parameters and buffers stay what they are.

    On a GPU by torch's SyncBatchNorm; torch has none for CPUs, there by CPUSyncBatchNorm.

    Args:
        model: on ``device``.
        device: to train on.
    """
    if device.type == "cuda":
        _convert(model)
        return
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            parent, _, attribute = name.rpartition(".")
            setattr(model.get_submodule(parent), attribute, CPUSyncBatchNorm(module))


def _convert(model: nn.Module) -> None:
    if any(hasattr(module, "act") for module in model.modules() if isinstance(module, nn.BatchNorm2d)):
        from timm.layers import convert_sync_batchnorm  # of batch norms that hold their activation

        convert_sync_batchnorm(model)
    else:
        nn.SyncBatchNorm.convert_sync_batchnorm(model)


class CPUSyncBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm with mean and variance over the batches, of equal size, of all processes.

    Args:
        like: the batch norm whose parameters and statistics it takes over.
    """

    def __init__(self, like: nn.BatchNorm1d | nn.BatchNorm2d):
        super().__init__(like.num_features, like.eps, like.momentum)
        self.weight, self.bias = like.weight, like.bias
        self.running_mean, self.running_var = like.running_mean, like.running_var
        self.num_batches_tracked = like.num_batches_tracked
        self.act = getattr(like, "act", nn.Identity())  # timm's batch norms hold the activation after them
        self.train(like.training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, …) to the same shape and dtype."""
        if not self.training or not dist.is_initialized():
            return self.act(super().forward(x))
        with torch.autocast("cpu", enabled=False):
            dims = [0, *range(2, x.dim())]
            shape = (1, -1, *[1] * (x.dim() - 2))
            processes = dist.get_world_size()
            values = x.float()
            mean = _Sum.apply(values.mean(dims)) / processes
            centred = values - mean.view(shape)
            variance = _Sum.apply(centred.square().mean(dims)) / processes
            self._track(mean.detach(), variance.detach(), processes * x.numel() // x.shape[1])
            scale = torch.rsqrt(variance + self.eps) * self.weight
            return self.act((centred * scale.view(shape) + self.bias.view(shape)).to(x.dtype))

    def _check_input_dim(self, x: torch.Tensor) -> None:
        if x.dim() < 2:
            raise ValueError(f"expected (B, C, …), not {tuple(x.shape)}")

    def _track(self, mean: torch.Tensor, variance: torch.Tensor, number: int) -> None:
        self.num_batches_tracked += 1
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * number / (number - 1), self.momentum)  # unbiased, as torch's


class _Sum(torch.autograd.Function):
    """Sum over the processes. Each of them reads it, so the gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx, x: torch.Tensor) -> torch.Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> torch.Tensor:
        return _Sum.forward(ctx, gradient)
