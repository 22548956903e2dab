"""Roboflow's ``trackers``: the boxes of the frames of a segment, linked to tracks."""

from typing import TYPE_CHECKING

import numpy as np

from .optional import need
from .video import Frame

if TYPE_CHECKING:
    import supervision as sv

# name -> class of the package, in which papers are named; none: each box is somebody else, for pictures that
# do not follow one another
TRACKERS = {
    "bytetrack": "ByteTrackTracker",
    "ocsort": "OCSORTTracker",
    "botsort": "BoTSORTTracker",
    "none": None,
}
LOOKS_AT_FRAMES = ("botsort",)  # for the motion of the camera
BEGINS, CONTINUES = 0.5, 0.1  # least score of a box that begins a track, and of one that continues it
SHORTEST = 3  # frames of a track; what is seen less often is noise
PATIENCE = 1.0  # seconds that a track waits for its person to be seen again


class Tracker:
    """Links the boxes of frames, which come in order.

    Args:
        name: of TRACKERS.
        frame_rate: frames per second that it is given.
        score: least score of a box that begins a track, 0 to 1; those below only continue one.

    Attributes:
        shortest: frames of a track that is believed.
    """

    def __init__(self, name: str, frame_rate: float, score: float = BEGINS):
        self._score, self._count, self._tracker = score, 0, None
        self._looks = name in LOOKS_AT_FRAMES
        self.shortest = SHORTEST if TRACKERS[name] else 1
        if TRACKERS[name] is None:
            return
        # The package counts its patience in frames of a video of 30 frames per second.
        options = {"lost_track_buffer": round(30 * PATIENCE), "frame_rate": frame_rate}
        options["high_conf_det_threshold"] = score
        if name != "ocsort":
            options["track_activation_threshold"] = score
        self._tracker = getattr(need("trackers"), TRACKERS[name])(**options)

    def __call__(self, frame: Frame, found: "sv.Detections") -> "sv.Detections":
        """The boxes that belong to a track, its number in ``tracker_id``, in the order of the numbers."""
        if self._tracker is None:
            return self._apart(found)
        tracked = self._tracker.update(found, frame.image if self._looks else None)
        kept = np.flatnonzero(tracked.tracker_id >= 0)
        return tracked[kept[np.argsort(tracked.tracker_id[kept])]]

    def _apart(self, found: "sv.Detections") -> "sv.Detections":
        kept = found if found.confidence is None else found[found.confidence >= self._score]
        kept.tracker_id = self._count + np.arange(len(kept))
        self._count += len(kept)
        return kept
