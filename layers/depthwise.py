"""Depthwise convolutions that are slow to train in bfloat16 on a CPU."""

import torch
from torch import nn


class DepthwiseConv(nn.Conv2d):
    """A depthwise convolution that computes in float32 while it trains on a CPU.

    With a stride, or with a kernel larger than 3, its gradient has a fast kernel there in float32 only: in
    bfloat16 it takes 2 to 60 times as long (oneDNN of torch 2.14, Sapphire Rapids).
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to (B, C, H', W'), of the same dtype in training on a CPU."""
        if not self.training or x.device.type != "cpu":
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)


def quicken_depthwise(network: nn.Module) -> None:
    """Turn each convolution that gains by it into a DepthwiseConv; names and weights stay."""
    for conv in network.modules():
        depthwise = type(conv) is nn.Conv2d and conv.groups == conv.in_channels > 1
        if depthwise and (max(conv.stride) > 1 or max(conv.kernel_size) > 3):
            conv.__class__ = DepthwiseConv
