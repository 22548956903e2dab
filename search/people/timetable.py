"""When somebody was where. Nobody is in two places at once, or sooner at another than the way takes."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from .travel import Travel


class Place(NamedTuple):
    """A camera, and the clock that times there are of.

    Args:
        camera: name.
        clock: "" for the date and time; else the video whose start is not known, and whose own clock counts:
            its times say nothing about those of other videos.
    """

    camera: str
    clock: str = ""


class Span(NamedTuple):
    """From when to when somebody was somewhere [seconds]."""

    start: float
    end: float


class Clash(NamedTuple):
    """Why two cannot be one person.

    Args:
        camera: where one of them was.
        other: where the other was: the same camera, or one from which the way takes longer.
        span: in which both were there, or that lies between them.
    """

    camera: str
    other: str
    span: Span


class Timetable:
    """When one person was where.

    Args:
        stays: places with spans, in any order.
    """

    def __init__(self, stays: Iterable[tuple[Place, Span]] = ()):
        # Of each place by start; none overlaps another, so that they are by end as well.
        self._spans: dict[Place, list[Span]] = defaultdict(list)
        for place, span in sorted(stays):
            spans = self._spans[place]
            if spans and span.start <= spans[-1].end:
                spans[-1] = Span(spans[-1].start, max(spans[-1].end, span.end))
            else:
                spans.append(span)

    def clash(self, other: "Timetable", travel: Travel) -> Clash | None:
        """Why it cannot be the same person's as another; None if nothing speaks against it.

        Args:
            other: of somebody.
            travel: least times of ways between cameras; of ways that it does not name, nothing is known, and
                their cameras may see the same place.
        """
        for place, spans in self._spans.items():
            for theirs, others in other._spans.items():
                if place == theirs:
                    there = back = 0.0
                elif place.clock or theirs.clock or (place.camera, theirs.camera) not in travel:
                    continue
                else:
                    there = travel[place.camera, theirs.camera]
                    back = travel[theirs.camera, place.camera]
                if found := _first_meeting(spans, others, there, back):
                    return Clash(place.camera, theirs.camera, found)
        return None

    def join(self, other: "Timetable") -> None:
        """Add the times of another, which does not clash."""
        for place, spans in other._spans.items():
            few, many = sorted((self._spans[place], spans), key=len)
            self._spans[place] = many = [*many]
            for span in few:
                insort(many, span)


def _first_meeting(spans: list[Span], others: list[Span], there: float, back: float) -> Span | None:
    """The first time that shows that one person cannot have been at both places, as ``Clash`` has it.

    Args:
        spans: at the one.
        others: at the other.
        there: seconds from the one to the other.
        back: seconds back.
    """
    if len(spans) > len(others):
        return _first_meeting(others, spans, back, there)
    for span in spans:
        start, end = span.start - back, span.end + there
        place = bisect_left(others, (end,)) - 1  # the last that begins before this ends
        if place >= 0 and others[place].end > start:
            met = others[place]
            return Span(*sorted((max(span.start, met.start), min(span.end, met.end))))
    return None
