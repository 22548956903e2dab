"""Losses, one idea per file, chosen by their own settings."""

from .build import ID_LOSSES, METRIC_LOSSES, make_loss
from .center_loss import CenterLoss
from .triplet_loss import TripletLoss

__all__ = ["ID_LOSSES", "METRIC_LOSSES", "CenterLoss", "TripletLoss", "make_loss"]
