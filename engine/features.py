"""The features of images."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from ignite.engine import Engine, Events
from ignite.handlers import ProgressBar
from loguru import logger
from torch import nn

from data import DeviceLoader
from data.reading import read_image, resize
from evaluation import Embedded
from utils.device import autocast, is_out_of_memory, network_dtype
from utils.distributed import gather_rows, process_number
from utils.errors import InputError

CHUNK = 4096  # features gathered on the device before they are copied to the host


class FeatureExtractor:
    """Computes features batch by batch, in smaller pieces if a batch does not fit into memory.

    Args:
        model: on ``device``; put into evaluation mode.
        transform: transform(images (B, 3, H, W) uint8 RGB, dtype) -> the network's input, on the device of
            the images; ``transform.size`` is the height and width that it expects [pixels].
        device: to compute on.
        batch_size: most images at a time.
        amp: compute in the processor's fast precision (bfloat16 or float16) if it has one.
    """

    def __init__(
        self,
        model: nn.Module,
        transform: Callable,
        device: torch.device,
        batch_size: int = 128,
        amp: bool = True,
    ):
        self.model, self.transform, self.device = model.eval(), transform, device
        self.autocast, self.dtype = autocast(device, amp), network_dtype(device, amp)
        self.most = batch_size  # images at a time; lowered when memory runs out
        self._warned = False

    def __call__(self, images: torch.Tensor | Sequence[str | Path | np.ndarray]) -> torch.Tensor:
        """Features of images.

        Args:
            images: (N, 3, H, W) uint8 RGB at ``transform.size``; or a sequence of files, or of (h, w, 3)
                uint8 RGB arrays of any size, which are resized.

        Returns:
            (N, D) float32, on the host.

        Raises:
            InputError: a file cannot be read as an image.
        """
        step, found = self.most, []
        for start in range(0, len(images), step):
            batch = images[start : start + step]
            if not isinstance(batch, torch.Tensor):
                pixels = np.stack([self._pixels(image) for image in batch])
                batch = torch.from_numpy(pixels).permute(0, 3, 1, 2)
            found.append(self.features(self.transform(batch.to(self.device), self.dtype)).cpu())
        return torch.cat(found) if found else torch.empty(0, self.model.feature_dim)

    def _pixels(self, image: str | Path | np.ndarray) -> np.ndarray:
        if isinstance(image, np.ndarray):
            return resize(image, self.transform.size)
        pixels = read_image(str(image), self.transform.size)
        if pixels is None:
            raise InputError(f"{image} cannot be read as an image")
        return pixels

    @torch.inference_mode()
    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W), the network's input on the device, to (B, D) float32 there, as memory allows."""
        while True:
            try:
                return torch.cat([self._piece(piece) for piece in images.split(self.most)])
            except RuntimeError as error:
                if not is_out_of_memory(error) or self.most == 1:
                    raise
            # Outside the handler: its traceback would keep the failed batch alive.
            self.most = min(self.most, len(images)) // 2 or 1
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            if not self._warned:
                logger.warning(
                    f"out of memory; testing {self.most} images at a time (TEST.IMS_PER_BATCH) or fewer"
                )
            self._warned = True

    def _piece(self, images: torch.Tensor) -> torch.Tensor:
        with self.autocast:
            return self.model(images).float()

    def embed(self, loader: DeviceLoader, mirror: bool = False) -> Embedded:
        """Features of a loader's images, in its order, on the host; of all processes in the first.

        Args:
            loader: of what the network reads.
            mirror: also of their mirror images.

        Raises:
            InputError: none of them can be read.
        """
        on_device: list[torch.Tensor] = []  # (B, D), with ``mirror`` (B, 2 D)
        on_host: list[torch.Tensor] = []
        labels: list[torch.Tensor] = []

        def to_host() -> None:
            if on_device:
                on_host.append(torch.cat(on_device).cpu())
                on_device.clear()

        def step(engine: Engine, batch) -> None:
            if not len(batch.images):  # none of its files could be read
                return
            views = [batch.images, batch.images.flip(3)] if mirror else [batch.images]
            on_device.append(torch.cat([self.features(view) for view in views], dim=1))
            labels.append(torch.stack((batch.pids, batch.camids, batch.indices)))
            if sum(map(len, on_device)) >= CHUNK:
                to_host()

        if len(loader):  # one of several processes may have no image
            make_engine(step).run(loader)
        to_host()
        features = gather_rows(torch.cat(on_host) if on_host else torch.empty(0, 0))
        numbers = gather_rows(
            torch.cat(labels, dim=1).T.cpu() if labels else torch.empty(0, 3, dtype=torch.int64)
        )
        if not len(features) and process_number() == 0:
            raise InputError("none of the test images can be read")
        plain, mirrored = features.chunk(2, dim=1) if mirror else (features, None)
        pids, camids, indices = numbers.T
        return Embedded(plain, pids, camids, indices, mirrored)


def make_engine(process: Callable) -> Engine:
    """An ignite engine, in the first process with a bar on a terminal; it leaves errors to its caller."""
    engine = Engine(process)
    engine.logger.disabled = True
    # None: only on a terminal.
    bar = ProgressBar(disable=None if process_number() == 0 else True, bar_format=None)
    bar.attach(engine, event_name=Events.ITERATION_COMPLETED)
    return engine
