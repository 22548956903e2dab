"""PK sampling: batches of P identities with K images each."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

from utils.errors import InputError


class IdentitySampler(Sampler[list[int]]):
    """Yield batches of P identities x K images (Hermans et al., "In Defense of the Triplet Loss", 2017).

    An epoch deals each identity's images, shuffled, into groups of K. What is left over (< K) is dropped; an
    identity with fewer than K images is filled up by drawing again from them. No identity appears twice in a
    batch, and the number of batches is the same in every epoch. The order depends on the seed and the epoch
    alone.

    Args:
        pids: person id of each image.
        batch_size: P x K.
        num_instances: K.
        seed: of the order.

    Raises:
        InputError: there are fewer than P identities.
    """

    def __init__(self, pids: Sequence[int], batch_size: int, num_instances: int, seed: int = 0):
        ids, inverse = np.unique(np.asarray(pids), return_inverse=True)
        self.per_batch = batch_size // num_instances
        self.num_instances = num_instances
        self.seed = seed
        self.epoch = 0
        if len(ids) < self.per_batch:
            raise InputError(
                f"a batch of {batch_size} with {num_instances} images of each needs {self.per_batch} "
                f"identities, the training set has {len(ids)}; lower SOLVER.IMS_PER_BATCH or raise "
                "DATALOADER.NUM_INSTANCE"
            )
        self.images = [np.flatnonzero(inverse == i) for i in range(len(ids))]
        self.num_groups = np.array([max(1, len(images) // num_instances) for images in self.images])
        # The most batches in which no identity needs to appear twice.
        batches = int(self.num_groups.sum()) // self.per_batch
        while np.minimum(self.num_groups, batches).sum() < batches * self.per_batch:
            batches -= 1
        self.num_batches = batches

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[list[int]]:
        rng = np.random.default_rng((self.seed, self.epoch))
        groups = [self._deal(images, rng) for images in self.images]  # at least as many as ``_counts`` asks
        batches = [[] for _ in range(self.num_batches)]
        for identity, chosen in self._place(rng):
            for group, batch in zip(groups[identity], chosen, strict=False):
                batches[batch].extend(group.tolist())
        yield from batches

    def _deal(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """An identity's images in groups, (n, K)."""
        k = self.num_instances
        images = rng.permutation(images)
        if len(images) < k:
            images = rng.permutation(np.concatenate([images, rng.choice(images, k - len(images))]))
        return images[: len(images) // k * k].reshape(-1, k)

    def _counts(self, rng: np.random.Generator) -> np.ndarray:
        """How many batches of the epoch each identity appears in; together they fill them."""
        counts = np.minimum(self.num_groups, self.num_batches)
        surplus = int(counts.sum()) - self.num_batches * self.per_batch
        dropped = rng.permutation(np.repeat(np.arange(len(counts)), counts))[:surplus]
        return counts - np.bincount(dropped, minlength=len(counts))

    def _place(self, rng: np.random.Generator) -> Iterator[tuple[int, np.ndarray]]:
        """Each identity with the batches that its groups go to.

        An identity goes to those batches that have the most free places, ties broken by chance. That keeps
        the batches level, so that the last identities still find different ones (Gale and Ryser's theorem on
        0-1 matrices).
        """
        counts = self._counts(rng)
        free = np.full(self.num_batches, self.per_batch)
        for identity in rng.permutation(len(counts)):
            order = np.argsort(-free - rng.random(self.num_batches))
            chosen = rng.permutation(order[: counts[identity]])
            free[chosen] -= 1
            yield int(identity), chosen
