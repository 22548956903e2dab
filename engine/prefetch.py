"""Batches on the device before they are asked for."""

from collections.abc import Iterator

import torch


class Prefetcher:
    """A loader whose batches lie on a device; on a GPU the next one is copied while the last is computed on.

    Args:
        loader: yields batches with ``to(device)``; their tensors are pinned, so that the copy can run beside
            the computation.
        device: where the batches shall lie.
    """

    def __init__(self, loader, device: torch.device):
        self.loader = loader
        self.device = device

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator:
        if self.device.type != "cuda":
            yield from self.loader
            return
        stream = torch.cuda.Stream(self.device)
        ahead = None
        for batch in self.loader:
            ready, ahead = ahead, self._copy(batch, stream)
            if ready is not None:
                yield self._handed_over(*ready)
        if ahead is not None:
            yield self._handed_over(*ahead)

    def _copy(self, batch, stream):
        with torch.cuda.stream(stream):
            return batch.to(self.device), stream.record_event()

    def _handed_over(self, batch, copied: torch.cuda.Event):
        current = torch.cuda.current_stream(self.device)
        current.wait_event(copied)
        for tensor in batch:
            if isinstance(tensor, torch.Tensor):
                tensor.record_stream(current)  # else its memory could be given to the next copy too early
        return batch
