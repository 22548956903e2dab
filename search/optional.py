"""Libraries that only the search needs, imported when they are used."""

from types import ModuleType

from utils import optional


def need(module: str) -> ModuleType:
    """A module of requirements-search.txt.

    Args:
        module: such as ``av`` or ``trackers``.

    Raises:
        InputError: it is not installed.
    """
    message = f"{module} is not installed; the search needs: pip install -r requirements-search.txt"
    return optional.need(module, message)
