"""What is known of a video before it is indexed."""

from search.detectors import MotionDetector
from search.footage import Facts
from search.gallery import VideoRow
from tests.search.people import ColourDetector

FACTS = Facts("ff", "yard.mp4", "yard", None, rate=5.0, frames=700)


def test_what_is_left_of_a_video_is_what_a_resume_looks_at():
    begun = VideoRow("ff", "yard.mp4", "yard", segments=2)
    assert FACTS.left(None, ColourDetector()) == 700
    assert FACTS.left(begun, ColourDetector()) == 700 - 118 * 5, "from the lead of the third minute on"
    assert FACTS.left(begun, MotionDetector()) == 700, "it learns the background anew"
    assert Facts("ff", "a", "a", None, 5.0, None).left(begun, ColourDetector()) is None
