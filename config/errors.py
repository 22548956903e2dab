"""The error that a wrong setting raises, and the hint at the nearest right one."""

from collections.abc import Iterable
from difflib import get_close_matches

from utils.errors import InputError


class ConfigError(InputError):
    """A setting is wrong; the message is one line that says what and how to fix it."""


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """`` (did you mean X?)`` with the valid word nearest to ``word``, or nothing if none is near.

    Case is ignored: ``Solver.max_epoch`` is near ``SOLVER.MAX_EPOCHS``.
    """
    by_lower = {v.lower(): v for v in valid}
    near = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.5)
    return f" (did you mean {by_lower[near[0]]}?)" if near else ""
