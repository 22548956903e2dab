"""Augment and normalise a batch: without a loop over the images, and without waiting for the device."""

from collections.abc import Sequence
from functools import lru_cache

import torch

from utils.device import upload

from .color import PolicyOnGroups
from .erasing import DRAWS as ERASING_DRAWS
from .erasing import random_erasing


class TrainTransform:
    """Augment a batch: colour policies, flip, pad and crop, normalise, erase.

    What is done to an image is drawn on the host, for the batch of all processes together: the same seed
    gives the same pictures on a CPU and on a GPU, in one process and in many.

    Args:
        prob: probability of a flip.
        padding: black border before the crop [pixels].
        re_prob: probability of random erasing.
        mean: of the pixels in 0..1, (3,).
        std: of the pixels in 0..1, (3,).
        policies: applied first, in this order.
        shard: number of this process, and of all.
    """

    def __init__(
        self,
        prob: float,
        padding: int,
        re_prob: float,
        mean: Sequence[float],
        std: Sequence[float],
        policies: Sequence[PolicyOnGroups] = (),
        shard: tuple[int, int] = (0, 1),
    ):
        self.prob, self.padding, self.re_prob = prob, padding, re_prob
        self.mean, self.std = mean, std
        self.policies = policies
        self.shard = shard
        self.generator = torch.Generator()

    def set_epoch(self, epoch: int) -> None:
        """What is done is the same in every epoch."""

    def __call__(self, images: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """(B, 3, H, W) uint8 RGB to (B, 3, H, W) of ``dtype``, channels last, on the same device."""
        for policy in self.policies:
            images = policy(images, self._draw(len(images)), self.generator)
        images = random_flip_crop(images, self.prob, self.padding, self._draw(len(images), 3))
        images = normalise(images, self.mean, self.std, dtype)
        return random_erasing(images, self.re_prob, self._draw(len(images), ERASING_DRAWS))

    def _draw(self, size: int, *shape: int) -> torch.Tensor:
        """Uniform numbers for this process's ``size`` images of the batch, (size, *shape)."""
        rank, processes = self.shard
        draws = torch.rand(processes * size, *shape, generator=self.generator)
        return draws[rank * size : (rank + 1) * size]


class TestTransform:
    """Normalise a batch.

    Args:
        mean: of the pixels in 0..1, (3,).
        std: of the pixels in 0..1, (3,).
        size: height and width that the network reads [pixels], to which images are resized beforehand.
    """

    __test__ = False  # not a test class, though its name looks like one to pytest

    def __init__(self, mean: Sequence[float], std: Sequence[float], size: Sequence[int]):
        self.mean, self.std = mean, std
        self.size = tuple(size)

    def __call__(self, images: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """(B, 3, H, W) uint8 RGB to (B, 3, H, W) of ``dtype``, channels last, on the same device."""
        return normalise(images, self.mean, self.std, dtype)


def random_flip_crop(images: torch.Tensor, prob: float, padding: int, draws: torch.Tensor) -> torch.Tensor:
    """Flip each image with probability ``prob``, pad it with black and crop it back at a random place.

    Args:
        images: (B, C, H, W), any dtype.
        prob: probability of a horizontal flip.
        padding: border on each side [pixels]; offsets are uniform over 0..2 x padding.
        draws: (B, 3) in [0, 1), on the host: flip, place of the top, place of the left side.

    Returns:
        (B, C, H, W), same dtype, channels last.
    """
    size, channels, height, width = images.shape
    flip, top, left = (draws[:, 0] < prob, *(draws[:, 1:] * (2 * padding + 1)).long().unbind(1))
    order = torch.argsort(flip, stable=True)  # the images to flip go last
    kept = size - int(flip.sum())
    images = images.permute(0, 2, 3, 1).index_select(0, upload(order, images.device))
    padded = images.new_zeros(size, height + 2 * padding, width + 2 * padding, channels)
    inner = padded[:, padding : padding + height, padding : padding + width]
    inner[:kept] = images[:kept]
    inner[kept:] = images[kept:].flip(2)
    # A row of a crop is a run of values in memory: copied as one, it costs a tenth of a gather by pixels.
    place = torch.argsort(order)
    rows = place[:, None] * padded.shape[1] + top[:, None] + torch.arange(height)
    starts = (rows * padded.shape[2] + left[:, None]).view(-1) * channels
    runs = padded.view(-1).unfold(0, width * channels, 1)
    crops = runs.index_select(0, upload(starts, images.device))
    return crops.view(size, height, width, channels).permute(0, 3, 1, 2)


def normalise(
    images: torch.Tensor, mean: Sequence[float], std: Sequence[float], dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """(pixel / 255 - mean) / std for (B, 3, H, W) uint8 images, channels last.

    Computed in float32 and rounded once to ``dtype``: in autocast's precision it is what autocast itself
    would make of float32 images, at half the memory.
    """
    out = torch.empty_like(images, dtype=dtype, memory_format=torch.channels_last)
    scale, shift = _constants(tuple(mean), tuple(std), images.shape[3], images.device)
    # A few images at a time stay in a CPU's cache from one operation to the next.
    size = 2 if images.device.type == "cpu" else max(1, len(images))
    for pixels, values in zip(images.split(size), out.split(size), strict=True):
        # In rows of W x 3 values, which the processor goes through faster than through W times 3.
        rows = pixels.permute(0, 2, 3, 1).float().flatten(2)
        values.permute(0, 2, 3, 1).view_as(rows).copy_(rows.mul_(scale).sub_(shift))
    return out


def denormalise(images: torch.Tensor, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """The network's input as pictures: what ``normalise`` was given, but for what the dtype rounded.

    Args:
        images: (B, 3, H, W), normalised, of any floating dtype.
        mean: of the pixels in 0..1, (3,).
        std: of the pixels in 0..1, (3,).

    Returns:
        (B, 3, H, W) uint8 RGB, on the same device.
    """
    mean, std = (images.new_tensor(values, dtype=torch.float32)[:, None, None] for values in (mean, std))
    return (255 * (images.float() * std + mean)).round().clamp(0, 255).to(torch.uint8)


@lru_cache(maxsize=8)
def _constants(mean: tuple, std: tuple, width: int, device: torch.device) -> tuple[torch.Tensor, ...]:
    # Kept, since copying them to a GPU in every step would make the host wait for it.
    mean, std = (torch.tensor(values, device=device).repeat(width) for values in (mean, std))
    return 1 / (255 * std), mean / std
