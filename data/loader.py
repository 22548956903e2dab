"""uint8 batches, one after another, read by other processes where there are some."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from loguru import logger
from torch.utils.data import DataLoader

from utils.errors import InputError

from .images import Batch, ImageDataset
from .workers import PATIENCE, Lost, PatientIterator, explain, hand_over, ignore_ctrl_c


class ReidLoader(DataLoader):
    """A DataLoader of ``Batch``; ``transform`` makes the network's input of its images, on their device.

    It yields as many batches as it is long; where files are left out, a batch may be small, or empty.

    Args:
        dataset: what to load.
        transform: from (B, 3, H, W) uint8 to float32.
        on_bad_image: 'stop' or 'skip'.
        kwargs: of DataLoader.

    Raises:
        InputError: while iterating, for a file that is not an image, with 'stop', for a batch that has no
            image to replace the unreadable ones with, and for reading processes that die, hang or cannot
            send what they have read.

    Attributes:
        while_waiting: called every few seconds while no batch comes from the reading processes; what it
            raises ends the wait.
    """

    def __init__(self, dataset: ImageDataset, transform: Callable, on_bad_image: str, **kwargs):
        # With a generator of its own, starting to read draws none of the training's random numbers.
        super().__init__(
            dataset,
            collate_fn=hand_over,
            worker_init_fn=ignore_ctrl_c,
            generator=torch.Generator(),
            timeout=PATIENCE if kwargs.get("num_workers") else 0,
            **kwargs,
        )
        self.transform = transform
        self.on_bad_image = on_bad_image
        self.while_waiting: Callable[[], None] = lambda: None
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
        batches = None
        try:
            batches = super().__iter__()
            for batch in batches:
                if isinstance(batch, Lost):
                    raise InputError(batch.message)
                yield batch
        except Exception as error:
            if self.num_workers and (failed := batches or self._iterator):
                failed.end()
                self._iterator = None
            if message := explain(error):
                raise InputError(message) from error
            raise

    def _get_iterator(self):
        return PatientIterator(self) if self.num_workers else super()._get_iterator()

    def _report(self, path: str) -> None:
        if self.on_bad_image == "stop":
            raise InputError(
                f"{path} cannot be read as an image; remove it, or go on without such files with "
                "DATASETS.ON_BAD_IMAGE skip"
            )
        if path not in self._warned:
            self._warned.add(path)
            logger.warning(f"skipped {path}: it cannot be read as an image")
