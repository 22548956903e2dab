"""Weights of fast-reid (He et al., "FastReID: A Pytorch Toolbox …", 2020) in the names of this program."""

import re

import torch

from .backbones.info import Tensors

# Its names, from 2020 to today -> ours; the layers of ``bottleneck`` are distinguished in ``_name``.
NAMES = {
    r"backbone\.": "base.",
    r"heads\.pool_layer\.": "pooling.",
    r"heads\.(?:bnneck|bottleneck\.\d)\.": "bottleneck.",
    r"heads\.(?:classifier\.)?weight$": "classifier.weight",
}
PIXELS = ("pixel_mean", "pixel_std")


def is_fast_reid(state: Tensors) -> bool:
    """Whether a file's names are fast-reid's."""
    return all(any(name.startswith(part) for name in state) for part in ("backbone.", "heads."))


def from_fast_reid(state: Tensors) -> Tensors:
    """The tensors of a file of fast-reid's Baseline, except those of the pixels, in our names and shapes."""
    renamed = {name: _name(name, tensor) for name, tensor in state.items() if name not in PIXELS}
    # Its reduction of the feature is a convolution of maps of one pixel.
    return {
        ours: state[name].flatten(1) if ours == "embedding.weight" else state[name]
        for name, ours in renamed.items()
    }


def _name(name: str, tensor: torch.Tensor) -> str:
    if name.startswith("heads.bottleneck.") and tensor.dim() == 4:
        return "embedding.weight"
    for theirs, ours in NAMES.items():
        if re.match(theirs, name):
            return re.sub(theirs, ours, name, count=1)
    return name
