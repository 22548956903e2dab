"""How a training batch is drawn: a sampler each, from records to lists of indices."""

from .identity import IdentitySampler
from .shard import BatchShard, shard_range
from .shuffle import ShuffleSampler

# name in DATALOADER.SAMPLER -> sampler(pids, batch_size, num_instances, seed)
SAMPLERS = {
    "softmax_triplet": IdentitySampler,
    "triplet": IdentitySampler,
    "softmax": ShuffleSampler,
}

__all__ = ["SAMPLERS", "BatchShard", "IdentitySampler", "ShuffleSampler", "shard_range"]
