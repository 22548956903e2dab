"""Backbones: a factory each, from last stride and stem ReLU to a network of feature maps."""

from torch import nn
from yacs.config import CfgNode

from layers import quicken_depthwise
from utils.errors import InputError

from .mobilenet import MOBILENETS
from .non_local import add_non_local
from .osnet import OSNETS
from .resnet import RESNETS, ResNetBackbone
from .resnet_ibn import IBN_RESNETS
from .resnet_se import SE_RESNETS
from .timm import PREFIX as TIMM
from .timm import adapt, timm_backbone, timm_names

# name in MODEL.NAME -> factory(last_stride, stem_relu) -> module of feature maps with `feature_dim` (channels
# of its feature map; or of what `after_pooling` makes of it, where it has that, `map_dim` being the map's)
BACKBONES = RESNETS | IBN_RESNETS | SE_RESNETS | MOBILENETS | OSNETS

__all__ = ["BACKBONES", "TIMM", "adapt", "build_backbone", "download_timm", "timm_names"]


def build_backbone(cfg: CfgNode) -> nn.Module:
    """The backbone that MODEL.NAME names, with random weights.

    Raises:
        InputError: it does not go with another setting.
    """
    model = cfg.MODEL
    if model.NAME.startswith(TIMM):
        base = timm_backbone(model.NAME, cfg.INPUT.SIZE_TRAIN, cfg.INPUT.SIZE_TEST, model.LAST_STRIDE)
    else:
        base = BACKBONES[model.NAME](last_stride=model.LAST_STRIDE, stem_relu=model.STEM_RELU)
    if model.NON_LOCAL:
        if not isinstance(base, ResNetBackbone):
            raise InputError(f"MODEL.NON_LOCAL is for this program's ResNets; leave it out for {model.NAME}")
        add_non_local(base)
    quicken_depthwise(base)
    return base


def download_timm(cfg: CfgNode) -> dict:
    """The state dict of timm's ImageNet weights for the network that MODEL.NAME names, downloaded if need be.

    Raises:
        OSError: it cannot be downloaded.
        RuntimeError: there are none.
    """
    sizes = cfg.INPUT.SIZE_TRAIN, cfg.INPUT.SIZE_TEST
    return timm_backbone(cfg.MODEL.NAME, *sizes, cfg.MODEL.LAST_STRIDE, pretrained=True).state_dict()
