"""The features of all images of a loader."""

from typing import NamedTuple

import torch
from ignite.engine import Engine, Events
from ignite.handlers import ProgressBar
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from utils.device import autocast, is_out_of_memory
from utils.distributed import gather_rows, process_number
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
        self.autocast = autocast(device, cfg.SOLVER.AMP)
        self.most = cfg.TEST.IMS_PER_BATCH  # images at a time
        self._warned = False

    def run(self, loader) -> Embedded:
        """Features of a loader's images, in its order, on the host; in the first of many processes, of all.

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
            device_chunk.append(self.features(batch.images))
            labels.append(torch.stack((batch.pids, batch.camids, batch.indices)))
            if sum(map(len, device_chunk)) >= CHUNK:
                to_host()

        if len(loader):  # one of many processes may have no image
            make_engine(step).run(loader)
        to_host()
        features = gather_rows(torch.cat(host) if host else torch.empty(0, 0))
        numbers = gather_rows(
            torch.cat(labels, dim=1).T.cpu() if host else torch.empty(0, 3, dtype=torch.int64)
        )
        if not len(features) and process_number() == 0:
            raise InputError("none of the test images can be read")
        return Embedded(features, *numbers.T)

    @torch.inference_mode()
    def features(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W), the network's input on the device, to (B, D) float32, as memory allows."""
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
            features = self.model(images).float()
            return (features + self.model(images.flip(3)).float()) / 2 if self.flip else features


def make_engine(process) -> Engine:
    """An ignite engine, in the first process with a bar on a terminal; it leaves errors to its caller."""
    engine = Engine(process)
    engine.logger.disabled = True
    # None: only on a terminal.
    bar = ProgressBar(disable=None if process_number() == 0 else True, bar_format=None)
    bar.attach(engine, event_name=Events.ITERATION_COMPLETED)
    return engine
