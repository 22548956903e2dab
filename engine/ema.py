"""Exponential moving average of the weights (Polyak and Juditsky, "Acceleration of Stochastic …", 1992)."""

import copy

import torch
from torch import nn


class WeightAverage:
    """A copy of a network that follows it: average = decay x average + (1 - decay) x weights.

    The decay starts low, (1 + n) / (10 + n) at iteration n, so that the first, random weights are soon
    forgotten. Buffers, such as the statistics of batch norms, are those of the network.

    All tensors move in a few kernels, where ignite's handler launches two for each of them.

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

    @torch.no_grad()
    def update(self, iteration: int) -> None:
        """Move the average after the step of an iteration, counted from 1."""
        weight = max(1 - self.decay, 9 / (10 + iteration))
        torch._foreach_lerp_(list(self.model.parameters()), list(self._source.parameters()), weight)
        torch._foreach_copy_(list(self.model.buffers()), list(self._source.buffers()))
