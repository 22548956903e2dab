"""Videos with their people marked."""

import zlib

import numpy as np
import pytest

from search.annotate import COLOURS, GREY, Marks
from search.gallery import BoxPath, TrackletRow

# Two tracklets of one walk, one after the other, and one of another walk beside them.
PLACES = {"a-0": ("a-0", 0.0, 4.0, 10), "a-1": ("a-0", 5.0, 9.0, 10), "b-0": ("b-0", 0.0, 9.0, 60)}


def rows() -> list[TrackletRow]:
    found = []
    for tracklet, (track, start, end, left) in PLACES.items():
        path = BoxPath(np.array([start, end]), np.float32([[left, 30, left + 20, 80]] * 2))
        found.append(TrackletRow(tracklet, track, "v", "gate", 0, start, end, path=path))
    return found


def colours(marks: Marks, time: float) -> list[tuple[int, ...]]:
    """Those of the labels above the two places."""
    image = marks.draw(np.zeros((100, 100, 3), np.uint8), time)
    return [tuple(image[29, left].tolist()) for left in (10, 60)]


def colour(label: str) -> tuple[int, ...]:
    return COLOURS[zlib.crc32(label.encode()) % len(COLOURS)]


def test_walks_are_numbered_as_long_as_nobody_is_known():
    marks = Marks(rows())
    assert marks.labels == {"a-0": "1", "a-1": "1", "b-0": "2"}
    assert colours(marks, 2.0) == colours(marks, 7.0) == [colour("1"), colour("2")]
    assert colours(marks, 4.5)[0] == (0, 0, 0), "between the two"


def test_without_anybody_the_frame_is_as_it_was():
    image = np.full((100, 100, 3), 7, np.uint8)
    assert (Marks([]).draw(image, 2.0) == image).all()


def test_people_who_are_known_are_marked_by_name_and_others_as_unknown():
    marks = Marks(rows(), people={"a-0": "Anna", "b-0": "7"})
    assert marks.labels == {"a-0": "Anna", "a-1": "?", "b-0": "7"}
    assert colours(marks, 2.0) == [colour("Anna"), colour("7")] and colours(marks, 7.0)[0] == colour("?")


@pytest.mark.parametrize("people", [{}, {"a-0": "Anna", "a-1": "Anna", "b-0": "7"}])
def test_who_is_not_similar_is_grey(people):
    marks = Marks(rows(), {"a-0": 0.9}, people)
    assert colours(marks, 2.0) == [colour("Anna" if people else "1"), GREY]
