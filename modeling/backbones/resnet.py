"""ResNet (He et al., CVPR 2016), on torchvision's: its parameter names, its ImageNet weights."""

import re
from functools import partial

import torch
from torch import nn
from torchvision.models import get_model_weights
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from .info import BackboneInfo
from .non_local import add_non_local


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
        """(B, 3, H, W) to the feature maps of the four stages, each half as wide as the next."""
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

    def layers(self) -> dict[str, int]:
        """Layer of each parameter: its stage, 1 to 4, non-local blocks included; 0 for the stem."""
        found = {name: re.match(r"(?:layer|NL_)(\d)\.", name) for name, _ in self.named_parameters()}
        return {name: int(stage[1]) if stage else 0 for name, stage in found.items()}


# What every ResNet here can do; with a factory and a width, its BackboneInfo.
resnet_info = partial(
    BackboneInfo,
    stages=ResNetBackbone.stages,
    layers=ResNetBackbone.layers,
    add_non_local=add_non_local,
    fast_reid="keeps the ReLU of the stem (MODEL.STEM_RELU yes) and pools the stem's map without padding",
)


def _plain(name: str, block: type[nn.Module], *layers: int) -> BackboneInfo:
    return resnet_info(
        partial(ResNetBackbone, block, layers),
        feature_dim=512 * block.expansion,
        imagenet_url=get_model_weights(name)["IMAGENET1K_V1"].url,
        stem_relu_matters=True,
    )


RESNETS = {
    "resnet18": _plain("resnet18", BasicBlock, 2, 2, 2, 2),
    "resnet34": _plain("resnet34", BasicBlock, 3, 4, 6, 3),
    "resnet50": _plain("resnet50", Bottleneck, 3, 4, 6, 3),
    "resnet101": _plain("resnet101", Bottleneck, 3, 4, 23, 3),
    "resnet152": _plain("resnet152", Bottleneck, 3, 8, 36, 3),
}
