"""Times without a break."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

JOIN = 2.0  # seconds between two tracklets of one person that are one stay


class Spanned(Protocol):
    """What has a time.

    Attributes:
        start: [seconds].
        end: [seconds].
    """

    start: float
    end: float


T = TypeVar("T")


def unbroken(parts: Iterable[T], span: Callable[[T], Spanned] = lambda part: part) -> list[list[T]]:
    """Parts by time, apart where more than ``JOIN`` seconds between them are missing.

    Args:
        parts: of one person before one camera.
        span: gives the time of a part.
    """
    stays: list[list[T]] = []
    until = 0.0
    for part in sorted(parts, key=lambda part: span(part).start):
        if stays and span(part).start - until <= JOIN:
            stays[-1].append(part)
            until = max(until, span(part).end)
        else:
            stays.append([part])
            until = span(part).end
    return stays
