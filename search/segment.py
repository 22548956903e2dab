"""Segments: what a video is indexed by, so that an interruption costs a minute and memory stays bounded."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from .tracker import PATIENCE, Tracker
from .tracklet import Tracklet, possible_quality, show
from .video import Frame

if TYPE_CHECKING:
    import supervision as sv

SECONDS = 60.0  # of a segment, in the video's own time
LEAD = 2.0  # seconds before a segment that its tracker sees, so that it knows who is there

Found = tuple[Frame, "sv.Detections"]


class Segment:
    """Tracks the people of a segment.

    Its tracker begins ``LEAD`` before the segment, with nothing known, and ends with it: so the tracklets
    depend on these frames alone, whether the frames before were indexed in the same run or in another.

    Args:
        number: of the segment, from 0.
        tracker: that has seen nothing.

    Attributes:
        begin: [seconds].
        end: [seconds].
        has_frames: whether it has any; those before it do not count.
    """

    def __init__(self, number: int, tracker: Tracker):
        self.number = number
        self.begin, self.end = number * SECONDS, (number + 1) * SECONDS
        self.has_frames = False
        self._tracker = tracker
        self._open: dict[int, Tracklet] = {}
        self._before: dict[int, np.ndarray] = {}  # number of the tracker -> last box in the lead

    def add(self, frame: Frame, found: "sv.Detections") -> None:
        """Track the people of a frame; frames come in order, from ``LEAD`` before the segment on."""
        tracked = self._tracker(frame, found)
        numbers = tracked.tracker_id.tolist()
        if frame.time < self.begin:
            self._before.update(zip(numbers, tracked.xyxy, strict=True))
            return
        self.has_frames = True
        possible = possible_quality(tracked, frame.image.shape[:2]).tolist()
        for number, box, quality in zip(numbers, tracked.xyxy, possible, strict=True):
            if number not in self._open:
                self._open[number] = Tracklet(number, came_from=self._before.get(number))
            show(self._open[number], frame, box, quality)

    def finished(self, time: float = np.inf) -> Iterator[Tracklet]:
        """The tracklets whose people will not be seen again after this time, each once, in their order."""
        for number in sorted(self._open):
            if time - self._open[number].end > 2 * PATIENCE:
                tracklet = self._open.pop(number)
                if len(tracklet.times) >= self._tracker.shortest:
                    yield tracklet

    def growing(self, looks: Sequence[float]) -> Iterator[Tracklet]:
        """Copies of the tracklets that have just become one of these lengths [seconds, rising]."""
        for number in sorted(self._open):
            tracklet = self._open[number]
            due = bisect_right(looks, tracklet.end - tracklet.start)
            if due > tracklet.looks and len(tracklet.times) >= self._tracker.shortest:
                tracklet.looks = due
                yield tracklet.copy()


def in_segments(
    frames: Iterable[Found],
    first: int,
    make_tracker: Callable[[], Tracker],
    looks: Sequence[float] = (),
) -> Iterator[tuple[int, Tracklet | None]]:
    """The tracklets of a video, in the order of their segments.

    Args:
        frames: with the people in them, from ``LEAD`` before the first segment on.
        first: segment.
        make_tracker: gives a tracker that has seen nothing.
        looks: lengths [seconds, rising] at which a tracklet is also given while its person is still seen.

    Yields:
        The segment's number with a tracklet, as soon as its person is gone; with None once the segment is
        over.
    """
    current, following = Segment(first, make_tracker()), None
    for frame, found in frames:
        while frame.time >= current.end:
            yield from ((current.number, tracklet) for tracklet in current.finished())
            yield current.number, None
            current, following = following or Segment(current.number + 1, make_tracker()), None
        current.add(frame, found)
        if frame.time >= current.end - LEAD:
            following = following or Segment(current.number + 1, make_tracker())
            following.add(frame, found)
        for tracklet in chain(current.finished(frame.time), current.growing(looks)):
            yield current.number, tracklet
    yield from ((current.number, tracklet) for tracklet in current.finished())
    if current.has_frames:  # else the video ended with the segment before, after which this run began
        yield current.number, None
