"""Exponential moving average of the weights (Polyak and Juditsky, "Acceleration of Stochastic …", 1992)."""

import copy

import torch
from torch import nn


class WeightAverage:
    """A copy of a network that follows it: average = decay x average + (1 - decay) x weights.

    The decay starts low, (1 + n) / (10 + n) after n steps of the optimizer, so that the first, random weights
    are soon forgotten: while that is below the decay, about the last ninth of the steps counts. Buffers, such
    as the statistics of batch norms, are those of the network.

    All tensors of a dtype move in one operation, for which CUDA has a kernel; ignite's handler launches two
    kernels for each tensor.

    Args:
        model: to follow, on its device.
        decay: 0..1.

    Attributes:
        model: the average, in evaluation mode.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._source = model
        # dtype -> buffers of the average, of the network; a list of several would be copied one by one.
        self._buffers: dict[torch.dtype, tuple[list[torch.Tensor], list[torch.Tensor]]] = {}
        for own, other in zip(self.model.buffers(), model.buffers(), strict=True):
            own_list, other_list = self._buffers.setdefault(own.dtype, ([], []))
            own_list.append(own)
            other_list.append(other)

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average after a step of the optimizer, counted from 1."""
        weight = max(1 - self.decay, 9 / (10 + step))
        torch._foreach_lerp_(list(self.model.parameters()), list(self._source.parameters()), weight)
        for own, other in self._buffers.values():
            torch._foreach_copy_(own, other)
