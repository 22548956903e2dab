"""Short films of a person's way, that a browser can play whatever the video's codec."""

import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from search.film import Film
from search.gallery import TrackletRow
from search.video import open_video

from .pictures import shrunk
from .recent import Recent
from .texts import Refusal

KEPT = 100  # clips
BEFORE = AFTER = 1.0  # seconds that are shown before and after the person is seen
LENGTH = 20.0  # seconds of a video that are played at a time
WIDEST = 960  # pixels
COLOUR = (60, 170, 250)  # BGR


class Clips:
    """Makes clips, and keeps the last ones in a temporary folder.

    Args:
        longest: seconds of a clip.
    """

    def __init__(self, longest: float = 60.0):
        self.longest = longest
        self._folder = Path(tempfile.mkdtemp(prefix="search-page-"))
        self._kept: Recent[Path] = Recent(KEPT, lambda file: file.unlink(missing_ok=True))
        self._turn = threading.Semaphore(2)  # more at once would only make all of them late
        self._stop = threading.Event()
        self._number = 0

    def of_walk(self, video: Path, begin: float, walk: Sequence[TrackletRow], end: float) -> Path:
        """A file with a walk, marked by a box.

        Args:
            video: its file.
            begin: of the video, in the gallery's time [seconds].
            walk: tracklets of one walk, with their paths; the clip begins with the first of them.
            end: of what is to be seen, in the gallery's time [seconds].
        """
        first = min(row.start for row in walk)
        end = min(end, first + self.longest)
        key = (video, first, end, *sorted(row.tracklet for row in walk))
        return self._kept.get(key, lambda: self._make(video, begin, walk, (first - BEFORE, end + AFTER)))

    def of_video(self, video: Path, time: float) -> Path:
        """A file with what a video shows from a time on [seconds since its start]."""
        key = (video, round(time, 2))
        return self._kept.get(key, lambda: self._make(video, 0.0, (), (time, time + LENGTH)))

    def stop(self) -> None:
        """Let those end that are being made."""
        self._stop.set()

    def close(self) -> None:
        """Remove all."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _make(
        self, video: Path, begin: float, walk: Sequence[TrackletRow], times: tuple[float, float]
    ) -> Path:
        with self._turn:
            self._number += 1
            file = self._folder / f"{self._number}.mp4"
            start, end = (max(0.0, time - begin) for time in times)
            some = False
            with open_video(video, start=start, report=lambda line: None) as opened:
                with Film(file, opened.frame_rate) as film:
                    for frame in opened.frames():
                        if frame.time > end or self._stop.is_set():
                            break
                        image = _marked(frame.image, begin + frame.time, walk)
                        film.add(image, frame.time - start)
                        some = True
            if not some:
                raise Refusal("error.no_frame", 404)
            return file


def _marked(image: np.ndarray, time: float, walk: Sequence[TrackletRow]) -> np.ndarray:
    """A frame, as large as the page shows it, with the person's box."""
    small = shrunk(image, WIDEST)
    if small is image:
        small = image.copy()
    scale = small.shape[1] / image.shape[1]
    for row in walk:
        if row.start - 1e-3 <= time <= row.end + 1e-3:
            left, top, right, bottom = np.round(row.path.at(time) * scale).astype(int).tolist()
            cv2.rectangle(small, (left, top), (right, bottom), COLOUR, 2, cv2.LINE_AA)
            break
    return small
