"""Records to uint8 batches."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
import torch
from loguru import logger
from torch.utils.data import DataLoader, Dataset

from utils.errors import InputError

from .datasets import Record

# A process per core is parallel enough, and a worker forked from a process with OpenCV threads would wait for
# them forever.
cv2.setNumThreads(0)


class Batch(NamedTuple):
    """What a loader yields."""

    images: torch.Tensor  # (B, 3, H, W) uint8 RGB, channels last
    pids: torch.Tensor  # (B,) int64
    camids: torch.Tensor  # (B,) int64
    indices: torch.Tensor  # (B,) int64, place in the loader's records
    bad: list[str]  # files of this batch that could not be read


class ImageDataset(Dataset):
    """Images of records, resized.

    Args:
        records: what to read.
        size: height and width [pixels].
    """

    def __init__(self, records: list[Record], size: tuple[int, int]):
        self.records = records
        self.size = tuple(size)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> tuple[np.ndarray | None, Record, int]:
        """The image, (H, W, 3) uint8 RGB or None if unreadable, its record and its index."""
        record = self.records[index]
        return read_image(record.path, self.size), record, index


class ReidLoader(DataLoader):
    """A DataLoader of ``Batch``; ``transform`` makes the network's input of its images, on their device.

    It yields as many batches as it is long; where files are skipped, a batch may be small, or empty.

    Args:
        dataset: what to load.
        transform: from (B, 3, H, W) uint8 to float32.
        on_bad_image: 'stop' or 'skip'.
        kwargs: of DataLoader.

    Raises:
        InputError: while iterating, for a file that is no image, with 'stop'.
    """

    def __init__(self, dataset: ImageDataset, transform: Callable, on_bad_image: str, **kwargs):
        super().__init__(dataset, collate_fn=collate, **kwargs)
        self.transform = transform
        self.on_bad_image = on_bad_image
        self._warned: set[str] = set()

    def set_epoch(self, epoch: int) -> None:
        """Choose the order and the augmentation of an epoch; nothing else decides them but the seed."""
        self.batch_sampler.set_epoch(epoch)
        self.transform.reseed(self.batch_sampler.seed * 100_003 + epoch)

    def __iter__(self) -> Iterator[Batch]:
        for batch in super().__iter__():
            for path in batch.bad:
                self._report(path)
            yield batch

    def _report(self, path: str) -> None:
        if self.on_bad_image == "stop":
            raise InputError(
                f"{path} cannot be read as an image; remove it, or go on without such files with "
                "DATASETS.ON_BAD_IMAGE skip"
            )
        if path not in self._warned:
            self._warned.add(path)
            logger.warning(f"skipped {path}: it cannot be read as an image")


def read_image(path: str, size: tuple[int, int]) -> np.ndarray | None:
    """Read and resize an image.

    Args:
        path: any format that OpenCV reads, a name in any language.
        size: height and width [pixels].

    Returns:
        (H, W, 3) uint8 RGB, or None if the file cannot be read as an image.
    """
    try:
        # OpenCV's own file reading does not know names outside the code page on Windows.
        image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
    if image is None:
        return None
    height, width = size
    if image.shape[:2] != (height, width):
        shrinks = image.shape[0] > height and image.shape[1] > width
        image = cv2.resize(
            image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def collate(items: list[tuple[np.ndarray | None, Record, int]]) -> Batch:
    """Put items into a batch; those without an image are only named."""
    good = [item for item in items if item[0] is not None]
    images = torch.from_numpy(np.stack([image for image, _, _ in good])) if good else torch.empty(0, 1, 1, 3)
    return Batch(
        images.permute(0, 3, 1, 2),
        torch.tensor([record.pid for _, record, _ in good], dtype=torch.int64),
        torch.tensor([record.camid for _, record, _ in good], dtype=torch.int64),
        torch.tensor([index for _, _, index in good], dtype=torch.int64),
        [record.path for image, record, _ in items if image is None],
    )
