"""Batch norm over the batch of all processes."""

import torch
import torch.distributed as dist
from torch import nn


def synchronise_batch_norm(model: nn.Module) -> None:
    """Replace a network's batch norms by synchronised ones; parameters and buffers are kept."""
    for name, module in list(model.named_modules()):
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            parent, _, attribute = name.rpartition(".")
            setattr(model.get_submodule(parent), attribute, SyncBatchNorm(module))


class SyncBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm with mean and variance over the batches of all processes, on GPUs and on CPUs.

    The batches are of equal size, so that the host never waits for the device as it does in torch's module,
    which is for GPUs alone.

    Args:
        like: the batch norm whose parameters and statistics it takes over.
    """

    def __init__(self, like: nn.BatchNorm1d | nn.BatchNorm2d):
        super().__init__(like.num_features, like.eps, like.momentum)
        self.weight, self.bias = like.weight, like.bias
        self.running_mean, self.running_var = like.running_mean, like.running_var
        self.num_batches_tracked = like.num_batches_tracked
        # timm's batch norms contain the layers that follow them.
        self.drop, self.act = (getattr(like, name, nn.Identity()) for name in ("drop", "act"))
        self.train(like.training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, …) to the same shape and dtype."""
        if self.training and dist.is_initialized() and dist.get_world_size() > 1:
            self.num_batches_tracked += 1
            x = _Normalise.apply(x, self.weight, self.bias, self)
        else:
            x = super().forward(x)
        return self.act(self.drop(x))

    def _check_input_dim(self, x: torch.Tensor) -> None:
        if x.dim() < 2:
            raise ValueError(f"expected (B, C, …), not {tuple(x.shape)}")


class _Normalise(torch.autograd.Function):
    """What torch's SyncBatchNorm does, with batches of equal size."""

    @staticmethod
    def forward(
        ctx, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, norm: SyncBatchNorm
    ) -> torch.Tensor:
        ops, x, processes = _operations(x), _dense(x, x), dist.get_world_size()
        own = torch.stack(ops.batch_norm_stats(x, norm.eps))
        gathered = own.new_empty((processes, *own.shape))
        dist.all_gather(list(gathered), own)
        counts = own.new_full((processes,), x.numel() // x.shape[1])
        mean, invstd = ops.batch_norm_gather_stats_with_counts(
            x, *gathered.unbind(1), norm.running_mean, norm.running_var, norm.momentum, norm.eps, counts
        )
        ctx.save_for_backward(x, weight, mean, invstd, counts.int())
        return ops.batch_norm_elemt(x, weight, bias, mean, invstd, norm.eps)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, mean, invstd, counts = ctx.saved_tensors
        ops, gradient, needed = _operations(x), _dense(gradient, x), ctx.needs_input_grad
        *sums, of_weight, of_bias = ops.batch_norm_backward_reduce(
            gradient, x, mean, invstd, weight, *needed[:3]
        )
        of_x = None
        if needed[0]:
            sums = torch.stack(sums)
            dist.all_reduce(sums)
            of_x = ops.batch_norm_backward_elemt(gradient, x, mean, invstd, weight, *sums, counts)
        # The gradients of the parameters are this process's; DistributedDataParallel averages them over all.
        return of_x, of_weight if needed[1] else None, of_bias if needed[2] else None, None


def _dense(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Contiguous, with the channels last if they are so in ``like``; half of a map's channels is neither."""
    last = like.dim() == 4 and like.stride(1) == 1
    return x.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)


def _operations(x: torch.Tensor) -> type:
    """Torch's parts of a synchronised batch norm, which are for GPUs alone, or the same for CPUs."""
    return torch if x.is_cuda else _OnCPU


class _OnCPU:
    """The formulas of torch's operations of these names; statistics in float32 at least."""

    @staticmethod
    def batch_norm_stats(x, eps):
        x = _wide(x)
        mean = x.mean(_dims(x))
        variance = (x - _view(mean, x)).square().mean(_dims(x))  # in half of var_mean's time
        return mean, torch.rsqrt(variance + eps)

    @staticmethod
    def batch_norm_gather_stats_with_counts(x, means, invstds, running_mean, running_var, *constants):
        momentum, eps, counts = constants
        part, number = (counts / counts.sum())[:, None], counts.sum()
        mean = (part * means).sum(0)
        variance = (part * (invstds**-2 - eps + (means - mean).square())).sum(0)
        running_mean.lerp_(mean, momentum)
        running_var.lerp_(variance * number / (number - 1), momentum)  # unbiased
        return mean, torch.rsqrt(variance + eps)

    @staticmethod
    def batch_norm_elemt(x, weight, bias, mean, invstd, eps):
        scale = weight * invstd
        return torch.addcmul(_view(bias - mean * scale, x), _wide(x), _view(scale, x)).to(x.dtype)

    @staticmethod
    def batch_norm_backward_reduce(gradient, x, mean, invstd, weight, *needed):
        gradient = _wide(gradient)
        total = gradient.sum(_dims(x))
        moment = (gradient * (x - _view(mean, x))).sum(_dims(x))
        return total, moment, moment * invstd, total

    @staticmethod
    def batch_norm_backward_elemt(gradient, x, mean, invstd, weight, *sums):
        total, moment, counts = sums
        number, scale = counts.sum(), weight * invstd
        slope = -scale * invstd.square() * moment / number
        offset = -scale * total / number - slope * mean
        scaled = torch.addcmul(_view(offset, x), _wide(gradient), _view(scale, x))
        return scaled.addcmul_(x, _view(slope, x)).to(x.dtype)


def _wide(x: torch.Tensor) -> torch.Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _dims(x: torch.Tensor) -> list[int]:
    return [0, *range(2, x.dim())]


def _view(values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return values.view(1, -1, *[1] * (x.dim() - 2))
