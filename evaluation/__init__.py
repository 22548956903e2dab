"""From embeddings to results: ``embedded`` -> ``scores`` -> ``ranking`` -> ``metrics`` -> ``report``.

``gallery`` holds the labels, ``ways`` what may stand between embeddings and scores, ``evaluate`` the whole
flow. ``per_query`` and ``calibration`` answer further questions about the same images.
"""

from .embedded import Embedded, TestImages
from .evaluate import Result, evaluate_ways, plain_scores, rank_images
from .gallery import GalleryIndex
from .k_reciprocal import re_ranking
from .metrics import RankMetrics, rank_metrics
from .ranking import QueryRanks, rank_queries
from .report import comparison, metric_lines, unmatched_line
from .ways import WAYS

__all__ = [
    "WAYS",
    "Embedded",
    "GalleryIndex",
    "QueryRanks",
    "RankMetrics",
    "Result",
    "TestImages",
    "comparison",
    "evaluate_ways",
    "metric_lines",
    "plain_scores",
    "rank_images",
    "rank_metrics",
    "rank_queries",
    "re_ranking",
    "unmatched_line",
]
