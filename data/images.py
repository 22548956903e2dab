"""Records to uint8 batches."""

import hashlib
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from loguru import logger
from torch.utils.data import DataLoader, Dataset

from utils.errors import READER_DIED, InputError

from .cache import PixelCache
from .datasets import Record
from .reading import read_image


class Batch(NamedTuple):
    """What a loader yields."""

    images: torch.Tensor  # (B, 3, H, W) uint8 RGB, channels last
    pids: torch.Tensor  # (B,) int64
    camids: torch.Tensor  # (B,) int64
    indices: torch.Tensor  # (B,) int64, place in the loader's records
    bad: list[str]  # files of this batch that could not be read

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        return Batch(*(field.to(device, non_blocking=True) for field in self[:4]), self.bad)


class ImageDataset(Dataset):
    """Images of records, resized, fetched by whole batches.

    Args:
        records: what to read.
        size: height and width [pixels].
        cache: of these records at this size; None: the files are read each time.
        replace_bad: put another image of the batch, of the same identity if there is one, in the place of one
            that cannot be read, so that every batch is as large as it was drawn. False: it is left out.
    """

    def __init__(
        self,
        records: list[Record],
        size: tuple[int, int],
        cache: PixelCache | None = None,
        replace_bad: bool = False,
    ):
        self.records = records
        self.size = tuple(size)
        self.cache = cache
        self.replace_bad = replace_bad

    def __len__(self) -> int:
        return len(self.records)

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


class ReidLoader(DataLoader):
    """A DataLoader of ``Batch``; ``transform`` makes the network's input of its images, on their device.

    It yields as many batches as it is long; where files are left out, a batch may be small, or empty.

    Args:
        dataset: what to load.
        transform: from (B, 3, H, W) uint8 to float32.
        on_bad_image: 'stop' or 'skip'.
        kwargs: of DataLoader.

    Raises:
        InputError: while iterating, for a file that is no image, with 'stop', for a batch that has no image
            to replace the unreadable ones with, and for a reading process that died.
    """

    def __init__(self, dataset: ImageDataset, transform: Callable, on_bad_image: str, **kwargs):
        # With a generator of its own, starting to read draws none of the training's random numbers.
        super().__init__(
            dataset,
            collate_fn=_as_it_is,
            worker_init_fn=_ignore_ctrl_c,
            generator=torch.Generator(),
            **kwargs,
        )
        self.transform = transform
        self.on_bad_image = on_bad_image
        self._warned: set[str] = set()

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Choose the order and the augmentation of an epoch; nothing else decides them but the seed.

        Args:
            epoch: its number.
            start: batches that have been trained on; from there, the augmentation goes on as it stands.
        """
        self.batch_sampler.set_epoch(epoch, start)
        if not start:
            self.transform.reseed(self.batch_sampler.seed * 100_003 + epoch)

    def state_dict(self) -> dict:
        """What the images are, and where the random numbers of their augmentation stand."""
        return {"images": self._digest(), "generator": self.transform.generator.get_state()}

    def load_state_dict(self, state: dict) -> None:
        """Go on from a ``state_dict``.

        Raises:
            InputError: it is of other images.
        """
        if state["images"] != self._digest():
            raise InputError(
                "the training images are not those that this run began with: files or identities have come, "
                "gone or changed names; start a new run, from its weights with --pretrain_choice self "
                "--model_path <run>/mAPxx.pth"
            )
        self.transform.generator.set_state(state["generator"])

    def _digest(self) -> str:
        """Of the names and person ids, in order; the folders above may move."""
        digest = hashlib.sha256()
        for record in self.dataset.records:
            digest.update(f"{Path(record.path).name}\0{record.pid}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def __iter__(self) -> Iterator[Batch]:
        for batch in self._batches():
            for path in batch.bad:
                self._report(path)
            if self.dataset.replace_bad and not len(batch.images):
                raise InputError(f"none of {len(batch.bad)} images of a batch can be read: {batch.bad[0]}, …")
            yield batch

    def _batches(self) -> Iterator[Batch]:
        try:
            yield from super().__iter__()
        except (ConnectionError, EOFError) as error:
            raise InputError(READER_DIED.format("a batch that it had announced is lost")) from error

    def _report(self, path: str) -> None:
        if self.on_bad_image == "stop":
            raise InputError(
                f"{path} cannot be read as an image; remove it, or go on without such files with "
                "DATASETS.ON_BAD_IMAGE skip"
            )
        if path not in self._warned:
            self._warned.add(path)
            logger.warning(f"skipped {path}: it cannot be read as an image")


def _ignore_ctrl_c(_: int) -> None:
    """Leave Ctrl-C, which every process of a terminal hears, to the process that is read for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _as_it_is(batch: Batch) -> Batch:
    """Collate nothing: the data set gives whole batches."""
    return batch
