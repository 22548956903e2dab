"""Optimizer and learning-rate schedule."""

from .build import OPTIMIZERS, make_optimizer, make_scheduler
from .lr_scheduler import WarmupMultiStepLR

__all__ = ["OPTIMIZERS", "WarmupMultiStepLR", "make_optimizer", "make_scheduler"]
