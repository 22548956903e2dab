"""One respect in which a machine was looked at."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Problem(NamedTuple):
    """Something that is wrong or may go wrong."""

    what: str
    fix: str
    required: bool = False  # without it, the program does not work


@dataclass
class Section:
    """What was found in one respect, by labels; and what is wrong."""

    title: str
    facts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def gigabytes(size: float) -> str:
    """A size in bytes as ``4.6 MB`` or ``98.0 GB``."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
