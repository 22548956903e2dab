"""Backbones: a factory each, from last stride and stem ReLU to a network of feature maps."""

from .resnet import RESNETS
from .resnet_ibn import IBN_RESNETS

# name in MODEL.NAME -> factory(last_stride, stem_relu) -> module with `feature_dim` (channels of its feature
# map)
BACKBONES = RESNETS | IBN_RESNETS

__all__ = ["BACKBONES"]
