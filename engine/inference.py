"""Evaluation of a network: its features, handed to ``evaluation``, and the log of what comes back."""

import torch
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from evaluation import (
    QueryRanks,
    RankMetrics,
    TestImages,
    comparison,
    evaluate_ways,
    metric_lines,
    rank_images,
    unmatched_line,
)
from utils.distributed import process_number
from utils.logger import log_plain

from .features import Extractor


def evaluate(
    cfg: CfgNode, model: nn.Module, val_loader, num_query: int, device: torch.device
) -> RankMetrics | None:
    """Metrics of the plain ranking, as training needs them after an epoch; None but in the first process.

    Args:
        cfg: the settings.
        model: on ``device``.
        val_loader: query images, then gallery images.
        num_query: number of query images.
        device: to compute on.
    """
    images = embed(cfg, Extractor(cfg, model, device), val_loader, num_query)
    return None if process_number() > 0 else rank_images(cfg, images, device).metrics


def do_inference(
    cfg: CfgNode, model: nn.Module, val_loader, num_query: int, device: torch.device, multi_query_loader=None
) -> tuple[TestImages, QueryRanks] | None:
    """Evaluate every way of ranking that is switched on, and log one row per way.

    Args:
        cfg: the settings.
        model: moved to ``device``.
        val_loader: query images, then gallery images.
        num_query: number of query images.
        device: to compute on.
        multi_query_loader: further images of the queries' people, or None.

    Returns:
        The images as the network gives them, and the ranks of the plain ranking; None but in the first
        process, which alone ranks.
    """
    model.to(device, memory_format=torch.channels_last)
    extractor = Extractor(cfg, model, device, cfg.TEST.FLIP)
    images = embed(cfg, extractor, val_loader, num_query)
    if cfg.TEST.MULTI_QUERY and multi_query_loader is not None:
        images = images._replace(extra=extractor.run(multi_query_loader))
    if process_number() > 0:
        return None
    results = evaluate_ways(cfg, images, device)
    logger.info("Validation Results")
    log_metrics(results[0].metrics, num_query)
    if len(results) > 1:
        log_plain(comparison(results))
    return images, results[0].ranks


def embed(cfg: CfgNode, extractor: Extractor, val_loader, num_query: int) -> TestImages:
    """The images of query and gallery as the network gives them."""
    images = extractor.run(val_loader)
    if cfg.TEST.FEAT_NORM:
        log_plain("The test feature is normalized")
    is_query = images.indices < num_query
    return TestImages(images.where(is_query), images.where(~is_query))


def log_metrics(metrics: RankMetrics, num_query: int) -> None:
    """Log mAP and Rank-1/5/10, in the caller's name, and how many queries could not count."""
    log = logger.opt(depth=1)
    for line in metric_lines(metrics):
        log.info(line)
    if line := unmatched_line(metrics, num_query):
        log.warning(line)
