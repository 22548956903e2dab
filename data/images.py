"""Records to uint8 batches."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

from utils.device import upload

from .cache import PixelCache
from .datasets import Names, Record
from .reading import read_image


class Batch(NamedTuple):
    """What a loader yields."""

    images: torch.Tensor  # (B, 3, H, W), channels last: uint8 RGB; from a DeviceLoader, the network's input
    pids: torch.Tensor  # (B,) int64
    camids: torch.Tensor  # (B,) int64
    indices: torch.Tensor  # (B,) int64, place in the loader's records
    bad: list[str]  # files of this batch that could not be read

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device, where some of it may lie already."""
        return Batch(*(upload(field, device) for field in self[:4]), self.bad)


NUMBERS = Names()  # people and cameras that have no other names


class ImageDataset(Dataset):
    """Images of records, resized, fetched by whole batches.

    Args:
        records: what to read.
        size: height and width [pixels].
        cache: of these records at this size; None: the files are read each time.
        replace_bad: put another image of the batch, of the same identity if there is one, in the place of one
            that cannot be read, so that every batch is as large as it was drawn. False: it is left out.
        names: of the records' people and cameras.
    """

    def __init__(
        self,
        records: list[Record],
        size: tuple[int, int],
        cache: PixelCache | None = None,
        replace_bad: bool = False,
        names: Names = NUMBERS,
    ):
        self.records = records
        self.size = tuple(size)
        self.cache = cache
        self.replace_bad = replace_bad
        self.names = names

    def __len__(self) -> int:
        return len(self.records)

    def digest(self) -> str:
        """Of the names and person ids, in order; the folders above may move."""
        digest = hashlib.sha256()
        for record in self.records:
            digest.update(f"{Path(record.path).name}\0{record.pid}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """The batch of these records."""
        images, good = self._read(indices)
        bad = [self.records[i].path for i in indices if i not in good]
        if self.replace_bad and bad and good:
            shown = [self._nearest(i, good) for i in indices]
            images, good = images[shown], [good[place] for place in shown]
        records = [self.records[i] for i in good]
        return Batch(
            images.permute(0, 3, 1, 2),
            torch.tensor([record.pid for record in records], dtype=torch.int64),
            torch.tensor([record.camid for record in records], dtype=torch.int64),
            torch.tensor(good, dtype=torch.int64),
            bad,
        )

    def _read(self, indices: Sequence[int]) -> tuple[torch.Tensor, list[int]]:
        """The images that can be read (n, H, W, 3), and their indices."""
        if self.cache:
            good = [i for i in indices if i not in self.cache.unreadable]
            return self.cache.images(good), good
        images = {i: read_image(self.records[i].path, self.size) for i in indices}
        good = [i for i in indices if images[i] is not None]
        pixels = np.stack([images[i] for i in good]) if good else np.empty((0, *self.size, 3), np.uint8)
        return torch.from_numpy(pixels), good

    def _nearest(self, index: int, good: list[int]) -> int:
        """The place in ``good`` of this image, else of one of its identity, else of any."""
        pid = self.records[index].pid
        return min(range(len(good)), key=lambda n: (good[n] != index, self.records[good[n]].pid != pid))
