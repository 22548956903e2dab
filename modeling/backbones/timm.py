"""Any network of timm (Wightman, "PyTorch Image Models"), as ``timm/<name>``; timm is imported when named.

What is added to its networks, in files of its own, is imported with it.
"""

import dataclasses
import sys
from collections.abc import Collection
from functools import partial

import torch
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from utils.errors import InputError

from .info import BackboneInfo, Tensors
from .solider import SPARE, from_solider, is_solider

PREFIX = "timm/"
# What timm raises for an option that a network does not have, or not with this value.
_NO_SUCH_OPTION = (TypeError, AssertionError, NotImplementedError)


def timm_names() -> Collection[str]:
    """All names that MODEL.NAME may have, as ``timm/<name>`` and ``timm/<name>.<weights>``."""
    import timm

    from . import vit  # noqa: F401  adds networks to timm's

    return [PREFIX + name for name in (*timm.list_models(), *timm.list_pretrained())]


def timm_backbone(cfg: CfgNode, pretrained: bool = False) -> tuple[nn.Module, BackboneInfo]:
    """The network of timm that MODEL.NAME names, without its classifier, and what it can do.

    Its output is a feature map (B, feature_dim, H', W') where timm has one with the channels in front, else
    the feature (B, feature_dim) that timm's own pooling makes of the tokens. The last map is kept at 1/16 of
    the image where MODEL.LAST_STRIDE is 1 and timm can (``output_stride``); a network for images of one size
    (``img_size``) is built for INPUT.SIZE_TRAIN. Swin's windows are those of ``swin.py``; ``vit.py`` adds
    networks to timm's.

    Args:
        cfg: the settings.
        pretrained: download ImageNet weights.

    Raises:
        InputError: the network cannot take images of this size, or is to be tested at another.
        OSError: the weights cannot be downloaded.
        RuntimeError: there are none.
    """
    from . import swin, vit  # noqa: F401

    name, size_train, size_test = cfg.MODEL.NAME, cfg.INPUT.SIZE_TRAIN, cfg.INPUT.SIZE_TEST
    windows = swin.OPTIONS if name.startswith(f"{PREFIX}swin_") else {}
    stride = [{"output_stride": 16}] if cfg.MODEL.LAST_STRIDE == 1 else []
    wishes = [{"img_size": tuple(size_train)} | windows, *stride, {}]
    net, options = _create(name.removeprefix(PREFIX), wishes, pretrained)
    swin.pad_first(net)
    if "img_size" in options and (list(size_train) != list(size_test) or cfg.INPUT.FIRST_EPOCHS):
        raise InputError(
            f"{name} takes images of one size: INPUT.SIZE_TEST must be INPUT.SIZE_TRAIN {list(size_train)}, "
            f"not {list(size_test)}, and INPUT.FIRST_EPOCHS 0"
        )
    if not pretrained and "output_stride" not in options:
        logger.info(f"MODEL.LAST_STRIDE does nothing in {name}")
    out = _try(net.eval(), name, size_train)
    imagenet = partial(_imagenet_tensors, cfg)
    facts = {"feature_dim": out.shape[1], "maps": out.dim() == 4, "imagenet_tensors": imagenet}
    facts |= {"spare": SPARE} if windows else {}
    return net.train(), dataclasses.replace(TIMM_INFO, **facts)


def _imagenet_tensors(cfg: CfgNode) -> dict[str, torch.Tensor]:
    return timm_backbone(cfg, pretrained=True)[0].state_dict()


def _try(net: nn.Module, name: str, size: list[int]) -> torch.Tensor:
    """The network's output for an image, after its head was made to give maps if it has any."""
    image = torch.zeros(1, 3, *size)
    try:
        with torch.no_grad():
            maps = net.forward_features(image)
            if maps.dim() == 4 and maps.shape[1] == net.num_features:
                # Not forward_features alone: what timm has between map and classifier is trained too.
                net.reset_classifier(0, "")
            return net(image)
    except (AssertionError, RuntimeError) as error:
        raise InputError(
            f"{name} cannot take images of INPUT.SIZE_TRAIN {list(size)} ({error}); choose another size"
        ) from None


def _layers(net: nn.Module) -> dict[str, int]:
    """Timm's layers: of a ViT the embedding and each block, the last with the norm after it."""
    from timm.models import group_parameters  # loaded already, by the network

    if not hasattr(net, "group_matcher"):  # a few lack it
        raise InputError(
            f"SOLVER.LAYER_DECAY: timm defines no layers for a {type(net).__name__}; leave it at 1"
        )
    return group_parameters(net, net.group_matcher(), reverse=True)


def _translate(state: Tensors, net: nn.Module) -> Tensors:
    """A file's tensors in the names and shapes of a network of timm, as timm itself adapts them.

    Position embeddings are resized; names of the authors' own files, and of SOLIDER's, are translated.
    Tensors for another kind of network stay as they are.

    Raises:
        InputError: the file is of a network that differs only in its stem.
    """
    from . import vit

    vit.check_stem(state, net)
    module = sys.modules[type(net).__module__]
    adapt = getattr(module, "checkpoint_filter_fn", lambda state, net: state)
    try:
        if is_solider(state):
            state = from_solider(state)
        positions = vit.high_positions(state, net)
        return adapt({name: state[name] for name in state if name not in positions}, net) | positions
    except (KeyError, IndexError, ValueError, AttributeError, RuntimeError):  # they expect their own kind
        return state


def _create(name: str, wishes: list[dict], pretrained: bool) -> tuple[nn.Module, dict]:
    """The network with the first of the options that it has."""
    import timm

    for options in wishes[:-1]:
        try:
            return timm.create_model(name, pretrained=pretrained, num_classes=0, **options), options
        except _NO_SUCH_OPTION:
            continue
    return timm.create_model(name, pretrained=pretrained, num_classes=0), {}


# What every network of timm can do; the rest is known once it is built.
TIMM_INFO = BackboneInfo(timm_backbone, layers=_layers, translate=_translate)
