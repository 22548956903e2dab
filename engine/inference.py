"""From features to mAP, CMC and mINP, one row for each way of ranking."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from loguru import logger
from torch import nn
from yacs.config import CfgNode

from utils.distributed import process_number
from utils.logger import log_plain
from utils.metrics import RankMetrics, check_features, feature_scores, summarise
from utils.query_expansion import expand_queries, pool_queries
from utils.ranking import QueryRanks, rank_queries
from utils.re_ranking import re_ranking
from utils.single_shot import rank_single_shot

from .features import Embedded, Extractor


class TestImages(NamedTuple):
    """The images of a test as features."""

    __test__ = False  # no test class, whatever pytest reads in the name

    query: Embedded
    gallery: Embedded


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
    images = embed(cfg, model, val_loader, num_query, device)
    if process_number() > 0:
        return None
    return metrics(cfg, rank(cfg, images.query, images.gallery, device))


def do_inference(
    cfg: CfgNode, model: nn.Module, val_loader, num_query: int, device: torch.device, multi_query_loader=None
) -> tuple[TestImages, QueryRanks] | None:
    """Evaluate every way of ranking that is switched on, and log a row for each.

    Args:
        cfg: the settings.
        model: moved to ``device``.
        val_loader: query images, then gallery images.
        num_query: number of query images.
        device: to compute on.
        multi_query_loader: further images of the queries' people, or None.

    Returns:
        Features and ranks of the plain ranking; None but in the first process, which alone ranks.
    """
    model.to(device, memory_format=torch.channels_last)
    sources = {False: embed(cfg, model, val_loader, num_query, device)}
    if cfg.TEST.FLIP:
        sources[True] = embed(cfg, model, val_loader, num_query, device, flip=True)
    extra = {
        flip: normalise(cfg, Extractor(cfg, model, device, flip).run(multi_query_loader))
        for flip in sources
        if cfg.TEST.MULTI_QUERY and multi_query_loader is not None
    }
    if process_number() > 0:
        return None
    switches = {
        "flip": cfg.TEST.FLIP,
        "multi-query": cfg.TEST.MULTI_QUERY,
        "query expansion": cfg.TEST.QUERY_EXPANSION > 0,
        "re-ranking": cfg.TEST.RE_RANKING,
    }
    on = [name for name, is_on in switches.items() if is_on]
    rows = [[], *([name] for name in on), *([on] if len(on) > 1 else [])]
    ranks = [rank(cfg, *sources["flip" in ways], device, ways, extra.get("flip" in ways)) for ways in rows]
    results = [(" + ".join(ways) or "plain", metrics(cfg, r)) for ways, r in zip(rows, ranks, strict=True)]
    logger.info("Validation Results")
    log_metrics(results[0][1], num_query)
    if len(results) > 1:
        log_plain(comparison(results))
    return sources[False], ranks[0]


def embed(
    cfg: CfgNode, model: nn.Module, val_loader, num_query: int, device: torch.device, flip: bool = False
) -> TestImages:
    """Features of query and gallery, scaled to length 1 if TEST.FEAT_NORM is on."""
    images = normalise(cfg, Extractor(cfg, model, device, flip).run(val_loader))
    if cfg.TEST.FEAT_NORM and not flip:
        log_plain("The test feature is normalized")
    is_query = images.indices < num_query
    return TestImages(images.where(is_query), images.where(~is_query))


def normalise(cfg: CfgNode, images: Embedded) -> Embedded:
    """Features scaled to length 1, if TEST.FEAT_NORM is on."""
    return images._replace(features=F.normalize(images.features, dim=1)) if cfg.TEST.FEAT_NORM else images


def rank(
    cfg: CfgNode,
    query: Embedded,
    gallery: Embedded,
    device: torch.device,
    ways: list[str] | tuple = (),
    extra: Embedded | None = None,
) -> QueryRanks:
    """Ranks of each query's matches.

    Args:
        cfg: the settings; TEST names the protocol and the constants.
        query: images to search for.
        gallery: images to search in.
        device: to compute on.
        ways: of 'multi-query', 'query expansion', 're-ranking'.
        extra: further images of the queries' people, for 'multi-query'.
    """
    test = cfg.TEST
    q, g = check_features(query.features.to(device), gallery.features.to(device))
    if "multi-query" in ways:
        extra = extra or query.where(torch.zeros(len(query.pids), dtype=torch.bool))
        q = pool_queries(q, query.pids, query.camids, extra.features.to(device), extra.pids, extra.camids)
        q = F.normalize(q, dim=1) if test.FEAT_NORM else q
    if "query expansion" in ways:
        q = expand_queries(q, g, test.QUERY_EXPANSION, test.QE_ALPHA)
    if "re-ranking" in ways:
        scores = _chunks(re_ranking(q, g, test.K1, test.K2, test.LAMBDA))
    else:
        scores = plain_scores(cfg, q, g)
    ids = (query.pids, gallery.pids, query.camids, gallery.camids)
    if test.PROTOCOL == "single_gallery_shot":
        return rank_single_shot(scores, *ids, test.REPEATS, cfg.SEED, test.SAME_CAMERA)
    return rank_queries(scores, *ids, test.SAME_CAMERA)


def metrics(cfg: CfgNode, ranks: QueryRanks) -> RankMetrics:
    """Means over the queries, and over the galleries drawn for each, where the protocol draws some."""
    found = summarise(ranks)
    if cfg.TEST.PROTOCOL == "single_gallery_shot":
        return found._replace(num_valid_queries=found.num_valid_queries // cfg.TEST.REPEATS)
    return found


def plain_scores(cfg: CfgNode, query: torch.Tensor, gallery: torch.Tensor) -> Iterator[torch.Tensor]:
    """Chunks (m, G) of scores by cosine or, with TEST.FEAT_NORM off, by Euclidean distance."""
    if cfg.TEST.FEAT_NORM:
        return feature_scores(query, gallery)
    # q·g - |g|²/2 falls as |q - g| grows.
    query = torch.cat([query, query.new_ones(len(query), 1)], dim=1)
    return feature_scores(query, torch.cat([gallery, -gallery.square().sum(1, keepdim=True) / 2], dim=1))


def log_metrics(metrics: RankMetrics, num_query: int) -> None:
    """Log mAP and Rank-1/5/10, in the caller's name, and how many queries could not count."""
    log = logger.opt(depth=1)
    log.info(f"mAP:{metrics.mAP:.1%}")
    for r in (1, 5, 10):
        log.info(f"CMC curve, Rank-{r:<3}:{metrics.cmc[r - 1]:.1%}")
    if metrics.num_valid_queries < num_query:
        log.warning(
            f"{num_query - metrics.num_valid_queries} of {num_query} queries have no match under another "
            "camera and did not count"
        )


def comparison(results: list[tuple[str, RankMetrics]]) -> str:
    """A table of results, a row each."""
    width = max(len(name) for name, _ in results)
    lines = [f"  {'ranking':<{width}} |   mAP | Rank-1 | Rank-5 | Rank-10 |  mINP"]
    for name, m in results:
        cells = f"{m.mAP:6.1%} | {m.cmc[0]:6.1%} | {m.cmc[4]:6.1%} | {m.cmc[9]:7.1%} | {m.mINP:5.1%}"
        lines.append(f"  {name:<{width}} |{cells}")
    rule = "  " + "-" * (len(lines[0]) - 2)
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _chunks(distance) -> Iterator[torch.Tensor]:
    for rows in torch.from_numpy(distance).split(256):
        yield -rows
