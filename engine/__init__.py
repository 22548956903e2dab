"""Training and evaluation on ignite's engines."""

from .inference import do_inference, evaluate
from .trainer import do_train

__all__ = ["do_inference", "do_train", "evaluate"]
