"""Optimizer and learning-rate schedule."""

from .build import OPTIMIZERS, SCHEDULES, make_optimizer, make_scheduler
from .cosine import WarmupCosineLR
from .layer_decay import layer_factors
from .lr_scheduler import WarmupMultiStepLR
from .warmup import WarmupLR

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "WarmupCosineLR",
    "WarmupLR",
    "WarmupMultiStepLR",
    "layer_factors",
    "make_optimizer",
    "make_scheduler",
]
