"""The logs of pymilvus and milvus-lite, in the program's own."""

import logging

from loguru import logger

# What these log, with a traceback, reaches the caller as an exception.
RAISED = ("pymilvus", "pymilvus.milvus_client", "milvus_lite.adapter", "milvus_lite.server_manager")


# Who warns of what was lost. Others warn of what is usual, such as the torn end of a log.
GRAVE = "milvus_lite.storage.manifest"


class _OneLine(logging.Handler):
    """Passes on what milvus-lite does in the background: failures, each as one line, are warnings."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record."""
        least = logging.WARNING if record.name == GRAVE else logging.ERROR
        level = "WARNING" if record.levelno >= least else "DEBUG"
        reason = f": {record.exc_info[1]}" if record.exc_info else ""
        logger.log(level, " ".join(f"milvus-lite: {record.getMessage()}{reason}".split()))


def keep_quiet() -> None:
    """Let both log nothing by themselves."""
    for name in RAISED:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    lite = logging.getLogger("milvus_lite")
    lite.propagate = False
    if not any(isinstance(handler, _OneLine) for handler in lite.handlers):
        lite.addHandler(_OneLine())
