"""Small numbers for people, which stay."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from search.gallery import MemberRow

from .walks import Walk


def numbers(
    groups: Sequence[Sequence[Walk]], before: Mapping[str, MemberRow], new: Callable[[int], Sequence[int]]
) -> list[int]:
    """A number for each group of walks: its own, or else what most of it had, or else a new one.

    Args:
        groups: of one person each; the first walk says whose, if that is known.
        before: whose each tracklet was.
        new: gives so many numbers that nobody has had; they go to groups by the time of their first walk.
    """
    found = [group[0].person for group in groups]
    taken = {*found}
    for _, number, place in sorted(_claims(groups, found, before)):
        if not found[place] and number not in taken:
            found[place] = number
            taken.add(number)
    rest = [place for place, number in enumerate(found) if not number]
    rest.sort(key=lambda place: min((walk.start, walk.rows[0].tracklet) for walk in groups[place]))
    for place, number in zip(rest, new(len(rest)), strict=True):
        found[place] = number
    return found


def _claims(
    groups: Sequence[Sequence[Walk]], found: Sequence[int], before: Mapping[str, MemberRow]
) -> list[tuple[int, int, int]]:
    """What groups without a number had: how many of their walks did (negative), the number, the group."""
    claims = []
    for place, walks in enumerate(groups):
        if not found[place]:
            firsts = (walk.rows[0].tracklet for walk in walks)
            had = Counter(before[first].person for first in firsts if first in before)
            claims += [(-count, number, place) for number, count in had.items()]
    return claims
