"""Means of loss and accuracy, without waiting for the device."""

import ignite.distributed as idist
import torch


class Meter:
    """Means of loss and accuracy since the last reading, summed on the device.

    A loss that is not finite does not count. Nothing waits for the device until ``read``.
    """

    def __init__(self, device: torch.device):
        # Of the losses, of the accuracies; number of losses, of batches.
        self._sums = torch.zeros(4, dtype=torch.float64, device=device)

    def update(self, loss: torch.Tensor, accuracy: torch.Tensor) -> None:
        """Add a batch: loss and accuracy, scalars on the device."""
        counts = loss.isfinite().to(loss.dtype)
        self._sums += torch.stack((loss.nan_to_num(0, 0, 0), accuracy, counts, torch.ones_like(loss)))

    def read(self) -> tuple[float, float]:
        """Mean loss and accuracy of the batches (at least one) of all processes since the last call.

        The loss is nan if none was finite.
        """
        loss, accuracy, losses, batches = idist.all_reduce(self._sums.clone()).tolist()
        self._sums.zero_()
        return loss / losses if losses else float("nan"), accuracy / batches

    def state_dict(self) -> dict:
        """What has been summed up since the last reading."""
        return {"sums": self._sums}

    def load_state_dict(self, state: dict) -> None:
        """Go on summing up from a ``state_dict``."""
        self._sums.copy_(state["sums"])
