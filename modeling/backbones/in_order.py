"""Weights under other names, matched by the order of their shapes."""

import torch
from loguru import logger
from torch import nn


def in_order(state: dict[str, torch.Tensor], net: nn.Module) -> dict[str, torch.Tensor]:
    """A file's tensors under the network's names, if every one has the right role and shape at its place.

    Only for networks whose layers all follow one another. The role is the last part of a name (weight,
    running_mean, …), which distinguishes the equally long tensors of a batch norm.
    """

    def layout(tensors: dict[str, torch.Tensor]) -> dict[str, tuple]:
        counted = [name for name in tensors if not name.endswith("num_batches_tracked")]
        return {name: (name.rpartition(".")[2], tensors[name].shape) for name in counted}

    theirs, own = layout(state), layout(net.state_dict())
    if theirs.keys() == own.keys() or list(theirs.values()) != list(own.values()):
        return state
    logger.info(f"Weights: other names, matched by their order and shapes: {len(own)} of {len(own)} tensors")
    return {name: state[other] for name, other in zip(own, theirs, strict=True)}
