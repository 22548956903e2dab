"""SE-ResNets (Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018), in IBN-Net's parameter names."""

from functools import partial

import torch
from torch import nn
from torchvision.models.resnet import Bottleneck

from .resnet import ResNetBackbone, resnet_info
from .resnet_ibn import ibn_a, ibn_info

REDUCTION = 16  # channels per inner channel, as published


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


_se_50 = partial(ResNetBackbone, SEBottleneck, (3, 4, 6, 3))
_se_101 = partial(ResNetBackbone, SEBottleneck, (3, 4, 23, 3))
_unpublished = partial(
    resnet_info, feature_dim=2048, no_imagenet="no ImageNet weights are published in IBN-Net's names"
)

SE_RESNETS = {
    "se_resnet50": _unpublished(_se_50),
    "se_resnet101": _unpublished(_se_101),
    "se_resnet50_ibn_a": _unpublished(partial(ibn_a, _se_50)),
    "se_resnet101_ibn_a": ibn_info(partial(ibn_a, _se_101), 2048, "se_resnet101_ibn_a-fabed4e2.pth"),
}
