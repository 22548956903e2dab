"""A flat part, then half a cosine (Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts)."""

import math
from collections.abc import Callable


def cosine(start: int, end: int, floor: float = 0.0) -> Callable[[int], float]:
    """The schedule that falls from 1 to ``floor``, by the index of the epoch.

    Up to index ``start`` the factor is 1; at index e up to ``end`` it is floor + (1 - floor) x (1 + cos(pi x
    (e - start) / (end - start))) / 2, so that the last epoch trains at base x floor.

    Args:
        start: index at which the fall begins [epochs].
        end: index of the last epoch; if it is not after ``start``, the rate does not fall.
        floor: the last factor.
    """

    def factor(epoch: int) -> float:
        if epoch <= start:
            return 1.0
        done = min(1.0, (epoch - start) / max(1, end - start))
        return floor + (1 - floor) * (1 + math.cos(math.pi * done)) / 2

    return factor
