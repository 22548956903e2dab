"""Steps, and the schedule of reid-strong-baseline: warm-up, then steps."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from torch.optim import Optimizer

from .warmup import Warmup, WarmupLR


def multistep(milestones: Sequence[int], gamma: float = 0.1) -> Callable[[int], float]:
    """The schedule gamma^(milestones passed), by the index of the epoch.

    Args:
        milestones: rising epochs at which the rate is multiplied by ``gamma``.
        gamma: that factor.

    Raises:
        ValueError: milestones that do not rise.
    """
    if list(milestones) != sorted(milestones):
        raise ValueError(f"milestones must rise, not {list(milestones)}")
    return lambda epoch: gamma ** bisect_right(milestones, epoch)


class WarmupMultiStepLR(WarmupLR):
    """Learning rate by epoch: base x warm-up x gamma^(milestones passed).

    Its arguments are those of reid-strong-baseline, so that other programs can call it; for a warm-up by
    iterations, build a ``WarmupLR``. With the published recipe (base 3.5e-4, factor 0.01, 10 epochs) the
    first epoch trains at 3.5e-4 x 0.109 = 3.82e-05.

    Args:
        optimizer: whose groups are scheduled.
        milestones: rising epochs at which the rate is multiplied by ``gamma``.
        gamma: that factor.
        warmup_factor: see ``Warmup``, as for the next two.
        warmup_iters: epoch at which the warm-up ends.
        warmup_method: its form.
        last_epoch: index to resume from; -1 starts.

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
        warmup = Warmup(warmup_factor, warmup_iters, warmup_method)
        super().__init__(optimizer, multistep(milestones, gamma), warmup, last_epoch)
