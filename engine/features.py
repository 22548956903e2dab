"""The features of all images of a loader."""

from typing import NamedTuple

import torch
from ignite.engine import Engine, Events
from ignite.handlers import ProgressBar
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from utils.device import autocast, is_out_of_memory
from utils.errors import InputError

CHUNK = 4096  # features gathered on the device before they are copied to the host


class Embedded(NamedTuple):
    """Images as features."""

    features: torch.Tensor  # (N, D) float32
    pids: torch.Tensor  # (N,) int64
    camids: torch.Tensor  # (N,) int64
    indices: torch.Tensor  # (N,) int64, place in the loader's records

    def where(self, mask: torch.Tensor) -> "Embedded":
        """The images of a mask (N,)."""
        return Embedded(*(field[mask] for field in self))


class Extractor:
    """Computes features batch by batch, in smaller pieces where the memory does not hold a batch.

    Args:
        cfg: the settings.
        model: on ``device``; put into evaluation mode.
        device: to compute on.
        flip: give the mean of the features of an image and of its mirror image.
    """

    def __init__(self, cfg: CfgNode, model: nn.Module, device: torch.device, flip: bool = False):
        self.model = model.eval()
        self.device = device
        self.flip = flip
        self.amp = cfg.SOLVER.AMP
        self.most = cfg.TEST.IMS_PER_BATCH  # images at a time
        self._warned = False

    def run(self, loader) -> Embedded:
        """Features of a loader's images, in its order, on the host.

        Raises:
            InputError: none of them can be read.
        """
        device_chunk, host, labels = [], [], []

        def to_host() -> None:
            if device_chunk:
                host.append(torch.cat(device_chunk).cpu())
                device_chunk.clear()

        def step(engine: Engine, batch) -> None:
            if not len(batch.images):  # none of its files could be read
                return
            device_chunk.append(self.features(batch.images, loader.transform))
            labels.append(torch.stack((batch.pids, batch.camids, batch.indices)))
            if sum(map(len, device_chunk)) >= CHUNK:
                to_host()

        make_engine(step).run(loader)
        to_host()
        if not host:
            raise InputError("none of the test images can be read")
        return Embedded(torch.cat(host), *torch.cat(labels, dim=1))

    @torch.inference_mode()
    def features(self, images: torch.Tensor, transform) -> torch.Tensor:
        """(B, 3, H, W) uint8 to (B, D) float32, in as many pieces as the memory asks for."""
        while True:
            try:
                return torch.cat([self._piece(piece, transform) for piece in images.split(self.most)])
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

    def _piece(self, images: torch.Tensor, transform) -> torch.Tensor:
        pixels = transform(images.to(self.device, non_blocking=True))
        with autocast(self.device, self.amp):
            features = self.model(pixels)
            if self.flip:
                features = (features + self.model(pixels.flip(3))) / 2
        return features.float()


def make_engine(process) -> Engine:
    """An ignite engine with a progress bar on a terminal, which leaves errors to its caller."""
    engine = Engine(process)
    engine.logger.disabled = True
    ProgressBar(disable=None, bar_format=None).attach(engine, event_name=Events.ITERATION_COMPLETED)
    return engine
