"""ResNet (He et al., CVPR 2016), on torchvision's: its parameter names, its ImageNet weights."""

from functools import partial

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet


class ResNetBackbone(ResNet):
    """A ResNet that ends with its last feature map.

    Args:
        block: BasicBlock or Bottleneck.
        layers: blocks in each of the four stages.
        last_stride: stride of the last stage; 1 keeps its map at 1/16 of the image's height and width.
        stem_relu: ReLU after the first batch norm.
    """

    def __init__(
        self, block: type[nn.Module], layers: tuple[int, ...], last_stride: int = 1, stem_relu: bool = True
    ):
        super().__init__(block, list(layers))
        self.feature_dim = self.fc.in_features
        del self.fc, self.avgpool
        # The block's strided convolution is its 3x3: the first of a BasicBlock, the second of a Bottleneck.
        first = self.layer4[0]
        strided = first.conv2 if isinstance(first, Bottleneck) else first.conv1
        strided.stride = first.downsample[0].stride = (last_stride, last_stride)
        if not stem_relu:
            self.relu = nn.Identity()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) to (B, feature_dim, H / 16, W / 16)."""
        return self.stages(images)[-1]

    def stages(self, images: torch.Tensor) -> list[torch.Tensor]:
        """The feature maps of the four stages."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        maps = []
        for i, stage in enumerate((self.layer1, self.layer2, self.layer3, self.layer4), start=1):
            non_local = getattr(self, f"NL_{i}", ())  # of the last blocks of the stage
            for left, block in zip(range(len(stage), 0, -1), stage, strict=True):
                x = block(x)
                if left <= len(non_local):
                    x = non_local[-left](x)
            maps.append(x)
        return maps


RESNETS = {
    "resnet18": partial(ResNetBackbone, BasicBlock, (2, 2, 2, 2)),
    "resnet34": partial(ResNetBackbone, BasicBlock, (3, 4, 6, 3)),
    "resnet50": partial(ResNetBackbone, Bottleneck, (3, 4, 6, 3)),
    "resnet101": partial(ResNetBackbone, Bottleneck, (3, 4, 23, 3)),
    "resnet152": partial(ResNetBackbone, Bottleneck, (3, 8, 36, 3)),
}
