"""Roboflow's ``trackers``: the boxes of the frames of a segment, linked to tracks."""

from typing import TYPE_CHECKING

import numpy as np

from .optional import need
from .video import Frame

if TYPE_CHECKING:
    import supervision as sv

# name -> class of the package, in which papers are named
TRACKERS = {"bytetrack": "ByteTrackTracker", "ocsort": "OCSORTTracker", "botsort": "BoTSORTTracker"}
LOOKS_AT_FRAMES = ("botsort",)  # for the motion of the camera
BEGINS, CONTINUES = 0.5, 0.1  # least score of a box that begins a track, and of one that continues it
PATIENCE = 1.0  # seconds that a track waits for its person to be seen again


class Tracker:
    """Links the boxes of frames, which come in order.

    Args:
        name: of TRACKERS.
        frame_rate: frames per second that it is given.
        score: least score of a box that begins a track, 0 to 1; those below only continue one.
    """

    def __init__(self, name: str, frame_rate: float, score: float = BEGINS):
        # The package counts its patience in frames of a video of 30 frames per second.
        options = {"lost_track_buffer": round(30 * PATIENCE), "frame_rate": frame_rate}
        options["high_conf_det_threshold"] = score
        if name != "ocsort":
            options["track_activation_threshold"] = score
        self._tracker = getattr(need("trackers"), TRACKERS[name])(**options)
        self._looks = name in LOOKS_AT_FRAMES

    def __call__(self, frame: Frame, found: "sv.Detections") -> "sv.Detections":
        """The boxes that belong to a track, its number in ``tracker_id``, in the order of the numbers."""
        tracked = self._tracker.update(found, frame.image if self._looks else None)
        kept = np.flatnonzero(tracked.tracker_id >= 0)
        return tracked[kept[np.argsort(tracked.tracker_id[kept])]]
