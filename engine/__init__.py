"""Training and evaluation on ignite's engines."""

from .features import FeatureExtractor
from .inference import Evaluation, do_inference, evaluate, make_extractor
from .loading import load_extractor, load_network, open_network
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
    "load_network",
    "load_state",
    "make_extractor",
    "make_training",
    "open_network",
]
