"""Warm-up (Goyal et al., "Accurate, Large Minibatch SGD", 2017), by epochs or by iterations."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

# What the state holds: the place in the schedule. The rest comes from the settings, which may have changed.
PLACE = ("last_epoch", "iteration", "_step_count", "_last_lr")


@dataclass(frozen=True)
class Warmup:
    """How the learning rate begins.

    Args:
        factor: factor of the rate at index 0.
        iters: index at which the warm-up ends [``by``]; 0: none.
        method: 'linear' rises from ``factor`` to 1, 'constant' stays at it.
        by: 'epoch' or 'iteration'.

    Raises:
        ValueError: an unknown method or unit.
    """

    factor: float = 0.01
    iters: int = 10
    method: str = "linear"
    by: str = "epoch"

    def __post_init__(self):
        if self.method not in ("constant", "linear"):
            raise ValueError(f"warmup_method must be 'constant' or 'linear', not {self.method!r}")
        if self.by not in ("epoch", "iteration"):
            raise ValueError(f"warmup_by must be 'epoch' or 'iteration', not {self.by!r}")

    def at(self, index: int) -> float:
        """Factor of the rate at an epoch's or iteration's index."""
        if index >= self.iters:
            return 1.0
        done = index / self.iters if self.method == "linear" else 0
        return self.factor * (1 - done) + done


class WarmupLR(LRScheduler):
    """Learning rate of each group: base x warm-up x a schedule's factor of the epoch.

    Call ``step`` at the start of each epoch: epoch e, counted from 1, trains at index e. Call
    ``step_iteration`` before each batch: a warm-up by iterations trains batch i, counted from 1, at index i.

    Args:
        optimizer: whose groups are scheduled.
        schedule: from the index of an epoch to the factor of the rates, without the warm-up.
        warmup: of the rates.
        last_epoch: index to resume from; -1 starts.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: Callable[[int], float],
        warmup: Warmup,
        last_epoch: int = -1,
    ):
        self.schedule, self.warmup, self.iteration = schedule, warmup, 0
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Rate of each group at index ``last_epoch`` and ``iteration``."""
        index = self.last_epoch if self.warmup.by == "epoch" else self.iteration
        factor = self.schedule(self.last_epoch) * self.warmup.at(index)
        return [base * factor for base in self.base_lrs]

    def step(self, epoch: int | None = None) -> None:
        """Move to the next epoch."""
        with warnings.catch_warnings():
            # torch expects the step at the end of an epoch and warns at the first; this schedule was
            # published this way.
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
            super().step(epoch)

    def step_iteration(self, iteration: int) -> None:
        """Move to a batch, the ``iteration``-th of the training."""
        if self.warmup.by == "epoch" or iteration > self.warmup.iters:
            return
        self.iteration = iteration
        self._last_lr = self.get_lr()
        for group, rate in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = rate

    def state_dict(self) -> dict:
        """The place in the schedule."""
        return {name: getattr(self, name) for name in PLACE}

    def load_state_dict(self, state_dict: dict) -> None:
        """Resume from a place."""
        self.__dict__.update({name: state_dict[name] for name in PLACE if name in state_dict})
