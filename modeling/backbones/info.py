"""What a backbone declares of itself."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class BackboneInfo:
    """How a backbone is made, what it can do and where its ImageNet weights are.

    The network that ``make`` gives turns images (B, 3, H, W) into maps (B, map_dim, H', W'), or, without
    ``maps``, into features (B, feature_dim). What is left out here, it cannot do.

        BACKBONES["my_net"] = BackboneInfo(MyNet, feature_dim=256)

    Attributes:
        make: make(last_stride=..., stem_relu=...) -> network with random weights; a network without such a
            choice ignores it.
        feature_dim: D, width of the pooled feature; 0 only until a network of a library is built.
        map_dim: channels of the maps; 0: feature_dim.
        maps: whether it gives maps; else it pools them itself.
        after_pooling: name of its layers behind the pooling, (B, map_dim) -> (B, feature_dim); "": none.
        stages: stages(network, images) -> maps of its four stages, the last as the network gives it, each of
            the others half as wide as the next. They learn from it in self-distillation.
        layers: layers(network) -> layer of each of its parameters, by name, from 0 for the stem up. Learning
            rates may fall with them.
        add_non_local: puts non-local blocks into a network.
        translate: translate(tensors of a file, network) -> the same in the network's names and shapes, where
            they can be translated; None: it has no other names.
        spare: beginnings of names that such files have for other outputs than those of this network.
        imagenet_url: file of its ImageNet weights; its name ends with the start of its SHA-256.
        imagenet_tensors: gives them where a library has them.
        no_imagenet: where else they are, or why there are none.
        stem_relu_matters: whether reid-strong-baseline's has no ReLU in the stem (MODEL.STEM_RELU).
        fast_reid: how fast-reid's network of these names differs, for whoever loads its weights.
    """

    make: Callable[..., nn.Module]
    feature_dim: int = 0
    map_dim: int = 0
    maps: bool = True
    after_pooling: str = ""
    stages: Callable[[nn.Module, torch.Tensor], list[torch.Tensor]] | None = None
    layers: Callable[[nn.Module], dict[str, int]] | None = None
    add_non_local: Callable[[nn.Module], None] | None = None
    translate: Callable[[Tensors, nn.Module], Tensors] | None = None
    spare: tuple[str, ...] = ()
    imagenet_url: str = ""
    imagenet_tensors: Callable[[], Tensors] | None = None
    no_imagenet: str = "its ImageNet weights are not known here"
    stem_relu_matters: bool = False
    fast_reid: str = ""
