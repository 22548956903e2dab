"""Roboflow's ``trackers``: the boxes of the frames of a segment, linked to tracks."""

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .optional import need
from .video import Frame

if TYPE_CHECKING:
    import supervision as sv

# name -> class of the package, in which papers are named
PACKAGE = {"bytetrack": "ByteTrackTracker", "ocsort": "OCSORTTracker", "botsort": "BoTSORTTracker"}
NONE = "none"  # each box is somebody else, for pictures that do not follow one another
TRACKERS = (*PACKAGE, NONE)
LOOKS_AT_FRAMES = ("botsort",)  # for the motion of the camera
BEGINS, CONTINUES = 0.5, 0.1  # least score of a box that begins a track, and of one that continues it
SHORTEST = 3  # frames of a track; what is seen less often is noise
PATIENCE = 1.0  # seconds that a track waits for its person to be seen again


class Tracker:
    """Links the boxes of frames, which come in order.

    Over a pause in the video, as between the recordings that a motion sensor triggers, nobody is followed.

    Args:
        name: of TRACKERS.
        frame_rate: frames per second that it is given.
        score: least score of a box that begins a track, 0 to 1; those below only continue one.

    Attributes:
        name: what it is, and all that its tracks depend on.
        shortest: frames of a track that is believed.
    """

    def __init__(self, name: str, frame_rate: float, score: float = BEGINS):
        self.name = f"{name} (score {score:g}, {frame_rate:g} frames per second)"
        self._looks = name in LOOKS_AT_FRAMES
        self.shortest = 1 if name == NONE else SHORTEST
        self._make = partial(_Apart, score) if name == NONE else partial(_packaged, name, frame_rate, score)
        self._tracker = self._make()
        self._begun = 0  # tracks, by the trackers so far
        self._first = 0  # number of the current tracker's first track
        self._period = 1 / frame_rate
        self._last, self._distance = math.inf, 0.0  # time of a frame, and since the one before it [seconds]

    def __call__(self, frame: Frame, found: "sv.Detections") -> "sv.Detections":
        """The boxes that belong to a track, its number in ``tracker_id``, in the order of the numbers."""
        if self._is_after_pause(frame.time):
            self._tracker, self._first = self._make(), self._begun
        tracked = self._tracker.update(found, frame.image if self._looks else None)
        kept = np.flatnonzero(tracked.tracker_id >= 0)
        tracked = tracked[kept[np.argsort(tracked.tracker_id[kept])]]
        tracked.tracker_id = tracked.tracker_id + self._first
        self._begun = max([self._begun, *(tracked.tracker_id + 1)])
        return tracked

    def _is_after_pause(self, time: float) -> bool:
        """Whether a frame comes so late that no track would have waited for it: the package counts frames."""
        before, self._distance, self._last = self._distance, time - self._last, time
        # Where frames are always far apart, as from a slow computer, that is no pause.
        return self._distance > PATIENCE + 2 * max(before, self._period)


class _Apart:
    """A tracker like those of the package, which links nothing."""

    def __init__(self, score: float):
        self._score, self._count = score, 0

    def update(self, found: "sv.Detections", image: np.ndarray | None) -> "sv.Detections":
        kept = found if found.confidence is None else found[found.confidence >= self._score]
        kept.tracker_id = self._count + np.arange(len(kept))
        self._count += len(kept)
        return kept


def _packaged(name: str, frame_rate: float, score: float) -> Any:
    # The package counts its patience in frames of a video of 30 frames per second.
    options = {"lost_track_buffer": round(30 * PATIENCE), "frame_rate": frame_rate}
    options["high_conf_det_threshold"] = score
    if name != "ocsort":
        options["track_activation_threshold"] = score
    return getattr(need("trackers"), PACKAGE[name])(**options)
