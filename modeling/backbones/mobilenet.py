"""MobileNetV2 (Sandler et al., CVPR 2018), on torchvision's: its parameter names, its ImageNet weights."""

import torch
from torch import nn
from torchvision.models.mobilenetv2 import MobileNetV2

LAST_STRIDED = 14  # the first block of 160 channels, the last that halves the map


class MobileNetV2Backbone(MobileNetV2):
    """A MobileNetV2 that ends with its last feature map.

    Args:
        last_stride: stride of the last block that has one; 1 keeps the map at 1/16 of the image's size.
        stem_relu: there is no network of this kind without.

    Attributes:
        in_order: its layers follow one another, so that a file of other names can be told by its order.
    """

    in_order = True

    def __init__(self, last_stride: int = 1, stem_relu: bool = True):
        super().__init__()
        self.feature_dim = self.last_channel
        del self.classifier
        self.features[LAST_STRIDED].conv[1][0].stride = (last_stride, last_stride)
        for module in self.modules():
            if isinstance(module, nn.ReLU6):
                module.inplace = False  # in place, its gradient makes torch copy each map first

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) to (B, feature_dim, H / 16, W / 16)."""
        return self.features(images)


MOBILENETS = {"mobilenet_v2": MobileNetV2Backbone}
