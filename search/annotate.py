"""A video with its people marked: boxes, who they are, how similar they are to a query."""

import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np

from .film import Film
from .gallery import TrackletRow
from .video import Video

# Hues apart from one another; a walk keeps its colour.
COLOURS = [
    tuple(int(v) for v in cv2.cvtColor(np.uint8([[[hue, 200, 235]]]), cv2.COLOR_HSV2BGR)[0, 0])
    for hue in range(0, 180, 15)
]
GREY = (150, 150, 150)
FONT = cv2.FONT_HERSHEY_SIMPLEX
NOT_KNOWN: Mapping[str, str] = {}


def write_marked(
    video: Video, file: Path, marks: "Marks", begin: float, progress: Callable[[], object] = lambda: None
) -> None:
    """Write a video with its people marked.

    Args:
        video: open, from its beginning.
        file: to write, .mp4.
        marks: of its people.
        begin: of the video, in the gallery's time [seconds].
        progress: called with every frame.

    Raises:
        InputError: the video cannot be read, or the file not written.
    """
    with Film(file, video.frame_rate) as film:
        for frame in video.frames():
            film.add(marks.draw(frame.image, begin + frame.time), frame.time)
            progress()


class Marks:
    """What to draw into each frame of a video.

    Args:
        rows: of the video's tracklets, with their paths.
        scores: of walks, by the id of the track; None: all walks are drawn alike.
        people: whose tracklets are, by id; empty: not known, and walks are numbered.
    """

    def __init__(
        self,
        rows: Iterable[TrackletRow],
        scores: Mapping[str, float] | None = None,
        people: Mapping[str, str] = NOT_KNOWN,
    ):
        self.rows = sorted(rows, key=lambda row: (row.start, row.tracklet))
        # As arrays: each frame is compared with all tracklets of the video.
        self._starts = np.array([row.start for row in self.rows])
        self._ends = np.array([row.end for row in self.rows])
        self.scores = scores
        walks = {
            track: str(place) for place, track in enumerate(dict.fromkeys(r.track for r in self.rows), 1)
        }
        self.labels = {
            r.tracklet: people.get(r.tracklet, "?") if people else walks[r.track] for r in self.rows
        }

    def draw(self, image: np.ndarray, time: float) -> np.ndarray:
        """The frame (H, W, 3) uint8 BGR at this time of the gallery [seconds], with its people marked."""
        image = image.copy()
        for place in np.flatnonzero((self._starts - 1e-3 <= time) & (time <= self._ends + 1e-3)):
            row = self.rows[place]
            self._mark(image, row, np.round(row.path.at(time)).astype(int))
        return image

    def _mark(self, image: np.ndarray, row: TrackletRow, box: np.ndarray) -> None:
        text = self.labels[row.tracklet]
        colour = COLOURS[zlib.crc32(text.encode()) % len(COLOURS)]
        if self.scores is not None:
            score = self.scores.get(row.track)
            colour = GREY if score is None else colour
            text = text if score is None else f"{text}: {score:.2f}"
        scale = max(0.4, image.shape[0] / 1000)
        thick = max(1, round(2 * scale))
        left, top, right, bottom = box.tolist()
        cv2.rectangle(image, (left, top), (right, bottom), colour, thick, cv2.LINE_AA)
        (wide, high), below = cv2.getTextSize(text, FONT, scale, thick)
        top = max(top, high + below + 2)
        cv2.rectangle(image, (left, top - high - below - 2), (left + wide + 4, top), colour, -1)
        cv2.putText(image, text, (left + 2, top - below), FONT, scale, (0, 0, 0), thick, cv2.LINE_AA)
