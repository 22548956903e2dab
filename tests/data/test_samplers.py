from collections import Counter

import numpy as np
import pytest

from data.datasets import Record
from data.samplers import (
    SAMPLERS,
    BatchShard,
    CameraBalancedSampler,
    IdentityBalancedSampler,
    IdentitySampler,
    ShuffleSampler,
    shard_range,
)
from utils.errors import InputError

# Training identities of Market-1501 by their number of images: {images: identities}.
# fmt: off
MARKET_COUNTS = {
    2: 3, 3: 12, 4: 12, 5: 31, 6: 24, 7: 40, 8: 39, 9: 36, 10: 36, 11: 27, 12: 36, 13: 24, 14: 29, 15:
    38, 16: 34, 17: 36, 18: 25, 19: 21, 20: 26, 21: 19, 22: 20, 23: 20, 24: 10, 25: 16, 26: 20, 27: 14,
    28: 12, 29: 9, 30: 5, 31: 3, 32: 8, 33: 9, 34: 8, 35: 2, 36: 2, 37: 3, 38: 5, 39: 5, 40: 3, 41: 4,
    42: 1, 43: 1, 44: 3, 46: 2, 47: 1, 48: 2, 49: 2, 50: 1, 51: 1, 52: 2, 54: 2, 55: 1, 56: 1, 59: 1,
    63: 1, 67: 1, 70: 1, 72: 1,
}
# fmt: on
MARKET = np.repeat(np.arange(751), [n for n, ids in MARKET_COUNTS.items() for _ in range(ids)])


def check_epoch(sampler: IdentitySampler, pids: np.ndarray, per_batch: int, k: int) -> list[list[int]]:
    """The rules of PK sampling, checked batch by batch."""
    batches = list(sampler)
    assert len(batches) == len(sampler)
    sizes = Counter(pids.tolist())
    drawn = Counter()
    for batch in batches:
        assert len(batch) == per_batch * k
        groups = np.asarray(batch).reshape(per_batch, k)
        ids = [set(pids[group].tolist()) for group in groups]
        assert all(len(i) == 1 for i in ids), "K images of one identity stand together"
        assert len(set.union(*ids)) == per_batch, "an identity stands twice in a batch"
        drawn.update(batch)
    for index, times in drawn.items():
        assert times == 1 or sizes[pids[index]] < k, "only identities with fewer than K images repeat one"
    return batches


def test_market_has_1484_iterations_at_batch_8():
    assert len(MARKET) == 12936
    sampler = IdentitySampler(MARKET, 8, 4)
    assert len(sampler) == 1484
    check_epoch(sampler, MARKET, 2, 4)


def test_market_at_the_recipe_uses_almost_every_group():
    sampler = IdentitySampler(MARKET, 64, 4)
    assert len(sampler) == 2969 // 16 == 185
    batches = check_epoch(sampler, MARKET, 16, 4)
    groups = Counter(MARKET[batch[i]] for batch in batches for i in range(0, 64, 4))
    expected = {pid: max(1, n // 4) for pid, n in Counter(MARKET.tolist()).items()}
    assert sum(expected.values()) - sum(groups.values()) == 2969 - 185 * 16
    assert all(groups[pid] <= expected[pid] for pid in groups)


@pytest.mark.parametrize("seed", range(20))
def test_rules_hold_for_uneven_identities(seed):
    rng = np.random.default_rng(seed)
    k, per_batch = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    counts = rng.integers(1, 40, int(rng.integers(per_batch, 12)))
    counts[0] = 300  # one identity has most of the images: it may stand in each batch once
    pids = rng.permutation(np.repeat(np.arange(len(counts)) * 7 - 3, counts))
    check_epoch(IdentitySampler(pids, per_batch * k, k, seed), pids, per_batch, k)


def test_small_identities_use_all_their_images_before_repeating_one():
    pids = np.array([0, 0, 0, 1, 1, 2])
    (batch,) = IdentitySampler(pids, 12, 4)
    times = Counter(batch)
    assert set(times) == set(range(6))
    assert sorted(times[i] for i in (0, 1, 2)) == [1, 1, 2] and times[5] == 4


def test_order_depends_on_seed_and_epoch_alone():
    def order(seed, epoch):
        sampler = IdentitySampler(MARKET, 64, 4, seed)
        sampler.set_epoch(epoch)
        return list(sampler)

    assert order(1, 3) == order(1, 3)
    assert order(1, 3) != order(1, 4) and order(1, 3) != order(2, 3)


def test_identities_meet_at_random():
    """Over epochs an identity's neighbours in a batch are spread over the others evenly."""
    pids = np.repeat(np.arange(20), 8)
    sampler = IdentitySampler(pids, 8, 4)
    met = Counter()
    for epoch in range(400):
        sampler.set_epoch(epoch)
        for batch in sampler:
            a, b = sorted({int(pids[i]) for i in batch})
            met[a, b] += 1
    expected = 400 * 20 / (20 * 19 / 2)
    assert len(met) == 190
    assert all(abs(n - expected) < 6 * expected**0.5 for n in met.values())


def test_too_few_identities():
    with pytest.raises(InputError, match="needs 4 identities, the training set has 3"):
        IdentitySampler([0, 1, 2], 16, 4)


def test_shuffle_sampler():
    sampler = ShuffleSampler(range(10), 4, seed=1)
    first = list(sampler)
    assert len(sampler) == len(first) == 2
    assert len(set(sum(first, []))) == 8
    sampler.set_epoch(1)
    assert list(sampler) != first
    with pytest.raises(InputError, match="a batch of 4 needs as many training images, but there are 3"):
        ShuffleSampler(range(3), 4)


@pytest.mark.parametrize("processes", [1, 2, 4, 8, 16])
def test_shards_of_a_pk_batch_hold_disjoint_identities(processes):
    whole = IdentitySampler(MARKET, 64, 4, seed=3)
    shards = [BatchShard(IdentitySampler(MARKET, 64, 4, 3), 64, rank, processes) for rank in range(processes)]
    for sampler in (whole, *shards):
        sampler.set_epoch(2)
    assert all(len(shard) == 185 and shard.seed == 3 for shard in shards)
    for batch, *parts in zip(whole, *shards, strict=True):
        assert sum(parts, []) == batch
        identities = [set(MARKET[part].tolist()) for part in parts]
        assert all(len(ids) == 16 // processes for ids in identities)
        assert len(set.union(*identities)) == 16


def test_a_batch_that_cannot_be_divided():
    with pytest.raises(InputError, match="64 images cannot be divided evenly among 3 .*a multiple of 12"):
        BatchShard(IdentitySampler(MARKET, 64, 4), 64, 0, 3)
    with pytest.raises(InputError, match="a batch of 4 leaves each of 4 processes one image"):
        BatchShard(ShuffleSampler(MARKET, 4), 4, 0, 4)


def most_cameras(camids: np.ndarray, k: int) -> int:
    """The most different cameras that an identity's groups of K images can hold, added up."""
    groups = max(1, len(camids) // k)
    return min(groups * k, sum(min(number, groups) for number in Counter(camids.tolist()).values()))


@pytest.mark.parametrize("seed", range(20))
def test_camera_balanced_groups_hold_the_most_cameras_that_they_can(seed):
    rng = np.random.default_rng(seed)
    k, per_batch = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    counts = rng.integers(1, 40, int(rng.integers(per_batch, 12)))
    pids = rng.permutation(np.repeat(np.arange(len(counts)) * 7 - 3, counts))
    # Unevenly: most images are of the first cameras.
    camids = rng.choice(6, len(pids), p=[0.5, 0.2, 0.15, 0.1, 0.04, 0.01])
    sampler = CameraBalancedSampler(pids, camids, per_batch * k, k, seed)
    check_epoch(sampler, pids, per_batch, k)
    assert len(sampler) == len(IdentitySampler(pids, per_batch * k, k, seed))
    dealt = [sampler._deal(images, rng) for images in sampler.images]
    for images, groups in zip(sampler.images, dealt, strict=True):
        assert groups.shape == (max(1, len(images) // k), k)
        assert len(np.unique(groups)) == min(groups.size, len(images))
        found = [len(np.unique(camids[group])) for group in groups]
        assert sum(found) == most_cameras(camids[images], k)


def test_camera_balanced_positives_come_from_other_cameras():
    """People seen 20 times by one camera and 4 times each by two: the part of pairs across cameras."""
    pids, camids = np.repeat(np.arange(8), 28), np.tile([0] * 20 + [1] * 4 + [2] * 4, 8)
    across = {}
    for sampler in (IdentitySampler(pids, 8, 4), CameraBalancedSampler(pids, camids, 8, 4)):
        pairs = [
            camids[batch[i]] != camids[batch[j]]
            for batch in sampler
            for start in (0, 4)
            for i in range(start, start + 4)
            for j in range(i + 1, start + 4)
        ]
        across[type(sampler)] = np.mean(pairs)
    # Seven groups, eight images of other cameras: six groups with one of them, one with two. By chance, 404
    # of 756 pairs are of one camera.
    assert across[CameraBalancedSampler] == pytest.approx((6 * 3 / 6 + 5 / 6) / 7)
    assert across[IdentitySampler] == pytest.approx(1 - 404 / 756, abs=0.04)


def test_camera_balanced_uses_every_image_over_the_epochs():
    camids = [0] * 9 + [1, 2]
    sampler = CameraBalancedSampler([0] * 11 + [1] * 11, camids * 2, 8, 4)
    drawn = Counter()
    for epoch in range(50):
        sampler.set_epoch(epoch)
        for batch in sampler:
            drawn.update(batch)
    assert set(drawn) == set(range(22))
    assert all(drawn[i] == 50 for i in (9, 10, 20, 21)), "the rare cameras' images, in every epoch"


def test_identity_balanced_draws_every_identity_equally_often():
    rng = np.random.default_rng(0)
    counts = [500, 100, 30, 9, 5, 4, 3, 1, 2, 12]
    pids = rng.permutation(np.repeat(np.arange(10) * 3, counts))
    sampler = IdentityBalancedSampler(pids, 16, 4, seed=2)
    assert len(sampler) == 666 // 16 == 41
    total = Counter()
    for epoch in range(30):
        sampler.set_epoch(epoch)
        batches = list(sampler)
        assert len(batches) == 41
        drawn = Counter()
        for batch in batches:
            groups = np.asarray(batch).reshape(4, 4)
            ids = [np.unique(pids[group]) for group in groups]
            assert all(len(i) == 1 for i in ids) and len(np.unique(ids)) == 4
            for group, pid in zip(groups, np.concatenate(ids), strict=True):
                assert len(np.unique(group)) == min(4, counts[pid // 3]), "an image twice in a group"
            drawn.update(pids[groups[:, 0]].tolist())
        assert set(drawn.values()) == {16, 17} and sum(drawn.values()) == 41 * 4
        total.update(drawn)
    assert max(total.values()) - min(total.values()) < 30, "the odd one more goes to others each time"


def test_identity_balanced_uses_the_images_of_an_identity_evenly():
    pids = np.array([0] * 40 + [1] * 8 + [2] * 4)
    sampler, drawn = IdentityBalancedSampler(pids, 8, 4), Counter()
    for epoch in range(100):
        sampler.set_epoch(epoch)
        for batch in sampler:
            drawn.update(batch)
    for pid in range(3):
        times = [drawn[i] for i in np.flatnonzero(pids == pid)]
        assert min(times) > 0.5 * np.mean(times), "none is left out over the epochs"
    assert sum(drawn[i] for i in range(40)) == pytest.approx(400 * 6 / 3 * 2, rel=0.05)


def test_a_small_set_still_has_a_batch_of_it():
    (batch,) = IdentityBalancedSampler([0, 0, 1], 8, 4)
    assert sorted(batch[:4]) in ([0, 0, 1, 1], [0, 0, 0, 1], [0, 1, 1, 1], [2] * 4)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_keeps_the_contract(name):
    """Order by seed and epoch alone, from records; parts of several processes; too few identities refused."""
    rng = np.random.default_rng(5)
    records = [Record("", int(pid), int(rng.integers(6))) for pid in MARKET[:3000]]

    def order(seed, epoch, shard=None):
        sampler = SAMPLERS[name](records, 32, 4, seed)
        assert sampler.seed == seed and sampler.num_instances == (1 if name == "softmax" else 4)
        if shard is not None:
            sampler = BatchShard(sampler, 32, shard, 2)
        sampler.set_epoch(epoch)
        list(sampler)  # an epoch that was drawn before leaves nothing behind
        return list(sampler)

    assert order(1, 3) == order(1, 3)
    assert order(1, 3) != order(1, 4) and order(1, 3) != order(2, 3)
    assert [a + b for a, b in zip(order(1, 3, 0), order(1, 3, 1), strict=True)] == order(1, 3)
    with pytest.raises(InputError):
        SAMPLERS[name]([Record("", 0, 0)] * 9, 12, 4, 0)


@pytest.mark.parametrize("number, processes", [(10, 1), (10, 3), (19281, 8), (2, 4)])
def test_every_test_image_is_in_one_shard(number, processes):
    shards = [shard_range(number, rank, processes) for rank in range(processes)]
    assert [i for shard in shards for i in shard] == list(range(number))
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
