"""loguru set up once: plain lines on stdout, the same lines in a run's log.txt."""

import sys
from pathlib import Path

from loguru import logger
from tqdm import tqdm

from .distributed import process_number
from .files import writing

# Lines logged before the run has a folder, and the sink that gathers them.
_early_lines: list[str] = []
_early_sink: list[int] = []


def setup_logger(to_stderr: bool = False) -> None:
    """Log to stdout, above any progress bar, in loguru's own format (in colour on a terminal).

    Only the first of several processes logs; warnings of the others go to stderr.

    Args:
        to_stderr: log there, and leave stdout to answers that a program reads.
    """
    logger.remove()
    _early_lines.clear()
    _early_sink.clear()
    if process_number() > 0:
        logger.add(sys.stderr, level="WARNING", format=f"process {process_number()}: {{message}}")
        return
    stream = sys.stderr if to_stderr else sys.stdout
    logger.add(lambda line: tqdm.write(line, file=stream, end=""), colorize=stream.isatty(), catch=False)
    _early_sink.append(logger.add(_early_lines.append))


def log_to_file(file: Path) -> None:
    """Write the lines logged so far, and from now on, to a file as well.

    Raises:
        InputError: the file cannot be written; raised later, too, by the call that logs, if the disk is full.
    """

    def write(line: str) -> None:
        with writing(file):
            stream.write(line)

    with writing(file):
        stream = open(file, "a", encoding="utf-8", errors="backslashreplace", buffering=1)
    for sink in _early_sink:
        logger.remove(sink)
    for line in _early_lines:
        write(line)
    _early_sink.clear()
    _early_lines.clear()
    logger.add(write, catch=False)


def log_plain(text: str) -> None:
    """Log a text as it is, without time, level and place."""
    logger.opt(raw=True).info(text + "\n")
