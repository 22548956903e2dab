"""Warm-up, then steps."""

from bisect import bisect_right
from collections.abc import Sequence

from torch.optim import Optimizer

from .warmup import WarmupLR


class WarmupMultiStepLR(WarmupLR):
    """Learning rate by epoch: base x warm-up x gamma^(milestones passed).

    With the published recipe (base 3.5e-4, factor 0.01, 10 epochs) the first epoch trains at 3.5e-4 x 0.109 =
    3.82e-05.

    Args:
        optimizer: whose groups are scheduled.
        milestones: rising epochs at which the rate is multiplied by ``gamma``.
        gamma: that factor.
        warmup_factor: see ``WarmupLR``, as for the rest.
        warmup_iters: end of the warm-up.
        warmup_method: its form.
        warmup_by: its unit.
        last_epoch: index to go on from; -1 starts.

    Raises:
        ValueError: milestones that do not rise, or an unknown method or unit.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Sequence[int],
        gamma: float = 0.1,
        warmup_factor: float = 0.01,
        warmup_iters: int = 10,
        warmup_method: str = "linear",
        warmup_by: str = "epoch",
        last_epoch: int = -1,
    ):
        if list(milestones) != sorted(milestones):
            raise ValueError(f"milestones must rise, not {list(milestones)}")
        self.milestones = list(milestones)
        self.gamma = gamma
        super().__init__(optimizer, warmup_factor, warmup_iters, warmup_method, warmup_by, last_epoch)

    def factor(self, epoch: int) -> float:
        """gamma^(milestones passed)."""
        return self.gamma ** bisect_right(self.milestones, epoch)
