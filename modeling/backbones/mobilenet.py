"""MobileNetV2 (Sandler et al., CVPR 2018), on torchvision's: its parameter names, its ImageNet weights."""

import torch
from torch import nn
from torchvision.models import MobileNet_V2_Weights
from torchvision.models.mobilenetv2 import MobileNetV2

from .in_order import in_order
from .info import BackboneInfo

LAST_STRIDED = 14  # the first block of 160 channels, the last that halves the map


class MobileNetV2Backbone(MobileNetV2):
    """A MobileNetV2 that ends with its last feature map.

    Args:
        last_stride: stride of the last block that has one; 1 keeps the map at 1/16 of the image's size.
        stem_relu: ignored; this network always has it.
    """

    def __init__(self, last_stride: int = 1, stem_relu: bool = True):
        super().__init__()
        del self.classifier
        self.features[LAST_STRIDED].conv[1][0].stride = (last_stride, last_stride)
        for module in self.modules():
            if isinstance(module, nn.ReLU6):
                module.inplace = False  # in place, torch copies each map first for its gradient

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) to (B, 1280, H / 16, W / 16)."""
        return self.features(images)


MOBILENETS = {
    "mobilenet_v2": BackboneInfo(
        MobileNetV2Backbone,
        feature_dim=1280,
        translate=in_order,  # its layers follow one another
        imagenet_url=MobileNet_V2_Weights.IMAGENET1K_V1.url,
        fast_reid="halves its last maps (MODEL.LAST_STRIDE 2)",
    )
}
