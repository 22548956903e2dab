"""Images as features: what the network gives and the evaluation takes."""

from typing import NamedTuple

import torch
import torch.nn.functional as F


class Embedded(NamedTuple):
    """Images as features, with their labels; N of them."""

    features: torch.Tensor  # (N, D) float32
    pids: torch.Tensor  # (N,) int64 person ids
    camids: torch.Tensor  # (N,) int64 camera ids
    indices: torch.Tensor  # (N,) int64, place in the loader's records
    mirrored: torch.Tensor | None = None  # (N, D) float32, features of the mirror images; None: not computed

    def where(self, chosen: torch.Tensor) -> "Embedded":
        """The images of a mask (N,), or of places (n,) int64, in their order."""
        return Embedded(*(None if field is None else field[chosen] for field in self))

    def normalised(self) -> "Embedded":
        """The same images with features scaled to length 1."""
        return self._replace(features=F.normalize(self.features, dim=1), mirrored=None)

    def averaged(self) -> "Embedded":
        """The same images, each with the mean of its features and those of its mirror image.

        Raises:
            ValueError: the mirror images' features were not computed.
        """
        if self.mirrored is None:
            raise ValueError("the features of the mirror images were not computed")
        return self._replace(features=(self.features + self.mirrored) / 2, mirrored=None)


class TestImages(NamedTuple):
    """The images of a test as features."""

    __test__ = False  # not a test class, though its name looks like one to pytest

    query: Embedded  # to search for
    gallery: Embedded  # to search in
    extra: Embedded | None = None  # further images of the queries' people (multi-query); None: none
