"""Optimizer and learning-rate schedule."""

from .build import OPTIMIZERS, SCHEDULES, make_optimizer, make_scheduler
from .layer_decay import layer_factors
from .lr_scheduler import WarmupMultiStepLR
from .warmup import Warmup, WarmupLR

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Warmup",
    "WarmupLR",
    "WarmupMultiStepLR",
    "layer_factors",
    "make_optimizer",
    "make_scheduler",
]
