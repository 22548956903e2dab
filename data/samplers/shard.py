"""One process's part of what all processes draw together."""

from collections.abc import Iterator
from itertools import islice

from torch.utils.data import Sampler

from utils.errors import InputError


class BatchShard(Sampler[list[int]]):
    """The part of each batch that one of several processes trains on.

    The parts are consecutive ranges of the whole batch, in the order of the processes. Of a PK batch, whose
    images of an identity stand together, they hold different identities.

    Args:
        sampler: of the whole batches, the same in every process; its ``num_instances`` images of an identity
            stand together.
        batch_size: of the whole batches.
        rank: number of this process.
        processes: number of processes.

    Raises:
        InputError: the batch cannot be divided evenly, or leaves a process one image.
    """

    def __init__(self, sampler: Sampler[list[int]], batch_size: int, rank: int, processes: int):
        unit = sampler.num_instances
        if batch_size % (unit * processes):
            raise InputError(
                f"a batch of {batch_size} images cannot be divided evenly among {processes} processes by "
                f"{unit} (SOLVER.IMS_PER_BATCH is the batch of all processes together); take a multiple of "
                f"{unit * processes}"
            )
        if batch_size // processes < 2:
            raise InputError(
                f"a batch of {batch_size} leaves each of {processes} processes one image, and batch norm "
                "needs two; raise SOLVER.IMS_PER_BATCH"
            )
        self.sampler = sampler
        self.size = batch_size // processes
        self.rank = rank
        self.start = 0

    @property
    def seed(self) -> int:
        """Seed of the order."""
        return self.sampler.seed

    def set_epoch(self, epoch: int, start: int = 0) -> None:
        """Choose the order of the epoch, and how many of its batches to skip, as already trained on."""
        self.sampler.set_epoch(epoch)
        self.start = start

    def __len__(self) -> int:
        """Batches of the whole epoch."""
        return len(self.sampler)

    def __iter__(self) -> Iterator[list[int]]:
        for batch in islice(self.sampler, self.start, None):
            yield batch[self.rank * self.size : (self.rank + 1) * self.size]


def shard_range(number: int, rank: int, processes: int) -> range:
    """The indices, of ``number``, that a process tests: ranges that differ in length by one at most."""
    return range(number * rank // processes, number * (rank + 1) // processes)
