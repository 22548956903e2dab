"""Trained networks in other forms, each checked against the network that it came from."""

from .form import Form, Source
from .formats import FORMATS, check_form, export_network, files_of
from .parity import Parity, check_parity
from .pictures import find_pictures

__all__ = [
    "FORMATS",
    "Form",
    "Parity",
    "Source",
    "check_form",
    "check_parity",
    "export_network",
    "files_of",
    "find_pictures",
]
