"""Any network of timm (Wightman, "PyTorch Image Models"), as ``timm/<name>``; timm is imported when named."""

import sys
from collections.abc import Collection

import torch
from loguru import logger
from torch import nn

from utils.errors import InputError

PREFIX = "timm/"
# What timm raises for an option that a network has not, or not with this value.
_NO_SUCH_OPTION = (TypeError, AssertionError, NotImplementedError)


def timm_names() -> Collection[str]:
    """All names that MODEL.NAME may have, as ``timm/<name>`` and ``timm/<name>.<weights>``."""
    import timm

    return [PREFIX + name for name in (*timm.list_models(), *timm.list_pretrained())]


def timm_backbone(
    name: str, size_train: list[int], size_test: list[int], last_stride: int, pretrained: bool = False
) -> nn.Module:
    """A network of timm without its classifier.

    Its output is a feature map (B, feature_dim, H', W') where timm has one with the channels in front, else
    the feature (B, feature_dim) that timm's own pooling makes of the tokens. The last map is kept at 1/16 of
    the image where ``last_stride`` is 1 and timm can (``output_stride``); a network for images of one size
    (``img_size``) is made for ``size_train``.

    It has the attributes ``feature_dim`` and ``has_maps``.

    Args:
        name: with ``timm/``.
        size_train: height and width [pixels].
        size_test: the same.
        last_stride: 1, or 2 for what timm makes of its own.
        pretrained: download ImageNet weights.

    Raises:
        InputError: the network cannot take images of this size, or is to be tested with another.
    """
    wishes = [{"img_size": tuple(size_train)}, *([{"output_stride": 16}] if last_stride == 1 else []), {}]
    net, options = _create(name.removeprefix(PREFIX), wishes, pretrained)
    if "img_size" in options and list(size_train) != list(size_test):
        raise InputError(
            f"{name} takes images of one size: INPUT.SIZE_TEST must be INPUT.SIZE_TRAIN {list(size_train)}, "
            f"not {list(size_test)}"
        )
    if not pretrained and "output_stride" not in options:
        logger.info(f"MODEL.LAST_STRIDE does nothing in {name}")
    out = _try(net.eval(), name, size_train)
    net.feature_dim, net.has_maps = out.shape[1], out.dim() == 4
    return net.train()


def _try(net: nn.Module, name: str, size: list[int]) -> torch.Tensor:
    """What the network makes of an image, after its head was made to give maps if it has any."""
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
            f"{name} cannot take images of INPUT.SIZE_TRAIN {list(size)} ({error}); choose a size that it can"
        ) from None


def adapt(state: dict[str, torch.Tensor], net: nn.Module) -> dict[str, torch.Tensor]:
    """A file's tensors in the names and shapes of a network of timm, as timm itself adapts them.

    Position embeddings are resized; names of the authors' own files are translated. Tensors for another kind
    of network stay as they are.
    """
    filter_names = getattr(sys.modules[type(net).__module__], "checkpoint_filter_fn", None)
    if filter_names is None:
        return state
    try:
        return filter_names(dict(state), net)
    except (KeyError, IndexError, ValueError, AttributeError, RuntimeError):  # it expects its own kind
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
