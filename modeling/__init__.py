"""The network: a backbone, pooling, the BNNeck and a classifier; and loading its weights."""

from .backbones import BACKBONES, TIMM, BackboneInfo, check_network, stem_may_differ, timm_names
from .baseline import Baseline, NetworkSpec, build_model
from .head import HeadSpec
from .pretrained import load_pretrained
from .weights import ADAPTERS, load_weights

__all__ = [
    "ADAPTERS",
    "BACKBONES",
    "TIMM",
    "BackboneInfo",
    "Baseline",
    "HeadSpec",
    "NetworkSpec",
    "build_model",
    "check_network",
    "load_pretrained",
    "load_weights",
    "stem_may_differ",
    "timm_names",
]
