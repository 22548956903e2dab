"""Images of every kind to features, by a network that gives what it sees."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from data.transforms import TestTransform
from engine import FeatureExtractor
from tests.data.custom_data import write_image
from utils.errors import InputError

SIZE = (16, 8)


class Seen(nn.Module):
    """Gives the pixels of the first row."""

    feature_dim = 3 * SIZE[1]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, :, 0].flatten(1)


@pytest.fixture
def extract():
    transform = TestTransform([0, 0, 0], [1 / 255] * 3, SIZE)
    return FeatureExtractor(Seen(), transform, torch.device("cpu"), batch_size=2, amp=False)


@pytest.fixture
def files(tmp_path):
    return [write_image(tmp_path / f"{n}.png", n, SIZE) for n in range(5)]


def test_files_arrays_and_tensors_give_the_same(extract, files):
    arrays = [cv2.imread(str(file))[..., ::-1] for file in files]
    expected = torch.tensor(np.stack([array[0].T.ravel() for array in arrays])).float()
    assert torch.allclose(extract(files), expected, atol=1e-3)
    tensors = [torch.from_numpy(array.copy()).permute(2, 0, 1) for array in arrays]
    for images in (list(map(str, files)), arrays, np.stack(arrays), tensors, torch.stack(tensors)):
        found = extract(images)
        assert found.dtype == torch.float32 and torch.equal(found, extract(files))
    mixed = [files[0], arrays[1], tensors[2]]
    assert torch.equal(extract(mixed), extract(files[:3]))
    assert extract([]).shape == (0, 3 * SIZE[1])


def test_one_image_is_a_list_of_one(extract, files):
    array = cv2.imread(str(files[0]))[..., ::-1]
    tensor = torch.from_numpy(array.copy()).permute(2, 0, 1)
    for image in (files[0], str(files[0]), array, tensor):
        assert torch.equal(extract(image), extract(files[:1]))


def test_other_sizes_are_resized_as_files_are(extract, tmp_path):
    file = write_image(tmp_path / "large.png", 7, (48, 32))
    array = cv2.imread(str(file))[..., ::-1]
    tensor = torch.from_numpy(array.copy()).permute(2, 0, 1)
    for images in ([array], [tensor], tensor[None]):
        assert torch.equal(extract(images), extract([file]))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((*SIZE, 3)),
        np.zeros((*SIZE, 4), np.uint8),
        np.zeros(SIZE, np.uint8),
        torch.zeros(1, *SIZE, dtype=torch.uint8),
        torch.zeros(3, *SIZE),
    ],
)
def test_other_arrays_are_refused(extract, image):
    with pytest.raises(ValueError, match="uint8 RGB"):
        extract([image])


def test_a_file_that_is_no_image_is_named(extract, tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(InputError, match="text.jpg cannot be read as an image"):
        extract([tmp_path / "text.jpg"])
