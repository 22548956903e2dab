"""Warm-up, then steps (Goyal et al., "Accurate, Large Minibatch SGD", 2017, by epochs)."""

import warnings
from bisect import bisect_right
from collections.abc import Sequence

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


class WarmupMultiStepLR(LRScheduler):
    """Learning rate by epoch: base x warm-up x gamma^(milestones passed).

    Call ``step`` at the start of each epoch: epoch e, counted from 1, trains at the rate of index e. With the
    published recipe (base 3.5e-4, factor 0.01, 10 epochs) the first epoch trains at 3.5e-4 x 0.109 =
    3.82e-05.

    Args:
        optimizer: whose groups are scheduled.
        milestones: rising epochs at which the rate is multiplied by ``gamma``.
        gamma: that factor.
        warmup_factor: factor at index 0.
        warmup_iters: index at which the warm-up ends [epochs].
        warmup_method: 'linear' rises from ``warmup_factor`` to 1, 'constant' stays at it.
        last_epoch: index to go on from; -1 starts.

    Raises:
        ValueError: milestones that do not rise, or an unknown method.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Sequence[int],
        gamma: float = 0.1,
        warmup_factor: float = 0.01,
        warmup_iters: int = 10,
        warmup_method: str = "linear",
        last_epoch: int = -1,
    ):
        if list(milestones) != sorted(milestones):
            raise ValueError(f"milestones must rise, not {list(milestones)}")
        if warmup_method not in ("constant", "linear"):
            raise ValueError(f"warmup_method must be 'constant' or 'linear', not {warmup_method!r}")
        self.milestones = list(milestones)
        self.gamma = gamma
        self.warmup_factor = warmup_factor
        self.warmup_iters = warmup_iters
        self.warmup_method = warmup_method
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Rate of each group at index ``last_epoch``."""
        factor = self.gamma ** bisect_right(self.milestones, self.last_epoch)
        if self.last_epoch < self.warmup_iters:
            done = self.last_epoch / self.warmup_iters if self.warmup_method == "linear" else 0
            factor *= self.warmup_factor * (1 - done) + done
        return [base * factor for base in self.base_lrs]

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch."""
        with warnings.catch_warnings():
            # torch expects the step at the end of an epoch and warns at the first; this schedule was
            # published so.
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
            super().step(epoch)
