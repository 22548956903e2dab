"""From the embedded images of a test to its results: embeddings, scores, ranks, metrics."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from yacs.config import CfgNode

from .embedded import TestImages
from .gallery import GalleryIndex
from .metrics import RankMetrics, summarise
from .ranking import QueryRanks, rank_queries
from .scores import euclidean_scores, feature_scores
from .single_shot import rank_single_shot
from .ways import WAYS, Search, start_search

CPU = torch.device("cpu")


class Result(NamedTuple):
    """What a way of ranking finds."""

    name: str  # 'plain', or the names of the ways joined by ' + '
    ranks: QueryRanks  # of each query; with 'single_gallery_shot' of each query and repeat
    metrics: RankMetrics


def evaluate_ways(cfg: CfgNode, images: TestImages, device: torch.device = CPU) -> list[Result]:
    """The plain ranking, each way of ranking that is on, and all of them together if there are more than one.

    Args:
        cfg: the settings; TEST names the ways, the protocol and the constants, SEED draws the galleries of
            'single_gallery_shot'.
        images: on the host; with ``mirrored`` features if TEST.FLIP is on.
        device: to compute on.

    Raises:
        InputError: features that cannot be ranked, no query with a match, or too little memory to re-rank.
    """
    on = [name for name, way in WAYS.items() if way.is_on(cfg.TEST)]
    rows = [[], *([name] for name in on), *([on] if len(on) > 1 else [])]
    search = start_search(cfg.TEST, images, device)
    return [_result(cfg, search, ways) for ways in rows]


def rank_images(
    cfg: CfgNode, images: TestImages, device: torch.device = CPU, ways: Sequence[str] = ()
) -> Result:
    """The ranking by the ways of these names, in this order; without any, the plain one.

    Args: as for ``evaluate_ways``.
    """
    return _result(cfg, start_search(cfg.TEST, images, device), ways)


def plain_scores(cfg: CfgNode, images: TestImages, device: torch.device = CPU) -> Iterable[torch.Tensor]:
    """Chunks (m, G) of the plain ranking's scores, larger = nearer, each overwriting the one before.

    They are cosines or, with TEST.FEAT_NORM off, fall as the Euclidean distance grows.
    """
    return _scores(cfg, start_search(cfg.TEST, images, device))


def _result(cfg: CfgNode, search: Search, ways: Sequence[str]) -> Result:
    for name in ways:
        search = WAYS[name].apply(cfg.TEST, search)
    test, scores = cfg.TEST, _scores(cfg, search)
    index = GalleryIndex.of(search.images.query, search.images.gallery, test.SAME_CAMERA)
    if test.PROTOCOL == "single_gallery_shot":
        ranks = rank_single_shot(scores, index, test.REPEATS, cfg.SEED)
        metrics = summarise(ranks)
        metrics = metrics._replace(num_valid_queries=metrics.num_valid_queries // test.REPEATS)
    else:
        ranks = rank_queries(scores, index)
        metrics = summarise(ranks)
    return Result(" + ".join(ways) or "plain", ranks, metrics)


def _scores(cfg: CfgNode, search: Search) -> Iterable[torch.Tensor]:
    if search.scores is not None:
        return search.scores
    score = feature_scores if cfg.TEST.FEAT_NORM else euclidean_scores
    return score(search.images.query.features, search.images.gallery.features)
