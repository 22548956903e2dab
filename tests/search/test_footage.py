"""What is known of a video before it is indexed."""

from dataclasses import replace

from search.detectors import MotionDetector
from search.footage import Facts
from search.gallery import VideoRow
from tests.search.people import ColourDetector

FACTS = Facts("ff", "yard.mp4", "", None, rate=5.0, frames=700)


def test_what_is_left_of_a_video_is_what_a_resume_looks_at():
    begun = VideoRow("ff", "yard.mp4", "yard", segments=2)
    assert FACTS.left(None, ColourDetector()) == 700
    assert FACTS.left(begun, ColourDetector()) == 700 - 118 * 5, "from the lead of the third minute on"
    assert FACTS.left(begun, MotionDetector()) == 700, "it learns the background anew"
    assert Facts("ff", "a", "", None, 5.0, None).left(begun, ColourDetector()) is None


def test_what_was_not_given_is_as_in_the_gallery():
    done = VideoRow("ff", "entrance.mp4", "entrance", 1.5e9)
    assert FACTS.row() == VideoRow("ff", "yard.mp4", "yard", None)
    assert FACTS.row(done) == VideoRow("ff", "yard.mp4", "entrance", 1.5e9), "it was renamed"
    given = replace(FACTS, camera="gate", start=1.6e9)
    assert given.row(done) == given.row() == VideoRow("ff", "yard.mp4", "gate", 1.6e9)
