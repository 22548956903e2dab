"""Libraries that only the search needs, imported when they are used."""

import importlib
from types import ModuleType

from utils.errors import InputError


def need(module: str) -> ModuleType:
    """A module of requirements-search.txt.

    Args:
        module: such as ``av`` or ``trackers``.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise InputError(
            f"{module} is not installed; the search needs: pip install -r requirements-search.txt"
        ) from None
