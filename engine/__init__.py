"""Training and evaluation on ignite's engines."""

from .features import FeatureExtractor
from .inference import Evaluation, do_inference, evaluate
from .loading import load_extractor
from .run_state import load_state
from .trainer import do_train
from .training import Training, make_training

__all__ = [
    "Evaluation",
    "FeatureExtractor",
    "Training",
    "do_inference",
    "do_train",
    "evaluate",
    "load_extractor",
    "load_state",
    "make_training",
]
