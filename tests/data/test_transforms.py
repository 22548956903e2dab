"""The batch transforms against the plain per-image definitions."""

import math
import random

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from benchmarks.per_image_pipeline import per_image_transform
from data.transforms import (
    POLICIES,
    TestTransform,
    TrainTransform,
    denormalise,
    make_train_transform,
    normalise,
    random_erasing,
    random_flip_crop,
)
from data.transforms.color import GROUPS, PolicyOnGroups
from data.transforms.erasing import DRAWS, rectangles

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def uniform(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def numbered(batch: int, height: int, width: int) -> torch.Tensor:
    """Images in which each pixel tells its place: channel 0 the row + 1, channel 1 the column + 1."""
    images = torch.zeros(batch, 3, height, width, dtype=torch.uint8)
    images[:, 0] = torch.arange(1, height + 1)[:, None]
    images[:, 1] = torch.arange(1, width + 1)[None, :]
    return images


def noise(batch: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (batch, 3, height, width), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_pictures_of_the_networks_input(dtype):
    images = torch.arange(256, dtype=torch.uint8).repeat(3).view(1, 3, 16, 16)
    found = denormalise(normalise(images, MEAN, STD, dtype), MEAN, STD)
    assert found.dtype == torch.uint8
    # A bfloat16 has 8 bits: at the largest inputs, 2.6, it steps by 1/64, which is 0.9 of a pixel's value.
    most = {torch.float32: 0, torch.float16: 0, torch.bfloat16: 1}[dtype]
    assert (found.int() - images.int()).abs().max() <= most
    beyond = denormalise(torch.full((1, 3, 2, 2), 9.0), MEAN, STD)
    assert (beyond == 255).all() and (denormalise(-beyond.float(), MEAN, STD) == 0).all()


def test_normalise():
    images = noise(2, 4, 5)
    for given in (images, images.contiguous(memory_format=torch.channels_last)):
        out = normalise(given, MEAN, STD)
        assert out.dtype == torch.float32 and out.is_contiguous(memory_format=torch.channels_last)
        for b in range(2):
            for c in range(3):
                for y in range(4):
                    for x in range(5):
                        expected = (images[b, c, y, x].item() / 255 - MEAN[c]) / STD[c]
                        assert out[b, c, y, x].item() == pytest.approx(expected, abs=1e-5)
        assert torch.equal(TestTransform(MEAN, STD, (64, 32))(given), out)
        assert TestTransform(MEAN, STD, (64, 32))(given[:0]).shape == (0, 3, 4, 5), "no file could be read"
        for dtype in (torch.bfloat16, torch.float16):
            rounded = normalise(given, MEAN, STD, dtype)
            assert torch.equal(rounded, out.to(dtype)) and rounded.stride() == out.stride()


def test_flip_crop_recomputed_image_by_image():
    height, width, padding = 12, 8, 3
    images, draws = noise(40, height, width), uniform(40, 3)
    out = random_flip_crop(images, 0.3, padding, draws)
    assert out.dtype == torch.uint8 and out.is_contiguous(memory_format=torch.channels_last)
    for image, result, (flip, y, x) in zip(images.numpy(), out.numpy(), draws.tolist(), strict=True):
        source = image[:, :, ::-1] if flip < 0.3 else image
        padded = np.pad(source, ((0, 0), (padding, padding), (padding, padding)))
        top, left = int(y * (2 * padding + 1)), int(x * (2 * padding + 1))
        assert (padded[:, top : top + height, left : left + width] == result).all()


@pytest.mark.parametrize("size", [1, 5])
def test_any_number_of_images(size):
    transform = TrainTransform(0.5, 4, 0.5, MEAN, STD)
    assert transform(noise(size, 32, 16)).shape == (size, 3, 32, 16)


@pytest.mark.parametrize("prob", [0.0, 0.3, 1.0])
def test_flip_probability(prob):
    out = random_flip_crop(numbered(4000, 2, 4), prob, 0, uniform(4000, 3))
    flipped = (out[:, 1, 0, 0] == 4).float().mean().item()
    assert flipped == pytest.approx(prob, abs=4 * math.sqrt(prob * (1 - prob) / 4000) + 1e-9)


def same_distribution(a, b) -> bool:
    """Two-sample Kolmogorov-Smirnov test, level 0.1 %."""
    values = np.unique(np.concatenate([a, b]))
    cdf = [np.searchsorted(np.sort(x), values, side="right") / len(x) for x in (a, b)]
    return np.abs(cdf[0] - cdf[1]).max() < 1.95 * math.sqrt((len(a) + len(b)) / (len(a) * len(b)))


def test_same_distributions_as_the_per_image_pipeline():
    """torchvision's transforms, one image at a time, against ours: place, flip and erased part."""
    height, width, padding, number = 24, 16, 4, 3000
    image = numbered(1, height, width)[0]
    torch.manual_seed(0)
    plain = per_image_transform((height, width), 0.5, padding, 0.5, [0, 0, 0], [1, 1, 1])
    source = Image.fromarray(image.permute(1, 2, 0).numpy())
    classical = torch.stack([plain(source) for _ in range(number)])
    ours = TrainTransform(0.5, padding, 0.5, [0, 0, 0], [1, 1, 1])(image.repeat(number, 1, 1, 1))

    def features(images: torch.Tensor) -> dict[str, np.ndarray]:
        pixels = (images * 255).round().numpy()
        middle = pixels[:, :, height // 2, width // 2]
        return {
            "row": middle[:, 0],
            "column": middle[:, 1],
            "black": (pixels[:, 0] == 0).mean((1, 2)),
            "black rows": (pixels[:, 0] == 0).all(2).mean(1),
            "sum of columns": pixels[:, 1].sum((1, 2)),
            "left to right": pixels[:, 1, :, -1].max(1) - pixels[:, 1, :, 0].max(1),
        }

    expected, found = features(classical), features(ours)
    for name in expected:
        assert same_distribution(found[name], expected[name]), name
    assert not same_distribution(found["black"], features(classical[:, :, :-1])["black"]), "the test can fail"


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


def ones(*shape: int) -> torch.Tensor:
    return torch.ones(*shape).contiguous(memory_format=torch.channels_last)


def test_erasing_has_the_distribution_of_the_plain_definition():
    height, width, number = 64, 32, 6000
    images = random_erasing(ones(number, 3, height, width), 0.5, uniform(number, DRAWS))
    assert torch.equal(images[:, 0], images[:, 1]) and torch.equal(images[:, 0], images[:, 2])
    boxes = np.array(erased_boxes(images))
    assert len(boxes) / number == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(number))
    rng = random.Random(0)
    plain = np.array([erase_plain(height, width, rng) for _ in range(len(boxes))])
    assert boxes[:, 2].max() < height and boxes[:, 3].max() < width
    assert all(same_distribution(boxes[:, column], plain[:, column]) for column in range(4))


def test_rectangles_recomputed_with_plain_arithmetic():
    draws = uniform(4, 50, seed=3).double()
    for i, (top, left, h, w, fits) in enumerate(zip(*rectangles(draws, 256, 128), strict=True)):
        area, aspect, y, x = draws[:4, i].tolist()
        area, aspect = 256 * 128 * (0.02 + 0.38 * area), 0.3 + (1 / 0.3 - 0.3) * aspect
        assert (h, w) == (round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect)))
        assert fits == (h < 256 and w < 128)
        if fits:
            assert (top, left) == (int(y * (256 - h + 1)), int(x * (128 - w + 1)))


def test_erasing_never_and_always():
    assert (random_erasing(ones(64, 3, 32, 16), 0.0, uniform(64, DRAWS)) == 1).all()
    assert len(erased_boxes(random_erasing(ones(64, 3, 32, 16), 1.0, uniform(64, DRAWS)))) == 64


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_train_transform_depends_on_its_seed_alone(device):
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a GPU")
    images = noise(8, 32, 16)
    transform = TrainTransform(0.5, 4, 0.5, MEAN, STD)
    transform.generator.manual_seed(1)
    first, second = transform(images), transform(images)
    transform.generator.manual_seed(1)
    assert torch.allclose(transform(images.to(device)).cpu(), first) and not torch.equal(first, second)
    plain = TrainTransform(0.0, 0, 0.0, MEAN, STD)
    assert torch.equal(plain(images), normalise(images, MEAN, STD))


def test_the_first_epochs_have_small_images_padded_less(load):
    words = ["INPUT.SIZE_TRAIN", "[128,64]", "INPUT.SIZE_FIRST", "[64,32]", "INPUT.FIRST_EPOCHS", "2"]
    alone = ["INPUT.PROB", "0", "INPUT.RE_PROB", "0"]
    transform = make_train_transform(load(*words, *alone, "INPUT.PADDING", "8"))
    images = torch.full((64, 3, 128, 64), 200, dtype=torch.uint8)
    borders = []
    for epoch, size in ((1, (64, 32)), (2, (64, 32)), (3, (128, 64))):
        transform.set_epoch(epoch)
        out = transform(images)
        assert out.shape == (64, 3, *size) and out.is_contiguous(memory_format=torch.channels_last)
        black = out[:, 0] < -1  # the border that the crop took in
        borders.append(int(black.all(2).sum(1).max()))
    assert borders == [4, 4, 8]


def test_small_images_are_the_large_ones_shrunk(load):
    words = ["INPUT.SIZE_TRAIN", "[128,64]", "INPUT.SIZE_FIRST", "[64,32]", "INPUT.FIRST_EPOCHS", "1"]
    transform = make_train_transform(load(*words, *("INPUT.PROB 0 INPUT.RE_PROB 0 INPUT.PADDING 0".split())))
    transform.set_epoch(1)
    rows = torch.arange(128, dtype=torch.uint8).view(1, 1, 128, 1).expand(1, 3, 128, 64)
    shrunk = transform(rows)[0, 0, :, 0] * STD[0] * 255 + MEAN[0] * 255
    for row in range(2, 62):
        assert abs(shrunk[row] - (2 * row + 0.5)) < 1  # between the two rows that it stands for


@pytest.mark.parametrize("policy", POLICIES)
def test_processes_together_make_the_pictures_that_one_makes(load, policy):
    words = ["INPUT.COLOR_JITTER_PROB", "0.5", "INPUT.AUTOAUG", policy, "INPUT.AUTOAUG_PROB", "0.5"]
    cfg = load(*words)
    images = noise(12, 32, 16)
    whole, *parts = (make_train_transform(cfg, shard) for shard in ((0, 1), (0, 3), (1, 3), (2, 3)))
    for transform in (whole, *parts):
        transform.generator.manual_seed(5)
    for _ in range(2):
        expected = whole(images)
        for rank, part in enumerate(parts):
            shown = part(images[4 * rank : 4 * rank + 4])
            assert torch.equal(shown, expected[4 * rank : 4 * rank + 4])


def test_policies_change_the_chosen_images_as_torchvision_does():
    images, draws = noise(32, 16, 8), uniform(32)
    policy = PolicyOnGroups(v2.ColorJitter(0.4, 0.3, 0.2, 0.1), 0.5)
    state = torch.random.get_rng_state()
    out = policy(images, draws, torch.Generator().manual_seed(7))
    assert torch.equal(torch.random.get_rng_state(), state), "the program's own random numbers are untouched"
    assert torch.equal(images, noise(32, 16, 8)), "the given pixels too: they may be the cache's"
    chosen = draws < 0.5
    assert torch.equal(out[~chosen], images[~chosen])
    assert all(not torch.equal(a, b) for a, b in zip(out[chosen], images[chosen], strict=True))
    seeds = torch.randint(2**31, (GROUPS,), generator=torch.Generator().manual_seed(7)).tolist()
    for i in chosen.nonzero().view(-1).tolist():
        torch.manual_seed(seeds[int(draws[i] / 0.5 * GROUPS)])
        assert torch.equal(out[i], policy.policy(images[i])), "as if the image stood alone"


def test_colour_jitter_has_the_distribution_of_the_per_image_definition():
    grey = torch.full((64, 3, 4, 4), 100, dtype=torch.uint8)
    jitter = v2.ColorJitter(brightness=0.5)
    policy, generator = PolicyOnGroups(jitter, 0.7), torch.Generator().manual_seed(0)
    ours = np.concatenate(
        [policy(grey, uniform(64, seed=i), generator)[:, 0, 0, 0].numpy() for i in range(200)]
    )
    torch.manual_seed(0)
    plain = np.array([jitter(grey[0])[0, 0, 0].item() if torch.rand(()) < 0.7 else 100 for _ in range(3000)])
    # The images of a group are alike, so that only one of each group tells something new.
    assert same_distribution(ours[:: 64 // GROUPS], plain)


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_of_the_settings(load, name):
    transform = make_train_transform(load("INPUT.AUTOAUG", name, "INPUT.AUTOAUG_PROB", "1.0"))
    images = noise(8, 32, 16)
    plain = make_train_transform(load())
    for t in (transform, plain):
        t.generator.manual_seed(3)
    out = transform(images)
    assert out.shape == images.shape and out.dtype == torch.float32 and out.isfinite().all()
    assert not torch.equal(out, plain(images))
