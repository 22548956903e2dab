"""What a source of frames gives."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import numpy as np

DEFAULT_RATE = 25.0  # frames per second, where the source does not say


class Shot(NamedTuple):
    """A frame whose picture is made only when it is wanted."""

    number: int
    time: float
    picture: Callable[[], np.ndarray | None]  # None: it cannot be read


class Source(Protocol):
    """An open source; ``search.video.Video`` describes its attributes.

    Attributes:
        timed: whether its frames take their times from ``fps``.
    """

    name: str
    size: tuple[int, int]
    duration: float | None
    frame_rate: float
    live: bool
    timed: bool

    def read(self, since: float) -> Iterator[Shot]:
        """The frames in the order of their times, at least those from ``since`` [s] on; once."""

    def damage(self) -> str | None:
        """Once they are read: what was wrong with it, in one line; None: nothing."""

    def close(self) -> None:
        """Close it."""
