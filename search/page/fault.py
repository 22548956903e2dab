"""Errors that nobody expected."""

from loguru import logger

from utils.errors import failure, one_line


def fault(error: Exception, what: str) -> str:
    """One line about an error; one of the program itself leaves its traceback in the log.

    Args:
        error: that was caught.
        what: failed by it.
    """
    text = failure(error) if isinstance(error, RuntimeError) else None
    if text is None:
        logger.opt(exception=error).error(f"{one_line(what)} failed")
    return text or f"{type(error).__name__}: {one_line(' '.join(str(error).split()))}"
