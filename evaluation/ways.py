"""The ways of ranking beside the plain one; a new one is a function here and a line in ``WAYS``."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
from yacs.config import CfgNode

from .embedded import Embedded, TestImages
from .k_reciprocal import re_ranking
from .query_expansion import expand_queries, pool_queries
from .scores import check_features, distance_scores


class Search(NamedTuple):
    """The queries and the gallery, as the ways of ranking transform them one after another."""

    given: TestImages  # as the network gave them
    images: TestImages  # to be compared: on the device, scaled to length 1 if TEST.FEAT_NORM is on
    scores: Iterable[torch.Tensor] | None = None  # chunks (m, G), larger = nearer; None: the features' own


class Way(NamedTuple):
    """A way of ranking. Both functions are given the settings of TEST."""

    is_on: Callable[[CfgNode], bool]
    apply: Callable[[CfgNode, Search], Search]


def start_search(test: CfgNode, images: TestImages, device: torch.device) -> Search:
    """The search of the plain ranking.

    Args:
        test: the settings of TEST.
        images: as the network gave them.
        device: to compute on.

    Raises:
        InputError: there are no query or gallery images, or features are not finite.
    """

    def ready(part: Embedded) -> Embedded:
        part = part.normalised() if test.FEAT_NORM else part
        return part._replace(features=part.features.to(device))

    query, gallery, extra = (part and ready(part) for part in images)
    check_features(query.features, gallery.features)
    return Search(images, TestImages(query, gallery, extra))


def flip(test: CfgNode, search: Search) -> Search:
    """Mean of the features of an image and of its mirror image, as the network gave them."""
    averaged = TestImages(*(part and part.averaged() for part in search.given))
    return start_search(test, averaged, search.images.query.features.device)


def multi_query(test: CfgNode, search: Search) -> Search:
    """Mean of the features of all images of the query's person in its camera."""
    images = search.images
    query = images.query._replace(features=pool_queries(images.query, images.extra))
    return search._replace(images=images._replace(query=query.normalised() if test.FEAT_NORM else query))


def query_expansion(test: CfgNode, search: Search) -> Search:
    """Mean of the features of the query and of its nearest gallery images."""
    query, gallery = search.images.query, search.images.gallery
    features = expand_queries(query.features, gallery.features, test.QUERY_EXPANSION, test.QE_ALPHA)
    return search._replace(images=search.images._replace(query=query._replace(features=features)))


def re_rank(test: CfgNode, search: Search) -> Search:
    """k-reciprocal re-ranking."""
    query, gallery = search.images.query.features, search.images.gallery.features
    distance = re_ranking(query, gallery, test.K1, test.K2, test.LAMBDA)
    return search._replace(scores=distance_scores(distance))


# In the order in which they are applied. Flip comes first, since it starts from what the network gave.
WAYS = {
    "flip": Way(lambda test: test.FLIP, flip),
    "multi-query": Way(lambda test: test.MULTI_QUERY, multi_query),
    "query expansion": Way(lambda test: test.QUERY_EXPANSION > 0, query_expansion),
    "re-ranking": Way(lambda test: test.RE_RANKING, re_rank),
}
