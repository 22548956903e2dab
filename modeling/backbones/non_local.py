"""Non-local blocks (Wang et al., "Non-local Neural Networks", CVPR 2018), as AGW has them in ResNets."""

import torch
from torch import nn

# Blocks of stages 2 and 3 that a non-local block follows, always the last ones of the stage. ResNet-50's are
# AGW's (Ye et al., "Deep Learning for Person Re-identification", TPAMI 2021), ResNet-101's fast-reid's.
STAGE_2, STAGE_3, STAGE_3_DEEP = 2, 3, 9
DEEP = 20  # blocks in the third stage from which a ResNet is a deep one
NAMES = ("NL_2.", "NL_3.")  # beginnings of their parameters' names


class NonLocal(nn.Module):
    """x + BN(W y), where y at each place is the mean over all places of (theta(x) · phi(x')) g(x').

    Names and widths are those of AGW's code, so that its weights load: similarities are dot products, and
    theta, phi and g have one channel. The batch norm's weight starts at 0, so that the block starts as the
    identity, which leaves a pretrained network unchanged.

    Args:
        channels: of the map.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.g = nn.Conv2d(channels, 1, 1)
        self.W = nn.Sequential(nn.Conv2d(1, channels, 1), nn.BatchNorm2d(channels))
        nn.init.zeros_(self.W[1].weight)
        self.theta = nn.Conv2d(channels, 1, 1)
        self.phi = nn.Conv2d(channels, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to the same shape and dtype."""
        theta, phi, g = (layer(x).flatten(2) for layer in (self.theta, self.phi, self.g))  # (B, 1, H W)
        similarity = theta.transpose(1, 2) @ phi / phi.shape[2]
        y = (similarity @ g.transpose(1, 2)).transpose(1, 2)
        return x + self.W(y.unflatten(2, x.shape[2:])).to(x.dtype)


def add_non_local(net: nn.Module) -> None:
    """Put non-local blocks after the last blocks of a ResNet's stages 2 and 3, as ``NL_2`` and ``NL_3``."""
    third = STAGE_3_DEEP if len(net.layer3) >= DEEP else STAGE_3
    for name, stage, number in (("NL_2", net.layer2, STAGE_2), ("NL_3", net.layer3, third)):
        channels = stage[-1].conv1.in_channels
        setattr(net, name, nn.ModuleList(NonLocal(channels) for _ in range(min(number, len(stage)))))
