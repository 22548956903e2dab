"""How fast a training is."""

import time
from dataclasses import dataclass, field

import ignite.distributed as idist


@dataclass
class Pace:
    """Batches since it was made, on a clock that goes on while images are waited for.

    Attributes:
        batches: trained on.
        images: trained on, by all processes.
    """

    batches: int = 0
    images: int = 0
    _began: float = field(default_factory=time.perf_counter)

    def add(self, images: int) -> None:
        """Count a batch, of so many images in each process."""
        self.batches += 1
        self.images += images * idist.get_world_size()

    @property
    def seconds(self) -> float:
        """Time since it was made."""
        return time.perf_counter() - self._began

    @property
    def images_per_second(self) -> float:
        """Of all processes."""
        return self.images / self.seconds
