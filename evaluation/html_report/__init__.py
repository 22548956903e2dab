"""A test as one HTML page that needs nothing else: ``outcome`` -> ``charts`` -> ``page``."""

from .outcome import Outcome, look_into
from .page import About, write_page

__all__ = ["About", "Outcome", "look_into", "write_page"]
