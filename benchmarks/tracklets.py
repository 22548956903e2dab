"""Made-up tracklets, as large as those of real videos."""

import numpy as np

from search.gallery import BoxPath, TrackletRow, VideoRow, WeightsFingerprint

BOXES = 50  # of a tracklet
RATE = 5.0  # of them per second
THUMBNAIL_BYTES = 4000
SIZE = f"a path of {BOXES} boxes and a thumbnail of {THUMBNAIL_BYTES / 1000:g} kB"
SEGMENT_ROWS = 500
WEIGHTS = WeightsFingerprint("benchmark", "0" * 64)


def made_up(
    video: VideoRow, segment: int, number: int, start: float, vector: np.ndarray, rng: np.random.Generator
) -> TrackletRow:
    """A tracklet with its number as its id.

    Args:
        video: that it is of.
        segment: of the video.
        number: of the tracklet.
        start: [seconds], as ``TrackletRow.start``.
        vector: (D,).
        rng: for its boxes and its thumbnail.
    """
    path = BoxPath(start + np.arange(BOXES) / RATE, rng.uniform(0, 1000, (BOXES, 4)))
    return TrackletRow(
        tracklet=str(number),
        track=str(number),
        video=video.video,
        camera=video.camera,
        segment=segment,
        start=start,
        end=start + BOXES / RATE,
        quality=0.5,
        path=path,
        thumbnail=rng.bytes(THUMBNAIL_BYTES),
        vector=vector,
    )
