"""PK sampling whose positives come from other cameras."""

from collections.abc import Sequence

import numpy as np

from .identity import IdentitySampler


class CameraBalancedSampler(IdentitySampler):
    """An IdentitySampler whose K images of an identity come from as many cameras as possible.

    In an epoch the groups of an identity hold, added up, the most different cameras that they can. The images
    that are left over are dropped from the cameras that saw the identity most often.

    Args:
        pids: person id of each image.
        camids: camera id of each image.
        batch_size: P x K.
        num_instances: K.
        seed: of the order.

    Raises:
        InputError: there are fewer than P identities.
    """

    def __init__(
        self, pids: Sequence[int], camids: Sequence[int], batch_size: int, num_instances: int, seed: int = 0
    ):
        super().__init__(pids, batch_size, num_instances, seed)
        self.camids = np.asarray(camids)

    def _deal(self, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if len(images) < self.num_instances:
            return super()._deal(images, rng)
        images = rng.permutation(images)
        cameras, of_camera = np.unique(self.camids[images], return_inverse=True)
        images = images[np.argsort(rng.permutation(len(cameras))[of_camera], kind="stable")]
        groups = len(images) // self.num_instances
        for _ in range(len(images) - groups * self.num_instances):
            _, first, number = np.unique(self.camids[images], return_index=True, return_counts=True)
            images = np.delete(images, first[np.argmax(number + rng.random(len(number)))])
        # The images of a camera stand side by side: dealt out one by one, they come into different groups as
        # long as there are such.
        return rng.permutation(images.reshape(self.num_instances, groups).T)
