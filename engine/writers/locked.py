"""Files that a person may have open in another program."""

from collections.abc import Callable

from loguru import logger

from utils.errors import InputError


def warn_if_locked(write: Callable[[], None]) -> None:
    """Write a table or a picture; warn if it cannot be written, and let the training continue.

    Windows does not let a file be replaced that is open in Excel, say. All that it would hold is in the run's
    history, and is written after the next evaluation.
    """
    try:
        write()
    except InputError as error:
        logger.warning(f"{error}; it is written again after the next evaluation")
