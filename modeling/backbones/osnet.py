"""OSNet (Zhou et al., "Omni-Scale Feature Learning for …", ICCV 2019), in deep-person-reid's names."""

from functools import partial

import torch
from loguru import logger
from torch import nn

from .info import BackboneInfo

STREAMS = "abcd"  # of a block: 1, 2, 3 and 4 light convolutions deep
REDUCTION = 16  # of the gate: channels per inner channel
FEATURE_DIM = 512


class ConvBN(nn.Module):
    """Convolution, batch norm and, if wanted, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, relu: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        return self.relu(self.bn(self.conv(x)))


class LightConv3x3(nn.Module):
    """A 1x1 convolution, then a 3x3 one on each channel alone."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to the same shape."""
        return self.relu(self.bn(self.conv2(self.conv1(x))))


class ChannelGate(nn.Module):
    """Scales each channel by a factor, 0 to 1, that the means of all channels give."""

    def __init__(self, channels: int):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // REDUCTION, 1)
        self.fc2 = nn.Conv2d(channels // REDUCTION, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, C, H, W) to the same shape."""
        return x * self.fc2(self.fc1(x.mean((2, 3), keepdim=True)).relu()).sigmoid()


class OSBlock(nn.Module):
    """Sum of four streams of growing receptive field, scaled by one gate, and the residual."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        inner = outputs // 4
        self.conv1 = ConvBN(inputs, inner)
        self.conv2a = LightConv3x3(inner)
        for depth, stream in enumerate(STREAMS[1:], start=2):
            setattr(self, f"conv2{stream}", nn.Sequential(*(LightConv3x3(inner) for _ in range(depth))))
        self.gate = ChannelGate(inner)
        self.conv3 = ConvBN(inner, outputs, relu=False)
        self.downsample = ConvBN(inputs, outputs, relu=False) if inputs != outputs else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, inputs, H, W) to (B, outputs, H, W)."""
        inner = self.conv1(x)
        streams = sum(self.gate(getattr(self, f"conv2{stream}")(inner)) for stream in STREAMS)
        return (self.conv3(streams) + self.downsample(x)).relu()


class OSNet(nn.Module):
    """An OSNet up to its last feature map, with the layer that its authors put after the pooling.

    Args:
        channels: of the stem and of the three stages.
        last_stride: 1; no stage after 1/16 has a stride, so that another value does nothing.
        stem_relu: ignored; this network always has it.
    """

    def __init__(self, channels: tuple[int, ...], last_stride: int = 1, stem_relu: bool = True):
        super().__init__()
        if last_stride != 1:
            logger.info(f"MODEL.LAST_STRIDE {last_stride} does nothing in an OSNet")
        self.conv1 = ConvBN(3, channels[0], 7, stride=2)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        for i, (inputs, outputs) in enumerate(zip(channels, channels[1:], strict=False), start=2):
            blocks = [OSBlock(inputs, outputs), OSBlock(outputs, outputs)]
            if i < 4:  # the last stage keeps its size
                blocks.append(nn.Sequential(ConvBN(outputs, outputs), nn.AvgPool2d(2)))
            setattr(self, f"conv{i}", nn.Sequential(*blocks))
        width = channels[-1]
        self.conv5 = ConvBN(width, width)
        self.fc = nn.Sequential(
            nn.Linear(width, FEATURE_DIM), nn.BatchNorm1d(FEATURE_DIM), nn.ReLU(inplace=True)
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
            if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) to (B, channels[-1], H / 16, W / 16)."""
        return self.conv5(self.conv4(self.conv3(self.conv2(self.maxpool(self.conv1(images))))))


def _osnet(*channels: int) -> BackboneInfo:
    return BackboneInfo(
        partial(OSNet, channels),
        feature_dim=FEATURE_DIM,
        map_dim=channels[-1],
        after_pooling="fc",
        no_imagenet="its ImageNet weights are at https://kaiyangzhou.github.io/deep-person-reid/MODEL_ZOO",
    )


OSNETS = {
    "osnet_x1_0": _osnet(64, 256, 384, 512),
    "osnet_x0_25": _osnet(16, 64, 96, 128),
}
