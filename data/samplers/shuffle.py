"""Plain shuffling, for training with a classification loss alone."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from utils.errors import InputError


class ShuffleSampler(Sampler[list[int]]):
    """Yield batches of shuffled images; a last batch that is not full is dropped.

    Args:
        pids: person id of each image (only their number counts).
        batch_size: images in a batch.
        num_instances: not used.
        seed: of the order, together with the epoch.

    Raises:
        InputError: there are fewer images than a batch holds.
    """

    def __init__(self, pids: Sequence[int], batch_size: int, num_instances: int = 1, seed: int = 0):
        if len(pids) < batch_size:
            raise InputError(
                f"a batch of {batch_size} needs as many training images, but there are {len(pids)}; "
                "lower SOLVER.IMS_PER_BATCH"
            )
        self.num_images = len(pids)
        self.batch_size = batch_size
        self.num_instances = 1
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.num_images // self.batch_size

    def __iter__(self) -> Iterator[list[int]]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.num_images)
        for i in range(len(self)):
            yield order[i * self.batch_size : (i + 1) * self.batch_size].tolist()
