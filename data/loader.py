"""uint8 batches, one after another, read by other processes where there are some."""

from collections.abc import Callable, Iterator

import torch
from loguru import logger
from torch.utils.data import DataLoader

from utils.errors import InputError

from .images import Batch, ImageDataset
from .workers import PATIENCE, Lost, PatientIterator, explain, hand_over, ignore_ctrl_c


class ReidLoader(DataLoader):
    """A DataLoader of ``Batch``, on the host.

    It yields as many batches as it is long; where files are left out, a batch may be small, or empty.

    Args:
        dataset: what to load.
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

    def __init__(self, dataset: ImageDataset, on_bad_image: str, **kwargs):
        # With a generator of its own, starting to read draws none of the training's random numbers.
        super().__init__(
            dataset,
            collate_fn=hand_over,
            worker_init_fn=ignore_ctrl_c,
            generator=torch.Generator(),
            timeout=PATIENCE if kwargs.get("num_workers") else 0,
            **kwargs,
        )
        self.on_bad_image = on_bad_image
        self.while_waiting: Callable[[], None] = lambda: None
        self._warned: set[str] = set()

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
            if self.num_workers:
                failed = self._iterator if batches is None else batches
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
                f"{path} cannot be read as an image; remove it, or skip such files with "
                "DATASETS.ON_BAD_IMAGE skip"
            )
        if path not in self._warned:
            self._warned.add(path)
            logger.warning(f"skipped {path}: it cannot be read as an image")
