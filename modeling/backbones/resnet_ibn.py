"""IBN-Net (Pan et al., "Two at Once", ECCV 2018): ResNets with instance norm, in its parameter names."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torchvision.models.resnet import Bottleneck

from .info import BackboneInfo
from .resnet import RESNETS, ResNetBackbone, resnet_info

_RELEASE = "https://github.com/XingangPan/IBN-Net/releases/download/v1.0/"


class InstanceNorm(nn.InstanceNorm2d):
    """Instance norm that keeps the layout of its input.

    torch's gives maps with the channels first, which the layers after it would keep and copy repeatedly.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to the same shape and dtype."""
        out = super().forward(x)
        return out.contiguous(memory_format=torch.channels_last) if x.stride(1) == 1 else out


class IBN(nn.Module):
    """Instance norm on the first half of the channels, batch norm on the rest.

    Args:
        planes: number of channels.
    """

    def __init__(self, planes: int):
        super().__init__()
        self.half = planes // 2
        self.IN = InstanceNorm(self.half, affine=True)
        self.BN = nn.BatchNorm2d(planes - self.half)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, planes, H, W) to the same shape."""
        first, rest = x.split((self.half, x.shape[1] - self.half), dim=1)
        return torch.cat((self.IN(first), self.BN(rest)), dim=1)


class BottleneckIBNb(Bottleneck):
    """A bottleneck with instance norm after the residual sum."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.IN = InstanceNorm(self.conv3.out_channels, affine=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to (B, 4 x planes, H', W')."""
        identity = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.IN(self.bn3(self.conv3(x)) + identity))


def ibn_a(resnet: Callable[..., ResNetBackbone], **kwargs) -> ResNetBackbone:
    """IBN-a: IBN in place of the first batch norm of each block of stages 1 to 3."""
    net = resnet(**kwargs)
    for stage in (net.layer1, net.layer2, net.layer3):
        for block in stage:
            block.bn1 = IBN(block.bn1.num_features)
    return net


def resnet50_ibn_b(**kwargs) -> ResNetBackbone:
    """IBN-b: instance norm in the stem and after the last block of stages 1 and 2."""
    net = RESNETS["resnet50"].make(**kwargs)
    net.bn1 = InstanceNorm(net.bn1.num_features, affine=True)
    for stage in (net.layer1, net.layer2):
        last = BottleneckIBNb(stage[-1].conv1.in_channels, stage[-1].conv1.out_channels)
        last.load_state_dict(stage[-1].state_dict(), strict=False)  # torchvision's initial weights
        stage[-1] = last
    return net


def ibn_info(make: Callable[..., ResNetBackbone], feature_dim: int, file: str) -> BackboneInfo:
    """A network whose ImageNet weights IBN-Net published in this file."""
    return resnet_info(make, feature_dim, imagenet_url=_RELEASE + file)


def _ibn_a(plain: str, file: str) -> BackboneInfo:
    return ibn_info(partial(ibn_a, RESNETS[plain].make), RESNETS[plain].feature_dim, file)


IBN_RESNETS = {
    "resnet18_ibn_a": _ibn_a("resnet18", "resnet18_ibn_a-2f571257.pth"),
    "resnet34_ibn_a": _ibn_a("resnet34", "resnet34_ibn_a-94bc1577.pth"),
    "resnet50_ibn_a": _ibn_a("resnet50", "resnet50_ibn_a-d9d0bb7b.pth"),
    "resnet101_ibn_a": _ibn_a("resnet101", "resnet101_ibn_a-59ea0ac6.pth"),
    "resnet50_ibn_b": ibn_info(resnet50_ibn_b, 2048, "resnet50_ibn_b-9ca61e85.pth"),
}
