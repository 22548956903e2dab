"""The least times that people need from one camera to another, from a small YAML file.

    entrance:
      yard: 20
      garage: 1:30
    yard:
      garage: 0:45

means that nobody is in the yard less than 20 seconds after, or before, they were at the entrance. A way that
is not the same in both directions is written under both cameras.
"""

import math
from collections.abc import Mapping
from pathlib import Path

import yaml

from search.clock import parse_time
from utils.errors import InputError, one_line, os_reason

# (camera, camera of the way's end) -> seconds from the last sight in one to the first in the other.
Travel = Mapping[tuple[str, str], float]


def read_travel(file: str) -> dict[tuple[str, str], float]:
    """Read the file.

    Returns:
        Seconds for each way, in both directions.

    Raises:
        InputError: it cannot be read, or says something else.
    """
    shown = one_line(file)
    try:
        said = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {shown}: {os_reason(error)}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{shown} is not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(said, dict) or not all(isinstance(ways, dict) for ways in said.values()):
        raise InputError(
            f"{shown}: name cameras, and under each the seconds to others, as in {{entrance: {{yard: 20}}}}"
        )
    ways = {
        (str(one), str(other)): _seconds(shown, one, other, value)
        for one, others in said.items()
        for other, value in others.items()
    }
    return {(other, one): seconds for (one, other), seconds in ways.items()} | ways


def _seconds(shown: str, one: object, other: object, value: object) -> float:
    way = f"{shown}: {one} to {other}"
    if str(one) == str(other):
        raise InputError(f"{way}: one camera is no way; name two")
    try:
        # YAML itself reads 1:30 as 90, but not 0:45.
        seconds = parse_time(value) if isinstance(value, str) else float(value)
    except (TypeError, ValueError, InputError):
        raise InputError(f"{way}: {value!r} is no time; write seconds, or 1:30") from None
    if not 0 <= seconds < math.inf:
        raise InputError(f"{way}: {value!r} is no time that a way can take; write seconds, or 1:30")
    return seconds
