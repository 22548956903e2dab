"""Learning rates that fall from the head down (Bao et al., "BEiT", ICLR 2022, appendix on fine-tuning)."""

import re

from torch import nn


def layer_factors(model: nn.Module, decay: float) -> dict[str, float]:
    """Factor of each parameter's learning rate: 1 for the head, for each layer below ``decay`` once more.

    A backbone with timm's ``group_matcher`` has timm's layers: of a ViT the embedding and each block, the
    last with the norm after it. Any other is a ResNet: the stem and its four stages.

    Args:
        model: with the backbone ``base``; the rest is the head.
        decay: factor from a layer to the one below it.

    Returns:
        name of the parameter -> factor.
    """
    if hasattr(model.base, "group_matcher"):
        from timm.models import group_parameters  # loaded already, by the backbone

        layers = group_parameters(model.base, model.base.group_matcher(), reverse=True)
    else:
        layers = {name: _stage(name) for name, _ in model.base.named_parameters()}
    head = max(layers.values()) + 1
    return {
        name: decay ** (head - (layers[name[len("base.") :]] if name.startswith("base.") else head))
        for name, _ in model.named_parameters()
    }


def _stage(name: str) -> int:
    """Stage of a ResNet's parameter, 1 to 4, non-local blocks included; 0 for the stem."""
    found = re.match(r"(?:layer|NL_)(\d)\.", name)
    return int(found[1]) if found else 0
