"""Warm-up (Goyal et al., "Accurate, Large Minibatch SGD", 2017), by epochs or by iterations."""

import warnings

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

# What the state holds: the place in the schedule. The rest comes from the settings, which may have changed.
PLACE = ("last_epoch", "iteration", "_step_count", "_last_lr")


class WarmupLR(LRScheduler):
    """Learning rate of each group: base x warm-up x ``factor`` of the epoch, which a schedule defines.

    Call ``step`` at the start of each epoch: epoch e, counted from 1, trains at index e. Call
    ``step_iteration`` before each batch: a warm-up by iterations trains the batch i, counted from 1, at
    index i.

    Args:
        optimizer: whose groups are scheduled.
        warmup_factor: factor at index 0.
        warmup_iters: index at which the warm-up ends [``warmup_by``].
        warmup_method: 'linear' rises from ``warmup_factor`` to 1, 'constant' stays at it.
        warmup_by: 'epoch' or 'iteration'.
        last_epoch: index to go on from; -1 starts.

    Raises:
        ValueError: an unknown method or unit.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        warmup_factor: float = 0.01,
        warmup_iters: int = 10,
        warmup_method: str = "linear",
        warmup_by: str = "epoch",
        last_epoch: int = -1,
    ):
        if warmup_method not in ("constant", "linear"):
            raise ValueError(f"warmup_method must be 'constant' or 'linear', not {warmup_method!r}")
        if warmup_by not in ("epoch", "iteration"):
            raise ValueError(f"warmup_by must be 'epoch' or 'iteration', not {warmup_by!r}")
        self.warmup_factor = warmup_factor
        self.warmup_iters = warmup_iters
        self.warmup_method = warmup_method
        self.warmup_by = warmup_by
        self.iteration = 0
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """Factor of the rates at an epoch's index, warm-up left out."""
        raise NotImplementedError

    def get_lr(self) -> list[float]:
        """Rate of each group at index ``last_epoch`` and ``iteration``."""
        factor = self.factor(self.last_epoch)
        index = self.last_epoch if self.warmup_by == "epoch" else self.iteration
        if index < self.warmup_iters:
            done = index / self.warmup_iters if self.warmup_method == "linear" else 0
            factor *= self.warmup_factor * (1 - done) + done
        return [base * factor for base in self.base_lrs]

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch."""
        with warnings.catch_warnings():
            # torch expects the step at the end of an epoch and warns at the first; this schedule was
            # published so.
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
            super().step(epoch)

    def step_iteration(self, iteration: int) -> None:
        """Go on to a batch, the ``iteration``-th of the training."""
        if self.warmup_by == "epoch" or iteration > self.warmup_iters:
            return
        self.iteration = iteration
        self._last_lr = self.get_lr()
        for group, rate in zip(self.optimizer.param_groups, self._last_lr, strict=True):
            group["lr"] = rate

    def state_dict(self) -> dict:
        """The place in the schedule."""
        return {name: getattr(self, name) for name in PLACE}

    def load_state_dict(self, state_dict: dict) -> None:
        """Go on from a place."""
        self.__dict__.update({name: state_dict[name] for name in PLACE if name in state_dict})
