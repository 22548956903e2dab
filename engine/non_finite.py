"""Non-finite losses: the run ends at one, or its step is skipped; nothing waits for the device."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import ignite.distributed as idist
import torch
from loguru import logger
from torch.optim import Optimizer

from utils.errors import InputError
from utils.files import writing
from utils.run_folder import RunFolder

SHOWN = 4  # images named in the message


class _Batch(NamedTuple):
    epoch: int
    iteration: int
    loss: torch.Tensor  # on the host, once copied
    copied: torch.cuda.Event | None
    indices: torch.Tensor


class LossWatch:
    """Ends the run at a non-finite loss, once it is known which batch had it.

    On a GPU that is some steps later: a loss is checked when it has been copied to the host.

    Args:
        skip: bad batches that are only warned about, their steps having been skipped.
        path_of: file of an image, from its place among the training images.
        folder: of the run, where the bad batch's files are listed; None: they are not.
    """

    def __init__(self, skip: int, path_of: Callable[[int], str], folder: RunFolder | None):
        self.skip, self.path_of, self.folder = skip, path_of, folder
        self._waiting: deque[_Batch] = deque()
        self._bad = 0

    def add(self, epoch: int, iteration: int, loss: torch.Tensor, indices: torch.Tensor) -> None:
        """Note a batch's loss, a scalar on the device, and check those that are known by now.

        Raises:
            InputError: one is not finite.
        """
        copied = None
        if loss.is_cuda:
            loss = torch.empty((), dtype=loss.dtype, pin_memory=True).copy_(loss, non_blocking=True)
            copied = torch.cuda.current_stream().record_event()
        self._waiting.append(_Batch(epoch, iteration, loss, copied, indices))
        while self._waiting and (self._waiting[0].copied is None or self._waiting[0].copied.query()):
            self._look(self._waiting.popleft())

    def settle(self) -> None:
        """Check all losses, waiting for them; what is saved after this is free of bad ones.

        Raises:
            InputError: one is not finite.
        """
        while self._waiting:
            batch = self._waiting.popleft()
            if batch.copied:
                batch.copied.synchronize()
            self._look(batch)

    def state_dict(self) -> dict:
        """The number of bad batches so far."""
        return {"bad": self._bad}

    def load_state_dict(self, state: dict) -> None:
        """Continue counting from a ``state_dict``."""
        self._bad = state["bad"]

    def _look(self, batch: _Batch) -> None:
        if batch.loss.isfinite():
            return
        self._bad += 1
        text = f"the loss is {batch.loss.item()} in epoch {batch.epoch}, iteration {batch.iteration}"
        paths = [self.path_of(i) for i in batch.indices.tolist()]
        files = f"{', '.join(paths[:SHOWN])}, …"
        if self.folder:
            files = self.folder.bad_batch(batch.epoch, batch.iteration)
            with writing(files):
                files.write_text("\n".join(paths) + "\n", encoding="utf-8", errors="surrogateescape")
        if self._bad <= self.skip:
            logger.warning(f"{text}; its step is skipped ({self._bad} of SOLVER.SKIP_BAD_STEPS {self.skip})")
            return
        raise InputError(
            f"{text}; its images: {files}; the weights saved before are good: start from them with a lower "
            "SOLVER.BASE_LR or with SOLVER.CLIP_GRAD_NORM, or skip such steps with SOLVER.SKIP_BAD_STEPS"
        )


class BadStepGuard:
    """Skips a step of the optimizer if a loss that leads to it is not finite, without asking the host.

    Args:
        buffers: of the network and the loss, which a bad batch must not change either.
        optimizer: with fused kernels.
    """

    def __init__(self, buffers: Iterable[torch.Tensor], optimizer: Optimizer):
        self.optimizer = optimizer
        self._groups: dict[torch.dtype, list[torch.Tensor]] = {}
        for buffer in buffers:
            self._groups.setdefault(buffer.dtype, []).append(buffer)

    def start(self) -> None:
        """Remember the buffers before the first batch of a step."""
        self._before = {dtype: _concatenated(buffers) for dtype, buffers in self._groups.items()}
        self._bad = None

    def add(self, loss: torch.Tensor) -> None:
        """Check the loss of a batch, a scalar on the device."""
        bad = (~loss.isfinite()).float()
        self._bad = bad if self._bad is None else torch.maximum(self._bad, bad)

    def skip_if_bad(self) -> None:
        """Make the next step change nothing if a loss was bad in any of the processes."""
        bad = idist.all_reduce(self._bad, "MAX")
        # As GradScaler does it: where this is 1, the fused kernels leave weights and statistics as they are.
        self.optimizer.found_inf = bad
        # All buffers of a dtype at once: a ResNet-50 has 160, each of which would take several kernels.
        for dtype, buffers in self._groups.items():
            kept = torch.where(bad > 0, self._before[dtype], _concatenated(buffers))
            pieces = kept.split([buffer.numel() for buffer in buffers])
            views = [piece.view_as(buffer) for piece, buffer in zip(pieces, buffers, strict=True)]
            torch._foreach_copy_(buffers, views)


def _concatenated(tensors: list[torch.Tensor]) -> torch.Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors])
