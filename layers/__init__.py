"""Losses and pooling, one idea per file, chosen by their own settings."""

from .build import ID_LOSSES, METRIC_LOSSES, make_loss
from .center_loss import CenterLoss
from .gather import gather_batch
from .pooling import POOLINGS, max_stripes
from .sync_batch_norm import CPUSyncBatchNorm, synchronise_batch_norm
from .triplet_loss import TripletLoss

__all__ = [
    "ID_LOSSES",
    "METRIC_LOSSES",
    "POOLINGS",
    "CPUSyncBatchNorm",
    "CenterLoss",
    "TripletLoss",
    "gather_batch",
    "make_loss",
    "max_stripes",
    "synchronise_batch_norm",
]
