"""SE-ResNets (Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018), in IBN-Net's parameter names."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torchvision.models.resnet import Bottleneck

from .resnet import RESNETS, ResNetBackbone
from .resnet_ibn import ibn_a

REDUCTION = 16  # channels for each of the inner ones, as published


class SELayer(nn.Module):
    """Scales each channel by a factor, 0 to 1, that the means of all channels give.

    Args:
        channels: C.
    """

    def __init__(self, channels: int):
        super().__init__()
        inner = channels // REDUCTION
        self.fc = nn.Sequential(
            nn.Linear(channels, inner, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(inner, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to the same shape."""
        return x * self.fc(x.mean((2, 3)))[:, :, None, None].to(x.dtype)


class SEBottleneck(Bottleneck):
    """A bottleneck with an SELayer before the residual sum."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.se = SELayer(self.conv3.out_channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to (B, 4 x planes, H', W')."""
        identity = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.se(self.bn3(self.conv3(x))) + identity)


def _se(resnet: partial) -> Callable[..., ResNetBackbone]:
    _, layers = resnet.args
    return partial(ResNetBackbone, SEBottleneck, layers)


SE_RESNETS = {f"se_resnet{depth}": _se(RESNETS[f"resnet{depth}"]) for depth in (50, 101)}
SE_RESNETS |= {f"{name}_ibn_a": partial(ibn_a, resnet) for name, resnet in SE_RESNETS.items()}
