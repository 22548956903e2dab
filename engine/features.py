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
from utils.errors import InputError, one_line

CHUNK = 4096  # features gathered on the device before they are copied to the host
Images = torch.Tensor | Sequence[str | Path | np.ndarray | torch.Tensor]


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

    def __call__(self, images: Images) -> torch.Tensor:
        """Features of images.

        Args:
            images: (N, 3, H, W) uint8 RGB; or a sequence of files, of (h, w, 3) uint8 RGB arrays, or of
                (3, h, w) uint8 RGB tensors. Images of another size than ``transform.size`` are resized.

        Returns:
            (N, D) float32, on the host.

        Raises:
            InputError: a file cannot be read as an image.
            ValueError: an array or tensor is something else.
        """
        if isinstance(images, str | Path) or getattr(images, "ndim", 0) == 3:
            images = [images]
        step, found = self.most, []
        for start in range(0, len(images), step):
            batch = self._batch(images[start : start + step]).to(self.device)
            found.append(self.features(self.transform(batch, self.dtype)).cpu())
        return torch.cat(found) if found else torch.empty(0, self.model.feature_dim)

    def _batch(self, images: Images) -> torch.Tensor:
        """(B, 3, H, W) uint8 RGB at the size that the network reads."""
        size = tuple(self.transform.size)
        as_read = isinstance(images, torch.Tensor) and images.dtype == torch.uint8
        if as_read and images.shape[1:] == (3, *size):
            return images
        return torch.from_numpy(np.stack([_pixels(image, size) for image in images])).permute(0, 3, 1, 2)

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
        features: list[torch.Tensor] = []  # (n, D), with ``mirror`` (n, 2 D)
        labels: list[torch.Tensor] = []

        def keep(chunk: Embedded) -> None:
            features.append(torch.cat([chunk.features, *([chunk.mirrored] if mirror else [])], dim=1))
            labels.append(torch.stack((chunk.pids, chunk.camids, chunk.indices), dim=1))

        self.embed_chunks(loader, keep, mirror)
        found = gather_rows(torch.cat(features or [torch.empty(0, 0)]))
        numbers = gather_rows(torch.cat(labels or [torch.empty(0, 3, dtype=torch.int64)]))
        if not len(found) and process_number() == 0:
            raise InputError("none of the test images can be read")
        return _embedded(found, numbers, mirror)

    def embed_chunks(
        self, loader: DeviceLoader, take: Callable[[Embedded], None], mirror: bool = False
    ) -> None:
        """Hand over the features of a loader's images, on the host, some thousand at a time.

        Args:
            loader: of what the network reads; of several processes, this one's.
            take: called with each chunk, in the order of the loader.
            mirror: also of their mirror images.
        """
        features: list[torch.Tensor] = []  # on the device: (B, D), with ``mirror`` (B, 2 D)
        labels: list[torch.Tensor] = []

        def hand_over() -> None:
            if features:
                take(_embedded(torch.cat(features).cpu(), torch.cat(labels, dim=1).T.cpu(), mirror))
                features.clear()
                labels.clear()

        def step(engine: Engine, batch) -> None:
            if not len(batch.images):  # none of its files could be read
                return
            views = [batch.images, batch.images.flip(3)] if mirror else [batch.images]
            features.append(torch.cat([self.features(view) for view in views], dim=1))
            labels.append(torch.stack((batch.pids, batch.camids, batch.indices)))
            if sum(map(len, features)) >= CHUNK:
                hand_over()

        if len(loader):  # one of several processes may have no image
            make_engine(step).run(loader)
        hand_over()


def _pixels(image: str | Path | np.ndarray | torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 RGB at this height and width."""
    if isinstance(image, str | Path):
        pixels = read_image(str(image), size)
        if pixels is None:
            raise InputError(f"{one_line(str(image))} cannot be read as an image")
        return pixels
    if isinstance(image, torch.Tensor):
        image = image.cpu().movedim(0, -1).numpy()
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            "an image is a file, a (h, w, 3) uint8 RGB array or a (3, h, w) uint8 RGB tensor, not "
            f"{image.dtype} of shape {image.shape}"
        )
    return resize(np.ascontiguousarray(image), size)


def _embedded(features: torch.Tensor, labels: torch.Tensor, mirror: bool) -> Embedded:
    """From (N, D) features, with ``mirror`` (N, 2 D), and (N, 3) person ids, camera ids and indices."""
    plain, mirrored = features.chunk(2, dim=1) if mirror else (features, None)
    return Embedded(plain, *labels.T, mirrored)


def make_engine(process: Callable) -> Engine:
    """An ignite engine, in the first process with a bar on a terminal; it leaves errors to its caller."""
    engine = Engine(process)
    engine.logger.disabled = True
    # None: only on a terminal.
    bar = ProgressBar(disable=None if process_number() == 0 else True, bar_format=None)
    bar.attach(engine, event_name=Events.ITERATION_COMPLETED)
    return engine
