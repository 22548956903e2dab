"""From the settings to the loaders."""

import os

import torch
from yacs.config import CfgNode

from utils.logger import log_plain

from .datasets import DATASETS, Record, ReidDataset, statistics_table
from .images import ImageDataset, ReidLoader
from .samplers import SAMPLERS
from .transforms import TestTransform, TrainTransform


def make_data_loader(cfg: CfgNode) -> tuple[ReidLoader, ReidLoader, int, int]:
    """Read the data set, log its table and make the loaders.

    Args:
        cfg: the settings.

    Returns:
        The training loader; the loader of the query images followed by the gallery images; the number of
        query images; the number of training identities.

    Raises:
        InputError: the data set is not there, or has fewer identities than a batch needs.
    """
    dataset = read_dataset(cfg)
    return (
        make_train_loader(cfg, dataset),
        make_val_loader(cfg, dataset),
        len(dataset.query),
        dataset.num_train_pids,
    )


def read_dataset(cfg: CfgNode) -> ReidDataset:
    """Read the data set that DATASETS names and log its table."""
    dataset = DATASETS[cfg.DATASETS.NAMES[0]](cfg.DATASETS)
    log_plain(statistics_table(dataset))
    return dataset


def make_train_loader(cfg: CfgNode, dataset: ReidDataset) -> ReidLoader:
    """Batches of training images, drawn by DATALOADER.SAMPLER."""
    sampler = SAMPLERS[cfg.DATALOADER.SAMPLER](
        [record.pid for record in dataset.train],
        cfg.SOLVER.IMS_PER_BATCH,
        cfg.DATALOADER.NUM_INSTANCE,
        cfg.SEED,
    )
    transform = TrainTransform(
        cfg.INPUT.PROB, cfg.INPUT.PADDING, cfg.INPUT.RE_PROB, cfg.INPUT.PIXEL_MEAN, cfg.INPUT.PIXEL_STD
    )
    workers = _num_workers(cfg)
    return ReidLoader(
        ImageDataset(dataset.train, cfg.INPUT.SIZE_TRAIN),
        transform,
        cfg.DATASETS.ON_BAD_IMAGE,
        batch_sampler=sampler,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=_on_gpu(cfg),
    )


def make_val_loader(cfg: CfgNode, dataset: ReidDataset) -> ReidLoader:
    """The query images, then the gallery images, in order."""
    return _test_loader(cfg, dataset.query + dataset.gallery)


def make_multi_query_loader(cfg: CfgNode, dataset: ReidDataset) -> ReidLoader | None:
    """Further images of a query's person in the query's camera, or None where the data set has none."""
    seen = {(record.pid, record.camid) for record in dataset.query}
    records = [record for record in dataset.multi_query if (record.pid, record.camid) in seen]
    return _test_loader(cfg, records) if records else None


def _test_loader(cfg: CfgNode, records: list[Record]) -> ReidLoader:
    transform = TestTransform(cfg.INPUT.PIXEL_MEAN, cfg.INPUT.PIXEL_STD)
    return ReidLoader(
        ImageDataset(records, cfg.INPUT.SIZE_TEST),
        transform,
        cfg.DATASETS.ON_BAD_IMAGE,
        batch_size=cfg.TEST.IMS_PER_BATCH,
        num_workers=_num_workers(cfg),
        pin_memory=_on_gpu(cfg),
    )


def _num_workers(cfg: CfgNode) -> int:
    return cfg.DATALOADER.NUM_WORKERS if cfg.DATALOADER.NUM_WORKERS >= 0 else min(8, os.cpu_count() or 1)


def _on_gpu(cfg: CfgNode) -> bool:
    return cfg.MODEL.DEVICE == "cuda" and torch.cuda.is_available()
