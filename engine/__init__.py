"""Training and evaluation on ignite's engines."""

from .inference import TestImages, do_inference, evaluate, plain_scores
from .trainer import do_train

__all__ = ["TestImages", "do_inference", "do_train", "evaluate", "plain_scores"]
