"""Libraries that only the search needs."""

from types import ModuleType

from utils import optional


def need(module: str) -> ModuleType:
    """A module of requirements-search.txt, such as ``av`` or ``trackers``.

    Raises:
        InputError: it is not installed.
    """
    message = f"{module} is not installed; the search needs: pip install -r requirements-search.txt"
    return optional.need(module, message)
