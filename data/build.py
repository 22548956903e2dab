"""From the settings to the loaders."""

from collections.abc import Sequence
from pathlib import Path

import ignite.distributed as idist
import torch
from yacs.config import CfgNode

from utils.device import network_dtype, usable_gpu
from utils.distributed import share_of_cores
from utils.errors import InputError
from utils.logger import log_plain

from .cache import PixelCache, open_cache
from .datasets import Names, Record, ReidDataset, read_named, statistics_table, unite
from .device_loader import DeviceLoader
from .images import ImageDataset
from .loader import ReidLoader
from .samplers import SAMPLERS, BatchShard, shard_range
from .transforms import make_test_transform, make_train_transform
from .validation import report_quickly
from .workers import warn_of_shared_memory


def make_data_loader(
    cfg: CfgNode, device: torch.device | None = None
) -> tuple[DeviceLoader, DeviceLoader, int, int]:
    """Read the data sets, log their tables, look for mistakes and make the loaders.

    Args:
        cfg: the settings.
        device: that the network computes on; None: the one that MODEL.DEVICE names.

    Returns:
        The training loader; the loader of the query images followed by the gallery images; the number of
        query images; the number of training identities.

    Raises:
        InputError: a data set is not there, has fewer identities than a batch needs, or no query has a match.
    """
    dataset = read_dataset(cfg)
    if not dataset.train:
        raise _no_training_images(cfg.DATASETS.NAMES[0])
    report_quickly(dataset, cfg)
    device = device or _device(cfg)
    train = _train_loader(cfg, dataset, device)
    val = _test_loader(cfg, dataset.query + dataset.gallery, dataset.names, device)
    warn_of_shared_memory(train.loader, val.loader)
    return train, val, len(dataset.query), dataset.num_train_pids


def read_dataset(cfg: CfgNode, train: bool = True) -> ReidDataset:
    """Read the data sets that DATASETS names and log their tables.

    Args:
        cfg: the settings.
        train: False: the tested data set alone is read; those of training need not be there.

    Returns:
        The training images of all DATASETS.NAMES, with the query and gallery of DATASETS.TEST_NAME.

    Raises:
        InputError: a data set is not there, or lacks the part that is wanted of it.
    """
    tested = cfg.DATASETS.TEST_NAME or cfg.DATASETS.NAMES[0]
    trained = list(cfg.DATASETS.NAMES) if train else []
    found: dict[str, ReidDataset] = {}
    for name in dict.fromkeys([*trained, tested]):
        found[name] = read_named(name, cfg.DATASETS)
        log_plain(statistics_table(found[name]))
    for name in trained if len(found) > 1 else []:
        if not found[name].train:
            raise _no_training_images(name)
    if not found[tested].query or not found[tested].gallery:
        raise InputError(
            f"{tested} has no query or no gallery images; add query and gallery, or test, or name another "
            "data set with DATASETS.TEST_NAME"
        )
    if len(found) == 1:
        return found[tested]
    dataset = unite([found[name] for name in trained], found[tested])
    log_plain(statistics_table(dataset))
    return dataset


def make_train_loader(cfg: CfgNode, dataset: ReidDataset, device: torch.device | None = None) -> DeviceLoader:
    """Batches of training images, drawn by DATALOADER.SAMPLER; of each, the part of this process."""
    loader = _train_loader(cfg, dataset, device or _device(cfg))
    warn_of_shared_memory(loader.loader)
    return loader


def make_val_loader(cfg: CfgNode, dataset: ReidDataset, device: torch.device | None = None) -> DeviceLoader:
    """The query images, then the gallery images, in order."""
    records = dataset.query + dataset.gallery
    loader = _test_loader(cfg, records, dataset.names, device or _device(cfg))
    warn_of_shared_memory(loader.loader)
    return loader


def make_multi_query_loader(
    cfg: CfgNode, dataset: ReidDataset, device: torch.device | None = None
) -> DeviceLoader | None:
    """Further images of a query's person in the query's camera, or None where the data set has none."""
    seen = {(record.pid, record.camid) for record in dataset.query}
    records = [record for record in dataset.multi_query if (record.pid, record.camid) in seen]
    return _test_loader(cfg, records, dataset.names, device or _device(cfg)) if records else None


def make_image_loader(cfg: CfgNode, paths: Sequence[str], device: torch.device) -> DeviceLoader:
    """Images of no data set, in order, each read once; what cannot be read is left out with a warning."""
    records = [Record(path, pid=0, camid=0) for path in paths]
    loader = _in_order(cfg, ImageDataset(records, cfg.INPUT.SIZE_TEST), "skip", device)
    warn_of_shared_memory(loader.loader)
    return loader


def _train_loader(cfg: CfgNode, dataset: ReidDataset, device: torch.device) -> DeviceLoader:
    batch_size = cfg.SOLVER.IMS_PER_BATCH
    rank, processes = idist.get_rank(), idist.get_world_size()
    sampler = SAMPLERS[cfg.DATALOADER.SAMPLER](
        dataset.train, batch_size, cfg.DATALOADER.NUM_INSTANCE, cfg.SEED
    )
    cache = _cache(cfg, dataset.train, cfg.INPUT.SIZE_TRAIN, device)
    images = ImageDataset(dataset.train, cfg.INPUT.SIZE_TRAIN, cache, True, dataset.train_names)
    workers = _num_workers(cfg, images)
    loader = ReidLoader(
        images,
        cfg.DATASETS.ON_BAD_IMAGE,
        batch_sampler=BatchShard(sampler, batch_size, rank, processes),
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=_pin_memory(images, device),
    )
    transform = make_train_transform(cfg, (rank, processes))
    return DeviceLoader(loader, transform, device, network_dtype(device, cfg.SOLVER.AMP))


def _test_loader(cfg: CfgNode, records: list[Record], names: Names, device: torch.device) -> DeviceLoader:
    cache = _cache(cfg, records, cfg.INPUT.SIZE_TEST, device)
    images = ImageDataset(records, cfg.INPUT.SIZE_TEST, cache, names=names)
    return _in_order(cfg, images, cfg.DATASETS.ON_BAD_IMAGE, device)


def _in_order(cfg: CfgNode, images: ImageDataset, on_bad_image: str, device: torch.device) -> DeviceLoader:
    loader = ReidLoader(
        images,
        on_bad_image,
        batch_size=cfg.TEST.IMS_PER_BATCH,
        sampler=shard_range(len(images), idist.get_rank(), idist.get_world_size()),
        num_workers=_num_workers(cfg, images),
        pin_memory=_pin_memory(images, device),
    )
    return DeviceLoader(loader, make_test_transform(cfg), device, network_dtype(device, cfg.SOLVER.AMP))


def _no_training_images(name: str) -> InputError:
    return InputError(
        f"{name} has no training images (a folder train, or rows with the split train); add them, or name "
        "other data sets with DATASETS.NAMES"
    )


def _device(cfg: CfgNode) -> torch.device:
    gpu = usable_gpu(cfg.MODEL.DEVICE, cfg.MODEL.DEVICE_ID)
    return torch.device("cpu") if gpu is None else torch.device("cuda", gpu)


def _cache(
    cfg: CfgNode, records: list[Record], size: Sequence[int], device: torch.device
) -> PixelCache | None:
    if cfg.DATALOADER.CACHE == "none":
        return None
    folder = Path(cfg.DATASETS.ROOT_DIR) / ".cache"
    cache = open_cache(records, tuple(size), folder, cfg.DATALOADER.CACHE_GB)
    if cache and cfg.DATALOADER.CACHE == "device" and device.type == "cuda":
        cache = cache.to(device)
    return cache


def _num_workers(cfg: CfgNode, images: ImageDataset) -> int:
    if images.cache:  # fetching a batch is a copy, quicker than handing it from one process to another
        return 0
    workers = cfg.DATALOADER.NUM_WORKERS
    return workers if workers >= 0 else min(8, share_of_cores())


def _pin_memory(images: ImageDataset, device: torch.device) -> bool:
    return device.type == "cuda" and not (images.cache and images.cache.on_device)
