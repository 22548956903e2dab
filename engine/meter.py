"""Means of loss and accuracy, without waiting for the device."""

import ignite.distributed as idist
import torch


class Meter:
    """Means of loss and accuracy since the last reading, summed on the device.

    Nothing waits for the device until ``read``.
    """

    def __init__(self, device: torch.device):
        self._sums = torch.zeros(2, dtype=torch.float64, device=device)
        self._batches = 0

    def update(self, loss: torch.Tensor, accuracy: torch.Tensor) -> None:
        """Add a batch: loss and accuracy, scalars on the device."""
        self._sums += torch.stack((loss, accuracy))
        self._batches += 1

    def read(self) -> tuple[float, float]:
        """Mean loss and accuracy of the batches (at least one) of all processes since the last call."""
        loss, accuracy = idist.all_reduce(self._sums / self._batches).tolist()
        self._sums.zero_()
        self._batches = 0
        return loss / idist.get_world_size(), accuracy / idist.get_world_size()

    def state_dict(self) -> dict:
        """What has been summed up since the last reading."""
        return {"sums": self._sums, "batches": self._batches}

    def load_state_dict(self, state: dict) -> None:
        """Go on summing up from a ``state_dict``."""
        self._sums.copy_(state["sums"])
        self._batches = state["batches"]
