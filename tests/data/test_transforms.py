"""The batch transforms against the plain per-image definitions."""

import math
import random

import numpy as np
import pytest
import torch

from data.transforms import TestTransform, TrainTransform, normalise, random_erasing, random_flip_crop
from data.transforms.erasing import rectangles

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(batch: int, height: int, width: int) -> torch.Tensor:
    """Images in which each pixel tells its place: channel 0 the row + 1, channel 1 the column + 1."""
    images = torch.zeros(batch, 3, height, width, dtype=torch.uint8)
    images[:, 0] = torch.arange(1, height + 1)[:, None]
    images[:, 1] = torch.arange(1, width + 1)[None, :]
    return images


def test_normalise():
    images = torch.randint(0, 256, (2, 3, 4, 5), dtype=torch.uint8)
    out = normalise(images, MEAN, STD)
    assert out.dtype == torch.float32 and out.is_contiguous(memory_format=torch.channels_last)
    for b in range(2):
        for c in range(3):
            for y in range(4):
                for x in range(5):
                    expected = (images[b, c, y, x].item() / 255 - MEAN[c]) / STD[c]
                    assert out[b, c, y, x].item() == pytest.approx(expected, abs=1e-5)
    assert torch.equal(TestTransform(MEAN, STD)(images), out)


def test_flip_crop_is_a_window_of_the_padded_and_perhaps_flipped_image():
    height, width, padding = 12, 8, 3
    images = numbered(500, height, width)
    out = random_flip_crop(images, 0.5, padding, generator())
    assert out.shape == images.shape and out.dtype == torch.uint8
    seen = set()
    for image, result in zip(images.numpy(), out.numpy(), strict=True):
        windows = {}
        for flip in (False, True):
            source = image[:, :, ::-1] if flip else image
            padded = np.pad(source, ((0, 0), (padding, padding), (padding, padding)))
            for top in range(2 * padding + 1):
                for left in range(2 * padding + 1):
                    window = padded[:, top : top + height, left : left + width]
                    windows[window.tobytes()] = (flip, top, left)
        seen.add(windows[np.ascontiguousarray(result).tobytes()])
    # 500 draws of 98 equally likely windows miss each with probability 0.6 %.
    assert len(seen) > 85 and {s[1] for s in seen} == {s[2] for s in seen} == set(range(7))


@pytest.mark.parametrize("prob", [0.0, 0.3, 1.0])
def test_flip_probability(prob):
    out = random_flip_crop(numbered(4000, 2, 4), prob, 0, generator())
    flipped = (out[:, 1, 0, 0] == 4).float().mean().item()
    assert flipped == pytest.approx(prob, abs=4 * math.sqrt(prob * (1 - prob) / 4000) + 1e-9)


def erase_plain(height: int, width: int, rng: random.Random) -> tuple[int, int, int, int] | None:
    """Random erasing of one image as it was published: top, left, height, width."""
    for _ in range(100):
        area = rng.uniform(0.02, 0.4) * height * width
        aspect = rng.uniform(0.3, 1 / 0.3)
        h, w = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if h < height and w < width:
            return rng.randint(0, height - h), rng.randint(0, width - w), h, w
    return None


def erased_boxes(images: torch.Tensor) -> list[tuple[int, int, int, int]]:
    boxes = []
    for mask in images[:, 0] == 0:
        rows, cols = torch.where(mask.any(1))[0], torch.where(mask.any(0))[0]
        if len(rows):
            top, left, h, w = rows[0].item(), cols[0].item(), len(rows), len(cols)
            assert mask[top : top + h, left : left + w].all() and mask.sum() == h * w, "a full rectangle"
            boxes.append((top, left, h, w))
    return boxes


def test_erasing_has_the_distribution_of_the_plain_definition():
    height, width, number = 64, 32, 6000
    images = random_erasing(torch.ones(number, 3, height, width), 0.5, generator())
    assert torch.equal(images[:, 0], images[:, 1]) and torch.equal(images[:, 0], images[:, 2])
    boxes = np.array(erased_boxes(images))
    assert len(boxes) / number == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(number))
    rng = random.Random(0)
    plain = np.array([erase_plain(height, width, rng) for _ in range(len(boxes))])
    assert boxes[:, 2].max() < height and boxes[:, 3].max() < width
    for column in range(4):  # two-sample Kolmogorov-Smirnov, level 0.1 %
        values = np.arange(-1, 65)
        cdf = [np.searchsorted(np.sort(x[:, column]), values, side="right") / len(x) for x in (boxes, plain)]
        assert np.abs(cdf[0] - cdf[1]).max() < 1.95 * math.sqrt(2 / len(boxes))


def test_rectangles_recomputed_with_plain_arithmetic():
    draws = torch.rand(5, 50, generator=generator(3), dtype=torch.float64)
    for i, (top, left, h, w, fits) in enumerate(zip(*rectangles(draws, 256, 128), strict=True)):
        area, aspect, y, x = draws[:4, i].tolist()
        area, aspect = 256 * 128 * (0.02 + 0.38 * area), 0.3 + (1 / 0.3 - 0.3) * aspect
        assert (h, w) == (round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect)))
        assert fits == (h < 256 and w < 128)
        if fits:
            assert (top, left) == (int(y * (256 - h + 1)), int(x * (128 - w + 1)))


def test_erasing_never_and_always():
    assert (random_erasing(torch.ones(64, 3, 32, 16), 0.0, generator()) == 1).all()
    assert len(erased_boxes(random_erasing(torch.ones(64, 3, 32, 16), 1.0, generator()))) == 64


def test_train_transform_depends_on_its_seed_alone():
    images = torch.randint(0, 256, (8, 3, 32, 16), dtype=torch.uint8)
    transform = TrainTransform(0.5, 4, 0.5, MEAN, STD)
    transform.reseed(1)
    first, second = transform(images), transform(images)
    transform.reseed(1)
    assert torch.equal(transform(images), first) and not torch.equal(first, second)
    plain = TrainTransform(0.0, 0, 0.0, MEAN, STD)
    assert torch.equal(plain(images), normalise(images, MEAN, STD))
