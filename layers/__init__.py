"""Losses and pooling, one idea per file, chosen by their own settings."""

from .arcface import ArcFaceLoss
from .build import ID_LOSSES, MARGIN_HEADS, METRIC_LOSSES, ReidLoss, label_smoothing, make_loss, weighted_sum
from .center_loss import CenterLoss
from .circle_loss import CircleLoss
from .circle_softmax import CircleSoftmaxLoss
from .cosface import CosFaceLoss
from .cosine_classifier import CosineClassifier
from .depthwise import DepthwiseConv, quicken_depthwise
from .gather import gather_batch
from .multi_similarity import MultiSimilarityLoss
from .pooling import POOLINGS, max_stripes
from .sync_batch_norm import SyncBatchNorm, synchronise_batch_norm
from .triplet_loss import TripletLoss
from .weighted_triplet import WeightedTripletLoss

__all__ = [
    "ID_LOSSES",
    "MARGIN_HEADS",
    "METRIC_LOSSES",
    "ArcFaceLoss",
    "POOLINGS",
    "CenterLoss",
    "CircleLoss",
    "CircleSoftmaxLoss",
    "CosFaceLoss",
    "CosineClassifier",
    "DepthwiseConv",
    "MultiSimilarityLoss",
    "ReidLoss",
    "SyncBatchNorm",
    "TripletLoss",
    "WeightedTripletLoss",
    "gather_batch",
    "label_smoothing",
    "make_loss",
    "max_stripes",
    "quicken_depthwise",
    "synchronise_batch_norm",
    "weighted_sum",
]
