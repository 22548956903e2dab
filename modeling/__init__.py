"""The network: a backbone, pooling, the BNNeck and a classifier; and loading its weights."""

from .backbones import BACKBONES, TIMM, timm_names
from .baseline import Baseline, build_model
from .pretrained import load_pretrained
from .weights import load_weights

__all__ = [
    "BACKBONES",
    "TIMM",
    "Baseline",
    "build_model",
    "load_pretrained",
    "load_weights",
    "timm_names",
]
