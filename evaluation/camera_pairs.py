"""How well queries of each camera are found in each camera alone: where does a network fail?"""

from typing import NamedTuple

import numpy as np
from yacs.config import CfgNode

from .embedded import TestImages
from .evaluate import plain_scores
from .gallery import GalleryIndex
from .ranking import rank_queries


class CameraPairs(NamedTuple):
    """Results by the camera of the query, A of them, and by that of the gallery, B of them."""

    query_cameras: np.ndarray  # (A,) camera ids, rising
    gallery_cameras: np.ndarray  # (B,) camera ids, rising
    mean_ap: (
        np.ndarray
    )  # (A, B) mAP, 0..1, of those queries in the images of that camera; NaN without a match
    queries: np.ndarray  # (A, B) int64, how many have a match there


def camera_pairs(cfg: CfgNode, images: TestImages) -> CameraPairs:
    """Rank the images of each camera for all queries, by the plain ranking.

    Together this costs about as much as one ranking of the whole gallery. Galleries of single cameras are
    smaller, so that these values are higher than the mAP of the test.

    Args:
        cfg: the settings; those of TEST count.
        images: as the network gives them.
    """
    query, camids = images.query, images.gallery.camids
    asking = query.camids.numpy()
    query_cameras, gallery_cameras = np.unique(asking), np.unique(camids.numpy())
    shape = len(query_cameras), len(gallery_cameras)
    mean_ap, queries = np.full(shape, np.nan), np.zeros(shape, np.int64)
    for column, camera in enumerate(gallery_cameras.tolist()):
        gallery = images.gallery.where(camids == camera)
        index = GalleryIndex.of(query, gallery, cfg.TEST.SAME_CAMERA)
        ranks = rank_queries(plain_scores(cfg, TestImages(query, gallery)), index)
        for row, own in enumerate(query_cameras):
            precision = ranks.average_precision[(asking == own) & (ranks.first_match > 0)]
            queries[row, column] = len(precision)
            if len(precision):
                mean_ap[row, column] = precision.mean()
    return CameraPairs(query_cameras, gallery_cameras, mean_ap, queries)
