"""Batches of what the network reads, on the device."""

from collections.abc import Iterator

import torch

from .images import Batch


class DeviceLoader:
    """Stand-in."""

    def __init__(self, loader, device: torch.device, dtype: torch.dtype):
        self.loader, self.device, self.dtype = loader, device, dtype

    dataset = property(lambda self: self.loader.dataset)
    transform = property(lambda self: self.loader.transform)
    num_workers = property(lambda self: self.loader.num_workers)
    batch_sampler = property(lambda self: self.loader.batch_sampler)

    def __len__(self):
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.loader:
            yield batch._replace(images=self.transform(batch.images, self.dtype)) if len(batch.images) else batch

    def set_epoch(self, epoch, start=0):
        self.loader.set_epoch(epoch, start)

    def state_dict(self):
        return self.loader.state_dict()

    def load_state_dict(self, state):
        self.loader.load_state_dict(state)
