"""Libraries that only some of the program needs, imported when they are used."""

import importlib
from types import ModuleType

from .errors import InputError


def need(module: str, message: str) -> ModuleType:
    """A module that may be missing.

    Args:
        module: such as ``av`` or ``onnxruntime.quantization``.
        message: what to say if it is not installed: what needs it, and what to install.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in (module, module.partition(".")[0]):
            raise
        raise InputError(message) from None
