"""Batches as the network reads them: on its device, transformed, in its precision."""

from collections.abc import Callable, Iterator
from functools import cache

import torch

from utils.errors import InputError

from .images import Batch, ImageDataset
from .loader import ReidLoader


class DeviceLoader:
    """The batches of a loader, put on a device and made into the network's input there.

    On a GPU a batch is copied and transformed on a stream of its own, beside what the network still computes
    of the batch before: that one is handed over first, and the next only read once it is asked for. So no
    random number is drawn for a batch that is not handed over, and the state that is saved after a batch is
    that from which the next one is drawn.

    Args:
        loader: of uint8 batches, pinned where the device is a GPU.
        transform: transform(images (B, 3, H, W) uint8 RGB, dtype) -> the network's input, on their device;
            that of training has ``set_epoch`` and a ``generator``.
        device: where the batches shall lie.
        dtype: of the network's input, see ``utils.device.network_dtype``.
    """

    def __init__(
        self,
        loader: ReidLoader,
        transform: Callable[[torch.Tensor, torch.dtype], torch.Tensor],
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ):
        self.loader, self.transform = loader, transform
        self.device, self.dtype = device, dtype

    @property
    def dataset(self) -> ImageDataset:
        """The images, with their records."""
        return self.loader.dataset

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        """Batches whose ``images`` are (B, 3, H, W) of ``dtype``, channels last.

        Raises:
            InputError: as the loader.
        """
        stream = _side_stream(self.device)
        if stream:  # pixels that were put on the device may still be on their way
            stream.wait_stream(torch.cuda.current_stream(self.device))
        batches = iter(self.loader)
        while True:
            with torch.cuda.stream(stream):  # None: as it is
                batch = next(batches, None)
                if batch is None:
                    return
                batch = batch.to(self.device)
                batch = batch._replace(images=self.transform(batch.images, self.dtype))
            yield self._handed_over(batch, stream)

    def _handed_over(self, batch: Batch, stream: torch.cuda.Stream | None) -> Batch:
        if stream:
            current = torch.cuda.current_stream(self.device)
            current.wait_stream(stream)
            for tensor in batch[:4]:
                tensor.record_stream(current)  # else its memory could be given to a later batch too early
        return batch

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Choose the order and the augmentation of an epoch; nothing else decides them but the seed.

        Args:
            epoch: its number.
            start: batches that have been trained on; from there, the augmentation continues as it stands.
        """
        sampler = self.loader.batch_sampler
        sampler.set_epoch(epoch, start)
        self.transform.set_epoch(epoch)
        if not start:
            self.transform.generator.manual_seed(sampler.seed * 100_003 + epoch)

    def state_dict(self) -> dict:
        """What the images are, and where the random numbers of their augmentation stand."""
        return {"images": self.dataset.digest(), "generator": self.transform.generator.get_state()}

    def load_state_dict(self, state: dict) -> None:
        """Resume from a ``state_dict``.

        Raises:
            InputError: it is of other images.
        """
        if state["images"] != self.dataset.digest():
            raise InputError(
                "the training images are not those that this run began with: files or identities have come, "
                "gone or changed names; start a new run, from its weights with --pretrain_choice self "
                "--model_path <run>/mAPxx.pth"
            )
        self.transform.generator.set_state(state["generator"])


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream | None:
    # One for the whole run: the memory of a stream is kept for it, also when it is not used any more.
    return torch.cuda.Stream(device) if device.type == "cuda" else None
