"""How near the features of an exported network are to those of the network that it came from."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from utils.errors import InputError

Embed = Callable[[list[np.ndarray]], torch.Tensor]


class Bound(NamedTuple):
    """What an exported network must keep to."""

    difference: float  # at most
    cosine: float  # at least


# By precision. The lengths of features vary in half precision and with integers: only the cosine tells.
BOUNDS = {
    "fp32": Bound(1e-4, 0.9999),
    "fp16": Bound(1.0, 0.999),
    "int8": Bound(1.0, 0.9),
}


class Parity(NamedTuple):
    """What two networks make of the same pictures."""

    difference: float  # the largest between two values of features, by the length of the network's feature
    cosine: float  # the least between two features of a picture

    def __str__(self) -> str:
        return f"largest difference {self.difference:.1e}, least cosine {self.cosine:.6f}"


def check_parity(
    network: Embed, exported: Embed, pictures: list[np.ndarray], bound: Bound, l2_norm: bool = False
) -> Parity:
    """Compare the features of pictures.

    Args:
        network: list of (h, w, 3) uint8 RGB -> (N, D) features.
        exported: the same of the exported network.
        pictures: to compare them on.
        bound: what to keep to.
        l2_norm: the exported network's features have length 1.

    Raises:
        InputError: a feature is not finite, or beyond the bound.
    """
    ours, theirs = (embed(pictures).double() for embed in (network, exported))
    ours = F.normalize(ours, dim=1) if l2_norm else ours
    difference = ((ours - theirs).abs() / ours.norm(dim=1, keepdim=True)).max().item()
    cosine = (F.normalize(ours, dim=1) * F.normalize(theirs, dim=1)).sum(1).min().item()
    parity = Parity(difference, cosine)
    if not (difference <= bound.difference and cosine >= bound.cosine):  # NaN, too
        raise InputError(
            f"the exported network does not give the features of the network ({parity}; the difference must "
            f"be at most {bound.difference:g}, the cosine at least {bound.cosine:g}); nothing was written"
        )
    return parity
