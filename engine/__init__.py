"""Training and evaluation on ignite's engines."""

from .inference import TestImages, do_inference, evaluate, plain_scores
from .run_state import load_state
from .train import do_train

__all__ = ["TestImages", "do_inference", "do_train", "evaluate", "load_state", "plain_scores"]
