"""Warm-up, a flat part, then half a cosine (Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts)."""

import math

from torch.optim import Optimizer

from .warmup import WarmupLR


class WarmupCosineLR(WarmupLR):
    """Learning rate by epoch: base x warm-up x a factor that falls from 1 to ``floor``.

    Up to index ``start`` the factor is 1; at index e up to ``end`` it is floor + (1 - floor) x (1 + cos(pi x
    (e - start) / (end - start))) / 2, so that the last epoch trains at base x floor.

    Args:
        optimizer: whose groups are scheduled.
        start: index at which the fall begins [epochs].
        end: index of the last epoch; with one not after ``start`` the rate does not fall.
        floor: the last factor.
        warmup_factor: see ``WarmupLR``, as for the rest.
        warmup_iters: end of the warm-up.
        warmup_method: its form.
        warmup_by: its unit.
        last_epoch: index to go on from; -1 starts.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start: int,
        end: int,
        floor: float = 0.0,
        warmup_factor: float = 0.01,
        warmup_iters: int = 10,
        warmup_method: str = "linear",
        warmup_by: str = "epoch",
        last_epoch: int = -1,
    ):
        self.start, self.end, self.floor = start, end, floor
        super().__init__(optimizer, warmup_factor, warmup_iters, warmup_method, warmup_by, last_epoch)

    def factor(self, epoch: int) -> float:
        """From 1 at ``start`` to ``floor`` at ``end``."""
        if epoch <= self.start:
            return 1.0
        done = min(1.0, (epoch - self.start) / max(1, self.end - self.start))
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * done)) / 2
