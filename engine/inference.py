"""Evaluation of a network: its features, handed to ``evaluation``, and the log of what comes back."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from data import DeviceLoader
from evaluation import (
    QueryRanks,
    RankMetrics,
    Result,
    TestImages,
    comparison,
    evaluate_ways,
    metric_lines,
    rank_images,
    unmatched_line,
)
from utils.distributed import process_number
from utils.logger import log_plain

from .features import FeatureExtractor


class Evaluation(NamedTuple):
    """The images of a test, and how well the plain ranking finds them."""

    images: TestImages  # as the network gives them
    ranks: QueryRanks
    metrics: RankMetrics
    results: Sequence[
        Result
    ] = ()  # of ``do_inference``: of each way of ranking that is on, the plain one first


def evaluate(cfg: CfgNode, model: nn.Module, val_loader: DeviceLoader, num_query: int) -> Evaluation | None:
    """The plain ranking, as training needs it after an epoch; None except in the first process.

    Args:
        cfg: the settings.
        model: on the device of the loader.
        val_loader: query images, then gallery images.
        num_query: number of query images.
    """
    images = embed_test(cfg, make_extractor(cfg, model, val_loader), val_loader, num_query)
    if process_number() > 0:
        return None
    result = rank_images(cfg, images, val_loader.device)
    return Evaluation(images, result.ranks, result.metrics)


def do_inference(
    cfg: CfgNode,
    model: nn.Module,
    val_loader: DeviceLoader,
    num_query: int,
    multi_query_loader: DeviceLoader | None = None,
) -> Evaluation | None:
    """Evaluate every way of ranking that is switched on, and log one row per way.

    Args:
        cfg: the settings.
        model: moved to the device of the loader.
        val_loader: query images, then gallery images.
        num_query: number of query images.
        multi_query_loader: further images of the queries' people, or None.

    Returns:
        Of the plain ranking, with the results of all; None except in the first process, which alone ranks.
    """
    model.to(val_loader.device, memory_format=torch.channels_last)
    extractor = make_extractor(cfg, model, val_loader)
    images = embed_test(cfg, extractor, val_loader, num_query, mirror=cfg.TEST.FLIP)
    if cfg.TEST.MULTI_QUERY and multi_query_loader is not None:
        images = images._replace(extra=extractor.embed(multi_query_loader, mirror=cfg.TEST.FLIP))
    if process_number() > 0:
        return None
    results = evaluate_ways(cfg, images, val_loader.device)
    logger.info("Validation Results")
    log_metrics(results[0].metrics, num_query)
    if len(results) > 1:
        log_plain(comparison(results))
    return Evaluation(images, results[0].ranks, results[0].metrics, results)


def make_extractor(cfg: CfgNode, model: nn.Module, loader: DeviceLoader) -> FeatureExtractor:
    """An extractor for a loader's images, as TEST and SOLVER.AMP describe it."""
    return FeatureExtractor(model, loader.transform, loader.device, cfg.TEST.IMS_PER_BATCH, cfg.SOLVER.AMP)


def embed_test(
    cfg: CfgNode,
    extractor: FeatureExtractor,
    val_loader: DeviceLoader,
    num_query: int,
    mirror: bool = False,
) -> TestImages:
    """The images of query and gallery as the network gives them."""
    images = extractor.embed(val_loader, mirror)
    if cfg.TEST.FEAT_NORM:
        log_plain("The test feature is normalized")
    is_query = images.indices < num_query
    return TestImages(images.where(is_query), images.where(~is_query))


def log_metrics(metrics: RankMetrics, num_query: int) -> None:
    """Log mAP and Rank-1/5/10, in the caller's name, and how many queries did not count."""
    log = logger.opt(depth=1)
    for line in metric_lines(metrics):
        log.info(line)
    if line := unmatched_line(metrics, num_query):
        log.warning(line)
