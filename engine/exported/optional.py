"""Libraries that only exported files need."""

from types import ModuleType

from utils import optional


def need(module: str) -> ModuleType:
    """A module of requirements-export.txt, such as ``onnxruntime``.

    Raises:
        InputError: it is not installed.
    """
    package = module.partition(".")[0]
    message = f"{package} is not installed; exported files need: pip install -r requirements-export.txt"
    return optional.need(module, message)
