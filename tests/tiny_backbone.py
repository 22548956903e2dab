"""A network as small as can be that can do what a ResNet can, for tests where the network is not the point.

Once this is imported it is ``--model_name tiny``; a fresh Python does not know it.
"""

import torch
from torch import nn

from modeling import BACKBONES, BackboneInfo

WIDTHS = (4, 8, 16, 32)


class TinyBackbone(nn.Module):
    """A stem and four stages of one convolution, to (B, 32, H / 16, W / 16); 26 kB of weights."""

    def __init__(self, last_stride: int = 1, stem_relu: bool = True):
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, stride=2, padding=1, bias=False)
        self.relu = nn.ReLU() if stem_relu else nn.Identity()
        strides, width = (2, 2, 2, last_stride), WIDTHS[0]
        for number, (channels, stride) in enumerate(zip(WIDTHS, strides, strict=True), start=1):
            conv = nn.Conv2d(width, channels, 3, stride=stride, padding=1, bias=False)
            setattr(self, f"layer{number}", nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU()))
            width = channels

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.stages(images)[-1]

    def stages(self, images: torch.Tensor) -> list[torch.Tensor]:
        maps = [self.relu(self.conv1(images))]
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            maps.append(stage(maps[-1]))
        return maps[1:]

    def layers(self) -> dict[str, int]:
        names = [name for name, _ in self.named_parameters()]
        return {name: int(name[5]) if name.startswith("layer") else 0 for name in names}


TINY_BACKBONE = BackboneInfo(
    TinyBackbone, feature_dim=WIDTHS[-1], stages=TinyBackbone.stages, layers=TinyBackbone.layers
)
BACKBONES["tiny"] = TINY_BACKBONE
