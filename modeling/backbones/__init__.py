"""Backbones: a table from the name to what each declares of itself."""

from torch import nn
from yacs.config import CfgNode

from layers import quicken_depthwise
from utils.errors import InputError

from .info import BackboneInfo
from .mobilenet import MOBILENETS
from .osnet import OSNETS
from .resnet import RESNETS
from .resnet_ibn import IBN_RESNETS
from .resnet_se import SE_RESNETS
from .timm import PREFIX as TIMM
from .timm import TIMM_INFO, timm_backbone, timm_names

# name in MODEL.NAME -> what it is; networks of timm have the prefix TIMM instead
BACKBONES: dict[str, BackboneInfo] = RESNETS | IBN_RESNETS | SE_RESNETS | MOBILENETS | OSNETS

__all__ = [
    "BACKBONES",
    "TIMM",
    "BackboneInfo",
    "build_backbone",
    "check_network",
    "declared",
    "stem_may_differ",
    "timm_names",
]


def declared(name: str) -> BackboneInfo:
    """What the backbone of this MODEL.NAME can do; of a network of timm, what they all can."""
    return TIMM_INFO if name.startswith(TIMM) else BACKBONES[name]


def check_network(cfg: CfgNode, training: bool = True) -> None:
    """Check that the network can do what the settings ask of it, before anything slow starts.

    Args:
        cfg: the settings; MODEL.NAME is known.
        training: check what only a training asks for, too.

    Raises:
        InputError: it cannot; the message names everything that it cannot.
    """
    model, info, problems = cfg.MODEL, declared(cfg.MODEL.NAME), []
    if model.NON_LOCAL and not info.add_non_local:
        problems.append(f"MODEL.NON_LOCAL is for this program's ResNets; leave it out for {model.NAME}")
    if training and cfg.SOLVER.LAYER_DECAY != 1 and not info.layers:
        problems.append(
            f"SOLVER.LAYER_DECAY is for ResNets and networks of timm, not {model.NAME}; leave it at 1"
        )
    if training and cfg.KD.SELF and not info.stages:
        problems.append(f"KD.SELF (--kd) is for ResNets, whose stages learn from the last, not {model.NAME}")
    if problems:
        raise InputError("; ".join(problems))


def stem_may_differ(cfg: CfgNode) -> bool:
    """Whether weights of unknown settings may be of this network without the ReLU in its stem."""
    return cfg.MODEL.STEM_RELU and declared(cfg.MODEL.NAME).stem_relu_matters


def build_backbone(cfg: CfgNode) -> tuple[nn.Module, BackboneInfo]:
    """The backbone that MODEL.NAME names, with random weights, and what it can do.

    Raises:
        InputError: it does not fit another setting.
    """
    model = cfg.MODEL
    if model.NAME.startswith(TIMM):
        base, info = timm_backbone(cfg)
    else:
        info = BACKBONES[model.NAME]
        base = info.make(last_stride=model.LAST_STRIDE, stem_relu=model.STEM_RELU)
    if model.NON_LOCAL:
        info.add_non_local(base)
    quicken_depthwise(base)
    return base, info
