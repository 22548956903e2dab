"""How near the features of an exported network are to those of the network that it came from."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F

from data.datasets.drawing.camera import make_cameras
from data.datasets.drawing.person import sample_person
from data.datasets.drawing.photo import take_photo
from utils.errors import InputError

SEED = 7  # of the pictures
Embed = Callable[[list[np.ndarray]], torch.Tensor]


class Parity(NamedTuple):
    """What two networks make of the same pictures."""

    difference: float  # the largest between two values of the features, which have length 1
    cosine: float  # the least between two features of a picture

    def __str__(self) -> str:
        return f"largest difference {self.difference:.1e}, least cosine {self.cosine:.6f}"


def check_parity(network: Embed, exported: Embed, least_cosine: float) -> Parity:
    """Compare the features of drawn people.

    Args:
        network: list of (h, w, 3) uint8 RGB -> (N, D) features.
        exported: the same of the exported network.
        least_cosine: bound.

    Raises:
        InputError: a feature is not finite, or below the bound.
    """
    pictures = drawn_people()
    ours, theirs = (F.normalize(embed(pictures).double(), dim=1) for embed in (network, exported))
    parity = Parity((ours - theirs).abs().max().item(), (ours * theirs).sum(1).min().item())
    if not parity.cosine >= least_cosine:  # NaN, too
        raise InputError(
            f"the exported network does not give the features of the network ({parity}; the cosine must be "
            f"at least {least_cosine}); nothing was written"
        )
    return parity


def drawn_people(number: int = 16) -> list[np.ndarray]:
    """Pictures of people, each another person, (128, 64, 3) uint8 RGB."""
    cameras = make_cameras((SEED,))
    rngs = [np.random.default_rng((SEED, person)) for person in range(number)]
    photos = [take_photo(sample_person(rng), cameras[i % len(cameras)], rng) for i, rng in enumerate(rngs)]
    return [np.ascontiguousarray(photo[..., ::-1]) for photo in photos]
