"""Training and evaluation on ignite's engines."""

from .inference import do_inference, evaluate
from .run_state import load_state
from .train import do_train

__all__ = ["do_inference", "do_train", "evaluate", "load_state"]
