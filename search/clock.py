"""Times as people write them: a clock of the video (00:12), or a date with a time (2026-11-25T08:00)."""

import re
from datetime import datetime

from utils.errors import InputError

A_YEAR = 365 * 86400.0  # seconds: what is later is a date, what is earlier a time of a video's own clock
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}  # seconds


def parse_start(text: str) -> float:
    """When a video begins: ``2026-11-25T08:00``, in this machine's time zone or with one [s since 1970].

    Raises:
        InputError: it is none, or before 1971.
    """
    try:
        seconds = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise InputError(f"{text!r} is no date and time; write it as 2026-11-25T08:00") from None
    if not is_date(seconds):
        raise InputError(f"{text} is before 1971, when no video begins; write it as 2026-11-25T08:00")
    return seconds


def write_start(seconds: float) -> str:
    """When a video begins [s since 1970], as ``parse_start`` reads it: ``2026-11-25T08:00:00+01:00``."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat()


def parse_time(text: str) -> float:
    """A time as ``parse_start``, or a video's own, as ``12.5``, ``0:12`` or ``1:02:03`` [seconds].

    Raises:
        InputError: it is none.
    """
    if re.fullmatch(r"(\d+:){0,2}\d+(\.\d+)?", text):
        seconds = 0.0
        for part in text.split(":"):
            seconds = 60 * seconds + float(part)
        return seconds
    try:
        return parse_start(text)
    except InputError:
        raise InputError(f"{text!r} is no time; write it as 0:12 or as 2026-11-25T08:00") from None


def is_date(seconds: float) -> bool:
    """Whether a time of a gallery is a date, not one of a video's own clock."""
    return seconds >= A_YEAR


def parse_span(text: str) -> float:
    """A length of time as ``90s``, ``30m``, ``24h`` or ``7d`` [seconds].

    Raises:
        InputError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not found:
        raise InputError(f"{text!r} is no length of time; write it as 30m, 24h or 7d")
    return float(found[1]) * UNITS[found[2]]


def show_time(seconds: float, exact: bool = False) -> str:
    """A time of a gallery: a video's own as ``00:12`` or ``1:02:03``, another as ``2026-11-25 08:00:12``.

    Args:
        seconds: since the video began, or since 1970.
        exact: with tenths of a second.
    """
    if is_date(seconds):
        moment = datetime.fromtimestamp(seconds)
        return moment.isoformat(" ", "milliseconds")[:-2] if exact else moment.isoformat(" ", "seconds")
    tenths = round(seconds * 10) if exact else int(seconds) * 10
    whole, tenth = divmod(tenths, 10)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    clock = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute:02d}:{second:02d}"
    return f"{clock}.{tenth}" if exact else clock
