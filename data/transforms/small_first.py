"""Progressive resizing: the first epochs see small images."""

from collections.abc import Sequence

import torch
from torchvision.transforms.v2 import functional

from .batch import TrainTransform


class SmallFirst:
    """Shrinks the images of the first epochs, and their padding with them, before all else is done to them.

    Args:
        transform: what is done to the images.
        small: height and width in the first epochs [pixels].
        full: height and width that the images come with [pixels].
        epochs: how many epochs have small images.
    """

    def __init__(self, transform: TrainTransform, small: Sequence[int], full: Sequence[int], epochs: int):
        self.transform, self.epochs = transform, epochs
        self.small, self.full = list(small), list(full)
        self.paddings = (round(transform.padding * small[0] / full[0]), transform.padding)
        self.size = self.full  # of the current epoch

    @property
    def generator(self) -> torch.Generator:
        """Of the random numbers."""
        return self.transform.generator

    def set_epoch(self, epoch: int) -> None:
        """Choose the size of an epoch, counted from 1."""
        first = epoch <= self.epochs
        self.size = self.small if first else self.full
        self.transform.padding = self.paddings[0 if first else 1]

    def __call__(self, images: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """(B, 3, H, W) uint8 RGB to (B, 3, h, w) of ``dtype``, channels last, on the same device."""
        if list(images.shape[2:]) != self.size:
            images = functional.resize(images, self.size, antialias=True)
        return self.transform(images, dtype)
