"""Detectors that remember, begun anew with each stretch of a video."""

import numpy as np
import pytest

from search.segment import LEAD, SECONDS
from search.stretch import LEARNING, SEGMENTS, detector_from, seen_from
from search.video import Frame
from tests.search.people import ColourDetector

STRETCH = SEGMENTS * SECONDS
IMAGE = np.zeros((2, 2, 3), np.uint8)
TIMES = [*np.arange(0, 1.6 * STRETCH, 4.5), *np.arange(2.99 * STRETCH, 4.2 * STRETCH, 4.5)]  # with a gap


class Remembering:
    """Finds the times of all frames that it has seen."""

    name = "remembering"
    batch = 1

    def __init__(self):
        self.seen: list[float] = []

    def __call__(self, frames):
        self.seen += [frame.time for frame in frames]
        return [self.seen.copy() for _ in frames]

    def fresh(self) -> "Remembering":
        return Remembering()


def found(segment: int) -> dict[float, list[float]]:
    """What is found at the times from a segment's lead on, if indexing begins with it."""
    detector, first = detector_from(segment, Remembering()), seen_from(segment, Remembering())
    seen = {time: detector([Frame(IMAGE, time, n)])[0] for n, time in enumerate(TIMES) if time >= first}
    return {time: before for time, before in seen.items() if time >= segment * SECONDS - LEAD}


@pytest.mark.parametrize("segment", [1, SEGMENTS - 1, SEGMENTS, 2 * SEGMENTS, 3 * SEGMENTS, 4 * SEGMENTS + 1])
def test_what_is_found_does_not_depend_on_where_it_began(segment):
    whole, resumed = found(0), found(segment)
    assert resumed and resumed == {time: whole[time] for time in resumed}


def test_a_detector_has_seen_its_stretch_and_what_comes_just_before():
    for time, seen in found(0).items():
        begin = (time + LEAD) // STRETCH * STRETCH - LEAD - LEARNING
        assert seen == [other for other in TIMES if begin <= other <= time]


def test_a_detector_that_does_not_remember_is_taken_as_it_is():
    one = ColourDetector()
    assert detector_from(0, one) is one and seen_from(0, one) == 0.0
    assert detector_from(7, one) is one and seen_from(7, one) == 7 * SECONDS - LEAD
