"""Flip, pad and crop, normalise: without a loop over the images, and without a host sync."""

from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F

from .erasing import random_erasing


class TrainTransform:
    """Augment a batch: flip, pad and crop, normalise, erase.

    Args:
        prob: probability of a flip.
        padding: black border before the crop [pixels].
        re_prob: probability of random erasing.
        mean: of the pixels in 0..1, (3,).
        std: of the pixels in 0..1, (3,).
    """

    def __init__(
        self, prob: float, padding: int, re_prob: float, mean: Sequence[float], std: Sequence[float]
    ):
        self.prob, self.padding, self.re_prob = prob, padding, re_prob
        self.mean, self.std = mean, std
        self.generator: torch.Generator | None = None
        self.seed = 0

    def reseed(self, seed: int) -> None:
        """Start the random numbers anew."""
        self.seed, self.generator = seed, None

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) uint8 RGB to (B, 3, H, W) float32, channels last, on the same device."""
        if self.generator is None or self.generator.device != images.device:
            self.generator = torch.Generator(images.device)
            self.generator.manual_seed(self.seed)
        images = random_flip_crop(images, self.prob, self.padding, self.generator)
        images = normalise(images, self.mean, self.std)
        return random_erasing(images, self.re_prob, self.generator)


class TestTransform:
    """Normalise a batch.

    Args:
        mean: of the pixels in 0..1, (3,).
        std: of the pixels in 0..1, (3,).
    """

    __test__ = False  # no test class, whatever pytest reads in the name

    def __init__(self, mean: Sequence[float], std: Sequence[float]):
        self.mean, self.std = mean, std

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) uint8 RGB to (B, 3, H, W) float32, channels last, on the same device."""
        return normalise(images, self.mean, self.std)


def random_flip_crop(
    images: torch.Tensor, prob: float, padding: int, generator: torch.Generator
) -> torch.Tensor:
    """Flip each image with probability ``prob``, pad it with black and crop it back at a random place.

    Args:
        images: (B, C, H, W), any dtype.
        prob: probability of a horizontal flip.
        padding: border on each side [pixels]; offsets are uniform over 0..2 x padding.
        generator: of the random numbers, on the images' device.

    Returns:
        (B, C, H, W), same dtype.
    """
    size, height, width = images.shape[0], images.shape[2], images.shape[3]
    device = images.device
    flip = torch.rand(size, 1, generator=generator, device=device) < prob
    top = torch.randint(2 * padding + 1, (size, 1), generator=generator, device=device)
    left = torch.randint(2 * padding + 1, (size, 1), generator=generator, device=device)
    rows = top + torch.arange(height, device=device)
    cols = left + torch.arange(width, device=device)
    cols = torch.where(flip, width + 2 * padding - 1 - cols, cols)  # a crop of the flipped image
    padded = F.pad(images.permute(0, 2, 3, 1), (0, 0, padding, padding, padding, padding))
    batch = torch.arange(size, device=device)[:, None, None]
    return padded[batch, rows[:, :, None], cols[:, None, :]].permute(0, 3, 1, 2)


def normalise(images: torch.Tensor, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """(pixel / 255 - mean) / std for (B, 3, H, W) uint8 images; float32, channels last."""
    scale, shift = _constants(tuple(mean), tuple(std), images.device)
    return images.to(torch.float32, memory_format=torch.channels_last).mul_(scale).sub_(shift)


@lru_cache(maxsize=8)
def _constants(mean: tuple, std: tuple, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    # Kept, since copying them to a GPU in every step would make the host wait for it.
    mean, std = (torch.tensor(values, device=device).view(-1, 1, 1) for values in (mean, std))
    return 1 / (255 * std), mean / std
