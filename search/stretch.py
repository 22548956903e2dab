"""Detectors that learn from earlier frames: what they find does not depend on where an indexing began.

They are begun anew with each stretch of a video, when they have seen what comes just before it. So to resume
costs no more than to look at a stretch again, however long the video is.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .detectors import Detector
from .segment import LEAD, SECONDS
from .video import Frame

if TYPE_CHECKING:
    import supervision as sv

SEGMENTS = 10  # of a stretch
LEARNING = 30.0  # seconds before a stretch of which its detector learns


def seen_from(segment: int, detector: Detector) -> float:
    """The time from which a detector is to see a video, for the people from a segment on [seconds]."""
    begin = _begin(segment // SEGMENTS) - LEARNING if _learns(detector) else segment * SECONDS - LEAD
    return max(0.0, begin)


def detector_from(segment: int, detector: Detector) -> "Detector | Anew":
    """A detector like ``detector`` for a video from a segment on, to be called from ``seen_from`` on."""
    return Anew(detector, segment // SEGMENTS) if _learns(detector) else detector


class Anew:
    """A detector that is begun anew with each stretch; called with all frames in turn.

    Args:
        detector: that remembers.
        stretch: the first; it sees the frames from ``LEARNING`` before it on.
    """

    batch = 1

    def __init__(self, detector: Detector, stretch: int):
        self._fresh, self._stretch = detector.fresh, stretch
        self._current, self._following = detector.fresh(), None

    def __call__(self, frames: Sequence[Frame]) -> list["sv.Detections"]:
        """The people in each frame; see ``Detector``."""
        return [self._look(frame) for frame in frames]

    def _look(self, frame: Frame) -> "sv.Detections":
        while frame.time >= _begin(self._stretch + 1):
            self._current, self._following = self._following or self._fresh(), None
            self._stretch += 1
        if frame.time >= _begin(self._stretch + 1) - LEARNING:
            self._following = self._following or self._fresh()
            self._following([frame])
        return self._current([frame])[0]


def _begin(stretch: int) -> float:
    """When the tracker of its first segment begins [seconds]."""
    return stretch * SEGMENTS * SECONDS - LEAD


def _learns(detector: Detector) -> bool:
    return detector.fresh() is not detector
