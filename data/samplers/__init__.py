"""How training batches are drawn: one sampler per way, from records to lists of indices."""

from collections.abc import Callable, Sequence

from torch.utils.data import Sampler

from .camera_balanced import CameraBalancedSampler
from .identity import IdentitySampler
from .identity_balanced import IdentityBalancedSampler
from .shard import BatchShard, shard_range
from .shuffle import ShuffleSampler


def _camera_balanced(records: Sequence, *rest: int) -> Sampler:
    return CameraBalancedSampler([r.pid for r in records], [r.camid for r in records], *rest)


def _by_person(sampler: type[Sampler]) -> Callable[..., Sampler]:
    return lambda records, *rest: sampler([r.pid for r in records], *rest)


# name in DATALOADER.SAMPLER -> factory(records with pid and camid, batch_size, num_instances, seed)
SAMPLERS: dict[str, Callable[..., Sampler]] = {
    "softmax_triplet": _by_person(IdentitySampler),
    "triplet": _by_person(IdentitySampler),
    "camera_balanced": _camera_balanced,
    "identity_balanced": _by_person(IdentityBalancedSampler),
    "softmax": _by_person(ShuffleSampler),
}

__all__ = [
    "SAMPLERS",
    "BatchShard",
    "CameraBalancedSampler",
    "IdentityBalancedSampler",
    "IdentitySampler",
    "ShuffleSampler",
    "shard_range",
]
