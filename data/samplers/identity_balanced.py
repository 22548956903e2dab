"""PK sampling that draws every identity equally often."""

from collections.abc import Sequence

import numpy as np

from .identity import IdentitySampler


class IdentityBalancedSampler(IdentitySampler):
    """An IdentitySampler for data in which some identities have many more images than others.

    An epoch has as many batches as the images would fill. Every identity appears in equally many of them, or
    by chance in one more. Its images are dealt again whenever they are used up; of an identity with many
    images, an epoch shows only a part.

    Args:
        pids: person id of each image.
        batch_size: P x K.
        num_instances: K.
        seed: of the order.

    Raises:
        InputError: there are fewer than P identities.
    """

    def __init__(self, pids: Sequence[int], batch_size: int, num_instances: int, seed: int = 0):
        super().__init__(pids, batch_size, num_instances, seed)
        self.num_batches = max(1, len(pids) // batch_size)

    def _counts(self, rng: np.random.Generator) -> np.ndarray:
        each, rest = divmod(self.num_batches * self.per_batch, len(self.images))
        return each + (rng.permutation(len(self.images)) < rest)

    def _deal(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        most = -(-self.num_batches * self.per_batch // len(self.images))
        dealt = [super()._deal(images, rng)]
        while len(dealt) * len(dealt[0]) < most:
            dealt.append(super()._deal(images, rng))
        return np.concatenate(dealt)
