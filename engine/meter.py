"""Means of named scalars, without waiting for the device."""

from collections.abc import Mapping

import ignite.distributed as idist
import torch


class Meter:
    """Means of the scalars of each batch since the last reading, summed on the device.

    A value that is not finite does not count. Nothing waits for the device until ``read``.

    Args:
        device: of the scalars.
    """

    def __init__(self, device: torch.device):
        self.device = device
        self._names: list[str] = []
        self._sums = torch.zeros(2, 0, dtype=torch.float64, device=device)  # sums; how many were finite

    def update(self, scalars: Mapping[str, torch.Tensor]) -> None:
        """Add a batch: scalars on the device, of the same names and in the same order each time."""
        if not self._names:
            self._names = list(scalars)
            self._sums = torch.zeros(2, len(scalars), dtype=torch.float64, device=self.device)
        values = torch.stack([value.detach().float() for value in scalars.values()])
        self._sums += torch.stack((values.nan_to_num(0, 0, 0), values.isfinite().float()))

    def read(self) -> dict[str, float]:
        """Mean of each over the batches (at least one) of all processes since the last call.

        nan where none was finite.
        """
        sums, numbers = idist.all_reduce(self._sums.clone()).tolist()
        self._sums.zero_()
        return {
            name: total / number if number else float("nan")
            for name, total, number in zip(self._names, sums, numbers, strict=True)
        }

    def state_dict(self) -> dict:
        """What has been summed up since the last reading."""
        return {"names": self._names, "sums": self._sums}

    def load_state_dict(self, state: dict) -> None:
        """Continue summing up from a ``state_dict``."""
        self._names, self._sums = list(state["names"]), state["sums"].to(self.device)
